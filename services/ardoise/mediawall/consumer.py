"""Where the wall gets the race from: three watches over gRPC, each opened again for as long as the service lives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog

from ardoise.chassis.rpc import Reason, failure_of
from ardoise.chassis.telemetry import counter
from ardoise.mediawall.alerts import Alerts
from ardoise.mediawall.domain.stage import stage_view
from ardoise.mediawall.wall import Wall
from ardoise.pb import (
    analytics_pb2,
    analytics_pb2_grpc,
    common_pb2,
    race_pb2,
    race_pb2_grpc,
    security_pb2,
    security_pb2_grpc,
)

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
CONNECT_LIMIT_S = 5.0
STAGE_LIMIT_S = 5.0
# A watch that a peer has taken and not refused by then stands, though nothing may have happened yet.
SETTLED_S = 0.5

_reconnects = counter("mediawall.reconnects", "1", "Times that a watch was lost, by service and reason.")
_log = structlog.get_logger(__name__)

Token = common_pb2.ResumeToken | None


class Watch:
    """One service's stream of changes: `open_call` opens it after a place, `take` handles each response."""

    def __init__(
        self,
        name: str,
        wall: Wall,
        channel: grpc.aio.Channel,
        open_call: Callable[[Token], Any],
        take: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._name = name
        self._wall = wall
        self._channel = channel
        self._open_call = open_call
        self._take = take
        self._after: Token = None
        self._retry_s = FIRST_RETRY_S

    async def run(self) -> None:
        """Watches for ever; a lost watch goes on where it was after FIRST_RETRY_S to LONGEST_RETRY_S."""
        while True:
            reason = "ended"
            try:
                await self._watch()
            except TimeoutError:
                reason = "unreachable"
            except grpc.RpcError as error:
                failure = failure_of(error)
                reason = failure.reason_name if failure.reason else error.code().name
                if failure.reason == Reason.ERROR_REASON_EPOCH_UNKNOWN:
                    self._after = None  # that log is not served any more: go on with the live race
            self._wall.show_link(self._name, "reconnecting", reason)
            _reconnects.add(1, {"service": self._name, "reason": reason})
            _log.info("watch_lost", service=self._name, reason=reason, retry_s=self._retry_s)
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    async def _watch(self) -> None:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await self._channel.channel_ready()
        call = self._open_call(self._after)
        reading: asyncio.Task | None = None
        try:
            while True:
                # Not a timeout around read(): cancelling a read cancels the call.
                reading = reading or asyncio.ensure_future(call.read())
                done, _ = await asyncio.wait({reading}, timeout=SETTLED_S)
                if done:
                    response, reading = reading.result(), None
                    if response is grpc.aio.EOF:
                        return
                    await self._take(response)
                    self._after = response.resume
                self._wall.show_link(self._name, "connected")
                self._retry_s = FIRST_RETRY_S
        finally:
            if reading is not None:
                reading.cancel()
            call.cancel()


def watch_race(wall: Wall, channel: grpc.aio.Channel) -> Watch:
    """Snapshots from positioning, each stage before its first."""
    race = race_pb2_grpc.RaceServiceStub(channel)

    async def take(response: race_pb2.WatchSnapshotsResponse) -> None:
        epoch = response.resume.epoch
        if epoch != wall.epoch:
            stage = await race.GetStage(race_pb2.GetStageRequest(epoch=epoch), timeout=STAGE_LIMIT_S)
            # A long route takes a tenth of a second to simplify: screens are not kept waiting for it.
            view = await asyncio.to_thread(stage_view, epoch, stage.setup)
            wall.show_stage(view)
        if response.WhichOneof("update") == "snapshot":
            wall.show_snapshot(response.snapshot)

    def open_call(after: Token) -> Any:
        return race.WatchSnapshots(race_pb2.WatchSnapshotsRequest(after=after))

    return Watch("positioning", wall, channel, open_call, take)


def watch_predictions(wall: Wall, channel: grpc.aio.Channel) -> Watch:
    """Predictions from analytics."""
    analytics = analytics_pb2_grpc.AnalyticsServiceStub(channel)

    async def take(response: analytics_pb2.WatchPredictionsResponse) -> None:
        if response.WhichOneof("update") == "predictions":
            wall.show_predictions(response.predictions)

    def open_call(after: Token) -> Any:
        return analytics.WatchPredictions(analytics_pb2.WatchPredictionsRequest(after=after))

    return Watch("analytics", wall, channel, open_call, take)


def watch_alerts(wall: Wall, alerts: Alerts, channel: grpc.aio.Channel) -> Watch:
    """Alerts from security."""
    security = security_pb2_grpc.SecurityServiceStub(channel)

    async def take(response: security_pb2.WatchAlertsResponse) -> None:
        if response.WhichOneof("update") == "alert":
            alerts.show(response.alert)

    def open_call(after: Token) -> Any:
        return security.WatchAlerts(security_pb2.WatchAlertsRequest(after=after))

    return Watch("security", wall, channel, open_call, take)
