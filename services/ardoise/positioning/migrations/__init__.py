"""Brings a database of any kind to the newest schema: `await migrate(store)`, as often as you like.

Tables are versioned (versions/, Alembic); what the kind of database adds to them (features.py) is
looked at on every start, so that a database that changes its licence gains what that brings.
"""

import asyncio
import logging
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ardoise.chassis.store import DatabaseKind, Store, database_kind
from ardoise.positioning.migrations.features import ensure_features

# Any number that nothing else on the database locks with: "ardo" in ASCII.
ADVISORY_LOCK = 0x6172646F

_log = structlog.get_logger(__name__)


async def migrate(store: Store) -> DatabaseKind:
    """Migrates in one transaction, one process at a time; returns what the database is.

    Raises StoreUnavailable.
    """
    await store.run(_create_extension)
    kind, version = await store.run(_upgrade)
    _log.info("database_found", kind=kind.value, postgresql=version)
    return kind


def migrate_database(url: str) -> str:
    """The same for a command line; returns a line that says what the database is."""

    async def once() -> DatabaseKind:
        store = Store(url, "migrate")
        try:
            return await migrate(store)
        finally:
            await store.close()

    return f"tables are up to date on {asyncio.run(once())}"


def _upgrade(connection: Connection) -> tuple[DatabaseKind, str]:
    _take_lock(connection)
    kind = database_kind(connection)
    # Two lines at every start that say nothing of this database.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent))
    if not _is_newer(connection, config):
        command.upgrade(config, "head")
        ensure_features(connection, kind)
    return kind, connection.scalar(text("SELECT current_setting('server_version')"))


def _is_newer(connection: Connection, config: Config) -> bool:
    """Whether a newer release has migrated it: after a rollback, or while the other region is a release ahead.

    Tables only grow, so that this release goes on with them as they are.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is None or found in known:
        return False
    _log.info("schema_is_newer", revision=found)
    return True


def _take_lock(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})


def _create_extension(connection: Connection) -> None:
    """In a transaction of its own, before any other: a session loads the extension first of all."""
    _take_lock(connection)
    can_load = text(
        "SELECT 1 FROM pg_available_extensions, pg_settings"
        " WHERE pg_available_extensions.name = 'timescaledb' AND installed_version IS NULL"
        " AND pg_settings.name = 'shared_preload_libraries' AND setting LIKE '%timescaledb%'"
    )
    if connection.scalar(can_load):
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS timescaledb"))
