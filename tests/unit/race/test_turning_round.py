"""Who has turned round, and who only seems to: at a hairpin riding on and riding back lead to the same places."""

import math

import numpy as np
import pytest
from ardoise.race.legs import ROLLING_MMPS, Legs
from ardoise.race.matching import STRAIGHT_MS, way_cm
from ardoise.race.riders import Fix, Riders
from ardoise.race.road import build_road

from tests.support.ride import T0_MS, Run, fixes, road_of, stage_on, straight


def off_m(run: Run, truth_m) -> np.ndarray:
    """Shown less true distance, snapshot by snapshot, since the rider was found."""
    at_s = np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])
    shown_m = run.column(1, "distance_cm") / 100 - [truth_m(t) for t in at_s]
    return shown_m[at_s > 15]


def test_who_turns_in_the_apex_of_a_hairpin_is_not_taken_round_it() -> None:
    angle = math.radians(60)
    there = [(x, 0.0) for x in np.arange(0, 1_001, 20.0)]
    onward = [(1_000 - d * math.cos(angle), d * math.sin(angle)) for d in np.arange(20, 1_000, 20.0)]
    run = Run.of(stage_on(road_of(there + onward)))

    def truth_m(second: float) -> float:
        """At 8 m/s to the apex; there in four seconds to a stand, and back as fast as it went."""
        braking_s = min(max(second - 123, 0), 4)
        back_s = max(second - 127, 0)
        back_m = back_s * back_s / 2 if back_s < 8 else 32 + 8 * (back_s - 8)
        return 8 * min(second, 123) + 8 * braking_s - braking_s * braking_s - back_m

    for second in range(1, 160):
        speed_mps = abs(truth_m(second) - truth_m(second - 2)) / 2
        run.ride([second], lambda t: [truth_m(t)], [9001], speed_mps=speed_mps)
    assert np.abs(off_m(run, truth_m)).max() < 60


def test_a_receiver_that_falls_back_at_speed_for_half_a_minute_takes_nobody_with_it() -> None:
    route = straight()
    run = Run.of(stage_on(route))
    for second in range(1, 160):
        east_m = -40.0 if 100 <= second < 130 else 0.0
        run.frame(second, fixes(route, [9001], T0_MS + second * 1000, [10.0 * second + east_m], 10.0))
    assert np.abs(off_m(run, lambda t: 10.0 * t)).max() < 20


@pytest.mark.parametrize(
    ("mmps", "told", "may_have_turned"),
    [(ROLLING_MMPS - 1, True, True), (5_000, True, False), (5_000, False, True)],
)
def test_nobody_turns_at_speed_if_the_receiver_knows_the_speed(
    mmps: int, told: bool, may_have_turned: bool
) -> None:
    riders = Riders.none_yet(1)
    riders.fix_cm[:] = 50_000
    row, none, none_m = np.array([0]), np.array([0]), np.array([0.0])
    fix = Fix(
        row, none_m, none_m, none, np.array([1_000]), none_m, none_m, np.array([mmps]), none, np.array([told]),
        none_m, none_m, none_m, none_m, none_m,
    )  # fmt: skip
    Legs(build_road(straight()), riders).look_back(fix, np.array([True]))
    assert np.isfinite(riders.rivals.cost[0]).any() == may_have_turned


def test_a_receiver_that_says_one_stands_is_heard_though_one_was_fast_a_second_ago() -> None:
    route = straight()
    run = Run.of(stage_on(route))

    def truth_m(second: float) -> float:
        return 10 * min(second, 100) - 6 * max(second - 100, 0)

    for second in range(1, 130):
        speed_mps = 10.0 if second <= 100 else 0.5 if second == 101 else 6.0
        run.frame(second, fixes(route, [9001], T0_MS + second * 1000, [truth_m(second)], speed_mps))
    assert np.abs(off_m(run, truth_m)[-20:]).max() < 30


def test_what_the_receiver_errs_is_known_still_when_the_rider_has_turned() -> None:
    route = straight()
    run = Run.of(stage_on(route))

    def truth_m(second: float) -> float:
        return 10 * min(second, 100) - 6 * max(second - 103, 0)

    for second in range(1, 125):
        error_m = 25.0 if second > 85 else 0.0
        speed_mps = 10.0 if second <= 100 else 0.0 if second <= 103 else 6.0
        run.frame(second, fixes(route, [9001], T0_MS + second * 1000, [truth_m(second) + error_m], speed_mps))
    assert np.abs(off_m(run, truth_m)[-10:]).max() < 15


def test_in_an_apex_it_is_the_way_in_the_plane_that_tells_the_speed() -> None:
    along_cm, east_m, north_m = np.array([3_000, 3_000, 200]), np.array([3.0] * 3), np.array([4.0] * 3)
    since_ms = np.array([1_000, STRAIGHT_MS + 1, 1_000])
    assert way_cm(along_cm, since_ms, east_m, north_m).tolist() == [500, 3_000, 200]
