"""The programs of three sites that no wheel holds: PostgreSQL with TimescaleDB, etcd, nft, ip, tc; libfaketime.

They come from Debian 13 through scripts/unpack-debian, into the user's cache, once a machine; nothing is installed.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

UNPACK_DEBIAN = Path(__file__).resolve().parents[3] / "scripts" / "unpack-debian"
PACKAGES = ("postgresql-17-timescaledb", "etcd-server", "etcd-client", "nftables", "iproute2")
POSTGRES_BIN = "usr/lib/postgresql/17/bin"
POSTGRES_PROGRAMS = (
    "initdb",
    "pg_basebackup",
    "pg_controldata",
    "pg_ctl",
    "pg_isready",
    "pg_rewind",
    "pg_verifybackup",
    "pg_waldump",
    "postgres",
    "psql",
)
OTHER_PROGRAMS = (
    "usr/bin/etcd",
    "usr/bin/etcdctl",
    "usr/bin/etcdutl",
    "usr/bin/ip",
    "usr/sbin/nft",
    "usr/sbin/tc",
)
CLOCK_PACKAGES = ("python3.13", "libfaketime")
PYTHON = "usr/bin/python3.13"
FAKETIME = "libfaketimeMT.so.1"
# Half a minute on a fast line; also how long a second run waits for the first.
UNPACK_LIMIT_S = 600.0
LOCK_POLL_S = 0.2


class ProgramsMissing(RuntimeError):
    """They are not here and could not be had; the message says why, and how to get them."""


@dataclass(frozen=True)
class Programs:
    """Where they are."""

    folder: Path

    @property
    def postgres_bin(self) -> Path:
        """The directory of initdb, postgres and their kin."""
        return self.folder / POSTGRES_BIN

    @property
    def etcd(self) -> Path:
        """The server."""
        return self.folder / "usr/bin/etcd"

    @property
    def etcdctl(self) -> Path:
        """Its client."""
        return self.folder / "usr/bin/etcdctl"

    @property
    def etcdutl(self) -> Path:
        """What works on a stopped member's data."""
        return self.folder / "usr/bin/etcdutl"

    @property
    def ip(self) -> Path:
        """Of iproute2."""
        return self.folder / "usr/bin/ip"

    @property
    def tc(self) -> Path:
        """Of iproute2."""
        return self.folder / "usr/sbin/tc"

    @property
    def nft(self) -> Path:
        """The packet filter's command."""
        return self.folder / "usr/sbin/nft"


@dataclass(frozen=True)
class ClockPrograms:
    """What makes a clock settable: a library between a process and its C library, and a Python with the same one."""

    folder: Path

    @property
    def python(self) -> Path:
        """Debian's own."""
        return self.folder / PYTHON

    @property
    def library(self) -> Path:
        """libfaketime, for processes with threads."""
        (found,) = (self.folder / "usr/lib").glob(f"*/faketime/{FAKETIME}")
        return found


def in_cache(name: str) -> Path:
    """A folder of ours in the user's cache; it need not be there yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ardoise" / name


def debian_programs(progress: Callable[[str], None]) -> Programs:
    """Unpacks them where they are not here yet, telling `progress` so. Raises ProgramsMissing."""
    wanted = [*(f"{POSTGRES_BIN}/{name}" for name in POSTGRES_PROGRAMS), *OTHER_PROGRAMS]
    told = "PostgreSQL, etcd and network tools of Debian 13 (about 150 MB, unpacked, not installed)"
    return Programs(unpacked("trixie-sites", PACKAGES, wanted, progress, told))


def clock_programs(progress: Callable[[str], None]) -> ClockPrograms:
    """The same for settable clocks. Raises ProgramsMissing."""
    told = "Python and libfaketime of Debian 13 (about 20 MB, unpacked, not installed)"
    return ClockPrograms(unpacked("trixie-clocks", CLOCK_PACKAGES, [PYTHON], progress, told))


def unpacked(
    name: str, packages: Sequence[str], wanted: list[str], progress: Callable[[str], None], told: str
) -> Path:
    """The folder `name` of the user's cache, with packages of Debian 13 in it; `wanted` are its programs that run.

    Where it is not complete yet `progress` gets `told` first. Raises ProgramsMissing.
    """
    folder = in_cache(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        _wait_for(lock, progress)
        # The folder takes its name when all is unpacked, and each program runs before the mark is written.
        mark = folder / "complete"
        if not mark.exists() or mark.read_text().splitlines() != wanted:
            progress(told)
            _unpack(folder, packages, wanted)
            mark.write_text("\n".join(wanted))
    return folder


def _wait_for(lock: IO[str], progress: Callable[[str], None]) -> None:
    deadline = time.monotonic() + UNPACK_LIMIT_S
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise ProgramsMissing(f"another run unpacks them for {UNPACK_LIMIT_S:.0f} s") from error
        if not told:
            progress("another run that unpacks the programs of Debian 13")
            told = True
        time.sleep(LOCK_POLL_S)


def _unpack(folder: Path, packages: Sequence[str], programs: list[str]) -> None:
    how = f"by hand: scripts/unpack-debian {folder} {' '.join(packages)} -- {' '.join(programs)}"
    if not UNPACK_DEBIAN.exists():
        raise ProgramsMissing(f"this Ardoise is not a checkout of its repository. In one, {how}")
    command = [UNPACK_DEBIAN, folder, *packages, "--", *programs]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=UNPACK_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise ProgramsMissing(f"unpacking took longer than {UNPACK_LIMIT_S:.0f} s; {how}") from error
    finally:
        # apt and dpkg too: they are of the script's session.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        last = " ".join(said.strip().splitlines()[-1:])
        raise ProgramsMissing(
            f"they come from Debian 13, which needs apt and a Debian mirror ({last}); {how}"
        )
