"""From the start to the line: state, gaps, finish, race control's decisions."""

import numpy as np
import pytest
from ardoise.race.stage import (
    Action,
    Assignment,
    Decision,
    EventKind,
    OddityKind,
    RaceState,
    RiderStatus,
    Stage,
    Verdict,
)

from tests.support.ride import START, T0_MS, Run, fixes, joined, road_of, stage_on, straight, winding

FIELD = range(9001, 9005)


def at(second: float) -> int:
    return T0_MS + round(second * 1000)


def field(lead_m: float = 0.0):
    """Four riders at 10 m/s, 20 m apart, the first of them further ahead."""
    return lambda t: [10 * t + 60 + lead_m, 10 * t + 40, 10 * t + 20, 10 * t]


def test_the_race_is_prepared_then_neutralised_until_kilometre_zero_then_racing() -> None:
    run = Run.of(stage_on(straight(kilometre_zero_cm=50_000)), started=False)
    run.ride(range(1, 10), lambda _: [-400], [9001])
    assert run.snapshots[-1].race_state is RaceState.PREPARED
    assert (run.last(1, "status"), run.last(1, "place")) == (RiderStatus.NEUTRAL, 0)
    run.decide(10, Decision("s", Action.START, at(10)))
    run.ride(range(11, 60), lambda t: [-400 + 10 * (t - 10)], [9001])
    states = [s.race_state for s in run.snapshots]
    neutral = [s.riders.distance_cm[0] for s in run.snapshots if s.race_state is RaceState.NEUTRALISED]
    assert sorted(set(states)) == [RaceState.PREPARED, RaceState.NEUTRALISED, RaceState.RACING]
    assert max(neutral) < 2_000
    assert min(s.riders.distance_cm[0] for s in run.snapshots if s.race_state is RaceState.RACING) > -2_000
    assert [e.race_state for e in run.events if e.kind is EventKind.RACE_STATE] == [
        RaceState.NEUTRALISED,
        RaceState.RACING,
    ]


def test_the_gap_is_the_time_since_the_first_passed_the_same_point() -> None:
    # Half the speed of the leader: the distance says nothing about the gap at the same point.
    run = Run.of(stage_on(straight(), riders=2))
    run.ride(range(1, 200), lambda t: [100 + 12 * t, 6 * t], [9001, 9002])
    passed_s = (6 * 199 - 100) / 12
    assert run.last(1, "gap_ms") == 0
    assert run.last(2, "gap_ms") / 1000 == pytest.approx(199 - passed_s, abs=3)
    first, second = run.engine.passages_at(100_000)
    assert (first.bib, first.gap_ms, second.bib) == (1, 0, 2)
    assert second.gap_ms / 1000 == pytest.approx(1_000 / 6 - 900 / 12, abs=0.2)
    assert 0 < second.gap_within_ms < 2_000


def test_warming_up_on_the_road_before_the_start_does_not_count() -> None:
    run = Run.of(stage_on(straight(), riders=2), started=False)
    run.ride(range(1, 60), lambda t: [20 * t], [9001])
    run.decide(60, Decision("s", Action.START, at(60)))
    run.ride(range(61, 70), lambda _: [10, 5], [9001, 9002])
    run.ride(range(70, 130), lambda t: [10 * (t - 70) + 10, 10 * (t - 70) + 5], [9001, 9002])
    assert run.last(2, "gap_ms") < 3_000
    assert {passage.bib for passage in run.engine.passages_at(40_000)} == {1, 2}
    assert run.engine.passages_at(40_000)[0].time_ms > at(60)


def test_riders_are_timed_at_the_line_and_stay_with_time_and_place() -> None:
    run = Run.of(stage_on(straight(2_000), riders=4))
    # They roll out behind the line and turn off; what they do then is nobody's gap.
    run.ride(range(1, 240), field(), FIELD)
    for bib, start_m in zip(range(1, 5), (60, 40, 20, 0), strict=True):
        assert run.last(bib, "finish_time_ms") == pytest.approx(at((2_000 - start_m) / 10), abs=300)
        assert run.last(bib, "status") == RiderStatus.FINISHED
        assert run.last(bib, "place") == bib
        assert run.last(bib, "distance_cm") == run.engine.road.finish_cm
    assert run.last(4, "gap_ms") == pytest.approx(6_000, abs=500)
    assert [e.bibs for e in run.events if e.kind is EventKind.FINISH] == [(1,), (2,), (3,), (4,)]
    assert run.engine.passages_at(run.engine.road.finish_cm)[0].bib == 1


