"""Which backups count, which go, and what one that is damaged does."""

import datetime as dt
import io
import os
import stat
import tarfile
from pathlib import Path

import pytest
from ardoise.sites.backup import LOGS, begin, complete, prune, whole
from ardoise.sites.base_backup import BackupFailed, restore_database

CONTENT_BYTES = 100_000
NIGHT = dt.datetime(2026, 7, 7, 2, 15, tzinfo=dt.UTC)


def made(directory: Path, day: int) -> Path:
    partial = begin(directory, NIGHT + dt.timedelta(days=day))
    (partial / LOGS).mkdir()
    return complete(partial, "london", {1_700_000_000_001: 42})


def test_a_backup_counts_once_it_is_whole_under_the_instant_it_was_begun(tmp_path: Path):
    partial = begin(tmp_path, NIGHT.astimezone(dt.timezone(dt.timedelta(hours=2))))
    assert whole(tmp_path) == []
    done = complete(partial, "london", {1_700_000_000_001: 42})
    assert done.name == "2026-07-07T02-15-00Z"
    assert whole(tmp_path) == [done]


def test_what_was_left_half_done_goes_with_the_next(tmp_path: Path):
    left = begin(tmp_path, NIGHT)
    begin(tmp_path, NIGHT + dt.timedelta(days=1))
    assert not left.exists()


def test_the_oldest_go_and_never_the_newest(tmp_path: Path):
    days = [made(tmp_path, day) for day in range(4)]
    unfinished = begin(tmp_path, NIGHT + dt.timedelta(days=9))
    assert prune(tmp_path, 2) == days[:2]
    assert whole(tmp_path) == days[2:]
    assert prune(tmp_path, 2) == []
    assert unfinished.exists()


def copy_of_a_database(directory: Path) -> Path:
    """As pg_basebackup makes it, of somebody else's server."""
    directory.mkdir()
    for name, member in (("base.tar.gz", "PG_VERSION"), ("pg_wal.tar.gz", "000000010000000000000001")):
        with tarfile.open(directory / name, "w:gz") as part:
            file = tarfile.TarInfo(member)
            file.size, file.mode, file.uid, file.gid = CONTENT_BYTES, 0o600, 54_321, 54_321
            part.addfile(file, io.BytesIO(os.urandom(CONTENT_BYTES)))
    return directory


def binaries(directory: Path, exit_code: int = 0) -> Path:
    """pg_verifybackup, which has its mind made up."""
    directory.mkdir()
    (directory / "pg_verifybackup").write_text(f"#!/bin/sh\necho 'a file is missing' >&2\nexit {exit_code}\n")
    (directory / "pg_verifybackup").chmod(0o700)
    return directory


def test_what_is_restored_belongs_to_whoever_restores_it(tmp_path: Path):
    copy, patroni = copy_of_a_database(tmp_path / "copy"), tmp_path / "patroni"
    assert restore_database(copy, patroni, binaries(tmp_path / "bin"))
    for path in (patroni / "data" / "PG_VERSION", patroni / "data" / "pg_wal" / "000000010000000000000001"):
        assert path.stat().st_uid == os.getuid()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((patroni / "data").stat().st_mode) == 0o700
    assert not restore_database(copy, patroni, tmp_path / "bin")


@pytest.mark.parametrize("name", ["base.tar.gz", "pg_wal.tar.gz"])
def test_a_copy_that_was_cut_short_fills_nothing_and_says_which_file(tmp_path: Path, name: str):
    copy, patroni = copy_of_a_database(tmp_path / "copy"), tmp_path / "patroni"
    (copy / name).write_bytes((copy / name).read_bytes()[: CONTENT_BYTES // 2])
    with pytest.raises(BackupFailed, match=name):
        restore_database(copy, patroni, binaries(tmp_path / "bin"))
    assert not (patroni / "data").exists()


def test_a_copy_that_postgresql_finds_wanting_fills_nothing(tmp_path: Path):
    copy, patroni = copy_of_a_database(tmp_path / "copy"), tmp_path / "patroni"
    with pytest.raises(BackupFailed, match="a file is missing"):
        restore_database(copy, patroni, binaries(tmp_path / "bin", exit_code=1))
    assert not (patroni / "data").exists()
