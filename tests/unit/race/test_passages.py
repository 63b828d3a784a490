"""How sure a gap is: of both passages it is made of, and of where the receivers were."""

import numpy as np
import pytest
from ardoise.race.along import placed
from ardoise.race.passages import Passages, ninety_percent, of_both

from tests.support.ride import Run, stage_on, straight


def record(made: Passages, rider: int, began_ms: int, doubt_cm: int) -> None:
    """A kilometre at 10 m/s."""
    made.record(*(np.array([value]) for value in (rider, 0, began_ms, 100_000, began_ms + 100_000, doubt_cm)))


def gap(made: Passages, rider: int, at_cm: int, at_ms: int, doubt_ms: int) -> tuple[np.ndarray, np.ndarray]:
    nobody_silent = np.zeros_like(made.first), np.zeros_like(made.first)
    return made.gap_ms(*(np.array([value]) for value in (rider, at_cm, at_ms, doubt_ms)), nobody_silent)


def test_the_doubt_of_a_gap_is_that_of_the_rider_and_of_who_was_first():
    made = Passages(3, 0, 1_000_000, 0)
    made.count(np.ones(3, bool))
    record(made, 0, 20_000, 300)
    record(made, 1, 10_000, 400)
    record(made, 2, 15_000, 900)
    gap_ms, sigma_ms = gap(made, 0, 50_000, 70_000, 300)
    assert gap_ms.tolist() == [10_000]
    # 4 m at 10 m/s are 400 ms.
    assert sigma_ms.tolist() == [500]
    assert ninety_percent(sigma_ms).tolist() == [822]


def test_the_first_is_another_once_one_no_longer_counts():
    made = Passages(2, 0, 1_000_000, 0)
    made.count(np.ones(2, bool))
    record(made, 0, 10_000, 400)
    record(made, 1, 20_000, 300)
    made.count(np.array([False, True]))
    gap_ms, sigma_ms = gap(made, 1, 50_000, 80_000, 0)
    assert (gap_ms.tolist(), sigma_ms.tolist()) == ([10_000], [300])


def test_the_doubt_of_a_rider_who_all_but_stands_is_bounded():
    made = Passages(1, 0, 1_000_000, 0)
    made.record(*(np.array([value]) for value in (0, 2_499, 0, 2_501, 100_000, 500)))
    assert made.doubt[0, 1] == 2**15 - 1


def test_under_trees_a_place_is_doubted_more():
    one = placed(np.array([100_000, 100_000]), np.ones(2), np.zeros(2))
    open_sky_cm, trees_cm = one.doubt_cm(np.array([10.0, 225.0])).tolist()
    assert trees_cm == pytest.approx(3 * open_sky_cm, abs=2)


def test_sigmas_of_a_difference_add_up_in_squares():
    assert of_both(np.array([3_000]), np.array([4_000])).tolist() == [5_000]


def test_a_gap_is_less_sure_the_longer_nobody_was_heard():
    run = Run.of(stage_on(straight(), riders=2))
    run.ride(range(1, 200), lambda t: [100 + 10 * t, 10 * t], [9001, 9002])
    heard_ms = run.last(2, "gap_within_ms")
    run.beat(208)
    assert 0 < heard_ms < 1_500
    assert run.last(2, "gap_within_ms") > heard_ms + 300


def test_finishers_state_how_sure_their_gap_is():
    run = Run.of(stage_on(straight(3_000), riders=2))
    run.ride(range(1, 320), lambda t: [100 + 10 * t, 10 * t], [9001, 9002])
    assert run.last(2, "gap_ms") == pytest.approx(10_000, abs=1_000)
    assert 0 < run.last(2, "gap_within_ms") < 2_500
    at_the_line_ms = run.last(2, "gap_within_ms")
    run.beat(345)
    assert run.last(2, "gap_within_ms") == at_the_line_ms
