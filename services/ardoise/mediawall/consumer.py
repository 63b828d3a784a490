"""Where the wall gets the race from: three watches over gRPC, each opened again for as long as the service lives."""

import asyncio
from functools import partial
from typing import Any

import grpc

from ardoise.chassis.watching import Token, Watch
from ardoise.mediawall.alerts import KEPT_AT, Alerts
from ardoise.mediawall.domain.stage import stage_view
from ardoise.mediawall.wall import Wall
from ardoise.pb import (
    analytics_pb2,
    analytics_pb2_grpc,
    race_pb2,
    race_pb2_grpc,
    security_pb2,
    security_pb2_grpc,
)

STAGE_LIMIT_S = 5.0
OUTBOX_EVERY_S = 2.0


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

    return Watch("positioning", channel, open_call, take, partial(wall.show_link, "positioning"))


def watch_predictions(wall: Wall, channel: grpc.aio.Channel) -> Watch:
    """Predictions from analytics."""
    analytics = analytics_pb2_grpc.AnalyticsServiceStub(channel)

    async def take(response: analytics_pb2.WatchPredictionsResponse) -> None:
        if response.WhichOneof("update") == "predictions":
            wall.show_predictions(response.predictions)

    def open_call(after: Token) -> Any:
        return analytics.WatchPredictions(analytics_pb2.WatchPredictionsRequest(after=after))

    return Watch("analytics", channel, open_call, take, partial(wall.show_link, "analytics"))


def watch_alerts(wall: Wall, alerts: Alerts, channel: grpc.aio.Channel) -> Watch:
    """Alerts from security."""
    security = security_pb2_grpc.SecurityServiceStub(channel)

    async def take(response: security_pb2.WatchAlertsResponse) -> None:
        alerts.kept_at = KEPT_AT.get(response.kept_at, "unknown")
        if response.WhichOneof("update") == "alert":
            alerts.show(response.alert)

    def open_call(after: Token) -> Any:
        return security.WatchAlerts(security_pb2.WatchAlertsRequest(after=after))

    return Watch("security", channel, open_call, take, partial(wall.show_link, "security"))


async def watch_outbox(alerts: Alerts) -> None:
    """What has left the platform, as security lists it: asked for, since it is looked at rarely and changes rarely."""
    while True:
        await alerts.look_at_outbox()
        await asyncio.sleep(OUTBOX_EVERY_S)
