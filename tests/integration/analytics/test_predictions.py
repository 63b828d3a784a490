"""From snapshots over gRPC to predictions and derived values over gRPC."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from ardoise.analytics.app import run as run_analytics
from ardoise.analytics.contract import prediction_id
from ardoise.analytics.settings import AnalyticsSettings
from ardoise.chassis.rpc import Failure, Reason, failure_of
from ardoise.chassis.store import Store
from ardoise.chassis.tables import Prediction
from ardoise.pb import analytics_pb2, analytics_pb2_grpc, common_pb2
from ardoise.positioning.migrations import migrate
from ardoise.up.services import argv
from sqlalchemy import select

from tests.integration.analytics.race_service import EPOCH, ConductedRace, snapshot
from tests.support.platform import Platform, running

LIMIT_S = 10.0
# A process imports for seconds on a machine that does other things.
START_LIMIT_S = 30.0


class Rig:
    """Analytics beside a race that the test conducts."""

    def __init__(self, platform: Platform, race: ConductedRace, race_port: int, port: int) -> None:
        self.platform, self.race, self.race_port, self.port = platform, race, race_port, port

    @contextlib.asynccontextmanager
    async def analytics(self, **settings: object) -> AsyncIterator[analytics_pb2_grpc.AnalyticsServiceStub]:
        """The service, and a fan's stub of it."""
        configured = self.platform.settings(
            AnalyticsSettings,
            grpc_listen=f"127.0.0.1:{self.port}",
            positioning_target=f"127.0.0.1:{self.race_port}",
            **settings,
        )
        async with (
            running(run_analytics(configured), self.port, self.platform),
            self.platform.channel(self.port, "fan") as channel,
        ):
            yield analytics_pb2_grpc.AnalyticsServiceStub(channel)

    async def open_race(self) -> None:
        await self.race.open(self.platform, self.race_port)


