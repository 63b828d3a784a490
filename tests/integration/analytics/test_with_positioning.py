"""Fixes in the log, positioning, analytics: the whole way to a prediction."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from ardoise.analytics.app import run as run_analytics
from ardoise.analytics.settings import AnalyticsSettings
from ardoise.pb import analytics_pb2, analytics_pb2_grpc
from ardoise.positioning.app import run as run_positioning
from ardoise.positioning.settings import PositioningSettings

from tests.integration.positioning.conftest import T0_MS, Log
from tests.support.platform import Platform, running
from tests.support.stage import small_stage

EPOCH = 1_000
LIMIT_S = 20.0
AHEAD, BEHIND = (1, 2), (3, 4, 5, 6, 7, 8)
SPEED_MPS, GAP_S, SECONDS = 12.0, 40, 120


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()


@pytest.fixture
async def log(platform: Platform) -> AsyncIterator[Log]:
    """A started stage with two minutes of a break on the road."""
    bus = await platform.bus("ingest")
    log = Log(bus, EPOCH)
    await log.open(small_stage(len(AHEAD) + len(BEHIND)), activated_ms=1)
    await log.start()
    for second in range(SECONDS):
        metres = SPEED_MPS * (second + GAP_S)
        riders = dict.fromkeys(AHEAD, metres) | dict.fromkeys(BEHIND, metres - SPEED_MPS * GAP_S)
        await log.frame(second, riders)
    await log.beat(SECONDS)
    yield log
    await bus.close()


async def test_a_break_in_the_log_is_predicted(platform: Platform, log: Log, free_port: Callable[[], int]):
    race_port, port = free_port(), free_port()
    positioning = platform.settings(PositioningSettings, grpc_listen=f"127.0.0.1:{race_port}")
    analytics = platform.settings(
        AnalyticsSettings,
        grpc_listen=f"127.0.0.1:{port}",
        positioning_target=f"127.0.0.1:{race_port}",
    )
    async with (
        running(run_positioning(positioning), race_port, platform),
        running(run_analytics(analytics), port, platform),
        platform.channel(port, "fan") as channel,
        asyncio.timeout(LIMIT_S),
    ):
        stub = analytics_pb2_grpc.AnalyticsServiceStub(channel)
        async for response in stub.WatchPredictions(analytics_pb2.WatchPredictionsRequest()):
            made = response.predictions
            if made.race_time_ms >= T0_MS + 1000 * (SECONDS - 1):
                break
    (catch,) = made.catches
    assert sorted(catch.bibs) == list(AHEAD)
    assert catch.gap_ms == pytest.approx(1000 * GAP_S, abs=2_000)
    assert 0 < catch.catch_probability < 1
    assert made.finish_type.small_group > 0
    assert made.snapshot.epoch == log.epoch
