"""Where the programs of three sites are not to be had, a person is told why and how to get them."""

import fcntl
from pathlib import Path

import pytest
from ardoise.up import programs
from ardoise.up.programs import ProgramsMissing, debian_programs


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_outside_a_checkout_the_command_to_run_in_one_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(programs, "UNPACK_DEBIAN", tmp_path / "nowhere")
    with pytest.raises(
        ProgramsMissing, match=r"scripts/unpack-debian .*postgresql-17-timescaledb .*usr/bin/etcd"
    ):
        debian_programs(lambda _: None)


def test_what_the_script_said_last_is_in_the_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    script = tmp_path / "unpack"
    script.write_text("#!/bin/sh\necho first; echo apt knows no Debian mirror here >&2; exit 1\n")
    script.chmod(0o700)
    monkeypatch.setattr(programs, "UNPACK_DEBIAN", script)
    said: list[str] = []
    with pytest.raises(ProgramsMissing, match="apt knows no Debian mirror here"):
        debian_programs(said.append)
    assert len(said) == 1


def test_a_run_waits_for_another_no_longer_than_its_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(programs, "UNPACK_LIMIT_S", 0.3)
    (tmp_path / "ardoise").mkdir()
    said: list[str] = []
    with (tmp_path / "ardoise" / "trixie-sites.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ProgramsMissing, match="another run"):
            debian_programs(said.append)
    assert len(said) == 1


def test_a_script_that_takes_too_long_is_ended_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    script = tmp_path / "unpack"
    script.write_text("#!/bin/sh\nsleep 600 & wait\n")
    script.chmod(0o700)
    monkeypatch.setattr(programs, "UNPACK_DEBIAN", script)
    monkeypatch.setattr(programs, "UNPACK_LIMIT_S", 0.3)
    with pytest.raises(ProgramsMissing, match="longer than"):
        debian_programs(lambda _: None)
