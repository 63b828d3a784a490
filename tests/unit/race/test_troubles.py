"""What is wrong with a rider is named while it lasts, and a vehicle is nobody's reference."""

from collections.abc import Callable

import numpy as np
import pytest
from ardoise.race.route import Route
from ardoise.race.stage import RiderStatus, Trouble

from tests.support.ride import T0_MS, Run, fixes, stage_on, straight

RIDERS = [9001, 9002]
MPS = 6.0


def uphill(permille: int = 80) -> Route:
    """Ten kilometres of one climb."""
    metres = np.linspace(0, 10_000, 201)
    return straight(10_000, elevations_cm=np.rint(metres * permille / 10).astype(int))


def first_m(second: float) -> float:
    return 160 + MPS * second


def rolling(route: Route | None = None) -> Run:
    """A minute of two riders 60 m apart."""
    run = Run.of(stage_on(route or straight(), riders=2))
    run.ride(range(1, 60), lambda t: [first_m(t), first_m(t) - 60], RIDERS, speed_mps=MPS)
    assert run.last(2, "trouble") == Trouble.NONE
    return run


def ride(run: Run, seconds: range, second_m: Callable[[float], float], mps: float | None = None) -> None:
    """The first rides on; the second is elsewhere, with receivers that tell no speed, or this one."""
    run.ride(seconds, lambda t: [first_m(t), second_m(t)], RIDERS, speed_mps=mps)


def test_who_climbs_as_no_rider_does_is_driven_off_the_route_and_nobodys_reference():
    run = rolling(uphill())
    # Past the first, at 65 km/h up 8 per cent.
    ride(run, range(60, 100), lambda t: 460 + 18 * (t - 60))
    assert (run.last(2, "trouble"), run.last(2, "status")) == (Trouble.DRIVEN, RiderStatus.OFF_ROUTE)
    assert (run.last(2, "place"), run.last(2, "group_id"), run.last(2, "gap_ms")) == (0, 0, -1)
    assert (run.last(1, "place"), run.last(1, "gap_ms")) == (1, 0)
    # Set down, and riding again: back in the race once that has lasted as long.
    ride(run, range(100, 180), lambda t: 1_180 + MPS * (t - 100))
    assert (run.last(2, "trouble"), run.last(2, "status")) == (Trouble.NONE, RiderStatus.RACING)
    assert run.last(1, "gap_ms") > 0


@pytest.mark.parametrize("route", [straight(), uphill(30)], ids=["flat", "three per cent"])
def test_who_is_fast_where_riders_can_be_is_not(route: Route):
    run = rolling(route)
    ride(run, range(60, 120), lambda t: 460 + 18 * (t - 60))
    assert (run.last(2, "trouble"), run.last(2, "status")) == (Trouble.NONE, RiderStatus.RACING)


def test_an_attack_of_ten_seconds_up_a_climb_is_one():
    run = rolling(uphill())
    ride(run, range(60, 70), lambda t: 460 + 18 * (t - 60))
    assert run.last(2, "trouble") == Trouble.NONE
    ride(run, range(70, 90), lambda t: 640 + MPS * (t - 70))
    assert run.last(2, "trouble") == Trouble.NONE


def test_a_tracker_that_repeats_its_place_at_speed_is_frozen():
    run = rolling()
    ride(run, range(60, 70), lambda _: first_m(59) - 60, MPS)
    assert (run.last(1, "trouble"), run.last(2, "trouble")) == (Trouble.NONE, Trouble.FROZEN)


def test_a_jump_is_told_and_forgotten_ten_seconds_later():
    run = rolling()
    ride(run, range(60, 61), lambda _: 3_000, MPS)
    run.beat(60.5)
    assert run.last(2, "trouble") == Trouble.JUMP
    ride(run, range(61, 75), lambda t: first_m(t) - 60, MPS)
    assert run.last(2, "trouble") == Trouble.NONE


