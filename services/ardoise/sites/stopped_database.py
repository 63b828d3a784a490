"""Opens a stopped region's data directory for reading, and tells which of its transactions the new timeline has not.

It is opened where it lies, as a hot standby that follows nobody, on a socket in a directory of its own: what Patroni
does with it as well before it decides to rewind. A server in recovery writes no WAL, opens no timeline and changes no
page; only the control file and the server's own scraps are touched, and pg_rewind overwrites those. A copy would need
as much room as the data, and `postgres --single` refuses what was stopped as a standby and writes what was not.
"""

import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

# After a crash it replays its own log first.
START_LIMIT_S = 120.0
STOP_LIMIT_S = 20.0
SHORT_LIMIT_S = 30.0
POLL_S = 0.05
# One commit every 0.2 s for half a day.
MOST_TRANSACTIONS = 200_000
# A hot standby may allow no less than the primary that wrote the log did.
_SIZED = {
    "max_connections setting": "max_connections",
    "max_worker_processes setting": "max_worker_processes",
    "max_wal_senders setting": "max_wal_senders",
    "max_prepared_xacts setting": "max_prepared_transactions",
    "max_locks_per_xact setting": "max_locks_per_transaction",
}
_COMMIT = re.compile(r"tx: +(\d+),.* desc: COMMIT\b")
_SUBTRANSACTIONS = re.compile(r"subxacts:((?: \d+)+)")


class NotReadable(Exception):
    """The data directory cannot be opened; the message holds what PostgreSQL said."""


@dataclass(frozen=True)
class Fork:
    """Where the new timeline left the one of this directory."""

    timeline: int
    lsn: str


def parse_history(history: str, timeline: int) -> Fork | None:
    """The fork of `timeline` in a timeline history file; None: it is not in there."""
    for line in history.splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[0] == str(timeline):
            return Fork(timeline, fields[1])
    return None


@dataclass(frozen=True)
class Primary:
    """What a directory is compared with, at the instant that it was asked."""

    system: str
    """Identifier of the cluster that it belongs to."""
    timeline: int
    position: str
    """LSN of the next that it writes."""
    history: str
    """Which timelines led to its own; empty: it is the first."""

    def fork_of(self, system: str, timeline: int) -> Fork | None:
        """From where on a directory has what this has not; None: it is not known to be of the same origin.

        On its own timeline, where it alone writes, that is where it is now.
        """
        if system != self.system:
            return None
        return (
            Fork(timeline, self.position)
            if timeline == self.timeline
            else parse_history(self.history, timeline)
        )


def bytes_of(lsn: str) -> int:
    """Its position in the log."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return (high << 32) + low


class StoppedDatabase:
    """A data directory without a server on it."""

    def __init__(self, binaries: Path, data: Path) -> None:
        self._binaries, self._data = binaries, data
        self._control = self._read_control()

    @property
    def timeline(self) -> int:
        """The one it was stopped on."""
        # Just promoted, it may not have come to a checkpoint on the new one.
        newest = ("Latest checkpoint's TimeLineID", "Min recovery ending loc's timeline")
        return max(int(self._control[label]) for label in newest)

    @property
    def system(self) -> str:
        """Identifier of the cluster that it belongs to."""
        return self._control["Database system identifier"]

    def commits_after(self, fork: Fork) -> list[int] | None:
        """Transactions that it committed after the fork; None: that part of its log is gone, or too long to tell."""
        high, low = divmod(bytes_of(fork.lsn), 1 << 32)
        segment = low // int(self._control["Bytes per WAL segment"])
        if not (self._data / "pg_wal" / f"{fork.timeline:08X}{high:08X}{segment:08X}").exists():
            # From here on to its end the log is whole: without the fork's segment it ends before.
            recovered_from = bytes_of(self._control["Latest checkpoint's REDO location"])
            return [] if recovered_from <= bytes_of(fork.lsn) else None
        command = [self._binaries / "pg_waldump", "-p", self._data / "pg_wal", "-t", str(fork.timeline)]
        command += ["-s", fork.lsn, "-r", "Transaction"]
        found: list[int] = []
        # It ends with an error where the log ends: there is no other way to say so.
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as dump:
            for line in dump.stdout:
                if commit := _COMMIT.search(line):
                    found.append(int(commit[1]))
                if inner := _SUBTRANSACTIONS.search(line):
                    found += map(int, inner[1].split())
                if len(found) > MOST_TRANSACTIONS:
                    dump.kill()
                    return None
        return found

    @contextlib.contextmanager
    def opened(self, database: str, user: str) -> Iterator[psycopg.Connection]:
        """A read-only session on it. Raises NotReadable."""
        signal_file = self._data / "standby.signal"
        added = not signal_file.exists()
        signal_file.touch()
        try:
            with tempfile.TemporaryDirectory(prefix="ardoise-stale-") as sockets:
                log = Path(sockets) / "log"
                with log.open("wb") as output:
                    server = subprocess.Popen(
                        self._command(sockets), stdin=subprocess.DEVNULL, stdout=output, stderr=output
                    )
                try:
                    where = {"host": sockets, "dbname": database, "user": user, "autocommit": True}
                    with self._connected(server, log, where) as session:
                        yield session
                finally:
                    self._stop(server)
        finally:
            if added:
                signal_file.unlink(missing_ok=True)

    def _command(self, sockets: str) -> list[str]:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": sockets,
            "ssl": "off",
            "hot_standby": "on",
            "primary_conninfo": "",
            "primary_slot_name": "",
            "restore_command": "",
            "synchronous_standby_names": "",
            # The history file of the new timeline may be here already, and this directory does not lead to it.
            "recovery_target_timeline": "current",
            **{name: self._control[label] for label, name in _SIZED.items()},
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self._data), *options]

    def _connected(self, server: subprocess.Popen[bytes], log: Path, where: dict) -> psycopg.Connection:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                return psycopg.connect(**where)
            except psycopg.OperationalError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise NotReadable(
                        log.read_text(errors="replace").strip()[-2000:] or str(error)
                    ) from error
            time.sleep(POLL_S)

    def _stop(self, server: subprocess.Popen[bytes]) -> None:
        command = [self._binaries / "pg_ctl", "stop", "-D", self._data, "-m", "fast", "-w"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, capture_output=True, timeout=STOP_LIMIT_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_LIMIT_S)
        if server.poll() is None:
            server.kill()
            server.wait()

    def _read_control(self) -> dict[str, str]:
        command = [self._binaries / "pg_controldata", self._data]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SHORT_LIMIT_S, env={"LC_ALL": "C"}
        )
        if done.returncode != 0:
            raise NotReadable(done.stderr.strip())
        pairs = (line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
        return {label: value.strip() for label, value in pairs}