def test_finished_riders_do_not_spoil_the_gaps_of_those_behind() -> None:
    run = Run.of(stage_on(straight(2_000), riders=2, signal_timeout_ms=60_000))
    run.ride(range(1, 170), lambda t: [10 * t + 300, 10 * t], [9001, 9002])
    before = run.last(2, "gap_ms")
    for second in range(170, 195):
        # The winner rides back down the course past the others.
        route = run.engine.stage.route
        frame = fixes(route, [9001, 9002], at(second), [2_000 - 20 * (second - 170), 10 * second])
        verdict = run.frame(second, frame).verdict.tolist()
    assert verdict == [Verdict.OUT_OF_RACE, Verdict.USED]
    assert before == pytest.approx(30_000, abs=500)
    assert run.last(2, "gap_ms") == pytest.approx(30_000, abs=500)


def hole_before_the_line(last_s: int) -> Run:
    run = Run.of(stage_on(straight(2_000), signal_timeout_ms=120_000))
    run.ride(range(1, last_s), lambda t: [12 * t], [9001], speed_mps=12)
    return run


def test_a_hole_of_thirty_six_seconds_at_the_line_is_bridged_behind_it() -> None:
    run = hole_before_the_line(150)
    run.ride(range(180, 190), lambda t: [min(12 * t, 2_150)], [9001], speed_mps=3)
    assert run.last(1, "finish_time_ms") == pytest.approx(at(2_000 / 12), abs=2_000)


def test_a_rider_first_heard_beside_the_road_behind_the_line_has_crossed_it() -> None:
    run = hole_before_the_line(150)
    aside = fixes(run.engine.stage.route, [9001], at(180), [2_000], 2, np.array([[300.0], [100.0]]))
    run.frame(180, aside)
    run.beat(181.5)
    assert run.last(1, "finish_time_ms") == pytest.approx(at(2_000 / 12), abs=2_000)


def test_a_rider_who_falls_silent_just_before_the_line_has_crossed_it() -> None:
    run = hole_before_the_line(140)
    for second in range(140, 230, 5):
        run.beat(second)
    assert run.last(1, "status") == RiderStatus.FINISHED
    assert run.last(1, "finish_time_ms") == pytest.approx(at(2_000 / 12), abs=2_000)


def test_a_rider_who_falls_silent_six_kilometres_out_has_not() -> None:
    run = Run.of(stage_on(straight(10_000)))
    run.ride(range(1, 300), lambda t: [12 * t], [9001])
    for second in range(300, 1_200, 5):
        run.beat(second)
    assert (run.last(1, "status"), run.last(1, "finish_time_ms")) == (RiderStatus.NO_SIGNAL, 0)


def test_silence_is_seen_and_ends() -> None:
    run = Run.of(stage_on(straight(), riders=2, signal_timeout_ms=10_000))
    run.ride(range(1, 60), lambda t: [10 * t + 50, 10 * t], [9001, 9002])
    run.ride(range(60, 90), lambda t: [10 * t], [9002])
    assert (run.last(1, "status"), run.last(1, "group_id")) == (RiderStatus.NO_SIGNAL, 0)
    assert run.last(2, "status") == RiderStatus.RACING
    run.ride(range(90, 100), lambda t: [10 * t + 50, 10 * t], [9001, 9002])
    assert run.last(1, "status") == RiderStatus.RACING


def test_a_standing_rider_is_stopped_and_rolls_again() -> None:
    run = Run.of(stage_on(straight()))
    run.ride(range(1, 60), lambda t: [10 * t], [9001])
    run.ride(range(60, 90), lambda _: [600], [9001])
    assert run.last(1, "status") == RiderStatus.STOPPED
    run.ride(range(90, 110), lambda t: [600 + 10 * (t - 90)], [9001])
    assert run.last(1, "status") == RiderStatus.RACING


def test_who_abandons_leaves_places_and_gaps_and_an_undo_brings_everything_back() -> None:
    run = Run.of(stage_on(straight(), riders=4))
    run.ride(range(1, 100), field(600), FIELD)
    assert run.last(4, "gap_ms") == pytest.approx(66_000, abs=500)
    run.decide(100.1, Decision("a", Action.ABANDON, at(100), bib=1))
    run.ride(range(101, 110), field(600), FIELD)
    assert (run.last(1, "status"), run.last(1, "place")) == (RiderStatus.ABANDONED, 0)
    assert run.last(4, "gap_ms") == pytest.approx(4_000, abs=500)
    assert run.last(2, "place") == 1
    run.decide(110.1, Decision("u", Action.UNDO, at(110), undone_id="a"))
    run.ride(range(111, 120), field(600), FIELD)
    assert (run.last(1, "status"), run.last(1, "place")) == (RiderStatus.RACING, 1)
    assert run.last(4, "gap_ms") == pytest.approx(66_000, abs=500)
    run.decide(120.1, Decision("uu", Action.UNDO, at(120), undone_id="u"))
    run.beat(122)
    assert run.last(1, "status") == RiderStatus.ABANDONED


