"""What is said of trackers: lists, lines, and what to do about each trouble."""

import shlex
from pathlib import Path

import pytest
from ardoise.cli import tracker_words as words
from ardoise.cli.people import app
from ardoise.pb import trackers_pb2 as pb
from ardoise.pb.setup_pb2 import StageSetup, TrackerAssignment
from ardoise.race.clocks import MOST_AHEAD_MS
from ardoise.race.engine import CLOCK_BEHIND_MS
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

NOW_MS = 1_783_245_600_000
HOUR_MS = 3_600_000


def device(**fields: object) -> pb.Device:
    usual = {
        "source": "osmand",
        "name": "k7m2p9qwxz4t",
        "tracker": 5_000_000_000_000_000,
        "known": True,
        "last_heard_ms": NOW_MS - 2_000,
        "clock": pb.DEVICE_CLOCK_RIGHT,
    }
    return pb.Device(**{**usual, **fields})


def shown(table: Table) -> list[str]:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get().splitlines()


def test_a_fix_is_told_in_one_line():
    fix = device(satellites=4, accuracy_cm=1_240, battery_percent=87)
    assert words.told(fix) == "4 satellites, 12 m, 87 % battery, clock right"
    assert words.told(fix, 3.2).endswith("clock right, 3 m from the road")
    assert words.told(device(), 28_400.0) == "clock right, 28 km from the road"


@pytest.mark.parametrize(
    ("clock", "offset_ms", "said"),
    [
        (pb.DEVICE_CLOCK_RIGHT, 1_500, "right"),
        (pb.DEVICE_CLOCK_AHEAD, 45_000, "45 s ahead"),
        (pb.DEVICE_CLOCK_BEHIND, -61 * 60_000, "1 h 1 min behind, or late"),
        (pb.DEVICE_CLOCK_TIME_ZONE, HOUR_MS + 400, "1 h ahead: local time?"),
        (pb.DEVICE_CLOCK_TIME_ZONE, -5 * HOUR_MS - HOUR_MS // 2, "5 h 30 min behind: local time?"),
        (pb.DEVICE_CLOCK_GPS_WEEKS, -1_024 * 7 * 24 * HOUR_MS, "1,024 weeks behind: an old receiver"),
    ],
)
def test_a_clock_is_told_by_what_explains_it(clock: int, offset_ms: int, said: str):
    assert words.clock(device(clock=clock, clock_offset_ms=offset_ms)) == said


def test_a_fix_is_good_for_a_race_or_says_what_to_do():
    assert words.troubles(device(accuracy_cm=900)) == []
    assert words.troubles(device()) == []
    found = words.troubles(device(known=False, accuracy_cm=12_000, clock=pb.DEVICE_CLOCK_AHEAD))
    assert len(found) == 3
    assert "ardoise tracker assign k7m2p9qwxz4t --source osmand --bib N" in found[0]


@pytest.mark.parametrize(
    ("clock", "offset_ms", "said"),
    [
        (pb.DEVICE_CLOCK_AHEAD, 4_000, "its rider is shown where that clock says"),
        (pb.DEVICE_CLOCK_TIME_ZONE, HOUR_MS, "it stays out of the race until that is right"),
        (pb.DEVICE_CLOCK_BEHIND, -12_000, "its rider is shown as late as that"),
        (pb.DEVICE_CLOCK_TIME_ZONE, -5 * HOUR_MS, "its rider is shown as late as that"),
        (
            pb.DEVICE_CLOCK_GPS_WEEKS,
            -1_024 * 7 * 24 * HOUR_MS,
            "it stays out of the race until that is right",
        ),
    ],
)
def test_of_a_wrong_clock_is_said_what_the_race_makes_of_it(clock: int, offset_ms: int, said: str):
    (found,) = words.troubles(device(clock=clock, clock_offset_ms=offset_ms))
    assert found.endswith(f": {said}")


def test_what_the_race_does_not_use_is_what_its_engine_says():
    assert (words.MOST_AHEAD_MS, words.MOST_BEHIND_MS) == (MOST_AHEAD_MS, CLOCK_BEHIND_MS)


def test_the_list_goes_by_bib_and_says_who_was_paired_and_is_not_heard():
    setup = StageSetup()
    for bib, name in ((1, "ARRIEGUI"), (12, "FONTMARE"), (13, "HRIBOVŠEK")):
        setup.riders.add(bib=bib, family_name=name)
    heard = [device(name="late", tracker=12), device(name="early", tracker=1), device(known=False)]
    holding = [
        TrackerAssignment(tracker=12, bib=12),
        TrackerAssignment(tracker=1, bib=1),
        TrackerAssignment(tracker=13, bib=13, valid_from_ms=NOW_MS),
        TrackerAssignment(tracker=14, bib=14),  # of the event file: it may come by a relay
    ]
    head, *rows = shown(words.table(heard, holding, setup, NOW_MS))
    assert head.split()[:5] == ["device", "source", "number", "bib", "rider"]
    assert [row.split()[:5] for row in rows] == [
        ["early", "osmand", "1", "1", "ARRIEGUI"],
        ["late", "osmand", "12", "12", "FONTMARE"],
        ["-", "-", "13", "13", "HRIBOVŠEK"],
    ]
    assert "not yet" in rows[2]


def test_who_is_a_riders_from_a_later_second_on_is_listed_with_that_second_and_who_was_one_as_nobodys():
    spans = [
        TrackerAssignment(tracker=1, bib=12, valid_from_ms=NOW_MS + 60_000),
        TrackerAssignment(tracker=2, bib=12, valid_until_ms=NOW_MS),
    ]
    heard = [device(name="next", tracker=1), device(name="last", tracker=2)]
    rows = {row.split()[0]: row.split()[3:6] for row in shown(words.table(heard, spans, None, NOW_MS))}
    assert rows["next"][:2] == ["12", "from"]
    assert rows["last"][0] == "nobody"
    assert words.riders_tracker(spans, 12, NOW_MS - 1) == 2
    assert words.riders_tracker(spans, 12, NOW_MS) is None
    assert words.riders_tracker(spans, 12, NOW_MS + 60_000) == 1


def test_a_strangers_name_is_shown_as_it_is_and_marks_nothing_up():
    (_, row) = shown(words.table([device(name="[bold]x[/]y[/]")], [], None, NOW_MS))
    assert row.split()[0] == "[bold]x[/]y[/]"


def test_a_known_device_of_nobody_is_listed_as_nobodys():
    (_, row) = shown(words.table([device()], [], None, NOW_MS))
    assert row.split()[3] == "nobody"


@pytest.mark.parametrize("name", ["k7m2", "anne's phone", "user/phone", "$(reboot)", "a;b", "*"])
def test_the_command_that_adopts_a_device_names_it_to_any_shell(name: str):
    (line,) = words.knocking([device(name=name, known=False)], NOW_MS)
    command = line[line.index("ardoise tracker assign") :]
    assert shlex.split(command)[3:6] == [name, "--source", "osmand"]


def test_the_command_that_adopts_a_device_takes_no_name_for_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ARDOISE_IDENTITY_DIR", str(tmp_path))
    (line,) = words.knocking([device(name="--help", known=False)], NOW_MS)
    command = line[line.index("ardoise tracker assign") :].replace("--bib N", "--bib 3")
    done = CliRunner().invoke(app, shlex.split(command)[1:])
    assert isinstance(done.exception, FileNotFoundError), (
        "understood; there is nobody's certificate to ask with"
    )
