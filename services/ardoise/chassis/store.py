"""The database as every service speaks to it: SQLAlchemy over psycopg 3, one typed error when it is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

# The primary may vanish without a word (a region lost, a cable cut): without these a session
# waits for the kernel's two hours. An idle one is found dead after 5 + 3 * 2 s.
SESSION_DEFAULTS = {
    "connect_timeout": "3",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    # With both regions' hosts in the URL: the primary of the two.
    "target_session_attrs": "read-write",
    "options": "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s "
    "-c timezone=UTC",
}
READ_ONLY, UNDEFINED_TABLE = "25006", "42P01"
POOL_SESSIONS = 4
POOL_WAIT_S = 5.0


class StoreUnavailable(Exception):
    """The database cannot be reached, went away in the middle, takes no writes or has no tables yet: try
    again later.

    Whether a transaction that was being committed did commit is unknown.
    """


class DatabaseKind(StrEnum):
    """What the database can do beyond tables."""

    PLAIN = "postgresql"
    TIMESCALE_APACHE = "timescaledb-apache"
    """Hypertables and time_bucket; compression and continuous aggregates are refused by licence."""
    TIMESCALE_COMMUNITY = "timescaledb-community"
    """Everything."""


class Store:
    """A pool of sessions on one database. Cheap to make: it connects on first use."""

    def __init__(self, url: str, name: str) -> None:
        """`url`: of libpq (postgresql://user@host1,host2/database?...); `name` is what the database shows."""
        self._given = conninfo_to_dict(url)
        self._name = name
        conninfo = make_conninfo(**{**SESSION_DEFAULTS, "application_name": f"ardoise-{name}", **self._given})

        async def connect() -> psycopg.AsyncConnection:
            return await psycopg.AsyncConnection.connect(conninfo)

        self.engine: AsyncEngine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=connect,
            pool_size=POOL_SESSIONS,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=True,
        )

    def nearest(self) -> "Store":
        """The first host of the URL alone, primary or standby: a region's own server."""
        first = {key: str(self._given[key]).split(",")[0] for key in ("host", "port") if key in self._given}
        conninfo = make_conninfo(**{**self._given, **first, "target_session_attrs": "any"})
        return Store(conninfo, self._name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: commits at the end, rolls back on an exception. Raises StoreUnavailable."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            _raise_if_cancelled(error)
            if _sqlstate(error) == READ_ONLY:
                # libpq looks for the primary when it connects, never again: this session would be handed out
                # for as long as its server lives.
                await self.forget_sessions()
            if _is_away(error):
                raise StoreUnavailable(str(error.orig)) from error
            raise
        # Connecting and COPY go past SQLAlchemy, and so do their errors.
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, OSError) as error:
            _raise_if_cancelled(error)
            raise StoreUnavailable(str(error)) from error

    async def run[T](self, work: Callable[[Connection], T]) -> T:
        """`work`, written for a plain Connection, in one transaction. Raises StoreUnavailable."""
        async with self.transaction() as connection:
            return await connection.run_sync(work)

    async def forget_sessions(self) -> None:
        """Closes the idle sessions; the next transaction looks for the primary anew."""
        await self.engine.dispose()

    async def close(self) -> None:
        """Closes the idle sessions, for good."""
        await self.forget_sessions()


def database_kind(connection: Connection) -> DatabaseKind:
    """Which of the three it is, asked from the database itself."""
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")) is None:
        return DatabaseKind.PLAIN
    # The setting exists once the statement before has made the session load the extension.
    licence = connection.scalar(text("SELECT current_setting('timescaledb.license')"))
    return DatabaseKind.TIMESCALE_COMMUNITY if licence == "timescale" else DatabaseKind.TIMESCALE_APACHE


def _raise_if_cancelled(error: Exception) -> None:
    """The driver's clean-up after a cancellation may fail, and its error takes the cancellation's place."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _is_away(error: DBAPIError) -> bool:
    # 08: the connection; 53: no memory, disk or session left; 57: shutdown and its kin; a read-only session
    # is a primary that was demoted under us; tables are missing until the recorder has made them.
    state = _sqlstate(error)
    return (
        error.connection_invalidated
        or isinstance(error, OperationalError | InterfaceError)
        or state.startswith(("08", "53", "57"))
        or state in (READ_ONLY, UNDEFINED_TABLE)
    )