def test_neutralised_and_stopped_the_gaps_stand_and_positions_go_on() -> None:
    run = Run.of(stage_on(straight(), riders=2))
    run.ride(range(1, 60), lambda t: [10 * t + 200, 10 * t], [9001, 9002])
    run.decide(60, Decision("n", Action.NEUTRALISE, at(60)))
    stood = run.last(2, "gap_ms")
    # The leader is held up: on the road the gap melts, in the race it does not.
    run.ride(range(61, 90), lambda t: [800 + 5 * (t - 60), 10 * t], [9001, 9002])
    assert run.snapshots[-1].race_state is RaceState.NEUTRALISED
    assert run.last(2, "status") == RiderStatus.NEUTRAL
    assert run.last(2, "gap_ms") == pytest.approx(stood, abs=100)
    assert run.last(2, "distance_cm") == pytest.approx(89_000, abs=1_500)
    run.decide(90, Decision("st", Action.STOP, at(90)))
    run.beat(92)
    assert run.snapshots[-1].race_state is RaceState.STOPPED
    run.decide(92, Decision("r", Action.RESUME, at(92)))
    run.beat(94)
    assert run.snapshots[-1].race_state is RaceState.RACING
    run.decide(94, Decision("f", Action.FINISH, at(96)))
    run.beat(96)
    assert run.snapshots[-1].race_state is RaceState.RACING
    run.beat(98)
    assert run.snapshots[-1].race_state is RaceState.FINISHED


def test_a_start_that_is_undone_never_was() -> None:
    run = Run.of(stage_on(straight()))
    run.ride(range(1, 10), lambda t: [10 * t], [9001])
    run.decide(10, Decision("u", Action.UNDO, at(10), undone_id=START.decision_id))
    run.beat(12)
    assert run.snapshots[-1].race_state is RaceState.PREPARED
    assert run.last(1, "place") == 0


def test_a_second_start_forgets_what_was_passed_after_the_first() -> None:
    run = Run.of(stage_on(straight()))
    run.ride(range(1, 60), lambda t: [20 * t], [9001])
    run.decide(60, Decision("u", Action.UNDO, at(60), undone_id=START.decision_id))
    run.decide(60, Decision("again", Action.START, at(60)))
    run.beat(61)
    assert run.engine.passages_at(50_000) == []


def test_a_bike_change_moves_the_rider_to_the_new_tracker_and_leaves_the_old_bike_on_its_roof() -> None:
    stage = Stage("test", straight(), (1, 2), (Assignment(9001, 1), Assignment(9002, 2)), 15_000)
    run = Run.of(stage)
    run.ride(range(1, 60), lambda t: [10 * t, 5], [9001, 9002])
    run.decide(60, Decision("c", Action.ASSIGN, at(60), bib=1, tracker=555))
    for second in range(61, 90):
        # The old bike overtakes on the car's roof.
        frame = fixes(
            stage.route, [9001, 555], at(second), [600 + 15 * (second - 60), 600 + 8 * (second - 60)]
        )
        judgement = run.frame(second, frame)
    assert judgement.verdict.tolist() == [Verdict.UNASSIGNED, Verdict.USED]
    assert judgement.bib.tolist() == [0, 1]
    assert run.last(1, "distance_cm") == pytest.approx(100 * (600 + 8 * 29), abs=2_000)
    late = run.frame(91, fixes(stage.route, [9001], at(59.5), [595]))
    assert late.bib.tolist() == [1]


