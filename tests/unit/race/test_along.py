"""The filter along the road: what it makes of receivers whose errors last."""

import numpy as np
import pytest
from ardoise.race.along import (
    ERROR_LASTS_S,
    ERROR_M2,
    LINE_M2,
    MOST_ERROR_M,
    SLIPPING_MPS,
    Along,
    OnRoad,
    lasting_m2,
)
from ardoise.race.along import placed as along_of

SEED = 20260705
RIDERS, SECONDS, SPEED_MPS, SIGMA_M, SPEED_NOISE_MPS = 200, 300, 11.0, 5.0, 0.15


TREES_M = 15.0


def errors_m(random: np.random.Generator, seconds: int) -> np.ndarray:
    """Of receivers that err by as much half a minute later, [second, rider]."""
    kept = np.exp(-1 / ERROR_LASTS_S)
    error_m = [random.normal(0, SIGMA_M, RIDERS)]
    for _ in range(seconds):
        error_m.append(kept * error_m[-1] + random.normal(0, SIGMA_M * (1 - kept**2) ** 0.5, RIDERS))
    return np.array(error_m)


def eastwards(along: Along) -> OnRoad:
    """On a road that leads east."""
    return along.on(np.ones(len(along.place_cm)), np.zeros(len(along.place_cm)))


def placed(place_cm: np.ndarray) -> Along:
    return along_of(place_cm, np.ones(len(place_cm)), np.zeros(len(place_cm)))


def corrected(along: Along, seen_cm: np.ndarray, told: np.ndarray, since_ms: np.ndarray) -> Along:
    """After fixes on the line."""
    return eastwards(along).corrected(seen_cm, np.zeros(len(seen_cm)), told, since_ms)


def cm(metres: np.ndarray) -> np.ndarray:
    return np.rint(metres * 100).astype(np.int64)


def ridden(random: np.random.Generator, *, told: bool) -> tuple[np.ndarray, Along]:
    """After SECONDS: how far each rider is believed to be off, and what is believed. `told`: receivers give speeds."""
    error_m = errors_m(random, SECONDS)
    along = placed(cm(error_m[0]))
    before = speed = cm(np.full(RIDERS, 10 * SPEED_MPS))
    for second in range(1, SECONDS + 1):
        if told:
            before, speed = speed, cm(10 * random.normal(SPEED_MPS, SPEED_NOISE_MPS, RIDERS))
        since_ms = np.full(RIDERS, 1000)
        along = along.ridden_on(since_ms, before, speed, np.full(RIDERS, told), np.full(RIDERS, ERROR_M2))
        along = corrected(along, cm(SPEED_MPS * second + error_m[second]), np.full(RIDERS, told), since_ms)
    return along.place_cm / 100 - SPEED_MPS * SECONDS, along


@pytest.fixture
def random() -> np.random.Generator:
    print("seed", SEED)
    return np.random.default_rng(SEED)


def test_with_speeds_the_place_is_known_better_than_any_fix(random: np.random.Generator):
    off_m, _ = ridden(random, told=True)
    assert np.std(off_m) < 0.7 * SIGMA_M


def test_how_sure_it_is_is_true(random: np.random.Generator):
    off_m, along = ridden(random, told=True)
    within = np.abs(off_m) <= 1.645 * np.sqrt(along.place_m2)
    assert 0.85 <= within.mean() <= 0.97


def test_without_speeds_it_is_less_sure(random: np.random.Generator):
    _, told = ridden(random, told=True)
    _, untold = ridden(random, told=False)
    assert (untold.place_m2 > 1.5 * told.place_m2).all()


def test_a_fix_far_away_hardly_moves_anybody_and_the_next_one_is_heard():
    along = placed(np.array([100_000]))
    told = np.array([False])
    still = (np.array([1000]), np.array([0]), np.array([0]), told, np.array([ERROR_M2]))
    for _ in range(60):
        along = corrected(along.ridden_on(*still), np.array([100_000]), told, still[0])
    once = corrected(along.ridden_on(*still), np.array([104_000]), told, still[0])
    again = corrected(once.ridden_on(*still), np.array([100_000]), told, still[0])
    assert once.place_m2[0] > along.place_m2[0]
    assert abs(again.place_cm[0] - 100_000) < 500
    assert abs(once.east_m[0]) <= MOST_ERROR_M


def test_where_the_speed_is_known_it_is_the_receiver_that_leaps_and_not_the_rider():
    along, told = placed(np.array([100_000])), np.array([True])
    still = (np.array([1000]), np.array([0]), np.array([0]), told, np.array([ERROR_M2]))
    for _ in range(60):
        along = corrected(along.ridden_on(*still), np.array([100_000]), told, still[0])
    for _ in range(5):
        along = corrected(along.ridden_on(*still), np.array([104_000]), told, still[0])
    assert abs(along.place_cm[0] - 100_000) < 400
    assert along.east_m[0] > 30
    # A fix on the next leg of the road, further on than a receiver errs: no leap either.
    leapt = corrected(along.ridden_on(*still), np.array([112_000]), told, still[0])
    assert abs(leapt.place_cm[0] - along.place_cm[0]) <= 100 * SLIPPING_MPS + 200
    assert leapt.east_m[0] == MOST_ERROR_M


