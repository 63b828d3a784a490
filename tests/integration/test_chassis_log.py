"""Reading a log: every record once, in order, without a hole, across restarts of the server."""

import asyncio
import contextlib

import pytest
from ardoise.chassis.log import LogHole, LogReader, stream_of
from ardoise.pb.log_pb2 import Heartbeat, LogRecord
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from tests.support.platform import Platform

EPOCH = 5
LIMIT_S = 30


@pytest.fixture
async def platform(tmp_path):
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()


async def make_log(bus, **more) -> None:
    config = StreamConfig(
        name=stream_of(EPOCH),
        subjects=[f"log.{EPOCH}.>"],
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        **more,
    )
    await bus.ensure_stream(config)


async def write(bus, count: int) -> None:
    for number in range(count):
        record = LogRecord(log_time_ms=number, heartbeat=Heartbeat())
        while True:
            with contextlib.suppress(Exception):
                await bus.js.publish(f"log.{EPOCH}.beat", record.SerializeToString(), timeout=2)
                break


async def read(reader: LogReader, after: int, until: int) -> list[int]:
    found = []
    async with asyncio.timeout(LIMIT_S):
        async with contextlib.aclosing(reader.follow(EPOCH, after)) as batches:
            async for batch in batches:
                found += [entry.sequence for entry in batch]
                if found[-1] >= until:
                    break
    return found


async def test_a_consumer_that_was_away_goes_on_where_it_stopped(platform):
    writer, bus = await platform.bus("ingest"), await platform.bus("positioning")
    await make_log(writer)
    await write(writer, 30)
    reader = LogReader(bus)
    first = await read(reader, 0, 30)
    await write(writer, 20)
    second = await read(reader, first[-1], 50)
    assert first + second == list(range(1, 51))
    await writer.close()
    await bus.close()


async def test_a_reader_finds_every_record_once_across_a_kill_of_the_server(platform):
    writer, bus = await platform.bus("ingest"), await platform.bus("positioning")
    await make_log(writer)
    reading = asyncio.create_task(read(LogReader(bus), 0, 60))
    await write(writer, 30)
    platform.server.process.kill()
    await platform.server.process.wait()
    await platform.server.start()
    await write(writer, 30)
    found = await reading
    assert found == list(range(1, found[-1] + 1))
    await writer.close()
    await bus.close()


async def test_a_missing_record_is_a_hole_and_not_skipped(platform, monkeypatch):
    monkeypatch.setattr("ardoise.chassis.log.RETRY_S", 0.05)
    writer, bus = await platform.bus("ingest"), await platform.bus("positioning")
    await make_log(writer)
    await write(writer, 10)
    await writer.js.delete_msg(stream_of(EPOCH), 5)
    with pytest.raises(LogHole) as hole:
        await read(LogReader(bus), 0, 10)
    assert (hole.value.expected, hole.value.found) == (5, 6)
    await writer.close()
    await bus.close()


async def test_a_log_that_is_not_there_is_not_found(platform):
    bus = await platform.bus("positioning")
    with pytest.raises(NotFoundError):
        await read(LogReader(bus), 0, 1)
    await bus.close()
