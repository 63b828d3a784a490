"""Each measure on cases made by hand: what is wrong counts, what is not does not."""

from dataclasses import replace

import numpy as np
import pytest
from ardoise.race.stage import RiderStatus

from tests.accuracy.course import Course
from tests.accuracy.measures import changes, events_found, measure, plain_groups, unexcused
from tests.accuracy.running import Placed, Shown
from tests.accuracy.truth import STEP_S, Truth
from tests.support.ride import circuit, hairpins

RIDERS = 4
SECONDS = 120
NO_FIXES = Placed(*(np.empty(0) for _ in range(6)))


@pytest.fixture(scope="module")
def ladder() -> Course:
    return Course("hairpins", hairpins(legs=10, leg_m=300, apart_m=20))


def right(course: Course) -> tuple[Truth, Shown]:
    """Riders 20 m apart, and a picture that shows them as they are."""
    time_s = np.arange(0.0, SECONDS, STEP_S)
    distance_m = 500.0 + 10.0 * time_s[:, None] - 20.0 * np.arange(RIDERS)
    truth = Truth(time_s, distance_m, course.finish_m)
    shown = Shown(
        time_s,
        np.full(distance_m.shape, int(RiderStatus.RACING)),
        distance_m.copy(),
        np.full(distance_m.shape, 10.0),
        truth.gap_s.copy(),
        np.full(distance_m.shape, 0.4),
        np.ones(distance_m.shape, np.int64),
        np.repeat(time_s[:, None] - 1.0, RIDERS, axis=1),
    )
    return truth, shown


def test_a_picture_that_is_right_has_no_errors_and_no_faults(ladder: Course):
    found = measure(ladder, *right(ladder), NO_FIXES)
    assert np.abs(found.distance_m).max() < 1e-6
    assert np.abs(found.gap_s).max() < 1e-6
    assert np.abs(found.speed_mps).max() < 1e-6
    assert (found.wrong_legs, found.wrong_laps, found.teleports) == ([], [], [])
    assert found.shown == found.judged == found.heard_shown == found.heard == found.gap_known
    assert found.flicker == found.plain_flicker == 0


def test_errors_are_those_that_were_made(ladder: Course):
    truth, shown = right(ladder)
    shown.distance_m[:, 1] += 7.0
    shown.gap_s[:, 1] -= 0.5
    shown.speed_mps[:, 1] += 2.0
    found = measure(ladder, truth, shown, NO_FIXES)
    for errors, made in ((found.distance_m, 7.0), (found.gap_s, -0.5), (found.speed_mps, 2.0)):
        assert abs(errors.sum() / len(errors) * RIDERS - made) < 0.05
        assert np.isclose(errors, made).sum() == len(errors) // RIDERS
    assert found.covered == len(found.gap_s) // RIDERS * (RIDERS - 1)


def test_a_rider_on_the_next_leg_of_a_ladder_is_on_a_wrong_leg_once_for_each_time(ladder: Course):
    truth, shown = right(ladder)
    # In the middle of a leg of 300 m the next one, 320 m on, is 20 m away.
    for second in (65, 97):
        tick = round(second / STEP_S)
        shown.distance_m[tick : tick + 8, 2] = mirrored(ladder, truth.distance_m[tick : tick + 8, 2])
    found = measure(ladder, truth, shown, NO_FIXES)
    assert [(fault.second, fault.bib) for fault in found.wrong_legs] == [(65.0, 3), (97.0, 3)]
    assert found.wrong_laps == []


def mirrored(course: Course, at_m: np.ndarray) -> np.ndarray:
    """The places on the leg behind the next bend that are nearest to these."""
    x_m, y_m = course.plane_m(at_m)
    candidates_m = at_m[:, None] + np.arange(100.0, 700.0, 2.0)
    there_x_m, there_y_m = course.plane_m(candidates_m)
    nearest = np.argmin(np.hypot(there_x_m - x_m[:, None], there_y_m - y_m[:, None]), axis=1)
    return candidates_m[np.arange(len(at_m)), nearest]


def test_a_rider_far_ahead_on_a_straight_road_is_wrong_but_on_no_other_leg(ladder: Course):
    truth, shown = right(ladder)
    # The first kilometre is straight.
    shown.distance_m[130:140, 2] += 80.0
    assert measure(ladder, truth, shown, NO_FIXES).wrong_legs == []


def test_a_place_that_is_old_is_not_held_against_the_leg(ladder: Course):
    truth, shown = right(ladder)
    tick = round(65 / STEP_S)
    shown.distance_m[tick : tick + 8, 2] = mirrored(ladder, truth.distance_m[tick : tick + 8, 2])
    shown.heard_s[tick : tick + 8, 2] -= 5.0
    assert measure(ladder, truth, shown, NO_FIXES).wrong_legs == []


def test_a_rider_a_lap_ahead_is_on_a_wrong_lap():
    route = circuit(laps=4)
    course = Course("circuit", route, lap_m=route.finish_cm / 100 / 4)
    truth, shown = right(course)
    shown.distance_m[200:300, 1] += course.lap_m
    found = measure(course, truth, shown, NO_FIXES)
    assert [fault.bib for fault in found.wrong_laps] == [2]
    assert abs(found.wrong_laps[0].metres - course.lap_m) < 1


