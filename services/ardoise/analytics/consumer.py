"""Follows the race: snapshots from positioning, over every restart of it."""

import asyncio
from collections.abc import Callable

import grpc
import structlog

from ardoise.analytics.predictor import Predictor
from ardoise.chassis.rpc import Reason, failure_of
from ardoise.chassis.telemetry import counter
from ardoise.pb import analytics_pb2, common_pb2, race_pb2, race_pb2_grpc

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
STAGE_LIMIT_S = 5.0
SILENCE_LIMIT_S = 15.0
"""Three heartbeats of positioning: a peer that is silent for longer is not there any more."""

_reconnects = counter("analytics.reconnects", "1", "Times that the watch of the race was lost, by reason.")
_log = structlog.get_logger(__name__)


class RaceWatcher:
    """Feeds snapshots into the predictor and what comes out of it to `publish`."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        predictor: Predictor,
        publish: Callable[[analytics_pb2.PredictionSet], None],
    ) -> None:
        self._race = race_pb2_grpc.RaceServiceStub(channel)
        self._predictor = predictor
        self._publish = publish
        self._after: common_pb2.ResumeToken | None = None
        self._retry_s = FIRST_RETRY_S

    async def run(self) -> None:
        """Watches for ever; a lost watch goes on where it was, after FIRST_RETRY_S to LONGEST_RETRY_S."""
        while True:
            reason = "ended"
            try:
                await self._watch()
            except TimeoutError:
                reason = "silent"
            except grpc.RpcError as error:
                failure = failure_of(error)
                reason = failure.reason_name
                if failure.reason == Reason.ERROR_REASON_EPOCH_UNKNOWN:
                    # That log is not served any more: go on with the live race.
                    self._after = None
            _reconnects.add(1, {"reason": reason})
            _log.info("race_watch_lost", reason=reason, retry_s=self._retry_s)
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    async def _watch(self) -> None:
        call = self._race.WatchSnapshots(race_pb2.WatchSnapshotsRequest(after=self._after))
        try:
            while True:
                async with asyncio.timeout(SILENCE_LIMIT_S):
                    response = await call.read()
                if response is grpc.aio.EOF:
                    return
                self._retry_s = FIRST_RETRY_S
                await self._take(response)
        finally:
            call.cancel()

    async def _take(self, response: race_pb2.WatchSnapshotsResponse) -> None:
        match response.WhichOneof("update"):
            case "snapshot":
                snapshot = response.snapshot
                if not self._predictor.knows_stage(snapshot.name.epoch):
                    stage = await self._race.GetStage(
                        race_pb2.GetStageRequest(epoch=snapshot.name.epoch), timeout=STAGE_LIMIT_S
                    )
                    self._predictor.begin_stage(snapshot.name.epoch, stage.setup)
                made = self._predictor.take(snapshot)
                if made is not None:
                    self._publish(made)
            case "heartbeat":
                position = response.heartbeat.position
                self._predictor.reached(position.epoch, position.sequence)
        self._after = response.resume
