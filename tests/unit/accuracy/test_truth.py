"""What is true of a race, on races whose answer is known beforehand."""

import numpy as np

from tests.accuracy.course import Course
from tests.accuracy.racing import Pause, ride
from tests.accuracy.receivers import MEMORY_S, OPEN_SKY_M, received
from tests.accuracy.truth import STEP_S, Truth, grouped
from tests.support.ride import hairpins, straight


def at_speeds(starts_m: list[float], speeds_mps: list[float], seconds: float, finish_m: float = 1e6) -> Truth:
    time_s = np.arange(0.0, seconds + STEP_S, STEP_S)
    return Truth(time_s, np.array(starts_m) + time_s[:, None] * np.array(speeds_mps), finish_m)


def test_a_gap_is_the_time_since_the_first_passed_the_same_place():
    truth = at_speeds([300.0, 100.0], [10.0, 10.0], 60)
    assert np.allclose(truth.gap_s[-1], [0.0, 20.0], atol=0.01)


def test_a_gap_is_unknown_where_nobody_was_seen_to_pass():
    truth = at_speeds([300.0, 100.0], [10.0, 10.0], 60)
    assert np.isnan(truth.gap_s[int(19 / STEP_S), 1])
    assert not np.isnan(truth.gap_s[int(21 / STEP_S), 1])


def test_the_first_to_pass_a_place_stays_the_reference_when_others_overtake():
    # The second overtakes at 100 s and 2,000 m; before that place the other was the first.
    truth = at_speeds([1_000.0, 0.0], [10.0, 20.0], 200)
    assert np.allclose(truth.gap_s[int(90 / STEP_S)], [0.0, 10.0], atol=0.05)
    assert np.allclose(truth.gap_s[int(150 / STEP_S)], [25.0, 0.0], atol=0.05)


def test_the_gap_of_one_who_stands_grows_and_of_one_who_rides_back_too():
    time_s = np.arange(0.0, 60.0, STEP_S)
    leader_m, other_m = 100 + 10 * time_s, np.minimum(10 * time_s, 300) - np.maximum(time_s - 40, 0) * 5
    truth = Truth(time_s, np.column_stack((leader_m, other_m)), 1e6)
    assert abs(truth.gap_s[int(40 / STEP_S), 1] - 20) < 0.01
    assert abs(truth.gap_s[int(50 / STEP_S), 1] - 35) < 0.01


def test_a_finisher_keeps_the_gap_at_the_line():
    truth = at_speeds([300.0, 100.0], [10.0, 10.0], 120, finish_m=500.0)
    assert np.allclose(truth.home_s, [20.0, 40.0], atol=0.01)
    assert np.allclose(truth.gap_s[-1], [0.0, 20.0], atol=0.01)
    assert not truth.racing[-1].any()


def test_a_short_cut_is_no_passage_of_what_it_left_out():
    truth = at_speeds([0.0, 100.0], [10.0, 10.0], 60)
    distance_m = truth.distance_m.copy()
    gone = slice(int(20 / STEP_S), int(30 / STEP_S))
    distance_m[gone, 1] = np.nan
    distance_m[gone.stop :, 1] += 200.0
    cut = Truth(truth.time_s, distance_m, 1e6)
    # At 300 m the one who cut never was; the other is the first there.
    assert abs(cut.gap_s[int(45 / STEP_S), 0]) < 0.01


def test_groups_come_apart_over_four_seconds_and_together_under_two():
    gap_s = np.column_stack((np.zeros(6), [1.0, 3.9, 4.1, 3.0, 2.1, 1.9]))
    assert grouped(gap_s).tolist() == [[0, 0], [0, 0], [0, 1], [0, 1], [0, 1], [0, 0]]


def test_the_same_seed_is_the_same_race_and_another_is_not():
    course = Course("straight", straight(6_000))
    one, same, other = (
        ride(course, seed=seed, riders=6, start_m=500.0, seconds=60.0).truth.distance_m for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_riders_ride_as_bikes_do_and_turn_back_as_far_as_they_are_told():
    course = Course("hairpins", hairpins(legs=12))
    ridden = ride(
        course, seed=3, riders=8, start_m=500.0, seconds=300.0, pauses=[Pause(2, 1_500.0, 100.0, 300.0)]
    )
    speed_mps = ridden.truth.speed_mps
    assert np.abs(np.diff(speed_mps, axis=0)).max() / STEP_S < 6.0
    assert np.delete(speed_mps, 2, axis=1).min() >= 0
    assert speed_mps.max() < 25
    column = ridden.truth.distance_m[:, 2]
    back_m = np.max(np.maximum.accumulate(column) - column)
    assert 285 < back_m < 301


def test_receivers_err_by_five_metres_for_half_a_minute():
    course = Course("straight", straight(40_000))
    ridden = ride(course, seed=4, riders=20, start_m=500.0, seconds=1_500.0)
    reports = received(ridden, 5)
    true_x_m, true_y_m = (column[:: round(1 / STEP_S)] for column in ridden.place_m())
    for error_m in (reports.x_m - true_x_m, reports.y_m - true_y_m):
        assert abs(error_m.std() - OPEN_SKY_M) < 0.5
        lag = int(MEMORY_S)
        later = (error_m[lag:] * error_m[:-lag]).mean() / error_m.var()
        assert abs(later - np.exp(-1)) < 0.12
