"""Both database servers, asked in sessions of our own; and decisions, committed where both regions have them."""

import asyncio
import itertools
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import errors
from psycopg.errors import Diagnostic

from ardoise.rehearsal.drills.history import DatabaseSeen, Decision, History, Outcome, Role
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.waits import DECISION_LIMIT_S

LOOK_EVERY_S = 0.1
LOOK_LIMIT_S = 2.0
DECIDE_EVERY_S = 0.2
ROWS_ALONE = 5
TABLE = "drill_decision"
TIMELINE = "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer"
# In recovery the WAL has no insertion point, and the control file names a timeline only at the next restart point:
# what was written on it, and is there, proves that it is followed.
_FOLLOWED = (
    f"(SELECT greatest(timeline_id, (SELECT max(timeline) FROM {TABLE})) FROM pg_control_checkpoint())"
)
_LOOK = (
    f"SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN {_FOLLOWED} ELSE {TIMELINE} END, "
    "coalesce((SELECT sequence FROM watermark WHERE epoch = %(epoch)s), 0)"
)
_BREAK_OFF = (
    "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
)
_DECIDE = f"INSERT INTO {TABLE} (key, timeline) SELECT %(key)s, {TIMELINE} RETURNING timeline"


class Server:
    """One server, looked at several times a second."""

    def __init__(self, reached: Reached, site: str, history: History) -> None:
        self._reached, self._site, self._history = reached, site, history
        self._session: psycopg.AsyncConnection | None = None

    async def run(self) -> None:
        """Looks until cancelled."""
        try:
            while True:
                try:
                    if self._session is None:
                        self._session = await self._reached.database(self._site)
                    looking = look(self._session, self._site, self._history)
                    seen = await _within(LOOK_LIMIT_S, self._session, looking)
                except (psycopg.Error, TimeoutError):
                    await _closed(self._session)
                    self._session = None
                    seen = DatabaseSeen(self._history.now_s(), self._site, Role.AWAY)
                self._history.database.append(seen)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await _closed(self._session)


class Decider:
    """Commits decisions on one server, in a session that is older than any fault and is kept while it lives.

    Each has a key and is sent once. What is not answered within its limit, or with a warning, or not at all, is in
    doubt: PostgreSQL answers COMMIT with success when it gives up to wait for the other region.
    """

    def __init__(self, reached: Reached, site: str, history: History) -> None:
        self._reached, self._site, self._history = reached, site, history
        self._numbers = itertools.count(1)
        self._session: psycopg.AsyncConnection | None = None
        self._warnings: list[str] = []

    async def open(self) -> None:
        """Opens the session."""
        self._session = await self._reached.database(self._site)
        self._session.add_notice_handler(self._warned)
        await self._session.execute("SET synchronous_commit = on")

    async def run(self) -> None:
        """Decides until cancelled."""
        try:
            while True:
                if self._session is None:
                    with suppress(psycopg.Error):
                        await self.open()
                if self._session is not None:
                    await self._decide(self._session)
                await asyncio.sleep(DECIDE_EVERY_S)
        finally:
            await _closed(self._session)

    async def _decide(self, session: psycopg.AsyncConnection) -> None:
        key = f"{self._site}-{next(self._numbers)}"
        began_s, timeline, detail = self._history.now_s(), None, ""
        self._warnings.clear()
        try:
            timeline = await _within(DECISION_LIMIT_S, session, _commit(session, key))
            outcome = Outcome.IN_DOUBT if self._warnings else Outcome.ACKNOWLEDGED
            detail = "; ".join(self._warnings)
        except TimeoutError:
            outcome, detail = Outcome.IN_DOUBT, f"no answer within {DECISION_LIMIT_S:.0f} s"
        except errors.ReadOnlySqlTransaction as error:
            outcome, detail = Outcome.REFUSED, str(error)
        except psycopg.Error as error:
            outcome, detail = Outcome.IN_DOUBT, str(error)
        if outcome is Outcome.IN_DOUBT:
            await _closed(session)
            self._session = None
        now_s = self._history.now_s()
        decision = Decision(key, self._site, began_s, now_s, outcome, timeline, detail.strip())
        self._history.decisions.append(decision)

    def _warned(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            self._warnings.append(diagnostic.message_primary or "")


async def look(session: psycopg.AsyncConnection, site: str, history: History) -> DatabaseSeen:
    """What the server says of itself now. Raises psycopg.Error."""
    epoch = history.epoch
    row = await (await session.execute(_LOOK, {"epoch": epoch})).fetchone()
    assert row is not None
    standby, timeline, watermark = row
    role = Role.STANDBY if standby else Role.PRIMARY
    return DatabaseSeen(history.now_s(), site, role, timeline, watermark, epoch)


async def write_alone(session: psycopg.AsyncConnection, site: str) -> list[str]:
    """Commits rows without waiting for the other region; returns their keys. Raises psycopg.Error."""
    keys = [f"{site}-alone-{number}" for number in range(1, ROWS_ALONE + 1)]
    async with session:
        await session.execute("SET synchronous_commit = local")
        for key in keys:
            await session.execute(_DECIDE, {"key": key})
    return keys


async def break_off_waits(session: psycopg.AsyncConnection) -> int:
    """Has commits that wait for the other region wait no more: each is answered with success, and a warning. How many.

    Raises psycopg.Error.
    """
    async with session:
        row = await (await session.execute(_BREAK_OFF)).fetchone()
    assert row is not None
    return row[0]


async def write_wal(session: psycopg.AsyncConnection, megabytes: int) -> None:
    """Writes so much into the server's WAL, and nothing else. Raises psycopg.Error."""
    async with session:
        for _ in range(megabytes):
            await session.execute("SELECT pg_logical_emit_message(false, 'drill', repeat('x', 1024 * 1024))")


async def _commit(session: psycopg.AsyncConnection, key: str) -> int:
    row = await (await session.execute(_DECIDE, {"key": key})).fetchone()
    assert row is not None
    return row[0]


async def _within[T](limit_s: float, session: psycopg.AsyncConnection, work: Coroutine[Any, Any, T]) -> T:
    """Raises TimeoutError after `limit_s`; the session is gone then.

    Cancelled, psycopg first asks the server to cancel too, and waits for ten seconds where that stands still.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=limit_s)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            session.pgconn.finish()
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def make_table(session: psycopg.AsyncConnection) -> None:
    """An empty table for the drill's decisions."""
    await drop_table(session)
    await session.execute(
        f"CREATE TABLE {TABLE} (key text PRIMARY KEY, timeline integer NOT NULL, written timestamptz DEFAULT now())"
    )


async def drop_table(session: psycopg.AsyncConnection) -> None:
    """Leaves nothing of them."""
    await session.execute(f"DROP TABLE IF EXISTS {TABLE}")


async def _closed(session: psycopg.AsyncConnection | None) -> None:
    if session is not None:
        with suppress(psycopg.Error):
            await session.close()
