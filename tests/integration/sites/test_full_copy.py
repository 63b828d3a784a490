"""A directory is replaced by a whole copy or stays as it was, and Patroni is told nothing that makes it remove it."""

import errno
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from ardoise.chassis.postgres import DATABASE, USER, EmbeddedPostgres
from ardoise.sites import full_copy, set_aside
from ardoise.sites.full_copy import NotCopied, copy_beside
from ardoise.sites.hook_settings import HookSettings
from ardoise.up.programs import Programs

from tests.support.databases import SETTINGS

NOBODY = "host=127.0.0.1 port=1 user=replicator"
WITHIN_S, POLL_S = 20.0, 0.05
OLD = "all that is left of a region"


@pytest.fixture
def source(tmp_path: Path, programs: Programs) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "source", binaries=programs.postgres_bin, **SETTINGS)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "patroni" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(OLD)
    return data


def arguments(data: Path, binaries: Path, source: str) -> list[str]:
    """As Patroni calls it."""
    settings = data.parent / "hooks.json"
    HookSettings(
        site="london",
        truck="truck",
        nats_url="",
        identity_dir="",
        state_dir=str(data.parent),
        postgres_bin=str(binaries),
        data=str(data),
        sockets="",
        database=DATABASE,
        superuser=USER,
        rewinder="rewinder",
    ).write(settings)
    return [str(settings), "copy", f"--datadir={data}", f"--connstring={source}"]


def copy(data: Path, programs: Programs, source: str) -> None:
    """In this process."""
    settings, what, *options = arguments(data, programs.postgres_bin, source)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        set_aside.main(settings, what, options)
    finally:
        signal.signal(signal.SIGTERM, handler)


def names_beside(data: Path) -> set[str]:
    return {path.name for path in data.parent.iterdir()} - {"hooks.json"}


def test_a_whole_copy_takes_the_place_of_what_was_there(
    data: Path, programs: Programs, source: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(set_aside, "set_aside", lambda *_: None)
    (data.parent / "data.copying").mkdir()
    (data.parent / "data.copying" / "of-one-that-was-killed").touch()
    copy(data, programs, source.url)
    assert names_beside(data) == {"data"}
    assert not (data / "of-one-that-was-killed").exists()
    verify = [str(programs.postgres_bin / "pg_verifybackup"), str(data)]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0


def test_a_region_without_any_is_filled(data: Path, programs: Programs, source: EmbeddedPostgres):
    shutil.rmtree(data)
    copy(data, programs, source.url)
    assert (data / "PG_VERSION").exists()


def test_a_copy_that_fails_leaves_what_was_there_and_patroni_removes_nothing(
    data: Path, programs: Programs, capfd: pytest.CaptureFixture[str]
):
    copy(data, programs, NOBODY)
    assert (data / "PG_VERSION").read_text() == OLD
    assert names_beside(data) == {"data"}, "nothing was set aside of what is not replaced"
    assert "not copied at london: pg_basebackup ended with 1" in capfd.readouterr().err


def test_where_nothing_was_patroni_is_told_that_the_copy_failed(data: Path, programs: Programs):
    shutil.rmtree(data)
    with pytest.raises(SystemExit, match="1"):
        copy(data, programs, NOBODY)


def test_a_copy_that_is_told_to_end_leaves_what_was_there(data: Path, tmp_path: Path):
    begun, endless = tmp_path / "begun", tmp_path / "pg_basebackup"
    endless.write_text(f"#!/bin/sh\ntouch {begun}\nexec sleep 600\n")
    endless.chmod(0o700)
    command = [sys.executable, "-m", "ardoise.sites.set_aside", *arguments(data, tmp_path, NOBODY)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        deadline = time.monotonic() + WITHIN_S
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        program.terminate()
        said = program.communicate(timeout=WITHIN_S)[1]
    assert (program.returncode, said) == (0, "not copied at london: it was told to end\n")
    assert (data / "PG_VERSION").read_text() == OLD


def test_a_copy_that_would_fill_the_disk_is_not_begun(
    data: Path, programs: Programs, source: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(full_copy.shutil, "disk_usage", lambda _: usage(free=len(OLD) - 1))
    with pytest.raises(NotCopied, match="MB are free"):
        copy_beside(data, programs.postgres_bin, source.url)
    assert names_beside(data) == {"data"}


def test_what_cannot_be_set_aside_nor_kept_is_not_replaced(
    data: Path, programs: Programs, source: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
):
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(set_aside, "set_aside", no_room)
    copy(data, programs, source.url)
    assert (data / "PG_VERSION").read_text() == OLD


@pytest.mark.parametrize(
    "error",
    [
        subprocess.TimeoutExpired("pg_controldata", 30),
        KeyError("Latest checkpoint's TimeLineID"),
        ValueError("invalid literal for int()"),
        psycopg.OperationalError("gone"),
    ],
)
def test_whatever_keeps_a_directory_from_being_read_it_is_kept(
    data: Path,
    programs: Programs,
    source: EmbeddedPostgres,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(set_aside, "StoppedDatabase", fail)
    copy(data, programs, source.url)
    kept = data.parent / set_aside.DIRECTORY / "unreadable"
    assert (kept / "PG_VERSION").read_text() == OLD
    assert (data / "PG_VERSION").read_text() != OLD
