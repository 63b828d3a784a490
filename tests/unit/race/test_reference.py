"""Who is heard no more in front takes nobody's gap away, and tears no group."""

import numpy as np
import pytest
from ardoise.race.passages import UNKNOWN
from ardoise.race.reference import LEADS_UNHEARD_MS, unbroken
from ardoise.race.stage import EventKind

from tests.support.ride import Run, stage_on, straight

SPEED_MPS, LEAD_S = 10.0, 60.0
BUNCH = range(2, 12)


def behind_a_silent_leader(until_s: int, heard_again_s: int = 10**6) -> Run:
    """Rider 1 leads ten others by a minute, and is not heard from the 200th second on."""
    run = Run.of(stage_on(straight(20_000), riders=11))
    metres = [100.0 + SPEED_MPS * LEAD_S, *(100.0 - bib for bib in BUNCH)]
    for second in range(1, until_s):
        heard = [0] if second < 200 or second >= heard_again_s else []
        riders = [*heard, *range(1, 11)]
        run.ride(
            [second], lambda t, r=riders: [metres[i] + SPEED_MPS * t for i in r], [9001 + i for i in riders]
        )
    return run


def splits_and_merges(run: Run) -> list[EventKind]:
    return [e.kind for e in run.events if e.kind in (EventKind.GROUP_SPLIT, EventKind.GROUP_MERGE)]


def test_the_gap_to_a_leader_who_is_silent_goes_on():
    run = behind_a_silent_leader(500)
    gaps_ms = run.column(2, "gap_ms")[-400:]
    assert gaps_ms == pytest.approx(np.full(len(gaps_ms), LEAD_S * 1000), abs=2_500)
    # For longer and longer nobody has heard who leads: the gap is stated to be less sure.
    within_ms = run.column(2, "gap_within_ms")
    assert within_ms[-1] > within_ms[-150] > 5 * within_ms[150]


def test_a_leader_heard_again_is_measured_against_again_where_that_happens():
    run = behind_a_silent_leader(520, heard_again_s=400)
    assert run.last(2, "gap_ms") == pytest.approx(LEAD_S * 1000, abs=2_500)
    assert run.last(2, "gap_within_ms") < 3_000
    assert (run.column(2, "gap_ms")[250:] > 0).all()


def test_who_is_heard_no_more_for_long_leads_no_more():
    run = behind_a_silent_leader(200 + LEADS_UNHEARD_MS // 1000 + 10)
    assert run.last(2, "gap_ms") < 1_000


def test_a_leader_who_falls_silent_splits_no_group():
    assert splits_and_merges(behind_a_silent_leader(500)) == []


def test_riders_heard_first_in_the_middle_of_the_course_are_not_one_group_and_not_without_gaps():
    run = Run.of(stage_on(straight(20_000), riders=6))
    metres = [5_000.0, 5_001.0, 4_700.0, 4_699.0, 4_300.0, 4_299.0]
    run.ride(range(1, 120), lambda t: [place + SPEED_MPS * t for place in metres], range(9001, 9007))
    assert splits_and_merges(run) == []
    assert run.snapshots[-1].groups.size.tolist() == [2, 2, 2]
    for bib, gap_s in ((3, 30), (5, 70)):
        gaps_ms = run.column(bib, "gap_ms")
        known_ms = gaps_ms[gaps_ms >= 0]
        assert known_ms == pytest.approx(np.full(len(known_ms), gap_s * 1000), abs=1_500)


def test_the_ride_that_groups_are_measured_against_goes_on_at_a_riders_pace_where_it_is_anothers():
    time = np.full((2, 8), UNKNOWN, np.int32)
    time[0, :4] = [0, 2_000, 4_000, 6_000]
    time[1] = 60_000 + 2_100 * np.arange(8)
    ride = unbroken(time, time.min(axis=0), time.argmin(axis=0).astype(np.int32))
    assert np.diff(ride).tolist() == [2_000, 2_000, 2_000, *[2_100] * 4]
    assert ride[-1] == time[1, -1]


def test_who_stands_in_front_does_not_put_a_minute_between_those_who_pass():
    time = np.array([[0, 2_000, 62_000, 64_000]], np.int32)
    ride = unbroken(time, time[0], np.zeros(4, np.int32))
    assert np.diff(ride).max() < 20_000
