"""A copy of the whole database, as PostgreSQL itself makes it, and an empty region filled from one.

Physical, not a dump: roles, hypertables of either licence and the watermark come back as they were, Patroni starts on
it as on its own data, and pg_verifybackup says whether a bit is missing.
"""

import shutil
import subprocess
import tarfile
import zlib
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

REPLICATOR = "replicator"
# A stage is a few gigabytes; a backup that takes longer than the pause to the next is none.
COPY_LIMIT_S = 4 * 3600.0
VERIFY_LIMIT_S = 3600.0
PARTS = {"base.tar.gz": ".", "pg_wal.tar.gz": "pg_wal"}
MANIFEST = "backup_manifest"


class BackupFailed(RuntimeError):
    """PostgreSQL's own words."""


def save_database(url: str, directory: Path, binaries: Path) -> None:
    """Copies the database of the first of the URL's hosts that answers, primary or standby. Raises BackupFailed."""
    told = {key: value for key, value in conninfo_to_dict(url).items() if key not in ("dbname", "user")}
    where = make_conninfo(**told, user=REPLICATOR, target_session_attrs="any", connect_timeout="5")
    _run(
        binaries / "pg_basebackup",
        *("--dbname", where, "--pgdata", str(directory), "--no-password", "--label", "ardoise"),
        # The WAL that it needs comes beside it; and no spread checkpoint: it lets a copy of megabytes wait for minutes.
        *("--format", "tar", "--wal-method", "stream", "--checkpoint", "fast", "--compress", "client-gzip:1"),
        limit_s=COPY_LIMIT_S,
    )


def restore_database(copy: Path, patroni: Path, binaries: Path) -> bool:
    """Fills Patroni's directory from a copy; False: there are data, which are left alone.

    Raises BackupFailed, FileNotFoundError. Killed anywhere, it begins anew the next time.
    """
    data, filling = patroni / "data", patroni / "data.restoring"
    if (data / "PG_VERSION").exists():
        return False
    shutil.rmtree(filling, ignore_errors=True)
    filling.mkdir(parents=True, mode=0o700)
    for name, place in PARTS.items():
        try:
            with tarfile.open(copy / name) as part:
                part.extractall(filling / place, filter=_of_whoever_restores)
        except (tarfile.TarError, zlib.error, EOFError) as error:
            raise BackupFailed(f"{copy / name}: {error}") from error
    manifest = str(copy / MANIFEST)
    _run(binaries / "pg_verifybackup", "--manifest-path", manifest, str(filling), limit_s=VERIFY_LIMIT_S)
    filling.chmod(0o700)
    shutil.rmtree(data, ignore_errors=True)
    filling.rename(data)
    return True


def _of_whoever_restores(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
    """Not of the user whose server was copied: PostgreSQL starts on nobody's data but its own."""
    checked = tarfile.tar_filter(member, path)
    return checked.replace(uid=None, gid=None, uname=None, gname=None, deep=False)


def _run(program: Path, *arguments: str, limit_s: float) -> None:
    done = subprocess.run(
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if done.returncode != 0:
        raise BackupFailed(f"{program.name}: {done.stderr.strip() or done.stdout.strip()}")
