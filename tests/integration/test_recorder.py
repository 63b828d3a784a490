"""The recorder on real logs and real databases of every kind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Self

import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import LogEntry, LogReader
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.chassis.store import DatabaseKind, Store, StoreUnavailable
from ardoise.positioning import epoch_recorder
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.domain import Applied, Race
from ardoise.positioning.epoch_recorder import EpochRecorder
from ardoise.positioning.recorder import Recorder
from ardoise.positioning.store import RaceStore
from ardoise.positioning.store_watch import StoreWatch
from sqlalchemy import Connection, text

from tests.support.databases import SETTINGS, DatabaseServer
from tests.support.nats import NatsServer
from tests.support.racelog import START_MS, connect, race_records, write_log
from tests.support.recorded import differences

SECONDS = 30
WITHIN_S = 30.0


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    connection = await connect(nats_server.url)
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_recorder, "BATCH_ROWS", 100)
    monkeypatch.setattr(epoch_recorder, "BATCH_WAIT_S", 0.0)
    monkeypatch.setattr(epoch_recorder, "CHECKPOINT_EVERY_MS", 5_000)
    monkeypatch.setattr(epoch_recorder, "CHECKPOINT_EVERY_S", 0.0)


class Recording:
    """One recorder of one epoch, as a task."""

    def __init__(self, bus: Bus, url: str, directory: Path) -> None:
        self.store = RaceStore(Store(url, "test"))
        self.watch = StoreWatch()
        reader, checkpoints = LogReader(bus), Checkpoints(directory)
        self.recorder = EpochRecorder(reader, self.store, checkpoints, self.watch, START_MS)

    async def __aenter__(self) -> Self:
        await self.store.prepare()
        self.task = asyncio.create_task(self.recorder.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})
        await self.store.close()

    async def until(self, sequence: int) -> None:
        await self.holds(lambda: self.recorder.written >= sequence)

    async def holds(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                done, _ = await asyncio.wait({self.task}, timeout=0.005)
                if done:
                    self.task.result()


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[str], Store]]:
    """Gives stores, and closes them."""
    stores: list[Store] = []

    def open_store(url: str) -> Store:
        stores.append(Store(url, "test"))
        return stores[-1]

    yield open_store
    for store in stores:
        await store.close()


async def test_every_kind_of_database_holds_what_the_log_says_over_a_restart(
    bus: Bus, database: tuple[DatabaseServer, str], tmp_path: Path, opened: Callable[[str], Store]
):
    server, url = database
    records = race_records(2, SECONDS)
    half = len(records) // 2
    await write_log(bus, START_MS, records[:half])
    async with Recording(bus, url, tmp_path) as recording:
        await recording.until(half)
        server.restart()
        await write_log(bus, START_MS, records[half:])
        await recording.until(len(records))
    store = opened(url)
    assert await differences(LogReader(bus), store, START_MS, len(records)) == []
    ten_seconds = text("SELECT bib, sum(seconds) FROM rider_10s GROUP BY bib ORDER BY bib")
    seconds = text("SELECT bib, count(*) FROM rider_second GROUP BY bib ORDER BY bib")
    async with store.transaction() as connection:
        assert (await connection.execute(ten_seconds)).all() == (await connection.execute(seconds)).all()
    if server.kind is DatabaseKind.TIMESCALE_COMMUNITY:
        async with store.transaction() as connection:
            await connection.execute(text("SELECT compress_chunk(show_chunks('fix'))"))
        assert await differences(LogReader(bus), store, START_MS, len(records)) == []


async def test_two_recorders_at_once_write_each_row_once(
    bus: Bus, plain_url: str, tmp_path: Path, opened: Callable[[str], Store]
):
    records = race_records(3, 2 * SECONDS)
    await write_log(bus, START_MS, records)
    async with (
        Recording(bus, plain_url, tmp_path / "one") as one,
        Recording(bus, plain_url, tmp_path / "other") as other,
    ):
        await one.until(len(records))
        await other.until(len(records))
    assert await differences(LogReader(bus), opened(plain_url), START_MS, len(records)) == []


async def test_with_the_database_away_the_recorder_keeps_its_place_and_says_so(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], Store]
):
    most = 500
    monkeypatch.setattr(epoch_recorder, "PENDING_ROWS", most)
    server = EmbeddedPostgres(tmp_path / "postgres", **SETTINGS)
    url = server.start()
    records = race_records(4, SECONDS)
    await write_log(bus, START_MS, records[:50])
    async with Recording(bus, url, tmp_path / "checkpoints") as recording:
        await recording.until(50)
        server.stop()
        await write_log(bus, START_MS, records[50:])
        await recording.holds(
            lambda: recording.recorder.waiting_rows >= most and not recording.watch.available
        )
        assert recording.recorder.written == 50
        assert recording.recorder.waiting_rows < most + 100
        server.start()
        await recording.until(len(records))
        assert recording.watch.available
    assert await differences(LogReader(bus), opened(url), START_MS, len(records)) == []
    server.stop()


async def test_what_a_failover_loses_is_derived_again(
    bus: Bus, plain_url: str, tmp_path: Path, opened: Callable[[str], Store]
):
    records, kept = race_records(5, SECONDS), 70
    await write_log(bus, START_MS, records[:120])
    store = opened(plain_url)
    async with Recording(bus, plain_url, tmp_path) as recording:
        await recording.until(120)
        async with store.transaction() as connection:
            await connection.run_sync(lose_what_came_after, kept)
        await write_log(bus, START_MS, records[120:])
        await recording.until(len(records))
    assert await differences(LogReader(bus), store, START_MS, len(records)) == []


def lose_what_came_after(connection: Connection, sequence: int) -> None:
    """As a standby that had not got the newest transactions."""
    for table in ("frame", "fix", "fix_ledger", "decision"):
        connection.execute(text(f"DELETE FROM {table} WHERE sequence > {sequence}"))
    # What a tick brings is named by the message before the one that closes it.
    for table in ("rider_second", "group_second"):
        closed_later = f"snapshot.time = {table}.time AND sequence >= {sequence}"
        connection.execute(text(f"DELETE FROM {table} USING snapshot WHERE {closed_later}"))
    for table in ("snapshot", "race_event"):
        connection.execute(text(f"DELETE FROM {table} WHERE sequence >= {sequence}"))
    connection.execute(text(f"UPDATE watermark SET sequence = {sequence}"))


async def test_a_row_that_no_table_holds_sets_its_message_aside_and_those_behind_it_go_on(
    bus: Bus,
    plain_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[str], Store],
):
    records, poisoned = race_records(6, 5), 12
    await write_log(bus, START_MS, records)
    derive = Race.apply

    def derive_too_large(race: Race, entry: LogEntry) -> Applied:
        applied = derive(race, entry)
        if entry.sequence == poisoned:
            applied.fixes.latitude_e7[0] = 2**40
        return applied

    monkeypatch.setattr(Race, "apply", derive_too_large)
    async with Recording(bus, plain_url, tmp_path) as recording:
        await recording.until(len(records))
    monkeypatch.undo()
    store = opened(plain_url)
    async with store.transaction() as connection:
        ledger = text("SELECT fixes FROM fix_ledger WHERE verdict = 0 AND sequence = :poisoned")
        assert await connection.scalar(ledger, {"poisoned": poisoned}) > 0
        frames = text("SELECT max(sequence), count(*) FILTER (WHERE sequence = :poisoned) FROM frame")
        last, at_poison = (await connection.execute(frames, {"poisoned": poisoned})).one()
    assert last > poisoned
    assert at_poison == 0


async def test_the_service_records_every_epoch_that_has_a_log(
    bus: Bus, plain_url: str, tmp_path: Path, opened: Callable[[str], Store]
):
    records = race_records(7, 5)
    for epoch in (START_MS, START_MS + 1):
        await write_log(bus, epoch, records)
    store = opened(plain_url)
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    race_store = RaceStore(Store(plain_url, "test"))
    recorder = Recorder(LogReader(bus), race_store, checkpoints, StoreWatch())
    task = asyncio.create_task(recorder.run())
    recorded = text("SELECT count(*) FROM watermark WHERE sequence = :last")
    async with asyncio.timeout(WITHIN_S):
        while True:
            done, _ = await asyncio.wait({task}, timeout=0.05)
            if done:
                task.result()
            with contextlib.suppress(StoreUnavailable):  # not migrated yet
                async with store.transaction() as connection:
                    if await connection.scalar(recorded, {"last": len(records)}) == 2:
                        break
    task.cancel()
    await asyncio.wait({task})
    await race_store.close()
    for epoch in (START_MS, START_MS + 1):
        assert await differences(LogReader(bus), store, epoch, len(records)) == []
