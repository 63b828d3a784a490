"""RaceService over real logs on a real nats-server, asked as anybody may."""

import asyncio

import grpc
import pytest
from ardoise.chassis.rpc import Reason, failure_of
from ardoise.pb import race_pb2
from ardoise.pb.common_pb2 import RaceState, ResumeToken, RiderStatus
from ardoise.pb.race_pb2 import OddityKind, OddityRecord
from ardoise.pb.weather_pb2 import WeatherReport
from ardoise.positioning import consumer, rpc

from tests.integration.positioning.conftest import T0_MS, Log, until
from tests.support.stage import small_stage

LIMIT_S = 20


async def ride(log: Log, first: int, last: int) -> None:
    """Bib 1 at 12 m/s, bib 2 at 10 m/s, a heartbeat to close the last second."""
    for second in range(first, last):
        await log.frame(second, {1: 12 * second, 2: 10 * second})
    await log.beat(last + 0.5)


async def reached(race, log: Log):
    """The snapshot that the last record closed."""

    async def ask():
        snapshot = (await race.GetSnapshot(race_pb2.GetSnapshotRequest())).snapshot
        return snapshot if snapshot.name.sequence == log.last_sequence - 1 else None

    return await until(ask)


async def refused(call) -> int:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return failure_of(error.value).reason


async def test_a_race_is_served_with_places_gaps_passages_track_events_and_stage(log, race) -> None:
    await log.start()
    await ride(log, 1, 60)
    snapshot = await reached(race, log)
    riders = {rider.bib: rider for rider in snapshot.riders}
    assert snapshot.race_state == RaceState.RACE_STATE_RACING
    assert (snapshot.name.epoch, snapshot.stage_id, len(snapshot.digest)) == (log.epoch, "test-1", 16)
    assert [(rider.bib, rider.place) for rider in snapshot.riders][:2] == [(1, 1), (2, 2)]
    assert riders[2].gap_ms == pytest.approx(10_000, abs=2_500)
    assert riders[3].status == RiderStatus.RIDER_STATUS_UNSPECIFIED
    assert not riders[3].HasField("fix_time_ms")
    assert [list(group.bibs) for group in snapshot.groups] == [[1], [2]]

    gaps = await race.GetGapAt(race_pb2.GetGapAtRequest(distance_cm=48_000))
    assert [passage.bib for passage in gaps.passages] == [1, 2]
    assert gaps.passages[0].time_ms == pytest.approx(T0_MS + 40_000, abs=300)
    assert gaps.passages[1].gap_ms == pytest.approx(8_000, abs=300)

    points, token = [], ""
    while True:
        page = await race.GetRiderTrack(race_pb2.GetRiderTrackRequest(bib=1, page_size=10, page_token=token))
        points += page.points
        token = page.next_page_token
        if not token:
            break
    assert len(points) > 25
    assert [point.distance_cm for point in points] == sorted({point.distance_cm for point in points})
    assert points[-1].longitude_e7 > points[0].longitude_e7

    events = (await race.ListRaceEvents(race_pb2.ListRaceEventsRequest())).events
    assert {event.kind for event in events} >= {1, 2, 3}
    assert len({event.event_id for event in events}) == len(events)

    stage = await race.GetStage(race_pb2.GetStageRequest())
    assert (stage.epoch, stage.setup.stage_id, len(stage.setup.riders)) == (log.epoch, "test-1", 4)
    assert not stage.setup.assignments


async def test_what_cannot_be_answered_is_refused_with_its_reason(race, platform) -> None:
    assert (
        await refused(race.GetSnapshot(race_pb2.GetSnapshotRequest())) == Reason.ERROR_REASON_NO_ACTIVE_STAGE
    )
    bus = await platform.bus("ingest")
    log = Log(bus, 1_000)
    await log.open(activated_ms=1)
    await log.start()
    await ride(log, 1, 5)
    await reached(race, log)
    assert (
        await refused(race.GetStage(race_pb2.GetStageRequest(epoch=5))) == Reason.ERROR_REASON_EPOCH_UNKNOWN
    )
    assert (
        await refused(race.GetRiderTrack(race_pb2.GetRiderTrackRequest(bib=99)))
        == Reason.ERROR_REASON_RIDER_UNKNOWN
    )
    assert (
        await refused(race.GetGapAt(race_pb2.GetGapAtRequest(distance_cm=-1)))
        == Reason.ERROR_REASON_FIELD_INVALID
    )
    assert (
        await refused(race.ListRaceEvents(race_pb2.ListRaceEventsRequest(page_token="none")))
        == Reason.ERROR_REASON_PAGE_TOKEN_INVALID
    )
    unknown = race.WatchSnapshots(race_pb2.WatchSnapshotsRequest(after=ResumeToken(epoch=2_000, sequence=1)))
    assert await refused(unknown.read()) == Reason.ERROR_REASON_EPOCH_UNKNOWN
    await bus.close()


async def test_a_watcher_gets_what_is_newer_than_its_token_and_the_newest_not_a_queue(log, race) -> None:
    await log.start()
    await ride(log, 1, 30)
    now = await reached(race, log)
    request = race_pb2.WatchSnapshotsRequest(after=ResumeToken(epoch=log.epoch, sequence=now.name.sequence))
    watch = race.WatchSnapshots(request)
    read = asyncio.create_task(watch.read())
    await log.beat(33)
    update = await asyncio.wait_for(read, LIMIT_S)
    assert update.snapshot.name.sequence == log.last_sequence - 1
    assert update.resume == ResumeToken(epoch=log.epoch, sequence=log.last_sequence - 1)
    fresh = race.WatchSnapshots(race_pb2.WatchSnapshotsRequest())
    assert (await asyncio.wait_for(fresh.read(), LIMIT_S)).snapshot.digest == update.snapshot.digest
    watch.cancel()
    fresh.cancel()


