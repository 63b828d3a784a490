"""The three kinds of database that Ardoise meets, each real, with a fresh database for every test."""

import fcntl
import os
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.chassis.store import DatabaseKind

COMMUNITY_URL = "ARDOISE_TEST_TIMESCALE_COMMUNITY_URL"
UNPACK_DEBIAN = Path(__file__).parents[2] / "scripts" / "unpack-debian"
DEBIAN_PROGRAMS = ("usr/lib/postgresql/17/bin/initdb", "usr/lib/postgresql/17/bin/postgres")
UNPACK_LIMIT_S = 600
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
    """Unpacked once a machine, a quarter of a minute and 420 MB; two runs at once wait for each other."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ardoise"
    target = cache / "trixie-timescaledb"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "trixie-timescaledb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(_runs(target / program) for program in DEBIAN_PROGRAMS):
            _unpack(target)
    return target / Path(DEBIAN_PROGRAMS[0]).parent


def _runs(program: Path) -> bool:
    return program.exists() and subprocess.run([program, "--version"], capture_output=True).returncode == 0


def _unpack(target: Path) -> None:
    command = [UNPACK_DEBIAN, target, "postgresql-17-timescaledb", "--", *DEBIAN_PROGRAMS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=UNPACK_LIMIT_S)
    except OSError as error:
        pytest.skip(f"TimescaleDB from Debian 13: {UNPACK_DEBIAN.name} does not run here ({error})")
    if done.returncode != 0:
        last = " ".join(done.stderr.strip().splitlines()[-1:])
        pytest.skip(f"TimescaleDB from Debian 13: needs apt and a Debian mirror ({last})")
