"""How the recorder writes: rows and watermark in one transaction, so that the watermark is always true.

The transaction begins with the step of the watermark from the place that these rows follow. Where
the database stands elsewhere (another recorder was first, a failover lost the newest commits) that
step meets no row, and nothing is written.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ardoise.chassis.binary_copy import Column, copy
from ardoise.chassis.failpoints import failpoint
from ardoise.chassis.store import DatabaseKind, Store, StoreUnavailable
from ardoise.chassis.tables import Base, Decision, FixLedger, Frame, RaceEvent, Snapshot, Watermark
from ardoise.positioning import rows
from ardoise.positioning.migrations import migrate
from ardoise.positioning.rows import Derived
from ardoise.race.engine import ENGINE_VERSION

# Partitions of our own are made under it: "part" in ASCII.
PARTITION_LOCK = 0x70617274
# The region's own server answers in milliseconds, or not at all.
NEAR_LIMIT_S = 1.0

_ROWS: tuple[tuple[type[Base], Callable[[int, Sequence[Derived]], list[rows.Row]]], ...] = (
    (Frame, rows.frame_rows),
    (FixLedger, rows.ledger_rows),
    (Snapshot, lambda _, batch: rows.snapshot_rows(batch)),
    (RaceEvent, rows.event_rows),
    (Decision, rows.decision_rows),
)
_COPIED: tuple[tuple[str, Callable[[int, Sequence[Derived]], list[Column]]], ...] = (
    ("fix", rows.fix_columns),
    ("rider_second", lambda _, batch: rows.rider_columns(batch)),
    ("group_second", lambda _, batch: rows.group_columns(batch)),
)


class Superseded(Exception):
    """The database's watermark is not where these rows begin: nothing was written. Read it again."""


@dataclass(frozen=True)
class Standing:
    """How far an epoch is written down, and where that is done."""

    watermark: int
    """As a server near by has it: behind the primary's, where that is elsewhere."""
    primary_here: bool
    """The region's own server is the primary."""


class RaceStore:
    """The race's tables, as their one kind of writer."""

    def __init__(self, store: Store) -> None:
        """`store`: the first host of its URL is the region's own server."""
        self._store, self._near = store, store.nearest()
        self._partitioned: tuple[str, ...] = ()
        self._days: set[int] = set()

    async def prepare(self) -> DatabaseKind:
        """Migrates, and finds out which tables need partitions from us. Raises StoreUnavailable."""
        kind = await migrate(self._store)
        self._partitioned = await self._store.run(_partitioned_tables)
        self._days.clear()
        return kind

    async def standing(self, epoch: int) -> Standing:
        """Asks the region's own server; another one only where that does not answer. Raises StoreUnavailable."""
        watermark = select(Watermark.sequence).where(Watermark.epoch == epoch).scalar_subquery()
        query = select(func.coalesce(watermark, 0), func.pg_is_in_recovery())
        try:
            async with asyncio.timeout(NEAR_LIMIT_S), self._near.transaction() as connection:
                written, in_recovery = (await connection.execute(query)).one()
        except (StoreUnavailable, TimeoutError):
            return Standing(await self.watermark(epoch), primary_here=False)
        return Standing(written, primary_here=not in_recovery)

    async def watermark(self, epoch: int, *, here: bool = False) -> int:
        """How far the epoch is written down, as the primary says; 0: not at all. `here`: the primary is the region's
        own server. Raises StoreUnavailable."""
        async with self._primary(here).transaction() as connection:
            first = {"epoch": epoch, "sequence": 0, "engine_version": ENGINE_VERSION, "written": func.now()}
            await connection.execute(insert(Watermark).values(first).on_conflict_do_nothing())
            query = select(Watermark.sequence).where(Watermark.epoch == epoch)
            return await connection.scalar(query)

    async def write(self, epoch: int, after: int, batch: Sequence[Derived], *, here: bool = False) -> None:
        """Writes the rows of the entries that follow `after`, without a hole, and the watermark, at once.

        `here`: the primary is the region's own server.
        Raises Superseded, and StoreUnavailable: then the watermark says whether it was written.
        Raises OverflowError for a number that no column holds.
        """
        if [item.entry.sequence for item in batch] != list(range(after + 1, after + 1 + len(batch))):
            raise ValueError(f"these entries do not follow {after}")
        store = self._primary(here)
        await self._ensure_partitions(store, batch)
        async with store.transaction() as connection:
            await _step_watermark(connection, epoch, after, batch[-1])
            # These rows can be derived again: they do not wait for the other region.
            await connection.execute(text("SET LOCAL synchronous_commit = local"))
            failpoint("after_watermark")
            failpoint("before_copy")
            for table, make_columns in _COPIED:
                if columns := make_columns(epoch, batch):
                    await copy(await _driver_connection(connection), table, columns)
            for model, make_rows in _ROWS:
                if made := make_rows(epoch, batch):
                    await connection.execute(insert(model), made)
            failpoint("after_copy")
            failpoint("before_commit")
        failpoint("after_commit")

    async def close(self) -> None:
        """Closes the sessions."""
        await self._store.close()
        await self._near.close()

    def _primary(self, here: bool) -> Store:
        # Sessions that have looked at the own server are warm, and none leads to a region that may have been lost
        # without a word: each of those would hang for seconds.
        return self._near if here else self._store

    async def _ensure_partitions(self, store: Store, batch: Sequence[Derived]) -> None:
        if not self._partitioned:
            return
        missing = rows.days_of(batch) - self._days
        if missing:
            await store.run(lambda connection: _make_partitions(connection, self._partitioned, missing))
            self._days |= missing


async def _step_watermark(connection: AsyncConnection, epoch: int, after: int, last: Derived) -> None:
    failpoint("before_watermark")
    step = (
        update(Watermark)
        .where(Watermark.epoch == epoch, Watermark.sequence == after)
        .values(
            sequence=last.entry.sequence,
            time=rows.instant(last.log_time_ms) if last.log_time_ms else None,
            engine_version=ENGINE_VERSION,
            written=func.now(),
        )
    )
    if (await connection.execute(step)).rowcount != 1:
        raise Superseded(f"the watermark of {epoch} is not at {after}")


async def _driver_connection(connection: AsyncConnection):
    return (await connection.get_raw_connection()).driver_connection


def _partitioned_tables(connection: Connection) -> tuple[str, ...]:
    query = "SELECT relname FROM pg_class WHERE relkind = 'p' AND relnamespace = current_schema::regnamespace"
    return tuple(connection.scalars(text(query)))


def _make_partitions(connection: Connection, tables: Sequence[str], days: set[int]) -> None:
    # CREATE ... IF NOT EXISTS is no protection against another who creates the same at the same time.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": PARTITION_LOCK})
    for day in sorted(days):
        first = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
        after = first + timedelta(days=1)
        for table in tables:
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {table}_{first:%Y%m%d} PARTITION OF {table}"
                    f" FOR VALUES FROM ('{first:%Y-%m-%d}+00') TO ('{after:%Y-%m-%d}+00')"
                )
            )