async def test_silence_is_filled_with_heartbeats_that_tell_the_logs_end(log, race, monkeypatch) -> None:
    monkeypatch.setattr(rpc, "HEARTBEAT_S", 1.0)
    await log.start()
    await ride(log, 1, 5)
    now = await reached(race, log)
    watch = race.WatchSnapshots(
        race_pb2.WatchSnapshotsRequest(after=ResumeToken(epoch=log.epoch, sequence=now.name.sequence))
    )
    update = await asyncio.wait_for(watch.read(), rpc.HEARTBEAT_S + 5)
    assert update.WhichOneof("update") == "heartbeat"
    assert update.heartbeat.position.sequence == log.last_sequence
    assert update.heartbeat.log_time_ms == T0_MS + 5_500
    watch.cancel()


async def test_a_watcher_is_taken_to_the_next_stage_when_that_is_live(log, race) -> None:
    await log.start()
    await ride(log, 1, 5)
    await reached(race, log)
    watch = race.WatchSnapshots(race_pb2.WatchSnapshotsRequest())
    assert (await asyncio.wait_for(watch.read(), LIMIT_S)).resume.epoch == log.epoch
    tomorrow = Log(log.bus, 2_000)
    await tomorrow.open(small_stage(stage_id="test-2"))
    await tomorrow.beat(86_400)
    await tomorrow.beat(86_402)
    await until(lambda: race.GetSnapshot(race_pb2.GetSnapshotRequest(epoch=2_000)))
    prepared = (await race.GetSnapshot(race_pb2.GetSnapshotRequest())).snapshot
    assert prepared.stage_id == "test-1"
    await tomorrow.activate(2)
    update = await asyncio.wait_for(watch.read(), LIMIT_S)
    assert (update.resume.epoch, update.snapshot.stage_id) == (2_000, "test-2")
    yesterday = (await race.GetSnapshot(race_pb2.GetSnapshotRequest(epoch=log.epoch))).snapshot
    assert yesterday.stage_id == "test-1"
    watch.cancel()


async def test_the_live_stage_is_served_however_many_are_prepared(log, race, monkeypatch) -> None:
    monkeypatch.setattr(consumer, "LOOK_EVERY_S", 0.1)
    await log.start()
    await ride(log, 1, 5)
    await reached(race, log)
    for epoch in (2_000, 3_000, 4_000):
        later = Log(log.bus, epoch)
        await later.open()
        await until(lambda epoch=epoch: race.GetStage(race_pb2.GetStageRequest(epoch=epoch)))
    assert (await race.GetStage(race_pb2.GetStageRequest())).epoch == log.epoch
    assert (
        await refused(race.GetStage(race_pb2.GetStageRequest(epoch=2_000)))
        == Reason.ERROR_REASON_EPOCH_UNKNOWN
    )


async def test_what_is_odd_goes_to_the_stream_that_security_reads(log, race, platform) -> None:
    await log.start()
    await ride(log, 1, 10)
    await log.frame(11, {1: 9_000, 2: 110})
    await ride(log, 12, 15)
    await reached(race, log)
    bus = await platform.bus("security")
    subscription = await bus.js.subscribe("", stream="ODDITIES", ordered_consumer=True)
    message = await subscription.next_msg(timeout=LIMIT_S)
    oddity = OddityRecord.FromString(message.data)
    await bus.close()
    assert message.subject == "oddity.jump"
    assert (oddity.kind, oddity.bib, oddity.tracker) == (OddityKind.ODDITY_KIND_JUMP, 1, 9001)
    assert oddity.oddity_id.startswith(f"{log.epoch}-")


async def test_an_unreadable_record_and_a_frame_of_uneven_columns_change_nothing(log, race) -> None:
    await log.start()
    await ride(log, 1, 10)
    await log.bus.js.publish(f"log.{log.epoch}.fix.moto-1", b"\xff\xff nonsense")
    await log.write(
        "fix.moto-1", 11, frame={"relay_id": "moto-1", "tracker": [9001, 9002], "latitude_e7": [1]}
    )
    await ride(log, 12, 20)
    snapshot = await reached(race, log)
    assert [rider.place for rider in snapshot.riders][:2] == [1, 2]


async def test_a_snapshot_says_which_weather_holds_and_when_it_is_old(race, log) -> None:
    await log.start()
    report = WeatherReport(report_id="w", source="finish", effective_time_ms=T0_MS, temperature_c_e2=2_150)
    await log.write("weather", 1, weather=report)
    await log.beat(2.01)

    async def weather_at(race_time_ms: int):
        snapshot = (await race.GetSnapshot(race_pb2.GetSnapshotRequest())).snapshot
        return snapshot.weather if snapshot.race_time_ms == race_time_ms else None

    fresh = await until(lambda: weather_at(T0_MS + 2_000))
    assert fresh == race_pb2.WeatherNow(report=report, age_ms=2_000, old=False)
    await log.beat(1_801.01)
    old = await until(lambda: weather_at(T0_MS + 1_801_000))
    assert old == race_pb2.WeatherNow(report=report, age_ms=1_801_000, old=True)
