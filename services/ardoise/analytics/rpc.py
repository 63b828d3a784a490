"""AnalyticsService: the newest predictions, once or as they change."""

import asyncio
from collections.abc import AsyncIterator

import grpc

from ardoise.analytics.predictor import Predictor
from ardoise.chassis.rpc import EVERYBODY, Failure, Reason, Servicer
from ardoise.chassis.watching import WatchLimit
from ardoise.pb import analytics_pb2, analytics_pb2_grpc, common_pb2

HEARTBEAT_S = 5.0
RETRY_AFTER_MS = 1_000
MOST_WATCHERS = 500


class AnalyticsService(analytics_pb2_grpc.AnalyticsServiceServicer):
    """Reads the predictor; keeps nothing per caller but the place of its watch."""

    def __init__(
        self, predictor: Predictor, stopping: asyncio.Event, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._predictor, self._stopping = predictor, stopping
        self._heartbeat_s = heartbeat_s
        self._places = WatchLimit(MOST_WATCHERS, RETRY_AFTER_MS)

    def servicer(self) -> Servicer:
        """Itself with who may call what."""
        add = analytics_pb2_grpc.add_AnalyticsServiceServicer_to_server
        return Servicer(self, add, "ardoise.v1.AnalyticsService", {"*": EVERYBODY})

    async def GetPredictions(
        self, request: analytics_pb2.GetPredictionsRequest, context: grpc.aio.ServicerContext
    ) -> analytics_pb2.GetPredictionsResponse:
        """Raises NO_ACTIVE_STAGE before the first snapshot, EPOCH_UNKNOWN for a stage that is not here."""
        found = self._predictor.of_epoch(request.epoch)
        if found is not None:
            return analytics_pb2.GetPredictionsResponse(predictions=found)
        if request.epoch:
            raise Failure(
                Reason.ERROR_REASON_EPOCH_UNKNOWN,
                f"no predictions of epoch {request.epoch} are kept here",
                epoch=request.epoch,
            )
        raise Failure(
            Reason.ERROR_REASON_NO_ACTIVE_STAGE,
            "no snapshot of a race has come yet",
            retry_after_ms=RETRY_AFTER_MS,
        )

    async def WatchPredictions(
        self, request: analytics_pb2.WatchPredictionsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[analytics_pb2.WatchPredictionsResponse]:
        """The newest at once, unless the caller has it; then each that is newer when the caller is ready for it."""
        with self._places.place():
            async for response in self._watch(request.after):
                yield response

    async def _watch(
        self, after: common_pb2.ResumeToken
    ) -> AsyncIterator[analytics_pb2.WatchPredictionsResponse]:
        predictor, seen = self._predictor, 0
        resume = common_pb2.ResumeToken(epoch=after.epoch, sequence=after.sequence)
        while True:
            found = await self._next(seen)
            if self._stopping.is_set():
                raise Failure(Reason.ERROR_REASON_DRAINING, "analytics stops", retry_after_ms=RETRY_AFTER_MS)
            if found is None:
                beat = analytics_pb2.PredictionHeartbeat(position=predictor.position)
                yield analytics_pb2.WatchPredictionsResponse(resume=resume, heartbeat=beat)
                continue
            seen, predictions = found
            name = predictions.snapshot
            if (name.epoch, name.sequence) <= (resume.epoch, resume.sequence):
                continue
            resume = common_pb2.ResumeToken(epoch=name.epoch, sequence=name.sequence)
            yield analytics_pb2.WatchPredictionsResponse(resume=resume, predictions=predictions)

    async def _next(self, seen: int) -> tuple[int, analytics_pb2.PredictionSet] | None:
        """The newest predictions after those seen; None: nothing new for a heartbeat's time, or the service stops."""
        newest = asyncio.create_task(self._predictor.newest.next(seen, self._heartbeat_s))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({newest, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return newest.result() if newest.done() else None
        finally:
            newest.cancel()
            stopping.cancel()
