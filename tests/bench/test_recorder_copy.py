"""Rows a second into each kind of database: the recorder's transactions against a bare COPY in the same run."""

import time

import numpy as np
import psycopg
import pytest
from ardoise.chassis.binary_copy import SIGNATURE, TRAILER, encode
from ardoise.chassis.log import LogEntry
from ardoise.chassis.store import Store
from ardoise.pb.log_pb2 import LogRecord
from ardoise.positioning.domain import Applied
from ardoise.positioning.epoch_recorder import BATCH_ROWS
from ardoise.positioning.rows import Derived, fix_columns
from ardoise.positioning.store import RaceStore
from ardoise.race.stage import Fixes, Judgement, Verdict

from tests.support.databases import DatabaseServer

EPOCH = 1_783_000_000_000
RIDERS = 176
BATCHES = 6
REPEATS = 3
LEAST_SHARE = 0.4
"""Of the bare COPY; what the rest is spent on: watermark, frames, ledger, the turning of columns into bytes."""


def batches() -> list[list[Derived]]:
    """Frames of a whole field, judged, in batches as the recorder makes them."""
    frames = BATCH_ROWS // (RIDERS + 1)
    draw = np.random.default_rng(1)
    made, sequence = [], 0
    for _ in range(BATCHES):
        batch = []
        for _ in range(frames):
            sequence += 1
            batch.append(_frame(sequence, draw))
        made.append(batch)
    return made


def _frame(sequence: int, draw: np.random.Generator) -> Derived:
    time_ms = EPOCH + 10 * sequence
    record = LogRecord(log_time_ms=time_ms)
    record.frame.relay_id, record.frame.boot_id, record.frame.frame_number = "moto-1", 2**63, sequence
    fixes = Fixes(
        tracker=np.arange(RIDERS, dtype=np.uint64),
        time_ms=np.full(RIDERS, time_ms),
        latitude_e7=draw.integers(4 * 10**8, 5 * 10**8, RIDERS),
        longitude_e7=draw.integers(4 * 10**7, 5 * 10**7, RIDERS),
        speed_mmps=draw.integers(0, 20_000, RIDERS),
    )
    judgement = Judgement(
        np.full(RIDERS, Verdict.USED, np.uint8),
        np.arange(RIDERS, dtype=np.int32),
        draw.integers(0, 2 * 10**7, RIDERS).astype(np.int32),
    )
    return Derived(
        LogEntry(sequence, record), time_ms, Applied(frame=record.frame, fixes=fixes, judgement=judgement)
    )


@pytest.mark.timeout(300)
async def test_the_recorder_writes_at_a_good_share_of_a_bare_copy(database: tuple[DatabaseServer, str]):
    server, url = database
    work = batches()
    rows = BATCHES * len(work[0]) * RIDERS
    store = Store(url, "bench")
    race_store = RaceStore(store)
    await race_store.prepare()
    await race_store.watermark(EPOCH)
    # The first batch makes the partition or chunk, on both sides.
    await race_store.write(EPOCH, 0, work[0])
    shares, ours, bare = [], [], []
    for repeat in range(REPEATS):
        ours.append(await _recorded(race_store, work, EPOCH + 1 + repeat))
        bare.append(_copied(url, work, repeat))
        shares.append(bare[-1] / ours[-1])
    await store.close()
    share = sorted(shares)[REPEATS // 2]
    print(
        f"\n{server.kind.value}: recorder {rows / min(ours):,.0f} rows/s, bare COPY {rows / min(bare):,.0f} rows/s,"
        f" share {share:.2f}"
    )
    assert share > LEAST_SHARE


async def _recorded(race_store: RaceStore, work: list[list[Derived]], epoch: int) -> float:
    await race_store.watermark(epoch)
    began = time.perf_counter()
    after = 0
    for batch in work:
        await race_store.write(epoch, after, batch)
        after = batch[-1].entry.sequence
    return time.perf_counter() - began


def _copied(url: str, work: list[list[Derived]], repeat: int) -> float:
    """The same rows, as bytes already, into the same table: nothing but COPY, one transaction a batch."""
    content = [encode(fix_columns(EPOCH + 100 + repeat, batch)) for batch in work]
    names = ", ".join(column.name for column in fix_columns(EPOCH, work[0]))
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        for batch in content:
            with connection.cursor().copy(f"COPY fix ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(SIGNATURE + batch + TRAILER)
        return time.perf_counter() - began
