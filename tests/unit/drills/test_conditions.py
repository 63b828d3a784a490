"""What steps wait for, told from what was seen: true when it is, and not before."""

import pytest
from ardoise.rehearsal.drills import conditions
from ardoise.rehearsal.drills.history import (
    DatabaseSeen,
    Decision,
    History,
    Outcome,
    PositionSeen,
    Role,
    ScreenSeen,
    Words,
)
from ardoise.rehearsal.drills.scenario import Moment, Place, Until

from tests.support.drilled import CAST, EPOCH, acknowledged, decision, history

STANDBY, PRIMARY, TRUCK = Place.STANDBY, Place.PRIMARY, Place.TRUCK


def at(seen: History, now_s: float, since_s: float = 10.0, waiting_s: float = 10.0) -> Moment:
    """A moment at which the drill's clock stands at `now_s`, and nothing later has been seen."""
    for name in ("acknowledged", "screens", "database", "positions"):
        kept = getattr(seen, name)
        kept[:] = [one for one in kept if one.at_s <= now_s]
    seen.decisions[:] = [one for one in seen.decisions if one.ended_s <= now_s]
    seen.now_s = lambda: now_s  # type: ignore[method-assign]
    return Moment(seen, CAST, since_s, waiting_s)


def holds(until: Until, now_s: float, seen: History | None = None, **times: float) -> bool:
    return until.holds(at(seen or history(), now_s, **times))


def test_the_other_region_is_primary_once_it_took_a_decision_begun_after_the_fault():
    assert not holds(conditions.primary_is(STANDBY), 28.0)
    assert holds(conditions.primary_is(STANDBY), 29.5)
    assert not holds(conditions.decisions_go_on(), 28.0)
    assert holds(conditions.decisions_go_on(), 29.5)


def test_a_decision_begun_before_the_fault_and_answered_after_it_says_nothing():
    seen = History(epoch=EPOCH)
    seen.decisions.append(Decision("a", "amsterdam", 9.9, 10.4, Outcome.ACKNOWLEDGED, 1))
    assert not holds(conditions.decisions_go_on(), 11.0, seen)


def test_a_refused_decision_is_no_decision():
    seen = History(epoch=EPOCH)
    seen.decisions.append(decision(12, "london", Outcome.REFUSED))
    assert not holds(conditions.decisions_go_on(), 13.0, seen)


def test_a_server_that_is_away_or_standby_has_stepped_down():
    assert not holds(conditions.stepped_down(PRIMARY), 9.5, since_s=5.0)
    assert holds(conditions.stepped_down(PRIMARY), 11.0)


@pytest.mark.parametrize(("watermark", "follows"), [(2_000, True), (1_000, False), (None, False)])
def test_a_standby_follows_when_it_has_nearly_what_the_primary_has(watermark: int | None, follows: bool):
    seen = History(epoch=EPOCH)
    seen.database += [
        DatabaseSeen(11.0, "london", Role.PRIMARY, 2, 2_010),
        DatabaseSeen(11.1, "amsterdam", Role.STANDBY, 2, watermark),
    ]
    assert holds(conditions.attached(PRIMARY), 11.2, seen) is follows


def test_a_mirror_is_level_when_it_ends_where_the_log_does_neither_short_nor_past_it():
    for last, level in ((1_000, True), (980, True), (900, False), (2_000, False), (None, False)):
        seen = History(epoch=EPOCH)
        seen.positions += [PositionSeen(11.0, "truck", 1_000), PositionSeen(11.0, "london", last)]
        assert holds(conditions.mirror_level(STANDBY), 11.2, seen) is level, last


def test_a_mirror_that_does_not_answer_is_not_behind_but_unknown():
    seen = History(epoch=EPOCH)
    seen.positions += [PositionSeen(11.0, "truck", 1_000), PositionSeen(11.0, "london", None)]
    assert not holds(conditions.mirror_behind(STANDBY, 10), 11.2, seen)


def test_screens_of_another_epoch_are_not_live():
    seen = History(epoch=EPOCH)
    seen.screens.append(ScreenSeen(11.0, "truck", EPOCH - 1, EPOCH, 300, Words.LIVE))
    assert not holds(conditions.screens_live(TRUCK), 11.2, seen)


def test_what_a_screen_said_before_the_fault_is_not_what_it_says():
    seen = History(epoch=EPOCH)
    seen.screens.append(ScreenSeen(9.0, "truck", EPOCH, EPOCH, 30_000, Words.NO_TRUCK))
    assert not holds(conditions.screens_say(Words.NO_TRUCK, TRUCK), 11.0, seen)
    assert holds(conditions.screens_say(Words.NO_TRUCK, TRUCK), 11.0, seen, since_s=8.0)


def test_relays_are_acknowledged_again_only_by_what_came_after_the_wait_began():
    assert not holds(conditions.ingest_acknowledges(), 12.05, waiting_s=12.0)
    assert holds(conditions.ingest_acknowledges(), 12.5, waiting_s=12.0)


def test_what_is_acknowledged_is_written_down_when_a_primary_is_past_it():
    due = acknowledged(29).sequence
    seen = history()
    assert not holds(conditions.written_down(), 28.5, waiting_s=28.0)
    seen.database.append(DatabaseSeen(29.4, "london", Role.PRIMARY, 2, due - 1))
    seen.database[:] = [one for one in seen.database if one.watermark != due]
    assert not holds(conditions.written_down(), 29.45, seen, waiting_s=29.2)
    seen.database.append(DatabaseSeen(29.44, "london", Role.PRIMARY, 2, due, EPOCH))
    assert holds(conditions.written_down(), 29.45, seen, waiting_s=29.2)


def test_another_log_has_taken_over_once_a_relay_is_acknowledged_in_it():
    seen = history()
    assert not holds(conditions.another_log(), 12.0, seen)
    seen.goes_on_in(EPOCH + 1)
    assert holds(conditions.another_log(), 12.0, seen)
    assert not holds(conditions.written_down(), 39.5, seen, waiting_s=39.0), "that was the log before"


def test_everything_flows_when_all_of_it_does_and_not_before():
    assert not holds(conditions.steady(), 1.0, History(epoch=EPOCH))
    assert holds(conditions.steady(), 9.6, since_s=0.0, waiting_s=0.0)


@pytest.mark.parametrize("silent", ["acknowledged", "decisions", "screens", "positions", "database"])
def test_nothing_flows_where_one_of_them_is_silent(silent: str):
    seen = history()
    getattr(seen, silent).clear()
    assert not holds(conditions.steady(), 9.6, seen, since_s=0.0, waiting_s=0.0)


def test_so_little_behind_that_it_is_level_still_cannot_be_asked_for():
    """The wait for the mirror to be level again would end before it began."""
    with pytest.raises(ValueError, match="which is level"):
        conditions.mirror_behind(STANDBY, 3)
