"""AnalyticsService: the newest predictions and derived values, once or as they change."""

import asyncio
from collections.abc import AsyncIterator

import grpc

from ardoise.analytics.deriver import Deriver
from ardoise.analytics.newest_of_stages import NewestOfStages
from ardoise.analytics.predictor import Predictor
from ardoise.chassis.rpc import EVERYBODY, Failure, Reason, Servicer
from ardoise.chassis.watching import WatchLimit
from ardoise.pb import analytics_pb2, analytics_pb2_grpc, common_pb2

HEARTBEAT_S = 5.0
RETRY_AFTER_MS = 1_000
MOST_WATCHERS = 500


type Made = analytics_pb2.PredictionSet | analytics_pb2.RiderValuesSet


class AnalyticsService(analytics_pb2_grpc.AnalyticsServiceServicer):
    """Reads the predictor and the deriver; keeps nothing per caller but the place of its watch."""

    def __init__(
        self,
        predictor: Predictor,
        deriver: Deriver,
        stopping: asyncio.Event,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._predictor, self._deriver, self._stopping = predictor, deriver, stopping
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
        found = _of_epoch(self._predictor, request.epoch, "predictions")
        return analytics_pb2.GetPredictionsResponse(predictions=found)

    async def WatchPredictions(
        self, request: analytics_pb2.WatchPredictionsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[analytics_pb2.WatchPredictionsResponse]:
        """The newest at once, unless the caller has it; then each that is newer when the caller is ready for it."""
        answer = analytics_pb2.WatchPredictionsResponse
        with self._places.place():
            async for resume, made, beat in self._watch(self._predictor, request.after):
                yield answer(resume=resume, predictions=made, heartbeat=beat)

    async def GetRiderValues(
        self, request: analytics_pb2.GetRiderValuesRequest, context: grpc.aio.ServicerContext
    ) -> analytics_pb2.GetRiderValuesResponse:
        """Raises as GetPredictions does, and RIDER_UNKNOWN."""
        found = _of_rider(_of_epoch(self._deriver, request.epoch, "values"), request.bib)
        if request.bib and not found.riders:
            raise Failure(
                Reason.ERROR_REASON_RIDER_UNKNOWN, f"no rider has bib {request.bib}", bib=request.bib
            )
        return analytics_pb2.GetRiderValuesResponse(values=found)

    async def WatchRiderValues(
        self, request: analytics_pb2.WatchRiderValuesRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[analytics_pb2.WatchRiderValuesResponse]:
        """As WatchPredictions, of one rider or all."""
        answer = analytics_pb2.WatchRiderValuesResponse
        with self._places.place():
            async for resume, made, beat in self._watch(self._deriver, request.after):
                values = None if made is None else _of_rider(made, request.bib)
                yield answer(resume=resume, values=values, heartbeat=beat)

    async def _watch[T: Made](
        self, source: NewestOfStages[T], after: common_pb2.ResumeToken
    ) -> AsyncIterator[tuple[common_pb2.ResumeToken, T | None, analytics_pb2.PredictionHeartbeat | None]]:
        """Where to resume, with what is new or a heartbeat."""
        resume, seen = common_pb2.ResumeToken(epoch=after.epoch, sequence=after.sequence), 0
        while True:
            found = await self._next(source, seen)
            if self._stopping.is_set():
                raise Failure(Reason.ERROR_REASON_DRAINING, "analytics stops", retry_after_ms=RETRY_AFTER_MS)
            if found is None:
                yield resume, None, analytics_pb2.PredictionHeartbeat(position=source.position)
                continue
            seen, made = found
            name = made.snapshot
            if (name.epoch, name.sequence) <= (resume.epoch, resume.sequence):
                continue
            resume = common_pb2.ResumeToken(epoch=name.epoch, sequence=name.sequence)
            yield resume, made, None

    async def _next[T](self, source: NewestOfStages[T], seen: int) -> tuple[int, T] | None:
        """The newest after what was seen; None: nothing new for a heartbeat's time, or the service stops."""
        newest = asyncio.create_task(source.newest.next(seen, self._heartbeat_s))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({newest, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return newest.result() if newest.done() else None
        finally:
            newest.cancel()
            stopping.cancel()


def _of_epoch[T](source: NewestOfStages[T], epoch: int, what: str) -> T:
    found = source.of_epoch(epoch)
    if found is not None:
        return found
    if epoch:
        raise Failure(
            Reason.ERROR_REASON_EPOCH_UNKNOWN, f"no {what} of epoch {epoch} are kept here", epoch=epoch
        )
    raise Failure(
        Reason.ERROR_REASON_NO_ACTIVE_STAGE,
        "no snapshot of a race has come yet",
        retry_after_ms=RETRY_AFTER_MS,
    )


def _of_rider(values: analytics_pb2.RiderValuesSet, bib: int) -> analytics_pb2.RiderValuesSet:
    """The set with that rider alone, or none; bib 0: as it is."""
    if not bib:
        return values
    riders = [rider for rider in values.riders if rider.bib == bib]
    return analytics_pb2.RiderValuesSet(
        snapshot=values.snapshot, race_time_ms=values.race_time_ms, riders=riders
    )
