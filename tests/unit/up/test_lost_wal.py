"""Which WAL a stopped server can be without, by what its control file says."""

from pathlib import Path

import pytest
from ardoise.up.lost_wal import lose_wal


def stopped_at(directory: Path, said: str) -> tuple[Path, Path]:
    """A data directory with some WAL, and a pg_controldata that says this of it."""
    binaries, data = directory / "bin", directory / "data"
    (data / "pg_wal" / "archive_status").mkdir(parents=True)
    for name in ("00000001" + "0" * 15 + "2", "00000002" + "0" * 15 + "3", "00000002" + "0" * 15 + "4"):
        (data / "pg_wal" / name).touch()
    (data / "pg_wal" / "00000002.history").touch()
    binaries.mkdir()
    (binaries / "pg_controldata").write_text(f'#!/bin/sh\necho "{said}"\n')
    (binaries / "pg_controldata").chmod(0o700)
    return binaries, data


def test_all_before_the_last_checkpoint_goes_and_nothing_else(tmp_path: Path):
    said = "Latest checkpoint's REDO WAL file:    00000002" + "0" * 15 + "4"
    assert len(lose_wal(*stopped_at(tmp_path, said))) == 2
    left = sorted(file.name for file in (tmp_path / "data" / "pg_wal").iterdir())
    assert left == ["00000002.history", "00000002" + "0" * 15 + "4", "archive_status"]


def test_nothing_goes_where_the_checkpoint_is_not_known(tmp_path: Path):
    with pytest.raises(OSError, match="names no checkpoint"):
        lose_wal(*stopped_at(tmp_path, "nothing of the kind"))
    assert len(list((tmp_path / "data" / "pg_wal").iterdir())) == 5
