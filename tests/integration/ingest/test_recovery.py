"""Ingest and nats-server are killed; what was acknowledged is there, or its loss is said exactly."""

import asyncio
import shutil

import grpc
from ardoise.chassis.log import LogReader
from ardoise.pb.control_pb2 import RecordWeatherRequest
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.log_pb2 import EpochCause
from ardoise.pb.telemetry_pb2 import RelayRequest
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub
from ardoise.pb.weather_pb2 import WeatherReport

from tests.support.platform import Platform, activate
from tests.support.stage import frame_of

LIMIT_S = 20


async def send(platform: Platform, port: int, numbers: range) -> dict[int, tuple[int, int]]:
    """Sends frames; what was acknowledged, by frame number, as (epoch, sequence)."""
    acknowledged = {}
    async with platform.channel(port, "moto-1") as channel:
        call = TelemetryServiceStub(channel).Relay()
        for number in numbers:
            await call.write(RelayRequest(frame=frame_of("moto-1", number, [9001])))
            for _ in range(2):
                answer = (await asyncio.wait_for(call.read(), LIMIT_S)).acknowledgement
            acknowledged[number] = (answer.position.epoch, answer.position.sequence)
    return acknowledged


async def test_every_acknowledged_frame_is_there_after_nats_server_is_killed(platform, free_port):
    port = free_port()
    async with platform.ingest(port):
        await activate(platform, port)
        before = await send(platform, port, range(1, 31))
        platform.server.process.kill()
        await platform.server.process.wait()
        await platform.server.start()
        after = None
        while after is None:
            try:
                after = await send(platform, port, range(31, 41))
            except grpc.aio.AioRpcError:
                continue
        bus = await platform.bus("positioning")
        reader = LogReader(bus)
        for number, (epoch, sequence) in {**before, **after}.items():
            assert (await reader.get(epoch, sequence)).record.frame.frame_number == number
        await bus.close()


async def test_a_log_that_lost_its_tail_is_succeeded_by_an_epoch_that_says_what_is_gone(
    platform, free_port, tmp_path
):
    port = free_port()
    store, kept = tmp_path / "nats" / "store", tmp_path / "kept"
    async with platform.ingest(port):
        first = await activate(platform, port)
        early = await send(platform, port, range(1, 6))
        async with platform.channel(port, "director") as channel:
            report = WeatherReport(source="finish", temperature_c_e2=2_150)
            request = RecordWeatherRequest(request_id="a", report=report)
            told = await RaceControlServiceStub(channel).RecordWeather(request)
    await platform.server.stop()
    shutil.copytree(store, kept)
    await platform.server.start()
    async with platform.ingest(port):
        late = await send(platform, port, range(6, 11))
    await platform.server.stop()
    # The disk comes back as it was before the last frames: what a lazy fsync does.
    shutil.rmtree(store)
    shutil.move(kept, store)
    await platform.server.start()
    async with platform.ingest(port):
        anew = await send(platform, port, range(11, 13))
        bus = await platform.bus("positioning")
        reader = LogReader(bus)
        kept_last = await reader.last_sequence(first)
        second = max(await reader.epochs())
        opened = (await reader.get(second, 1)).record.epoch_opened
        setup = (await reader.get(second, 2)).record.stage_setup
        carried = [entry.record.weather for entry in await reader.by_subject(second, f"log.{second}.weather")]
        await bus.close()
    assert kept_last >= max(sequence for _, sequence in early.values())
    assert second != first
    assert opened.cause == EpochCause.EPOCH_CAUSE_LOSS
    assert opened.lost.epoch == first
    assert opened.lost.first_sequence == kept_last + 1
    assert opened.lost.last_sequence >= max(sequence for _, sequence in late.values())
    assert opened.previous.sequence == kept_last
    assert setup.stage_id == "test-1"
    assert carried == [told.report]
    assert {epoch for epoch, _ in anew.values()} == {second}


async def test_a_log_that_is_gone_altogether_is_succeeded_from_the_kept_set_up(platform, free_port, tmp_path):
    port = free_port()
    async with platform.ingest(port):
        first = await activate(platform, port)
        sent = await send(platform, port, range(1, 4))
    await platform.server.stop()
    shutil.rmtree(tmp_path / "nats" / "store")
    await platform.server.start()
    async with platform.ingest(port):
        anew = await send(platform, port, range(4, 6))
        bus = await platform.bus("positioning")
        reader = LogReader(bus)
        epochs = await reader.epochs()
        opened = (await reader.get(epochs[-1], 1)).record.epoch_opened
        await bus.close()
    assert first not in epochs
    assert (opened.lost.epoch, opened.lost.first_sequence) == (first, 1)
    assert opened.lost.last_sequence >= max(sequence for _, sequence in sent.values())
    assert {epoch for epoch, _ in anew.values()} == {epochs[-1]}
