"""Databases for the tests: `plain_url` is one on PostgreSQL alone, `database` one of each kind in turn."""

from collections.abc import Callable, Iterator

import pytest
from ardoise.chassis.store import DatabaseKind

from tests.support.databases import DatabaseServer


@pytest.fixture(scope="session")
def database_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[DatabaseKind], DatabaseServer]]:
    """Gives the server of a kind, started when it is first asked for."""
    servers: dict[DatabaseKind, DatabaseServer] = {}

    def of_kind(kind: DatabaseKind) -> DatabaseServer:
        if kind not in servers:
            servers[kind] = DatabaseServer.start(kind, tmp_path_factory.mktemp(kind.name.lower()))
        return servers[kind]

    yield of_kind
    for server in servers.values():
        server.stop()


@pytest.fixture
def plain_url(database_server: Callable[[DatabaseKind], DatabaseServer]) -> Iterator[str]:
    """An empty database on PostgreSQL alone."""
    server = database_server(DatabaseKind.PLAIN)
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture(
    # Kept together, so that each kind's server starts once.
    params=[
        pytest.param(kind, id=kind.value, marks=pytest.mark.xdist_group(kind.value)) for kind in DatabaseKind
    ]
)
def database(
    request: pytest.FixtureRequest, database_server: Callable[[DatabaseKind], DatabaseServer]
) -> Iterator[tuple[DatabaseServer, str]]:
    """The server and the URL of an empty database on it, of each kind in turn."""
    server = database_server(request.param)
    url = server.fresh()
    yield server, url
    server.drop(url)
