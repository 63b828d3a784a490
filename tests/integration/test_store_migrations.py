"""The schema on each kind of database."""

from concurrent.futures import ThreadPoolExecutor

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


def test_a_migrated_database_has_the_tables_of_the_models(database: tuple[DatabaseServer, str]):
    server, url = database
    store = Store(url, "test")
    assert migrate(store) is server.kind
    with store.transaction() as connection:
        assert database_kind(connection) is server.kind
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_object": lambda _o, name, *_: name != "alembic_version"},
        )
        assert compare_metadata(context, Base.metadata) == []
    store.close()


def test_migrating_again_changes_nothing(database: tuple[DatabaseServer, str]):
    _, url = database
    store = Store(url, "test")
    migrate(store)
    with store.transaction() as connection:
        before = columns(connection)
    migrate(store)
    with store.transaction() as connection:
        assert columns(connection) == before
    store.close()


def test_four_that_migrate_at_once_do_not_trip_over_each_other(database: tuple[DatabaseServer, str]):
    server, url = database
    stores = [Store(url, f"test-{number}") for number in range(4)]
    with ThreadPoolExecutor(len(stores)) as pool:
        assert list(pool.map(migrate, stores)) == [server.kind] * len(stores)
    for store in stores:
        store.close()


def test_each_kind_gets_what_it_has(database: tuple[DatabaseServer, str]):
    server, url = database
    store = Store(url, "test")
    migrate(store)
    with store.transaction() as connection:
        kind_of_table = connection.scalar(
            text("SELECT relkind FROM pg_class WHERE oid = 'rider_second'::regclass")
        )
        assert (kind_of_table == "p") == (server.kind is DatabaseKind.PLAIN)
        if server.kind is not DatabaseKind.PLAIN:
            compressed = text(
                "SELECT hypertable_name, compression_enabled FROM timescaledb_information.hypertables"
                " WHERE hypertable_schema = 'public'"
            )
            community = server.kind is DatabaseKind.TIMESCALE_COMMUNITY
            assert dict(connection.execute(compressed).all()) == dict.fromkeys(
                ("frame", "fix", "rider_second", "group_second"), community
            )
    store.close()


@pytest.mark.parametrize("database", [DatabaseKind.TIMESCALE_COMMUNITY], ids=str, indirect=True)
def test_a_database_that_gains_the_community_licence_gains_what_it_brings(
    database: tuple[DatabaseServer, str],
):
    _, url = database
    store = Store(url, "test")
    with store.transaction() as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f"ALTER DATABASE {name} SET timescaledb.license = 'apache'"))
    store.close()
    assert migrate(store) is DatabaseKind.TIMESCALE_APACHE
    with store.transaction() as connection:
        assert connection.scalar(text("SELECT count(*) FROM rider_10s")) == 0
        connection.execute(text(f"ALTER DATABASE {name} RESET timescaledb.license"))
    store.close()
    assert migrate(store) is DatabaseKind.TIMESCALE_COMMUNITY
    with store.transaction() as connection:
        aggregates = text("SELECT view_name FROM timescaledb_information.continuous_aggregates")
        assert connection.scalars(aggregates).all() == ["rider_10s"]
    store.close()


def test_a_database_that_is_not_there_is_a_typed_error():
    store = Store("postgresql://nobody@127.0.0.1:1/none", "test")
    with pytest.raises(StoreUnavailable):
        migrate(store)
    store.close()
