"""A recorder in each region, over a switchover and over the death of the one that writes."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogReader
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.positioning import epoch_recorder
from ardoise.positioning.epoch_recorder import EpochRecorder
from ardoise.up.programs import Programs
from sqlalchemy import text

from tests.support.nats import NatsServer
from tests.support.racelog import START_MS, connect, race_records, write_log
from tests.support.recorded import differences
from tests.support.stretched import Stretched, recording

SECONDS = 60
PACE_S = 0.02


async def grows(cluster: Stretched, seen: list[int]) -> None:
    """Keeps what the primary says of the watermark."""
    store = Store(cluster.url("amsterdam", "london"), "watch")
    try:
        while True:
            with contextlib.suppress(StoreUnavailable):
                async with store.transaction() as connection:
                    seen.append(await connection.scalar(text("SELECT max(sequence) FROM watermark")) or 0)
            await asyncio.sleep(PACE_S)
    finally:
        await store.close()


async def saw(watermarks: list[int], last: int) -> bool:
    return watermarks[-1] == last


async def reaches(recorder: EpochRecorder, sequence: int) -> None:
    deadline = time.monotonic() + 30
    while recorder.written < sequence:
        assert time.monotonic() < deadline, f"at {recorder.written}, not at {sequence}"
        await asyncio.sleep(PACE_S)


async def append(bus: Bus, records: list[bytes]) -> None:
    """The rest of the log, as it comes."""
    for record in records:
        await bus.js.publish(f"log.{START_MS}.test", record)
        await asyncio.sleep(PACE_S)


@pytest.mark.timeout(240)
async def test_no_row_is_lost_or_written_twice_over_a_switchover_and_the_death_of_a_recorder(
    programs: Programs, tmp_path: Path, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(epoch_recorder, "STANDBY_PATIENCE_S", 1.0)
    bus = await connect(nats_server.url)
    records = race_records(11, SECONDS)
    first, second, third = len(records) // 4, len(records) * 3 // 4, len(records)
    await write_log(bus, START_MS, records[:first])
    watermarks: list[int] = []
    async with Stretched(tmp_path, programs) as cluster, contextlib.AsyncExitStack() as amsterdam_alive:
        amsterdam = await amsterdam_alive.enter_async_context(recording(cluster, bus, "amsterdam", START_MS))
        async with recording(cluster, bus, "london", START_MS) as london:
            watch = asyncio.create_task(grows(cluster, watermarks))
            await reaches(amsterdam, first)
            await reaches(london, first)

            going_on = asyncio.create_task(append(bus, records[first:second]))
            await cluster.switch("london")
            await cluster.until(lambda: cluster.writes("london"))
            await going_on
            await reaches(london, second)
            await reaches(amsterdam, second)
            assert london.waiting_rows == amsterdam.waiting_rows == 0
        # London's recorder is dead, its database is primary: Amsterdam's writes from afar.
        await append(bus, records[second:third])
        await reaches(amsterdam, third)
        await cluster.until(lambda: saw(watermarks, third))
        watch.cancel()
        await asyncio.wait({watch})
        store = Store(cluster.url("amsterdam", "london"), "test")
        assert await differences(LogReader(bus), store, START_MS, third) == []
        await store.close()
    assert watermarks == sorted(watermarks)
    await bus.close()