def test_a_receiver_whose_speed_is_wrong_for_long_loses_nobody():
    along, told = placed(np.array([100_000])), np.array([True])
    since_ms, slow_mmps = np.array([1000]), np.array([8_000])
    for second in range(1, 120):
        along = along.ridden_on(since_ms, slow_mmps, slow_mmps, told, np.array([ERROR_M2]))
        along = corrected(along, np.array([100_000 + 1_100 * second]), told, since_ms)
    assert abs(along.place_cm[0] - 230_900) < 6_000


def test_under_trees_the_speed_is_believed_more_than_the_fixes(random: np.random.Generator):
    _, before = ridden(random, told=True)
    error_m = TREES_M / SIGMA_M * errors_m(random, 60)
    told, since_ms, still = np.full(RIDERS, True), np.full(RIDERS, 1000), np.zeros(RIDERS, np.int64)
    off_m = {}
    for across_m2 in (0.0, TREES_M**2 + LINE_M2):
        lasts_m2 = lasting_m2(np.full(RIDERS, across_m2))
        along = before
        for error in error_m:
            along = along.ridden_on(since_ms, still, still, told, lasts_m2)
            along = corrected(along, before.place_cm + cm(error), told, since_ms)
        off_m[across_m2] = np.std((along.place_cm - before.place_cm) / 100)
    assert off_m[TREES_M**2 + LINE_M2] < 0.5 * off_m[0.0]


def test_how_far_fixes_lie_from_the_line_says_how_much_the_receiver_errs_but_for_the_width_of_the_road():
    assert lasting_m2(np.array([0.0, 50.0, 264.0])).tolist() == [25.0, 25.0, 225.0]


def test_where_fixes_are_seconds_apart_they_are_believed_though_they_lie_far_from_the_line():
    along, speed = placed(np.array([0])), np.array([10_000])
    told, under_m2 = np.array([True]), np.array([225.0])
    each_second = along.ridden_on(np.array([1_000]), speed, speed, told, under_m2)
    as_the_public_feed = along.ridden_on(np.array([6_000]), speed, speed, told, under_m2)
    assert each_second.east_m2[0] > ERROR_M2
    assert as_the_public_feed.east_m2[0] == ERROR_M2


def test_after_a_hole_in_which_the_speed_changed_it_is_unsure():
    along = placed(np.array([0]))
    hole, sky = np.array([36_000]), (np.array([True]), np.array([ERROR_M2]))
    steady = along.ridden_on(hole, np.array([10_000]), np.array([10_000]), *sky)
    changed = along.ridden_on(hole, np.array([5_000]), np.array([15_000]), *sky)
    assert abs(steady.place_cm[0] - 36_000) < 100
    assert abs(changed.place_cm[0] - 36_000) < 1_500
    assert changed.place_m2[0] > 1.5 * steady.place_m2[0] > 0


def ridden_round_bends(random: np.random.Generator, *, looks_aside: bool) -> dict[int, float]:
    """How far riders are believed to be off by second: northwards, after 150 s southwards, after 180 s eastwards.

    They stand on the place, the road turns. `looks_aside`: how far fixes lie from the line is told.
    """
    east_m, north_m = errors_m(random, 200), errors_m(random, 200)
    nothing, one = np.zeros(RIDERS), np.ones(RIDERS)
    told, since_ms, still = np.full(RIDERS, True), np.full(RIDERS, 1000), np.zeros(RIDERS, np.int64)
    along = along_of(cm(north_m[0]), nothing, one)
    off_m = {}
    for second in range(1, 200):
        leads = (nothing, one) if second < 150 else (nothing, -one) if second < 180 else (one, nothing)
        error_m = east_m[second] * leads[0] + north_m[second] * leads[1]
        aside_m = (north_m[second] * leads[0] - east_m[second] * leads[1]) * looks_aside
        along = along.ridden_on(since_ms, still, still, told, np.full(RIDERS, ERROR_M2))
        along = along.on(*leads).corrected(cm(error_m), aside_m, told, since_ms)
        off_m[second] = np.std(along.place_cm / 100)
    return off_m


def test_behind_a_hairpin_a_receiver_errs_the_other_way_round(random: np.random.Generator):
    off_m = ridden_round_bends(random, looks_aside=True)
    assert off_m[151] < 0.5 * off_m[149]


def test_how_far_fixes_lie_aside_is_known_along_the_road_behind_the_next_bend(random: np.random.Generator):
    blind_m = ridden_round_bends(np.random.default_rng(SEED), looks_aside=False)
    assert ridden_round_bends(random, looks_aside=True)[190] < 0.95 * blind_m[190]
