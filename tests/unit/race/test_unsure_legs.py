"""Who is on another leg of the road than the one that is shown, or may be, is not shown there as if it were sure."""

import numpy as np
from ardoise.race.stage import EventKind, RiderStatus, Trouble

from tests.support.ride import T0_MS, Run, fixes, hairpins, stage_on

HOLE_S = range(182, 218)
"""Begins 158 m before the apex between the first two legs."""
APEX_M, FASTEST_MPS, TICK_S = 1_310.0, 30.0, 0.25
WRONG_LEG_M = 60.0


def through_the_hole(slow_mps: float, north_m: float) -> tuple[Run, list[float]]:
    """Two riders 5 m apart ride at 6 m/s, slower while nobody hears them; the fix behind that lies to the north."""
    run = Run.of(stage_on(hairpins(), riders=2, signal_timeout_ms=120_000))
    truth_m = [50.0]
    for second in range(1, 330):
        truth_m.append(truth_m[-1] + (slow_mps if second in HOLE_S else 6.0))
        if second in HOLE_S:
            run.beat(second)
            continue
        error_m = np.array([[north_m if second == HOLE_S.stop else 0.0] * 2, [0.0] * 2])
        places_m = [truth_m[-1], truth_m[-1] - 5.0]
        run.frame(
            second, fixes(run.engine.stage.route, [9001, 9002], T0_MS + second * 1000, places_m, 6.0, error_m)
        )
        for part in (1, 2, 3):
            run.beat(second + part * TICK_S)
    return run, truth_m


def seconds(run: Run) -> np.ndarray:
    return np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])


def test_a_rider_who_is_known_to_be_on_another_leg_than_shown_is_not_shown_until_back_on_it():
    run, truth_m = through_the_hole(slow_mps=3.5, north_m=0.0)
    at_s, shown_m = seconds(run), run.column(1, "distance_cm") / 100
    status, trouble = run.column(1, "status"), run.column(1, "trouble")
    off_m = shown_m - np.interp(at_s, range(len(truth_m)), truth_m)
    # Nobody can know in the hole that they have slowed down: shown on the next leg, beside the true place.
    assert shown_m[at_s < HOLE_S.stop][-1] > APEX_M + 30
    behind = at_s > HOLE_S.stop
    hidden = behind & (status == RiderStatus.OFF_ROUTE)
    assert (off_m[behind & ~hidden] < WRONG_LEG_M).all()
    assert hidden[behind][0]
    assert 0.5 <= hidden.sum() * TICK_S <= 4.0
    assert (trouble[hidden] == Trouble.LEG).all()
    # Back where a bike may have got to from where it was shown.
    known = np.flatnonzero(status == RiderStatus.RACING)
    assert (np.abs(np.diff(shown_m[known])) <= FASTEST_MPS * np.diff(at_s[known]) + 1.0).all()
    # The fixes say who is where in the race: place, gap and group stay, and nothing has happened.
    assert set(run.column(1, "place")[hidden].tolist()) <= {1, 2}
    assert (run.column(1, "group_id")[hidden] == run.last(1, "group_id")).all()
    assert (run.column(1, "gap_ms")[hidden] >= 0).all()
    told_s = [(e.time_ms - T0_MS) / 1000 for e in run.events if e.kind is EventKind.RIDER_STATUS]
    assert not [second for second in told_s if second > 30]


def test_who_may_be_on_either_of_two_legs_is_marked_until_the_fixes_tell():
    # Expected behind the apex; the fix lies between the leg before it and the one behind it.
    run, _ = through_the_hole(slow_mps=4.2, north_m=13.0)
    at_s, unsure = seconds(run), run.column(1, "trouble") == Trouble.LEG
    assert not unsure[at_s < HOLE_S.stop].any()
    assert unsure[at_s > HOLE_S.stop][0]
    assert not unsure[at_s > HOLE_S.stop + 30].any()


def test_where_the_legs_are_told_apart_nobody_is_marked():
    run, _ = through_the_hole(slow_mps=6.0, north_m=0.0)
    assert not (run.column(1, "trouble") == Trouble.LEG).any()
    assert (run.column(1, "status") == RiderStatus.RACING)[seconds(run) > 30].all()