def test_a_corrected_result_holds_and_its_undo_gives_the_measured_one_back() -> None:
    run = Run.of(stage_on(straight(2_000), riders=4))
    run.ride(range(1, 230), field(), FIELD)
    measured = run.last(1, "finish_time_ms")
    run.decide(230, Decision("c", Action.CORRECT, at(230), bib=1, finish_time_ms=at(500)))
    run.beat(232)
    assert (run.last(1, "finish_time_ms"), run.last(1, "place")) == (at(500), 4)
    assert run.last(2, "gap_ms") == 0
    run.decide(233, Decision("n", Action.CORRECT, at(233), bib=1))
    run.beat(235)
    assert (run.last(1, "finish_time_ms"), run.last(2, "place")) == (0, 1)
    run.decide(236, Decision("u1", Action.UNDO, at(236), undone_id="n"))
    run.decide(236, Decision("u2", Action.UNDO, at(236), undone_id="c"))
    run.beat(238)
    assert (run.last(1, "finish_time_ms"), run.last(1, "place")) == (measured, 1)


def test_a_rider_whose_finish_is_taken_back_is_followed_again() -> None:
    run = Run.of(stage_on(straight(2_000)))
    run.ride(range(1, 205), lambda t: [10 * t], [9001])
    assert run.last(1, "status") == RiderStatus.FINISHED
    run.decide(205, Decision("n", Action.CORRECT, at(205), bib=1))
    verdict = run.frame(206, fixes(run.engine.stage.route, [9001], at(206), [1_990])).verdict.tolist()
    assert verdict == [Verdict.USED]
    run.beat(207)
    assert (run.last(1, "finish_time_ms"), run.last(1, "status")) == (0, RiderStatus.RACING)


def test_the_gradient_is_the_roads() -> None:
    points = [(x, 0.0) for x in np.linspace(0, 2_000, 41)]
    route = road_of(points, elevations_cm=[round(max(x - 1_000, 0) * 7) for x, _ in points])
    run = Run.of(stage_on(route))
    run.ride(range(1, 60), lambda t: [10 * t], [9001])
    assert run.last(1, "gradient_permille") == 0
    run.ride(range(60, 160), lambda t: [10 * t], [9001])
    assert run.last(1, "gradient_permille") == pytest.approx(70, abs=2)


def test_a_fix_heard_by_three_relays_counts_once() -> None:
    run = Run.of(stage_on(winding()))
    for second in range(1, 20):
        frame = fixes(run.engine.stage.route, [9001], at(second), [11 * second])
        verdicts = [int(run.frame(second + 0.1 * n, frame, f"moto-{n}").verdict[0]) for n in range(3)]
        assert verdicts[1:] == [Verdict.DUPLICATE] * 2
    assert verdicts[0] == Verdict.USED
    twice = fixes(run.engine.stage.route, [9001, 9001], at(20), [220, 220])
    assert run.frame(20, twice).verdict.tolist() == [Verdict.USED, Verdict.DUPLICATE]


def test_a_clock_years_off_is_marked_told_once_and_kept_out_of_the_live_state() -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 20), lambda t: [11 * t], [9001])
    years = 20 * 365 * 86_400_000
    for second in range(20, 25):
        for offset in (-years, 6_000, -25 * 3_600_000):
            frame = fixes(run.engine.stage.route, [9001], at(second) + offset, [5_000])
            assert run.frame(second, frame).verdict.tolist() == [Verdict.CLOCK_WRONG]
            again = Verdict.CLOCK_WRONG if offset > 0 else Verdict.DUPLICATE
            assert run.frame(second, frame).verdict.tolist() == [again]
    run.ride(range(25, 30), lambda t: [11 * t], [9001])
    assert run.last(1, "distance_cm") == pytest.approx(11 * 2_900, abs=2_000)
    assert [(o.kind, o.clock_offset_ms) for o in run.oddities] == [(OddityKind.CLOCK, -years)]


def test_one_tracker_in_two_places_at_the_same_second_is_told() -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 20), lambda t: [11 * t], [9001])
    impostor = fixes(run.engine.stage.route, [9001], at(19), [4_000])
    assert run.frame(19.5, impostor, "moto-9").verdict.tolist() == [Verdict.DUPLICATE]
    assert [(o.kind, o.relay_id) for o in run.oddities] == [(OddityKind.TWO_PLACES, "moto-9")]
    assert run.oddities[0].distance_m > 3_000


def test_nobodys_tracker_is_a_verdict_not_a_crash() -> None:
    run = Run.of(stage_on(winding()))
    stranger = fixes(run.engine.stage.route, [7, 9001], at(1), [10, 10])
    assert run.frame(1, stranger).verdict.tolist() == [Verdict.UNASSIGNED, Verdict.UNCONFIRMED]
    assert run.frame(1.5, stranger).verdict.tolist() == [Verdict.DUPLICATE] * 2
    assert len(run.frame(2, joined(stranger, stranger)).verdict) == 4
