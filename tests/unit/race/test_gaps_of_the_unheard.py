"""A gap needs both riders' passages at one point of the road: nothing is claimed where the first was not heard."""

import numpy as np
import pytest
from ardoise.race.passages import SPACING_CM, Passages
from ardoise.race.stage import RiderStatus

from tests.support.ride import Run, stage_on, straight

HEAD, CHASER = 0, 1
DOUBT_CM = 400


def passages() -> Passages:
    made = Passages(2, 0, 1_000_000, 0)
    made.count(np.ones(2, bool))
    return made


def ride(made: Passages, rider: int, from_cm: int, from_ms: int, to_cm: int, to_ms: int) -> None:
    made.record(*(np.array([value]) for value in (rider, from_cm, from_ms, to_cm, to_ms, DOUBT_CM)))


def gap(made: Passages, rider: int, at_cm: int, at_ms: int) -> int:
    nobody_silent = np.zeros_like(made.first), np.zeros_like(made.first)
    place = (np.array([value]) for value in (rider, at_cm, at_ms, 0))
    return int(made.gap_ms(*place, nobody_silent)[0][0])


def test_a_chaser_has_no_gap_where_the_head_was_not_heard():
    made = passages()
    ride(made, HEAD, 200_000, 10_000, 300_000, 110_000)
    ride(made, CHASER, 100_000, 10_000, 180_000, 90_000)
    assert gap(made, CHASER, 180_000, 90_000) == -1
    assert gap(made, HEAD, 300_000, 110_000) == 0


def test_the_gap_is_known_from_the_first_point_where_both_were_heard():
    made = passages()
    ride(made, HEAD, 200_000, 10_000, 300_000, 110_000)
    ride(made, CHASER, 100_000, 10_000, 180_000, 90_000)
    ride(made, CHASER, 180_000, 90_000, 220_000, 130_000)
    assert abs(gap(made, CHASER, 220_000 - SPACING_CM, 127_500) - 100_000) < 100


def test_passages_interpolated_a_little_out_of_order_still_give_a_gap():
    made = passages()
    ride(made, CHASER, 200_000, 12_000, 250_000, 62_000)
    ride(made, HEAD, 250_000, 60_000, 300_000, 110_000)
    assert gap(made, CHASER, 249_000, 61_000) == 0


def test_once_the_winner_is_home_a_rider_without_a_gap_is_not_put_before_those_ahead_on_the_road():
    run = Run.of(stage_on(straight(5_000), riders=3))
    # First heard at kilometre 3: nobody knows when the winner passed where the last one rides now.
    run.ride(range(1, 230), lambda t: [3_000 + 10 * t, 1_000 + 10 * t, 100 + 10 * t], [9001, 9002, 9003])
    assert run.last(1, "status") == RiderStatus.FINISHED
    assert run.last(2, "gap_ms") == pytest.approx(200_000, abs=1_000)
    assert run.last(3, "gap_ms") == -1
    assert run.snapshots[-1].groups.bibs.tolist() == [2, 3]


def test_the_gap_of_one_who_stands_or_rides_back_grows_with_the_time():
    made = passages()
    ride(made, HEAD, 100_000, 10_000, 210_000, 120_000)
    ride(made, CHASER, 100_000, 40_000, 201_000, 141_000)
    assert abs(gap(made, CHASER, 201_000, 141_000) - 30_000) < 100
    assert abs(gap(made, CHASER, 201_000, 171_000) - 60_000) < 100
    # The head was here 20 s earlier still.
    assert abs(gap(made, CHASER, 181_000, 171_000) - 80_000) < 100


def test_the_head_has_no_gap_between_two_points_of_the_road():
    made = passages()
    ride(made, HEAD, 100_000, 10_000, 201_000, 111_000)
    assert gap(made, HEAD, 201_000, 111_000) == 0
    assert gap(made, HEAD, 201_000, 141_000) == 0
