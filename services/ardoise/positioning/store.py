"""How the recorder writes: rows and watermark in one transaction, so that the watermark is always true.

The transaction begins with the step of the watermark from the place that these rows follow. Where
the database stands elsewhere (another recorder was first, a failover lost the newest commits) that
step meets no row, and nothing is written.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ardoise.chassis.binary_copy import Column, copy
from ardoise.chassis.failpoints import failpoint
from ardoise.chassis.store import DatabaseKind, Store
from ardoise.chassis.tables import Base, Decision, FixLedger, Frame, RaceEvent, Snapshot, Watermark
from ardoise.positioning import rows
from ardoise.positioning.migrations import migrate
from ardoise.positioning.rows import Derived
from ardoise.race.engine import ENGINE_VERSION

# Partitions of our own are made under it: "part" in ASCII.
PARTITION_LOCK = 0x70617274

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


class RaceStore:
    """The race's tables, as their one kind of writer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._partitioned: tuple[str, ...] = ()
        self._days: set[int] = set()

    async def prepare(self) -> DatabaseKind:
        """Migrates, and finds out which tables need partitions from us. Raises StoreUnavailable."""
        kind = await migrate(self._store)
        self._partitioned = await self._store.run(_partitioned_tables)
        self._days.clear()
        return kind

    async def watermark(self, epoch: int) -> int:
        """How far the epoch is written down; 0: not at all. Raises StoreUnavailable."""
        async with self._store.transaction() as connection:
            first = {"epoch": epoch, "sequence": 0, "engine_version": ENGINE_VERSION, "written": func.now()}
            await connection.execute(insert(Watermark).values(first).on_conflict_do_nothing())
            query = select(Watermark.sequence).where(Watermark.epoch == epoch)
            return await connection.scalar(query)

    async def write(self, epoch: int, after: int, batch: Sequence[Derived]) -> None:
        """Writes the rows of the entries that follow `after`, without a hole, and the watermark, at once.

        Raises Superseded, and StoreUnavailable: then the watermark says whether it was written.
        Raises OverflowError for a number that no column holds.
        """
        if [item.entry.sequence for item in batch] != list(range(after + 1, after + 1 + len(batch))):
            raise ValueError(f"these entries do not follow {after}")
        await self._ensure_partitions(batch)
        async with self._store.transaction() as connection:
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

    async def _ensure_partitions(self, batch: Sequence[Derived]) -> None:
        if not self._partitioned:
            return
        missing = rows.days_of(batch) - self._days
        if missing:
            await self._store.run(lambda connection: _make_partitions(connection, self._partitioned, missing))
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
