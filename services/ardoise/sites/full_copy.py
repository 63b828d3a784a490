"""A full copy, made beside the directory that is there, which it replaces once it is whole.

What is there may be all that is left of a region: a copy that comes to nothing (a port that is filtered, a certificate
that ran out, no sender free) leaves it as it was.
"""

import shutil
import signal
import subprocess
from pathlib import Path

from psycopg.conninfo import make_conninfo

from ardoise.chassis.child import bound

# A source that is lost without a word is given up after 10 + 3 * 5 s.
SOURCE_LOST = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


class NotCopied(Exception):
    """The message says why."""


def copy_beside(data: Path, binaries: Path, source: str) -> Path:
    """A whole copy of the server at `source`, as its standby would begin. Raises NotCopied, OSError."""
    made = data.with_name(f"{data.name}.copying")
    shutil.rmtree(made, ignore_errors=True)
    _require_room(data)
    command = [
        str(binaries / "pg_basebackup"),
        f"--pgdata={made}",
        "--wal-method=stream",
        # A spread checkpoint would let a copy of a few megabytes wait for minutes.
        "--checkpoint=fast",
        f"--dbname={make_conninfo(source, **SOURCE_LOST)}",
    ]
    code = subprocess.run(bound(command, signal.SIGTERM), stdin=subprocess.DEVNULL, check=False).returncode
    if code != 0:
        shutil.rmtree(made, ignore_errors=True)
        raise NotCopied(f"pg_basebackup ended with {code}")
    return made


def put_in_place(made: Path, data: Path) -> None:
    """In the place of what is there, if anything is. Raises OSError."""
    replaced = data.with_name(f"{data.name}.replaced")
    if data.exists():
        shutil.rmtree(replaced, ignore_errors=True)
        data.rename(replaced)
    made.rename(data)
    shutil.rmtree(replaced, ignore_errors=True)


def _require_room(data: Path) -> None:
    """A copy takes about as much as what it replaces. Others write to this disk, and a full one stops them."""
    needed = sum(file.lstat().st_size for file in data.rglob("*"))
    free = shutil.disk_usage(data.parent).free
    if needed > free:
        raise NotCopied(f"a copy beside it takes {needed >> 20} MB, and {free >> 20} MB are free")
