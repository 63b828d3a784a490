"""The truck alone and the way back: race control, the pace of catching up, and what screens said of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from ardoise.rehearsal.drills.evidence import Evidence, Message
from ardoise.rehearsal.drills.history import History, PositionSeen, RaceDecision, ScreenSeen, Words
from ardoise.rehearsal.drills.invariants import CHECKS
from ardoise.rehearsal.drills.invariants.alone import AROUND_MESSAGE_BYTES, caught_up
from ardoise.rehearsal.drills.invariants.finding import Finding
from ardoise.rehearsal.drills.invariants.pace import bounded
from ardoise.rehearsal.drills.scenario import Invariant, Place, Promise
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from ardoise.rehearsal.drills.waits import Wait

from tests.support import drilled
from tests.support.drilled import CAST, EPOCH, FIRST_MS, REGIONS

LOAD, LINK_KBIT = 6, 4_000
A_SECOND, CONTENT_BYTES = 60, 1_000
CUT_S, BACK_S, STEP_S = 10.0, 70.0, 0.5
PACE = 7.5
"""Messages a mirror gains for each that the truck writes: 3,600 kbit/s of 4,000, of which the live race takes 480."""
PROMISE = SCENARIOS["truck-alone"].promise


def alone() -> History:
    """Both mirrors stand from CUT_S to BACK_S and catch up from there, as their screens do."""
    seen = History(epoch=EPOCH, load=LOAD)
    for step in range(400):
        at_s = step * STEP_S
        last = round(A_SECOND * at_s)
        seen.positions.append(_position(at_s, "truck", last))
        for site in REGIONS:
            had_s = _had_s(at_s)
            seen.positions.append(_position(at_s, site, round(A_SECOND * had_s)))
            age_ms = round((at_s - had_s) * 1000) + 300
            catching = at_s > BACK_S and age_ms > 10_000
            words = Words.CATCHING_UP if catching else Words.NO_TRUCK if age_ms > 10_000 else Words.LIVE
            seen.screens.append(
                ScreenSeen(
                    at_s,
                    site,
                    EPOCH,
                    FIRST_MS + round(had_s * 1000),
                    age_ms,
                    words,
                    at_s + age_ms / 1000 / (PACE - 1) if catching else None,
                )
            )
    return seen


def _had_s(at_s: float) -> float:
    if at_s <= CUT_S:
        return at_s
    return min(at_s, CUT_S + PACE * max(0.0, at_s - BACK_S))


def _position(at_s: float, site: str, last: int) -> PositionSeen:
    return PositionSeen(at_s, site, last, last * (CONTENT_BYTES + AROUND_MESSAGE_BYTES))


def judged(invariant: Invariant, seen: History, found: Evidence | None = None) -> Finding:
    return CHECKS[invariant](seen, found or drilled.evidence(), PROMISE, CAST)


def test_the_pace_of_catching_up_is_of_what_the_live_race_leaves_of_the_link():
    found = caught_up(alone(), "london", "truck", LINK_KBIT)
    assert found is not None
    assert found.live_kbit == pytest.approx(480, rel=0.01)
    assert found.mirror_kbit == pytest.approx(3_600, rel=0.01)
    assert found.share == pytest.approx((3_600 - 480) / (4_000 - 480), rel=0.01)
    assert found.from_s == BACK_S + STEP_S
    assert found.to_s == pytest.approx(79, abs=1)


def test_regions_that_catch_up_at_the_spare_rate_hold():
    found = judged(Invariant.CATCH_UP, alone())
    assert found.holds, found.against


def test_a_link_that_could_carry_more_is_found():
    promise = replace(PROMISE, link_kbit=8_000)
    found = CHECKS[Invariant.CATCH_UP](alone(), drilled.evidence(), promise, CAST)
    assert "london caught up at 41% of the link's spare rate, promised 80%" in found.against


def test_a_mirror_that_never_was_level_has_not_caught_up():
    seen = alone()
    seen.positions[:] = [one for one in seen.positions if one.site == "truck" or one.at_s < 75]
    found = judged(Invariant.CATCH_UP, seen)
    assert "london caught up in too little time to measure it, or never did" in found.against


def test_a_mirror_that_is_filled_from_its_beginning_again_is_found():
    seen = alone()
    at = next(i for i, one in enumerate(seen.positions) if one.site == "london" and one.at_s == 72)
    seen.positions[at] = _position(72.0, "london", 5)
    assert any("london's mirror fell from" in one for one in judged(Invariant.CATCH_UP, seen).against)


def _reworded(change: Callable[[ScreenSeen], ScreenSeen]) -> History:
    seen = alone()
    seen.screens[:] = [change(one) if one.words is Words.CATCHING_UP else one for one in seen.screens]
    return seen


def test_a_screen_that_does_not_say_when_is_found():
    seen = _reworded(lambda one: replace(one, words=Words.NO_TRUCK, up_to_date_s=None))
    found = judged(Invariant.CATCH_UP, seen)
    assert "amsterdam's screen never said when it would be up to date" in found.against


def test_a_screen_that_is_far_from_right_about_when_is_found():
    seen = _reworded(lambda one: replace(one, up_to_date_s=one.at_s + 60))
    against = judged(Invariant.CATCH_UP, seen).against
    assert any("amsterdam's screen was wrong by" in one for one in against), against


TAKEN = RaceDecision(20.0, "truck", "neutralise", "drill: neutralise at truck, 1", sequence=7)
REFUSED = RaceDecision(
    20.1, "london", "stop", "drill: stop at london, 2", detail="positioning: unimplemented"
)


def decided(*made: RaceDecision) -> tuple[History, Evidence]:
    """Each that was taken stands in the log and is a row."""
    seen, found = drilled.history(), drilled.evidence()
    seen.race_decisions += made
    for one in made:
        if one.sequence:
            found.log[one.sequence] = Message(found.log[one.sequence].digest, decision=one.reason)
            found.written.race_decisions[one.sequence] = one.reason
    return seen, found


def test_race_control_at_the_truck_holds():
    found = judged(Invariant.RACE_CONTROL, *decided(TAKEN, REFUSED))
    assert found.holds, found.against


def test_a_decision_that_a_region_takes_is_found():
    found = judged(Invariant.RACE_CONTROL, *decided(TAKEN, replace(REFUSED, sequence=9)))
    assert any("stop at london was taken, at 9" in one for one in found.against)


def test_a_decision_that_a_region_refused_and_is_there_all_the_same_is_found():
    seen, found = decided(TAKEN, REFUSED)
    found.written.race_decisions[11] = REFUSED.reason
    assert not judged(Invariant.RACE_CONTROL, seen, found).holds


def test_a_decision_that_the_truck_refuses_is_found():
    refused = replace(TAKEN, sequence=0, detail="ingest: unavailable, the log is away")
    found = judged(Invariant.RACE_CONTROL, *decided(refused))
    assert any("refused at 20.0 s: ingest: unavailable" in one for one in found.against)


@pytest.mark.parametrize("place", ["log", "row", "twice"])
def test_a_decision_that_was_taken_and_is_not_there_once_is_found(place: str):
    seen, found = decided(TAKEN)
    if place == "log":
        found.log[TAKEN.sequence] = Message(b"other")
    elif place == "row":
        found.written.race_decisions.clear()
    else:
        found.written.race_decisions[9] = TAKEN.reason
    assert not judged(Invariant.RACE_CONTROL, seen, found).holds


def restarted(back_s: float) -> Finding:
    """The truck's screen stands from 20 s on, is back with old seconds after `back_s`, and live a second later."""
    seen = drilled.history()
    for index, one in enumerate(seen.screens):
        if one.site == "truck" and 20 <= one.at_s < 20 + back_s:
            seen.screens[index] = replace(one, race_time_ms=FIRST_MS + 19_000, words=Words.RECONNECTING)
        elif one.site == "truck" and 20 + back_s <= one.at_s < 21 + back_s:
            seen.screens[index] = replace(one, race_time_ms=FIRST_MS + 23_000, words=Words.LATE)
    promise = Promise(screens=frozenset({Place.TRUCK}), screens_back=Wait.CUT_SHORT, ingest_goes_on=False)
    return bounded(seen, drilled.evidence(), promise, CAST)


def test_a_picture_whose_site_is_restarted_may_stand_once_and_not_for_long():
    assert restarted(6).holds, restarted(6).against
    assert any("truck was back after" in one for one in restarted(12).against)


def stood_twice(first: tuple[float, float], second: tuple[float, float]) -> Finding:
    """The truck's screen shows nothing new from one instant to another, twice."""
    seen = drilled.history()
    seen.screens[:] = [
        one
        for one in seen.screens
        if one.site != "truck" or not any(from_s < one.at_s < to_s for from_s, to_s in (first, second))
    ]
    promise = Promise(screens=frozenset({Place.TRUCK}), screens_back=Wait.CUT_SHORT)
    return bounded(seen, drilled.evidence(), promise, CAST)


def test_a_picture_that_stands_again_without_a_restart_is_found():
    against = stood_twice((20, 28), (34, 37)).against
    assert any("truck stood still for 4.0 s" in one for one in against), against


def test_a_picture_is_back_once_it_moves_and_goes_on_moving():
    found = stood_twice((20, 24), (26, 28))
    assert found.holds, found.against