@pytest.fixture
async def rig(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[Rig]:
    rig = Rig(Platform(tmp_path), ConductedRace(), free_port(), free_port())
    await rig.open_race()
    yield rig
    await rig.race.close()


async def predictions(
    stub: analytics_pb2_grpc.AnalyticsServiceStub,
) -> AsyncIterator[analytics_pb2.PredictionSet]:
    """The predictions of a watch, heartbeats left out."""
    async with asyncio.timeout(LIMIT_S):
        async for response in stub.WatchPredictions(analytics_pb2.WatchPredictionsRequest()):
            if response.HasField("predictions"):
                yield response.predictions


async def refusal(call: Awaitable) -> Failure:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return failure_of(caught.value)


async def test_a_snapshot_becomes_predictions_with_reasons_and_age(rig: Rig):
    async with rig.analytics() as stub:
        rig.race.shown.set(snapshot(1))
        made = await anext(predictions(stub))
        assert made.snapshot == snapshot(1).name
        assert made.data_age_ms == 2500
        (catch,) = made.catches
        assert (catch.group_id, list(catch.bibs), catch.gap_ms) == (1, [1, 2], 60_000)
        assert 0 <= catch.catch_probability <= 1
        assert {reason.code for reason in catch.reasons} >= {"chapatte", "group_size", "run_in"}
        assert catch.prediction_id == prediction_id(made.snapshot, 1)
        finish = made.finish_type
        assert finish.solo + finish.small_group + finish.bunch_sprint == pytest.approx(1.0, abs=2e-4)
        got = await stub.GetPredictions(analytics_pb2.GetPredictionsRequest(epoch=EPOCH))
        assert got.predictions == made


async def test_closing_speed_is_seen_over_the_seconds(rig: Rig):
    async with rig.analytics() as stub:
        watch = predictions(stub)
        for second in range(1, 30):
            rig.race.shown.set(snapshot(second, gap_s=60.0 - second))
            made = await anext(watch)
            assert made.snapshot.sequence == 100 + second
        (speed,) = [reason for reason in made.catches[0].reasons if reason.code == "closing_speed"]
        assert speed.unit == "m/s"
        assert speed.value > 1.0


async def test_the_same_snapshot_gives_the_same_predictions_at_another_site(
    rig: Rig, tmp_path: Path, free_port
):
    other = Rig(rig.platform, rig.race, rig.race_port, free_port())
    rig.race.shown.set(snapshot(5))
    async with rig.analytics() as here, other.analytics() as there:
        assert await anext(predictions(here)) == await anext(predictions(there))


async def test_before_the_race_nothing_is_predicted(rig: Rig):
    async with rig.analytics() as stub:
        failure = await refusal(stub.GetPredictions(analytics_pb2.GetPredictionsRequest()))
        assert failure.reason == Reason.ERROR_REASON_NO_ACTIVE_STAGE
        assert failure.retry_after_ms
        rig.race.shown.set(snapshot(1, state=common_pb2.RACE_STATE_PREPARED))
        made = await anext(predictions(stub))
        assert not made.catches
        assert not made.HasField("finish_type")


async def test_a_stage_that_was_never_here_is_refused_by_name(rig: Rig):
    async with rig.analytics() as stub:
        failure = await refusal(stub.GetPredictions(analytics_pb2.GetPredictionsRequest(epoch=42)))
        assert failure.reason == Reason.ERROR_REASON_EPOCH_UNKNOWN
        assert failure.metadata["epoch"] == "42"


async def test_the_next_stage_is_followed_and_the_last_one_can_still_be_asked_for(rig: Rig):
    async with rig.analytics() as stub:
        watch = predictions(stub)
        rig.race.shown.set(snapshot(1))
        last = await anext(watch)
        rig.race.shown.set(snapshot(1, epoch=EPOCH + 1))
        assert (await anext(watch)).snapshot.epoch == EPOCH + 1
        got = await stub.GetPredictions(analytics_pb2.GetPredictionsRequest(epoch=EPOCH))
        assert got.predictions == last


async def test_after_a_restart_of_positioning_the_watch_goes_on_where_it_was(rig: Rig):
    async with rig.analytics() as stub:
        rig.race.shown.set(snapshot(1))
        watch = predictions(stub)
        await anext(watch)
        await rig.race.close()
        await rig.open_race()
        rig.race.shown.set(snapshot(2))
        assert (await anext(watch)).snapshot.sequence == 102
        assert rig.race.tokens == [(0, 0), (EPOCH, 101)]


async def test_a_log_that_is_not_served_any_more_gives_way_to_the_live_one(rig: Rig):
    async with rig.analytics() as stub:
        rig.race.shown.set(snapshot(1))
        watch = predictions(stub)
        await anext(watch)
        rig.race.unknown_epochs.add(EPOCH)
        await rig.race.close()
        await rig.open_race()
        rig.race.shown.set(snapshot(1, epoch=EPOCH + 1))
        assert (await anext(watch)).snapshot.epoch == EPOCH + 1


async def test_a_stop_ends_the_watches_with_advice(rig: Rig):
    async with rig.analytics() as stub:
        rig.race.shown.set(snapshot(1))
        call = stub.WatchPredictions(analytics_pb2.WatchPredictionsRequest())
        await call.read()
        signal.raise_signal(signal.SIGTERM)
        failure = await refusal(call.read())
        assert failure.reason == Reason.ERROR_REASON_DRAINING
        assert failure.retry_after_ms


async def test_what_was_predicted_is_in_the_database_when_analytics_has_stopped(rig: Rig, plain_url: str):
    database = Store(plain_url, "test")
    await migrate(database)
    async with rig.analytics(database_url=plain_url) as stub:
        watch = predictions(stub)
        for second in range(1, 4):
            rig.race.shown.set(snapshot(second))
            await anext(watch)
    async with database.transaction() as connection:
        rows = (await connection.execute(select(Prediction.sequence, Prediction.kind))).all()
    assert sorted(rows) == [
        (100 + second, kind) for second in range(1, 4) for kind in ("CatchPrediction", "FinishTypePrediction")
    ]
    await database.close()


async def test_two_processes_at_two_sites_write_each_prediction_once(
    rig: Rig, plain_url: str, tmp_path: Path, free_port: Callable[[], int]
):
    database = Store(plain_url, "test")
    await migrate(database)
    seconds = range(1, 6)
    async with contextlib.AsyncExitStack() as held:
        watches = []
        for number, site in enumerate(("amsterdam", "london")):
            port = free_port()
            surroundings = {
                "SITE": site,
                "STATE_DIR": tmp_path / site,
                "IDENTITY_DIR": rig.platform.identity_dir,
                "DATABASE_URL": plain_url,
                "POSITIONING_TARGET": f"127.0.0.1:{rig.race_port}",
                "GRPC_LISTEN": f"127.0.0.1:{port}",
            }
            environment = {f"ARDOISE_{name}": str(value) for name, value in surroundings.items()}
            # Sets and dictionaries of strings in another order: what an id must not hang on.
            environment["PYTHONHASHSEED"] = str(number)
            process = await asyncio.create_subprocess_exec(
                *argv("analytics"), env={**os.environ, **environment}, stderr=asyncio.subprocess.DEVNULL
            )
            held.push_async_callback(stopped, process)
            channel = await held.enter_async_context(rig.platform.channel(port, "fan"))
            async with asyncio.timeout(START_LIMIT_S):
                await channel.channel_ready()
            watches.append(predictions(analytics_pb2_grpc.AnalyticsServiceStub(channel)))
        for second in seconds:
            rig.race.shown.set(snapshot(second))
            here, there = [await anext(watch) for watch in watches]
            assert here == there
    async with database.transaction() as connection:
        rows = (await connection.execute(select(Prediction.sequence, Prediction.kind))).all()
    assert sorted(rows) == [
        (100 + second, kind) for second in seconds for kind in ("CatchPrediction", "FinishTypePrediction")
    ]
    await database.close()


async def test_a_snapshot_becomes_values_of_each_rider(rig: Rig):
    async with rig.analytics() as stub:
        call = stub.WatchRiderValues(analytics_pb2.WatchRiderValuesRequest())
        for second in range(1, 8):
            rig.race.shown.set(snapshot(second))
            made = (await call.read()).values
            assert made.snapshot == snapshot(second).name
        assert [rider.bib for rider in made.riders] == list(range(1, 23))
        ahead, behind = made.riders[0], made.riders[9]
        assert (ahead.gap_s, behind.gap_s, behind.gap_peloton_s) == (0.0, 60.0, 0.0)
        assert ahead.distance_km == pytest.approx(1.084)
        assert (ahead.group_riders, behind.group_riders) == (2, 20)
        # The road has no elevation and nobody reported the weather.
        assert not ahead.HasField("gradient_percent")
        assert not ahead.HasField("wind_along_mps")
        reported = snapshot(8)
        reported.weather.report.wind_mmps, reported.weather.report.wind_from_deg = 5_000, 90
        rig.race.shown.set(reported)
        made = (await call.read()).values
        ahead, behind = made.riders[0], made.riders[9]
        assert ahead.HasField("wind_along_mps")
        one = await stub.GetRiderValues(analytics_pb2.GetRiderValuesRequest(epoch=EPOCH, bib=10))
        assert list(one.values.riders) == [behind]
        failure = await refusal(stub.GetRiderValues(analytics_pb2.GetRiderValuesRequest(bib=99)))
        assert failure.reason == Reason.ERROR_REASON_RIDER_UNKNOWN
        call.cancel()


async def test_the_command_shows_what_is_derived_of_a_rider(rig: Rig):
    async with rig.analytics() as stub:
        rig.race.shown.set(snapshot(1))
        await anext(predictions(stub))
        surroundings = {
            "IDENTITY_DIR": rig.platform.identity_dir,
            "ANALYTICS_TARGET": f"127.0.0.1:{rig.port}",
        }
        environment = {f"ARDOISE_{name}": str(value) for name, value in surroundings.items()}
        process = await asyncio.create_subprocess_exec(
            *argv("race", "values", "3"),
            env={**os.environ, **environment, "COLUMNS": "120"},
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(START_LIMIT_S):
            said, _ = await process.communicate()
    lines = [line.split() for line in said.decode().splitlines()]
    assert process.returncode == 0
    assert ["gap_s", "60.0", "s", "Time", "behind", "the", "head", "of", "the", "race"] in lines
    assert ["speed_kmh", "-", "Speed,", "smoothed"] in lines
    assert ["Time", "won", "and", "lost"] in lines


async def stopped(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    async with asyncio.timeout(START_LIMIT_S):
        assert await process.wait() == 0
