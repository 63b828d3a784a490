"""Clocks of the sites that can be set."""

import sys
from pathlib import Path

import pytest
from ardoise.up import clocks
from ardoise.up.clocks import Clocks, run_on
from ardoise.up.programs import ClockPrograms, ProgramsMissing


@pytest.fixture
def programs(tmp_path: Path) -> ClockPrograms:
    made = ClockPrograms(tmp_path / "debian")
    library = made.folder / "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    library.parent.mkdir(parents=True)
    library.touch()
    return made


def file_of(clocks: Clocks, site: str) -> Path:
    found = dict(word.split("=", 1) for word in clocks.inside(site) if "=" in word)
    return Path(found["FAKETIME_TIMESTAMP_FILE"])


def test_each_site_has_its_own_which_is_right_until_it_is_set(programs: ClockPrograms, tmp_path: Path):
    two = Clocks(tmp_path, ("truck", "london"), programs)
    two.set("london", -60)
    assert file_of(two, "truck").read_text() == "+0\n"
    assert file_of(two, "london").read_text() == "-60\n"
    assert two.ahead_s == {"truck": 0, "london": -60}


def test_time_that_passes_is_left_alone(programs: ClockPrograms, tmp_path: Path):
    assert "FAKETIME_DONT_FAKE_MONOTONIC=1" in Clocks(tmp_path, ("truck",), programs).inside("truck")


def test_debians_python_goes_on_as_it_is(programs: ClockPrograms, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", str(programs.python))
    run_on(programs)


def test_packages_of_another_python_are_refused_with_what_to_do(
    programs: ClockPrograms, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clocks, "DEBIANS_VERSION", (3, 99))
    with pytest.raises(ProgramsMissing, match=r"UV_PYTHON=3\.13 make setup"):
        run_on(programs)