def test_a_speed_that_the_places_belie_is_told():
    run = rolling()
    run.ride(range(60, 66), lambda t: [first_m(t)], RIDERS[:1], speed_mps=MPS)
    for second in range(60, 66):
        frame = fixes(
            run.engine.stage.route, RIDERS[1:], T0_MS + second * 1000 + 500, [first_m(second) - 57], 40.0
        )
        run.frame(second + 6.5, frame)
    assert (run.last(1, "trouble"), run.last(2, "trouble")) == (Trouble.NONE, Trouble.SPEED)


@pytest.mark.parametrize(
    ("off_s", "trouble"),
    [
        (3, Trouble.CLOCK),
        (60, Trouble.CLOCK),
        (-1_024 * 7 * 86_400, Trouble.CLOCK),
        (-40, Trouble.LATE),
        (-3, Trouble.NONE),
    ],
)
def test_a_clock_that_is_wrong_and_a_relay_that_is_late_are_told(off_s: int, trouble: Trouble):
    run = rolling()
    for second in range(60, 63):
        at_ms = T0_MS + (second + off_s) * 1000 + 500
        run.frame(
            second, fixes(run.engine.stage.route, RIDERS[1:], at_ms, [first_m(second + off_s) - 57], MPS)
        )
    run.beat(63.5)
    assert run.last(2, "trouble") == trouble


def test_one_tracker_at_two_places_is_told():
    run = rolling()
    for at_m in (first_m(60) - 60, 3_000):
        run.frame(60, fixes(run.engine.stage.route, RIDERS[1:], T0_MS + 60_000, [at_m], MPS), f"moto-{at_m}")
    run.beat(60.5)
    assert run.last(2, "trouble") == Trouble.TWO_PLACES


def clocks_apart(ahead_ms: dict[int, int], latency_s: float = 0.6) -> Run:
    """A minute of three riders 60 m apart, some with clocks ahead, whose fixes take so long."""
    run = Run.of(stage_on(straight(), riders=3))
    riders_ms = [ahead_ms.get(bib, 0) for bib in (1, 2, 3)]
    for t in range(1, 120):
        metres = [first_m(t), first_m(t) - 60, first_m(t) - 120]
        times_ms = [T0_MS + t * 1000 + ms for ms in riders_ms]
        run.frame(t + latency_s, fixes(straight(), [9001, 9002, 9003], times_ms, metres, MPS))
    return run


def test_how_far_a_clock_is_ahead_is_part_of_what_a_gap_is_stated_to_be_right_to():
    right, wrong = clocks_apart({}), clocks_apart({2: 3_000})
    assert wrong.last(2, "trouble") == Trouble.CLOCK
    assert wrong.last(2, "gap_ms") == pytest.approx(13_000, abs=300)
    assert wrong.last(2, "gap_within_ms") == pytest.approx(3_000 + right.last(2, "gap_within_ms"), abs=150)
    assert wrong.last(3, "gap_within_ms") == pytest.approx(right.last(3, "gap_within_ms"), abs=50)
    point_cm = round(first_m(60) - 60) * 100
    within_ms = {p.bib: p.gap_within_ms for p in wrong.engine.passages_at(point_cm)}
    assert within_ms[2] > 3_000 > within_ms[3]


def test_a_first_whose_clock_is_ahead_makes_every_other_gap_doubtful_but_that_of_the_same_clock():
    right, wrong = clocks_apart({}), clocks_apart({1: 3_000, 3: 3_000})
    assert wrong.last(2, "gap_within_ms") == pytest.approx(3_000 + right.last(2, "gap_within_ms"), abs=150)
    assert wrong.last(3, "gap_within_ms") == pytest.approx(right.last(3, "gap_within_ms"), abs=150)


def test_fixes_that_are_held_up_make_no_clock_doubtful():
    right, late = clocks_apart({}), clocks_apart({2: -20_000})
    # 20 s without news, and no more.
    assert late.last(2, "gap_within_ms") < right.last(2, "gap_within_ms") + 1_700
