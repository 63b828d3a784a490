"""What a screen is due, and nothing more."""

from ardoise.mediawall.wall import Frame, Wall

from tests.browser import race_day


def wall_at(second: int) -> Wall:
    wall = Wall(screens_limit=2)
    wall.show_stage(race_day.EPOCH, race_day.stage())
    wall.show_snapshot(race_day.snapshot(second))
    return wall


def newest(wall: Wall) -> Frame:
    assert wall.frames.value is not None
    return wall.frames.value


def kinds(frame: Frame, sent: Frame | None, *, next_one: bool) -> list[str]:
    return [event.kind for event in frame.due(sent, next_one=next_one)]


def test_a_new_screen_is_told_everything():
    assert kinds(newest(wall_at(9_000)), None, next_one=False) == ["links", "stage", "state"]


def test_a_screen_that_keeps_up_gets_changes_and_one_that_does_not_the_whole():
    wall = wall_at(9_000)
    sent = newest(wall)
    wall.show_snapshot(race_day.snapshot(9_001))
    assert kinds(newest(wall), sent, next_one=True) == ["change"]
    wall.show_snapshot(race_day.snapshot(9_002))
    assert kinds(newest(wall), sent, next_one=False) == ["state"]


def test_a_lost_link_alone_does_not_send_the_race_again():
    wall = wall_at(9_000)
    sent = newest(wall)
    wall.show_link("positioning", "reconnecting")
    assert kinds(newest(wall), sent, next_one=True) == ["links"]


def test_what_security_does_is_not_told_to_the_public():
    wall = wall_at(9_000)
    before = wall.frames.version
    wall.show_link("security", "connected")
    assert wall.frames.version == before
    assert "security" not in newest(wall).links.data


def test_the_next_stage_replaces_the_race_before_it():
    wall = wall_at(9_000)
    sent = newest(wall)
    wall.show_stage(race_day.EPOCH + 1, race_day.stage())
    assert newest(wall).state is None
    wall.show_snapshot(race_day.snapshot(9_001))  # a late one of the stage before
    assert newest(wall).state is None
    wall.show_snapshot(race_day.snapshot(-9, epoch=race_day.EPOCH + 1))
    assert kinds(newest(wall), sent, next_one=False) == ["stage", "state"]


def test_screens_beyond_the_limit_are_not_taken_until_one_goes():
    wall = Wall(screens_limit=2)
    first, second = wall.screens.connect("a"), wall.screens.connect("b")
    assert first
    assert second
    assert wall.screens.connect("c") is None
    wall.screens.disconnect(first)
    assert wall.screens.connect("c") is not None
