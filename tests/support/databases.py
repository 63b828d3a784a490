"""The three kinds of database that Ardoise meets, each real, with a fresh database for every test."""

import os
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.chassis.store import DatabaseKind
from ardoise.up.programs import ProgramsMissing, debian_programs

COMMUNITY_URL = "ARDOISE_TEST_TIMESCALE_COMMUNITY_URL"
# Kills of our own processes lose nothing without it; only a power cut would.
SETTINGS = {"fsync": "off", "max_wal_size": "4GB"}
TIMESCALE_SETTINGS = {"shared_preload_libraries": "timescaledb", "timescaledb.telemetry_level": "off"}


class DatabaseServer:
    """A server of one kind. `fresh()` makes an empty database on it and returns its URL."""

    def __init__(self, kind: DatabaseKind, url: str, embedded: EmbeddedPostgres | None) -> None:
        self.kind = kind
        self._url = url
        self._embedded = embedded

    @classmethod
    def start(cls, kind: DatabaseKind, directory: Path) -> "DatabaseServer":
        """Starts or finds it; skips the test, saying how to get it, where this machine cannot have it."""
        if kind is DatabaseKind.TIMESCALE_COMMUNITY:
            url = os.environ.get(COMMUNITY_URL)
            if not url:
                pytest.skip(
                    f"TimescaleDB, community licence: set {COMMUNITY_URL} to the URL of such a server"
                )
            return cls(kind, url, None)
        if kind is DatabaseKind.PLAIN:
            server = EmbeddedPostgres(directory, **SETTINGS)
        else:
            server = EmbeddedPostgres(
                directory, binaries=_debian_binaries(), **SETTINGS, **TIMESCALE_SETTINGS
            )
        return cls(kind, server.start(), server)

    def fresh(self) -> str:
        """libpq URL of a new, empty database."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Removes a database that fresh() made."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {urlsplit(url).path.lstrip('/')} WITH (FORCE)")

    def restart(self) -> None:
        """Ends every session: by a restart of the server where it is ours, one by one where it is not."""
        if self._embedded is not None:
            self._embedded.start()
            return
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname LIKE 'test_%' AND backend_type = 'client backend'"
            )

    def stop(self) -> None:
        """Stops it where it is ours."""
        if self._embedded is not None:
            self._embedded.stop()


def _debian_binaries() -> Path:
    try:
        return debian_programs(lambda _: None).postgres_bin
    except ProgramsMissing as missing:
        pytest.skip(f"TimescaleDB from Debian 13: {missing}")
