"""What a screen is due, and nothing more."""

import pytest
from ardoise.mediawall.domain.stage import stage_view
from ardoise.mediawall.wall import MOST_CHANGES, Frame, Wall
from ardoise.pb import setup_pb2

from tests.browser import race_day


def wall_at(second: int) -> Wall:
    wall = Wall(screens_limit=2, screens_per_address_limit=2)
    wall.show_stage(stage_view(race_day.EPOCH, race_day.stage()))
    wall.show_snapshot(race_day.snapshot(second))
    return wall


def newest(wall: Wall) -> Frame:
    assert wall.frames.value is not None
    return wall.frames.value


def kinds(frame: Frame, sent: Frame | None) -> list[str]:
    return [event.kind for event in frame.due(sent)]


def test_a_new_screen_is_told_everything():
    assert kinds(newest(wall_at(9_000)), None) == ["links", "stage", "state"]


def test_a_screen_gets_what_changed_since_the_state_that_it_has():
    wall = wall_at(9_000)
    sent = newest(wall)
    wall.show_snapshot(race_day.snapshot(9_001))
    wall.show_snapshot(race_day.snapshot(9_002))
    [change] = newest(wall).due(sent)
    assert change.kind == "change"
    assert change.data["time_ms"] == race_day.START_MS + 9_002_000
    assert newest(wall).due(sent) == [change], "made once for all screens that have the same"


def test_screens_that_are_all_differently_late_get_the_whole_state():
    wall = wall_at(9_000)
    late = []
    for second in range(9_001, 9_002 + MOST_CHANGES):
        late.append(newest(wall))
        wall.show_snapshot(race_day.snapshot(second))
    assert [kinds(newest(wall), sent) for sent in late] == [["change"]] * MOST_CHANGES + [["state"]]


def test_a_lost_link_alone_does_not_send_the_race_again():
    wall = wall_at(9_000)
    sent = newest(wall)
    wall.show_link("positioning", "reconnecting")
    assert kinds(newest(wall), sent) == ["links"]


def test_what_security_does_is_not_told_to_the_public():
    wall = wall_at(9_000)
    before = wall.frames.version
    wall.show_link("security", "connected")
    assert wall.frames.version == before
    assert "security" not in newest(wall).links.data


def test_the_next_stage_replaces_the_race_before_it():
    wall = wall_at(9_000)
    sent = newest(wall)
    wall.show_stage(stage_view(race_day.EPOCH + 1, race_day.stage()))
    assert newest(wall).state is None
    wall.show_snapshot(race_day.snapshot(9_001))  # a late one of the stage before
    assert newest(wall).state is None
    wall.show_snapshot(race_day.snapshot(-9, epoch=race_day.EPOCH + 1))
    assert kinds(newest(wall), sent) == ["stage", "state"]


def at_pace(clock: setup_pb2.ClockSource, monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """What screens are told of a race that is 600 s behind and comes ten times as fast, two seconds apart."""
    setup = race_day.stage()
    setup.clock_source = clock
    wall = Wall(screens_limit=2, screens_per_address_limit=2)
    wall.show_stage(stage_view(race_day.EPOCH, setup))
    told = []
    for passed_s in (0, 2):
        now_ms = race_day.START_MS + 9_600_000 + passed_s * 1000
        monkeypatch.setattr("ardoise.mediawall.wall.now_ms", lambda now_ms=now_ms: now_ms)
        wall.show_snapshot(race_day.snapshot(9_000 + 10 * passed_s))
        told.append(newest(wall).state.data["up_to_date_ms"])
    return told


def test_screens_are_told_when_a_race_that_catches_up_will_be_here(monkeypatch: pytest.MonkeyPatch):
    now_ms = race_day.START_MS + 9_602_000
    assert at_pace(setup_pb2.CLOCK_SOURCE_WALL, monkeypatch) == [None, now_ms + 582_000 // 9]


def test_a_recording_is_not_catching_up_however_fast_it_runs(monkeypatch: pytest.MonkeyPatch):
    assert at_pace(setup_pb2.CLOCK_SOURCE_FEED, monkeypatch) == [None, None]


def test_screens_beyond_the_limit_are_not_taken_until_one_goes():
    wall = Wall(screens_limit=2, screens_per_address_limit=2)
    first, second = wall.screens.connect("a"), wall.screens.connect("b")
    assert first
    assert second
    assert wall.screens.connect("c") is None
    wall.screens.disconnect(first)
    assert wall.screens.connect("c") is not None
