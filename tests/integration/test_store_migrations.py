"""The schema on each kind of database."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from ardoise.chassis.store import DatabaseKind, Store, StoreUnavailable, database_kind
from ardoise.chassis.tables import Base
from ardoise.positioning.migrations import migrate
from sqlalchemy import Connection, text

from tests.support.databases import DatabaseServer


def columns(connection: Connection) -> list[tuple]:
    found = connection.execute(
        text(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        )
    )
    return [tuple(row) for row in found]


def differences(connection: Connection) -> list:
    options = {"compare_type": True, "include_object": lambda _, name, *__: name != "alembic_version"}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


async def test_a_migrated_database_has_the_tables_of_the_models(database: tuple[DatabaseServer, str]):
    server, url = database
    store = Store(url, "test")
    assert await migrate(store) is server.kind
    assert await store.run(database_kind) is server.kind
    assert await store.run(differences) == []
    await store.close()


async def test_migrating_again_changes_nothing(database: tuple[DatabaseServer, str]):
    _, url = database
    store = Store(url, "test")
    await migrate(store)
    before = await store.run(columns)
    await migrate(store)
    assert await store.run(columns) == before
    await store.close()


async def test_what_a_newer_release_has_migrated_is_left_alone(database: tuple[DatabaseServer, str]):
    server, url = database
    store = Store(url, "test")
    await migrate(store)
    async with store.transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'of-tomorrow'"))
        await connection.execute(text("ALTER TABLE watermark ADD COLUMN of_tomorrow integer"))
    before = await store.run(columns)
    assert await migrate(store) is server.kind
    assert await store.run(columns) == before
    async with store.transaction() as connection:
        found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    assert found == "of-tomorrow"
    await store.close()


async def test_four_that_migrate_at_once_do_not_trip_over_each_other(database: tuple[DatabaseServer, str]):
    server, url = database
    stores = [Store(url, f"test-{number}") for number in range(4)]
    assert await asyncio.gather(*map(migrate, stores)) == [server.kind] * len(stores)
    for store in stores:
        await store.close()


async def test_each_kind_gets_what_it_has(database: tuple[DatabaseServer, str]):
    server, url = database
    store = Store(url, "test")
    await migrate(store)
    async with store.transaction() as connection:
        kind_of_table = await connection.scalar(
            text("SELECT relkind FROM pg_class WHERE oid = 'rider_second'::regclass")
        )
        assert (kind_of_table == "p") == (server.kind is DatabaseKind.PLAIN)
        if server.kind is not DatabaseKind.PLAIN:
            compressed = text(
                "SELECT hypertable_name, compression_enabled FROM timescaledb_information.hypertables"
                " WHERE hypertable_schema = 'public'"
            )
            community = server.kind is DatabaseKind.TIMESCALE_COMMUNITY
            assert dict((await connection.execute(compressed)).all()) == dict.fromkeys(
                ("frame", "fix", "rider_second", "group_second"), community
            )
    await store.close()


@pytest.mark.parametrize("database", [DatabaseKind.TIMESCALE_COMMUNITY], ids=str, indirect=True)
async def test_a_database_that_gains_the_community_licence_gains_what_it_brings(
    database: tuple[DatabaseServer, str], monkeypatch: pytest.MonkeyPatch
):
    _, url = database
    store = Store(url, "test")
    # A server's licence changes with its configuration only, and this server is not ours.
    monkeypatch.setattr(
        "ardoise.positioning.migrations.database_kind", lambda _: DatabaseKind.TIMESCALE_APACHE
    )
    assert await migrate(store) is DatabaseKind.TIMESCALE_APACHE
    monkeypatch.undo()
    assert await migrate(store) is DatabaseKind.TIMESCALE_COMMUNITY
    async with store.transaction() as connection:
        aggregates = text("SELECT view_name FROM timescaledb_information.continuous_aggregates")
        assert (await connection.scalars(aggregates)).all() == ["rider_10s"]
    await store.close()


async def test_a_database_that_is_not_there_is_a_typed_error():
    store = Store("postgresql://nobody@127.0.0.1:1/none", "test")
    with pytest.raises(StoreUnavailable):
        await migrate(store)
    await store.close()
