"""WAL that takes more than was promised is found, and what a drill counts as WAL."""

import asyncio
from contextlib import suppress
from pathlib import Path

from ardoise.rehearsal.drills.history import History, WalSeen
from ardoise.rehearsal.drills.invariants.space import space
from ardoise.rehearsal.drills.probes.wal import LOOK_EVERY_S, watch_wal
from ardoise.rehearsal.drills.scenario import Promise

from tests.support.drilled import CAST, evidence, history

PROMISE = Promise(wal_mb=3)
MB = 1024**2


def seen(*megabytes: int) -> History:
    made = history()
    made.wal += [WalSeen(float(second), "amsterdam", size * MB) for second, size in enumerate(megabytes)]
    return made


def test_the_most_that_it_ever_took_counts():
    assert space(seen(1, 3, 2), evidence(), PROMISE, CAST).holds
    finding = space(seen(1, 4, 2), evidence(), PROMISE, CAST)
    assert finding.against == ["amsterdam's WAL took 4 MB, promised 3 MB"]


async def looked(data: Path) -> int:
    """What one look finds."""
    made = History()
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_EVERY_S):
            await watch_wal(data, "london", made)
    return made.wal[0].size_bytes


async def test_files_of_pg_wal_are_counted_and_a_directory_may_be_away(tmp_path: Path):
    assert await looked(tmp_path) == 0
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / "segment").write_bytes(b"x" * 7)
    assert await looked(tmp_path) == 7
