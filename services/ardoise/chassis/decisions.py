"""Decisions that only the database has: on both regions where both live, else on one and said so, else in doubt.

Nothing here is ever taken for kept because a commit returned. PostgreSQL commits locally first and waits for the
other region then; where that wait is broken off it answers with success and a warning, and the row is there, for
everybody to read, until the next failover takes it away.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ardoise.chassis.store import Store, StoreUnavailable

LIMIT_S = 5.0
"""An answer after at most so long: who decides must know whether it holds."""

# The warning at the commit is what tells that the other region may not have it: no default may hide or forgo it.
_EXPLICITLY = text("SET LOCAL synchronous_commit = on; SET LOCAL client_min_messages = warning")
# What this transaction reads was committed by others, and may wait for the other region still. A commit that writes
# nothing waits for nothing; this writes, behind all that was read, so that it waits for that too.
_WAITS = text("SELECT pg_logical_emit_message(true, 'ardoise', 'decision')")
# Patroni empties it when the other region is gone, and names the region again when that follows.
_OTHER_REGION = text("SELECT current_setting('synchronous_standby_names') <> ''")


class InDoubt(Exception):
    """The decision may hold or not. Ask again under the same idempotency key."""


class Committed[T](NamedTuple):
    """What was decided or read, and whether both regions have it; else it is on one region only."""

    result: T
    both_regions: bool


class DecisionStore:
    """Runs work whose result is given to nobody before it is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[asyncio.Task] = set()

    async def commit[T](self, work: Callable[[Connection], T]) -> Committed[T]:
        """`work` in one transaction, which must write the same again when it is repeated.

        Raises StoreUnavailable where it is certain that nothing was committed; InDoubt where it is not, after
        LIMIT_S at the latest.
        """
        task = asyncio.create_task(self._commit(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # Not asyncio.timeout: a cancelled statement first asks its server to stop, which takes long when that hangs.
        await asyncio.wait({task}, timeout=LIMIT_S)
        if not task.done():
            task.cancel()
            raise InDoubt(f"the database has not answered for {LIMIT_S:.0f} s")
        return task.result()

    async def _commit[T](self, work: Callable[[Connection], T]) -> Committed[T]:
        warnings: list[str] = []

        def heard(notice: psycopg.errors.Diagnostic) -> None:
            warnings.append(notice.message_primary or "a warning")

        committing = False
        try:
            with contextlib.ExitStack() as listening:
                async with self._store.transaction() as connection:
                    await connection.execute(_EXPLICITLY)
                    result = await connection.run_sync(work)
                    await connection.execute(_WAITS)
                    before = await connection.scalar(_OTHER_REGION)
                    session = (await connection.get_raw_connection()).driver_connection
                    session.add_notice_handler(heard)
                    listening.callback(session.remove_notice_handler, heard)
                    committing = True
        except (StoreUnavailable, SQLAlchemyError, psycopg.Error) as error:
            if committing:
                raise InDoubt(f"the database went away while it committed: {error}") from error
            if isinstance(error, StoreUnavailable):
                raise
            raise StoreUnavailable(f"the database refuses it: {error}") from error
        if warnings:
            raise InDoubt(f"one region has it, the other perhaps not: {warnings[0]}")
        return Committed(result, bool(before) and await self._other_region())

    async def _other_region(self) -> bool:
        """Whether it still counts. One that was given up during the commit was not waited for to its end."""
        try:
            async with self._store.transaction() as connection:
                return bool(await connection.scalar(_OTHER_REGION))
        except StoreUnavailable:
            return False