def test_fixes_put_on_another_leg_are_counted_one_by_one(ladder: Course):
    true_m = np.linspace(1_100.0, 1_160.0, 20)
    placed_m = true_m.copy()
    placed_m[:3] = mirrored(ladder, true_m[:3])
    placed_m[3] = np.nan
    fixes = Placed(np.full(20, 50.0), np.zeros(20, int), placed_m, true_m, np.zeros(20), np.zeros(20))
    found = measure(ladder, *right(ladder), fixes)
    assert (found.wrong_leg_fixes, found.fixes_placed) == (3, 19)


@pytest.mark.parametrize("blink", [False, True])
def test_a_jump_is_a_teleport_even_behind_a_moment_without_a_position(ladder: Course, blink: bool):
    truth, shown = right(ladder)
    shown.distance_m[300:, 3] += 50.0
    if blink:
        shown.distance_m[299, 3] = np.nan
    found = measure(ladder, truth, shown, NO_FIXES)
    assert [(fault.bib, round(fault.metres)) for fault in found.teleports] == [(4, 55 if blink else 52)]


def test_a_rider_who_was_not_shown_for_long_enough_may_be_elsewhere(ladder: Course):
    truth, shown = right(ladder)
    shown.distance_m[300:, 3] += 50.0
    shown.distance_m[288:300, 3] = np.nan
    assert measure(ladder, truth, shown, NO_FIXES).teleports == []


def test_a_rider_who_is_not_shown_counts_against_the_share_and_unheard_not_against_the_heard(ladder: Course):
    truth, shown = right(ladder)
    shown.distance_m[200:240, 0] = np.nan
    shown.distance_m[300:340, 1] = np.nan
    shown.heard_s[300:340, 1] -= 60.0
    found = measure(ladder, truth, shown, NO_FIXES)
    assert found.judged - found.shown == 80
    assert found.heard - found.heard_shown == 40


def test_what_is_before_the_warm_up_or_not_in_the_race_is_not_judged(ladder: Course):
    truth, shown = right(ladder)
    shown.distance_m[:100, 0] += 5_000.0
    distance_m = truth.distance_m.copy()
    distance_m[:, 1] = np.nan
    shown.distance_m[:, 1] += 3_000.0
    found = measure(ladder, replace(truth, distance_m=distance_m), shown, NO_FIXES)
    assert np.abs(found.distance_m).max() < 1e-6
    assert found.teleports == []


def test_a_group_that_comes_apart_in_three_has_changed_twice_and_riders_who_come_or_go_change_nothing():
    group = np.array([[7, 7, 7, -1], [7, 8, 9, 9], [7, 8, 9, 9], [7, 7, 9, -1]])
    assert changes(group).tolist() == [2, 0, 1]
    assert changes(np.array([[7, -1], [7, 8], [-1, 8]])).tolist() == [0, 0]


def test_a_new_number_for_the_same_group_is_no_change():
    assert changes(np.array([[1, 1, 2], [5, 5, 1]])).tolist() == [0]


def test_flicker_is_what_the_truth_does_not_have():
    time_s = np.arange(0.0, 100.0, 1.0)
    whole, apart = np.array([1, 1]), np.array([1, 2])
    true_group = np.where((time_s >= 50)[:, None], apart, whole)
    late = np.where((time_s >= 58)[:, None], apart, whole)
    nervous = np.where(((time_s >= 50) | np.isin(time_s, (10, 12, 14)))[:, None], apart, whole)
    assert unexcused(true_group, true_group, time_s) == 0
    early = np.where((time_s >= 42)[:, None], apart, whole)
    assert unexcused(late, true_group, time_s) == 0
    assert unexcused(early, true_group, time_s) == 0
    assert unexcused(nervous, true_group, time_s) == 6


def test_a_plain_threshold_splits_where_the_next_is_more_than_four_seconds_ahead():
    distance_m = np.array([[1_000.0, 800.0, 955.0, np.nan]])
    assert plain_groups(distance_m, np.full((1, 4), 10.0)).tolist() == [[0, 2, 1, -1]]


@pytest.mark.parametrize(
    ("shown_at", "found"),
    [(50, [True]), (46, [True]), (54, [True]), (57, [False]), (42, [False]), (None, [False])],
)
def test_a_true_split_is_found_when_it_is_shown_within_five_seconds(shown_at: int | None, found: list[bool]):
    time_s = np.arange(0.0, 100.0, 0.5)
    apart, whole = np.array([1, 1, 2, 2]), np.array([1, 1, 1, 1])
    true_group = np.where((time_s >= 50)[:, None], apart, whole)
    shown_group = np.where((time_s >= (shown_at or np.inf))[:, None], apart + 10, whole)
    assert events_found(true_group, shown_group, time_s) == found


def test_a_true_catch_is_found_and_one_that_is_never_shown_is_not():
    time_s = np.arange(0.0, 100.0, 0.5)
    apart, whole = np.array([1, 1, 2, 2]), np.array([1, 1, 1, 1])
    true_group = np.where((time_s >= 50)[:, None], whole, apart)
    assert events_found(true_group, true_group, time_s) == [True]
    assert events_found(true_group, np.tile(apart, (len(time_s), 1)), time_s) == [False]
