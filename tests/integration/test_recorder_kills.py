"""kill -9 at every failpoint of the recorder: nothing lost, nothing double."""

import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from ardoise.chassis.log import LogReader
from ardoise.chassis.store import Store
from sqlalchemy import text

from tests.support.forks import Forks
from tests.support.nats import NatsServer
from tests.support.racelog import START_MS, connect, race_records, write_log
from tests.support.recorded import differences

pytestmark = pytest.mark.slow

KILLS = 100
SEED = 20_150_704
SECONDS = 90
FAILPOINTS = (
    "before_watermark",
    "after_watermark",
    "before_copy",
    "after_copy",
    "before_commit",
    "after_commit",
    "before_acknowledge",
    "after_acknowledge",
    "before_checkpoint",
    "after_checkpoint",
)


@pytest.mark.timeout(300)  # 30 s on two idle cores
async def test_a_recorder_killed_a_hundred_times_loses_nothing_and_writes_nothing_twice(
    nats_server: NatsServer, plain_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
):
    record_property("recorder kills, seed", SEED)
    draw = random.Random(SEED)
    records = race_records(SEED, SECONDS)
    bus = await connect(nats_server.url)
    await write_log(bus, START_MS, records)
    arguments = (nats_server.url, plain_url, START_MS, tmp_path / "checkpoints", len(records), "guarded")
    hits: Counter[str] = Counter()
    # Every place at its first time, then at random.
    planned = [(name, 1) for name in FAILPOINTS]
    planned += [(draw.choice(FAILPOINTS), draw.randint(1, 3)) for _ in range(KILLS - len(planned))]
    with Forks("recorder_forks", *arguments, log=tmp_path / "recorder.log") as forks:
        for name, times in planned:
            if forks.run(name, times) == signal.SIGKILL:
                hits[name] += 1
        summary = ", ".join(f"{name} {hits[name]}" for name in FAILPOINTS)
        record_property("recorder killed at", summary)
        assert hits.total() == KILLS, f"the log is too short for that many: {summary}"
        assert forks.run() == 0
    assert set(hits) == set(FAILPOINTS)
    store = Store(plain_url, "test")
    assert await differences(LogReader(bus), store, START_MS, len(records)) == []
    async with store.transaction() as connection:
        marks = (await connection.execute(text("SELECT epoch, sequence FROM watermark"))).all()
    assert [tuple(mark) for mark in marks] == [(START_MS, len(records))]
    await store.close()
    await bus.close()


async def test_with_the_watermark_outside_the_transaction_the_same_kill_loses_rows(
    nats_server: NatsServer, plain_url: str, tmp_path: Path
):
    """The negative control: the test above can fail."""
    records = race_records(SEED, 10)
    bus = await connect(nats_server.url)
    await write_log(bus, START_MS, records)
    arguments = (nats_server.url, plain_url, START_MS, tmp_path / "checkpoints", len(records), "unguarded")
    with Forks("recorder_forks", *arguments, log=tmp_path / "recorder.log") as forks:
        for _ in range(3):
            assert forks.run("after_copy", 2) == signal.SIGKILL
        assert forks.run() == 0
    store = Store(plain_url, "test")
    faults = await differences(LogReader(bus), store, START_MS, len(records))
    assert any("lost" in fault for fault in faults)
    await store.close()
    await bus.close()
