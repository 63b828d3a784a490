"""Who is first heard while the race is on: where the others are, on the lap that fits the time, or not shown yet."""

import numpy as np
import pytest
from ardoise.race.engine import RaceEngine
from ardoise.race.stage import Action, Decision, RiderStatus, Trouble

from tests.support.ride import T0_MS, Run, circuit, road_of, stage_on

LAP_M = 2 * np.pi * 500
OUT_M, APART_M = 6_000, 3.0
LEGS = np.linspace(0, OUT_M, 121)
THERE_AND_BACK = road_of([*((x, 0.0) for x in LEGS), *((x, APART_M) for x in LEGS[::-1])])
MPS = 11.0


def turned_up(others_m: list[float], late_m: float, after_s: int = 600) -> Run:
    """After so long a circuit's last rider is heard for the first time; the others have ridden from its start."""
    riders, late_s = len(others_m) + 1, range(after_s, after_s + 30)
    run = Run.of(stage_on(circuit(), riders=riders))
    for second in [*range(1, after_s, 4), *late_s]:
        places_m = [metres * second / after_s for metres in others_m]
        places_m += [late_m + MPS * (second - after_s)] * (second in late_s)
        run.ride([second], lambda _, places_m=places_m: places_m, range(9001, 9001 + len(places_m)))
    run.beat(after_s + 30)
    return run


def test_who_turns_up_among_others_is_on_their_lap_however_late_the_race_is():
    run = turned_up([5_000 + 10.0 * nth for nth in range(4)], 5_020, after_s=1_200)
    late_m = run.last(5, "distance_cm") / 100
    assert late_m == pytest.approx(5_020 + 29 * MPS, abs=25)
    shown = run.column(5, "status") == RiderStatus.RACING
    assert (np.diff(run.column(5, "distance_cm")[shown]) < 3_000).all()


def test_who_may_be_on_several_laps_is_not_shown_and_the_reason_is_told():
    # Alone: after ten minutes the second lap is as likely as the third.
    run = turned_up([], 2 * LAP_M + 500)
    assert (run.last(1, "status"), run.last(1, "trouble")) == (RiderStatus.OFF_ROUTE, Trouble.LEG)
    assert (run.last(1, "place"), run.last(1, "gap_ms"), run.last(1, "group_id")) == (0, -1, 0)
    # Half a lap from the only others: behind them as likely as ahead of them.
    run = turned_up([6_000.0, 6_010.0], 6_000 + LAP_M / 2)
    assert (run.last(3, "status"), run.last(3, "trouble")) == (RiderStatus.OFF_ROUTE, Trouble.LEG)
    assert run.last(1, "place") == 2


def test_who_may_be_on_several_laps_is_shown_once_the_road_leaves_the_circuit():
    around = np.linspace(0, 4 * np.pi, 361)
    loops = [(500 * np.sin(a), 500 * np.cos(a)) for a in around]
    route = road_of([*loops, *((x, 500.0) for x in np.arange(20.0, 3_000, 20.0))])
    run = Run.of(stage_on(route))
    run.ride(range(450, 550), lambda t: [2 * LAP_M - 500 + MPS * (t - 450)], [9001], speed_mps=MPS)
    run.beat(550)
    at_s = np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])
    shown = run.column(1, "status") == RiderStatus.RACING
    assert not shown[at_s < 490].any()
    assert shown[at_s > 530].all()
    assert run.last(1, "trouble") == Trouble.NONE
    assert run.last(1, "distance_cm") / 100 == pytest.approx(2 * LAP_M - 500 + 99 * MPS, abs=25)


def test_at_the_start_it_is_the_first_lap():
    run = Run.of(stage_on(circuit()))
    run.ride(range(5, 15), lambda t: [50 + MPS * t], [9001], speed_mps=MPS)
    assert run.last(1, "status") == RiderStatus.RACING
    assert run.last(1, "distance_cm") / 100 == pytest.approx(50 + 13 * MPS, abs=25)


def test_before_the_start_the_first_lap_is_where_riders_warm_up():
    run = Run.of(stage_on(circuit()), started=False)
    run.ride(range(5, 15), lambda t: [20.0], [9001], speed_mps=0)
    run.decide(15, Decision("s", Action.START, T0_MS + 15_000))
    run.ride(range(16, 20), lambda t: [20.0], [9001], speed_mps=0)
    assert run.last(1, "distance_cm") / 100 == pytest.approx(20, abs=5)


@pytest.mark.parametrize("field_m", [300, 11_703])
def test_fixes_that_lie_on_the_other_leg_and_seem_to_move_with_it_do_not_outweigh_where_the_field_is(
    field_m: int,
):
    run, now_s = Run.of(stage_on(THERE_AND_BACK, riders=8)), round(field_m / MPS)
    run.ride(
        range(now_s - 10, now_s + 2),
        lambda t: [field_m + MPS * (t - now_s) + 5.0 * nth for nth in range(7)],
        range(9001, 9008),
        speed_mps=MPS,
    )
    # On the other leg, and 15 m along that: a receiver's error moves as far.
    other_m = 2 * OUT_M + APART_M - field_m
    run.ride(range(now_s, now_s + 2), lambda t: [other_m + 15 * (t - now_s)], [9008], speed_mps=MPS)
    run.beat(now_s + 2.5)
    assert run.last(8, "distance_cm") / 100 == pytest.approx(field_m, abs=50)


def test_a_leg_that_was_not_decided_yet_survives_a_checkpoint():
    run = turned_up([], 2 * LAP_M + 500)
    restored = RaceEngine.restore(run.engine.stage, run.engine.checkpoint())
    assert restored.checkpoint() == run.engine.checkpoint()
