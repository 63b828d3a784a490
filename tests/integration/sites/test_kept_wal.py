"""From where on a primary has WAL for a standby that is away."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.sites.store import SitesStore
from ardoise.up.programs import Programs
from psycopg.conninfo import make_conninfo

from tests.support.databases import SETTINGS

WITHIN_S = 10.0


@pytest.fixture
def primary(tmp_path: Path, programs: Programs) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(
        tmp_path / "primary", binaries=programs.postgres_bin, **SETTINGS, wal_keep_size="1GB"
    )
    server.start()
    yield server
    server.stop()


async def test_what_is_there_counts_and_not_where_a_slot_is(primary: EmbeddedPostgres):
    store = SitesStore(primary.url)
    with psycopg.connect(primary.url, autocommit=True) as session:
        stands = position(session)
        fill(session, segments=3)
        # As Patroni makes the slot of a member anew that was away for longer than its slot was kept.
        session.execute("SELECT pg_create_physical_replication_slot('london', immediately_reserve => true)")
        slot = session.execute("SELECT (restart_lsn - '0/0')::bigint FROM pg_replication_slots").fetchone()[0]
        kept_from = (await store.kept_from())["london"]
        assert kept_from <= stands < slot

        session.execute("ALTER SYSTEM SET wal_keep_size = 0")
        session.execute("SELECT pg_reload_conf()")
        async with asyncio.timeout(WITHIN_S):
            while (kept_from := (await store.kept_from())["london"]) <= stands:
                fill(session, segments=1)  # The checkpointer reads its settings anew some time.
        assert kept_from <= slot
    await store.close()


async def test_where_nobody_may_look_nothing_is_said_and_the_rest_goes_on(primary: EmbeddedPostgres):
    with psycopg.connect(primary.url, autocommit=True) as session:
        session.execute("CREATE ROLE poor LOGIN")
        session.execute("SELECT pg_create_physical_replication_slot('london', immediately_reserve => true)")
    store = SitesStore(make_conninfo(primary.url, user="poor"))
    assert await store.kept_from() == {}
    await store.close()


async def test_nothing_is_said_where_nobody_is_away(primary: EmbeddedPostgres):
    store = SitesStore(primary.url)
    assert await store.kept_from() == {}
    await store.close()


def fill(session: psycopg.Connection, segments: int) -> None:
    for _ in range(segments):
        session.execute("SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal()")
    session.execute("CHECKPOINT")


def position(session: psycopg.Connection) -> int:
    return int(session.execute("SELECT pg_current_wal_lsn() - '0/0'").fetchone()[0])
