"""Riders are found on the road and followed along it, whatever the receivers do."""

import numpy as np
import pytest
from ardoise.race.stage import NOWHERE, OddityKind, RiderStatus, Verdict

from tests.support.ride import (
    T0_MS,
    Run,
    circuit,
    fixes,
    hairpins,
    joined,
    place,
    road_of,
    stage_on,
    straight,
    winding,
)

SEED = 20260704


@pytest.fixture
def noise() -> np.random.Generator:
    print("seed", SEED)
    return np.random.default_rng(SEED)


def errors_m(run: Run, bib: int, truth_m) -> np.ndarray:
    """Published less true distance at each snapshot since the rider was found; that must be soon."""
    at_s = np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])
    known = run.column(bib, "status") == RiderStatus.RACING
    assert known[at_s >= 10].all()
    return (run.column(bib, "distance_cm") / 100 - np.array([truth_m(t) for t in at_s]))[known]


def published_speeds_mps(run: Run, bib: int) -> np.ndarray:
    cm, ms = run.column(bib, "distance_cm"), np.array([s.race_time_ms for s in run.snapshots])
    shown = run.column(bib, "status") == RiderStatus.RACING
    return (np.diff(cm) * 10 / np.diff(ms))[shown[1:] & shown[:-1]]


def test_a_rider_is_where_the_noisy_fixes_say_within_metres(noise) -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 300), lambda t: [50 + 11 * t], [9001], noise=noise)
    off = errors_m(run, 1, lambda t: 50 + 11 * t)
    assert np.abs(off).max() < 25
    assert abs(np.median(off)) < 5
    assert abs(run.last(1, "speed_mmps") - 11_000) < 1_500


def test_hairpins_twenty_metres_apart_do_not_snap_to_the_wrong_leg(noise) -> None:
    run = Run.of(stage_on(hairpins()))
    run.ride(range(1, 700), lambda t: [50 + 6 * t], [9001], noise=noise)
    assert np.abs(errors_m(run, 1, lambda t: 50 + 6 * t)).max() < 40


def test_hairpins_are_followed_with_fixes_six_seconds_apart_and_holes_of_thirty_six(noise) -> None:
    run = Run.of(stage_on(hairpins(), signal_timeout_ms=120_000))
    heard = {t for start in range(1, 700, 60) for t in range(start, start + 30, 6)}
    for second in range(1, 700):
        if second in heard:
            run.ride([second], lambda t: [50 + 6 * t], [9001], noise=noise, speed_mps=6)
        else:
            run.beat(second + 0.5)
    assert np.abs(errors_m(run, 1, lambda t: 50 + 6 * t)).max() < 80


def test_a_circuit_ridden_four_times_counts_every_lap(noise) -> None:
    run = Run.of(stage_on(circuit()))
    run.ride(range(1, 1_000), lambda t: [10 + 12 * t], [9001], noise=noise)
    assert np.abs(errors_m(run, 1, lambda t: 10 + 12 * t)).max() < 40


def test_a_rider_who_is_found_late_is_placed_on_the_lap_of_the_field(noise) -> None:
    run = Run.of(stage_on(circuit(), riders=8))
    run.ride(range(1, 500), lambda t: [10 + 12 * t] * 7, range(9001, 9008), noise=noise)
    run.ride(range(500, 520), lambda t: [10 + 12 * t] * 8, range(9001, 9009), noise=noise)
    assert abs(run.last(8, "distance_cm") / 100 - (10 + 12 * 519)) < 60


def test_who_rides_back_for_a_bottle_is_shown_riding_back_and_not_on_the_other_side_of_the_road(
    noise,
) -> None:
    out = [(x, 0.0) for x in np.arange(0, 4_000, 20.0)]
    back = [(x, 6.0) for x in np.arange(4_000, 0, -20.0)]
    run = Run.of(stage_on(road_of(out + back)))

    def truth_m(second: float) -> float:
        """At 10 m/s; from 120 s on 300 m back, and then on again."""
        turned, again = min(max(second - 120, 0), 50), max(second - 170, 0)
        return 10 * min(second, 120) - 6 * turned + 10 * again

    for second in range(1, 260):
        speed_mps = abs(truth_m(second) - truth_m(second - 1))
        if second in (121, 171):
            speed_mps = 0.5
        run.ride([second], lambda t: [truth_m(t)], [9001], noise=noise, speed_mps=speed_mps)
    at_s = np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])
    off_m = np.abs(run.column(1, "distance_cm") / 100 - [truth_m(t) for t in at_s])
    assert off_m[(at_s > 10) & (at_s < 120)].max() < 25
    assert off_m[(at_s > 140) & (at_s < 170)].max() < 40
    assert off_m[at_s > 195].max() < 40


def test_where_a_silence_leaves_several_legs_open_the_fixes_behind_it_decide() -> None:
    run = Run.of(stage_on(hairpins(), signal_timeout_ms=120_000))
    silent = {t for start in range(230, 700, 90) for t in range(start, start + 40)}
    truth_m = [50.0]
    for second in range(1, 800):
        # Slower in the silences than the speeds before and behind them say.
        truth_m.append(truth_m[-1] + (3.5 if second in silent else 6.0))
        if second in silent:
            run.beat(second + 0.5)
            continue
        # The first fix behind a silence lies on the next leg.
        north_m = 20.0 if second - 1 in silent else 0.0
        where = (run.engine.stage.route, [9001], T0_MS + second * 1000, [truth_m[-1]])
        run.frame(second, fixes(*where, 6.0, np.array([[north_m], [0.0]])))
    at_s = np.array([(s.race_time_ms - T0_MS) / 1000 for s in run.snapshots])
    off_m = np.abs(run.column(1, "distance_cm") / 100 - np.interp(at_s, range(800), truth_m))
    settled = np.array([not silent & set(range(int(t) - 40, int(t) + 1)) for t in at_s]) & (at_s > 15)
    assert settled.sum() > 100
    assert off_m[settled].max() < 40


def test_in_a_hole_a_rider_rides_on_and_is_neither_frozen_nor_teleported(noise) -> None:
    run = Run.of(stage_on(winding(), signal_timeout_ms=120_000))
    for second in range(1, 400):
        # Twelve metres a second, then eight: what was expected in the hole is wrong by a hundred metres.
        truth = 12 * min(second, 110) + 8 * max(second - 110, 0)
        if 100 < second < 137:
            run.beat(second + 0.5)
        else:
            run.ride([second], lambda _, truth=truth: [truth], [9001], noise=noise)
    speeds = published_speeds_mps(run, 1)[10:]
    assert speeds.max() <= 21
    assert speeds.min() > 1
    assert abs(run.last(1, "distance_cm") / 100 - truth) < 30


def test_a_single_jump_is_set_aside_and_told(noise) -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 60), lambda t: [11 * t], [9001], noise=noise)
    judgement = run.frame(60, fixes(run.engine.stage.route, [9001], T0_MS + 60_000, [5_000]))
    run.ride(range(61, 90), lambda t: [11 * t], [9001], noise=noise)
    assert judgement.verdict.tolist() == [Verdict.JUMP]
    assert judgement.distance_cm.tolist() == [NOWHERE]
    assert [(o.kind, o.bib, o.tracker) for o in run.oddities] == [(OddityKind.JUMP, 1, 9001)]
    assert 3_500 < run.oddities[0].distance_m < 5_000
    assert np.abs(errors_m(run, 1, lambda t: 11 * t)).max() < 25


def test_a_jump_into_the_future_does_not_make_the_honest_fixes_late(noise) -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 60), lambda t: [11 * t], [9001], noise=noise)
    forged = run.frame(59.5, fixes(run.engine.stage.route, [9001], T0_MS + 64_000, [9_000]), "moto-9")
    honest = [
        int(run.frame(t, fixes(run.engine.stage.route, [9001], T0_MS + t * 1000, [11 * t])).verdict[0])
        for t in range(60, 64)
    ]
    assert forged.verdict.tolist() == [Verdict.JUMP]
    assert honest == [Verdict.USED] * 4


def test_three_fixes_that_agree_at_a_new_place_are_believed_and_shown_without_a_teleport(noise) -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 60), lambda t: [11 * t], [9001], noise=noise)
    run.ride(range(60, 90), lambda t: [5_000 + 11 * t], [9001], noise=noise)
    assert abs(run.last(1, "distance_cm") / 100 - (5_000 + 11 * 89)) < 40
    assert published_speeds_mps(run, 1).max() <= 30


def test_the_same_place_again_at_speed_is_set_aside(noise) -> None:
    run = Run.of(stage_on(straight()))
    run.ride(range(1, 30), lambda t: [11 * t], [9001], speed_mps=11)
    frozen = [
        run.frame(t, fixes(run.engine.stage.route, [9001], T0_MS + t * 1000, [11 * 29], 11)).verdict[0]
        for t in range(30, 36)
    ]
    run.ride(range(36, 60), lambda t: [11 * t], [9001], speed_mps=11)
    assert set(frozen) == {Verdict.FROZEN}
    assert published_speeds_mps(run, 1)[5:].min() > 3
    assert {o.kind for o in run.oddities} == {OddityKind.FROZEN}


def test_parked_bikes_in_another_city_are_off_the_route_and_have_no_place(noise) -> None:
    run = Run.of(stage_on(winding(), riders=2))
    parked = fixes(run.engine.stage.route, [9002], T0_MS, [0])
    for second in range(1, 60):
        away = type(parked)(
            parked.tracker, np.array([T0_MS + second * 1000]), parked.latitude_e7 - 15_000_000,
            parked.longitude_e7, np.array([150]),
        )  # fmt: skip
        here = fixes(run.engine.stage.route, [9001], T0_MS + second * 1000, [11 * second])
        verdict = run.frame(second, joined(here, away)).verdict
    assert verdict.tolist() == [Verdict.USED, Verdict.OFF_ROUTE]
    assert (run.last(2, "status"), run.last(2, "place"), run.last(2, "gap_ms")) == (
        RiderStatus.OFF_ROUTE,
        0,
        -1,
    )
    assert run.last(1, "place") == 1


def test_a_rider_who_leaves_the_road_for_a_moment_stays_and_one_who_stays_away_goes(noise) -> None:
    run = Run.of(stage_on(straight()))
    route = run.engine.stage.route

    def aside(second: int, metres: float) -> int:
        frame = fixes(route, [9001], T0_MS + second * 1000, [11 * second], None, np.array([[metres], [0.0]]))
        return int(run.frame(second, frame).verdict[0])

    run.ride(range(1, 60), lambda t: [11 * t], [9001], noise=noise)
    assert {aside(second, 400) for second in range(60, 66)} == {Verdict.JUMP}
    run.ride(range(66, 90), lambda t: [11 * t], [9001], noise=noise)
    assert RiderStatus.OFF_ROUTE not in set(run.column(1, "status")[10:].tolist())
    for second in range(90, 120):
        aside(second, min((second - 90) * 20, 400))
    assert run.last(1, "status") == RiderStatus.OFF_ROUTE
    run.ride(range(120, 130), lambda t: [11 * t], [9001], noise=noise)
    assert run.last(1, "status") == RiderStatus.RACING


def test_out_of_order_and_late_fixes_never_move_the_live_position_back() -> None:
    run = Run.of(stage_on(straight()))
    route = run.engine.stage.route
    run.ride(range(1, 60), lambda t: [11 * t], [9001])
    run.ride(range(62, 100), lambda t: [11 * t], [9001])
    before = run.last(1, "distance_cm")
    judgement = run.frame(100.2, fixes(route, [9001, 9001], [T0_MS + 61_000, T0_MS + 60_000], [671, 660]))
    run.beat(101.5)
    assert judgement.verdict.tolist() == [Verdict.LATE, Verdict.LATE]
    assert np.abs(judgement.distance_cm / 100 - [671, 660]).max() < 2
    assert run.last(1, "distance_cm") > before


def test_ten_minutes_stored_and_forwarded_fill_the_track_in() -> None:
    run = Run.of(stage_on(straight(), signal_timeout_ms=15_000))
    route = run.engine.stage.route
    run.ride(range(1, 60), lambda t: [9 * t], [9001])
    for second in range(60, 660, 5):
        run.beat(second)
    run.ride(range(660, 700), lambda t: [9 * t], [9001])
    assert len(run.engine.track(1)[0]) < 60
    seconds = np.arange(60, 660)
    judgement = run.frame(700.5, fixes(route, [9001] * 600, T0_MS + seconds * 1000, 9 * seconds))
    assert set(judgement.verdict.tolist()) == {Verdict.LATE}
    cm, ms = run.engine.track(1)
    assert len(cm) > 9 * 690 / 25
    assert np.abs((ms - T0_MS) / 1000 - cm / 900).max() < 3


def test_a_whole_hole_in_one_frame_moves_the_rider_on_and_fills_the_track() -> None:
    run = Run.of(stage_on(straight()))
    run.ride(range(1, 60), lambda t: [9 * t], [9001])
    seconds = np.arange(60, 360)
    frame = fixes(run.engine.stage.route, [9001] * 300, T0_MS + seconds * 1000, 9 * seconds)
    run.frame(360, frame)
    run.beat(361.5)
    assert abs(run.last(1, "distance_cm") / 100 - 9 * 361) < 30
    cm, ms = run.engine.track(1)
    assert len(cm) > 9 * 350 / 25
    assert np.abs((ms - T0_MS) / 1000 - cm / 900).max() < 3


@pytest.mark.parametrize("ahead_s", [60, 3_600])
def test_a_clock_that_was_ahead_and_is_put_right_is_heard_again_at_once(ahead_s: int) -> None:
    run = Run.of(stage_on(straight()))
    route = run.engine.stage.route
    for second in range(1, 60):
        at_ms = T0_MS + (second + ahead_s) * 1000
        early = run.frame(second, fixes(route, [9001], at_ms, [5 * second]))
        assert early.verdict.tolist() == [Verdict.CLOCK_WRONG]
    run.ride([1 + ahead_s], lambda _: [300], [9001])  # The first is awaited, to be sure of its place.
    for second in range(2, 60):
        at_ms = T0_MS + (second + ahead_s) * 1000
        heard = run.frame(second + ahead_s, fixes(route, [9001], at_ms, [300 + 5 * second]))
        assert heard.verdict.tolist() == [Verdict.USED], second


@pytest.mark.parametrize("at_once", [1, 7, 600])
@pytest.mark.parametrize("order", ["oldest first", "newest first", "any"])
def test_ten_minutes_stored_fill_the_track_in_whatever_their_order_and_once(order: str, at_once: int) -> None:
    run = Run.of(stage_on(straight()))
    route = run.engine.stage.route
    run.ride(range(1, 60), lambda t: [9 * t], [9001])
    for second in range(60, 660, 5):
        run.beat(second)
    seconds = {
        "oldest first": np.arange(60, 660),
        "newest first": np.arange(60, 660)[::-1],
        "any": np.random.default_rng(3).permutation(np.arange(60, 660)),
    }[order]
    verdicts = []
    for time in range(2):
        for part in range(0, 600, at_once):
            some = seconds[part : part + at_once]
            frame = fixes(route, [9001] * len(some), T0_MS + some * 1000, 9 * some)
            verdicts += run.frame(660 + 30 * time + part * 0.05, frame).verdict.tolist()
    assert set(verdicts[:600]) <= {Verdict.USED, Verdict.LATE}
    assert set(verdicts[600:]) == {Verdict.DUPLICATE}
    cm, ms = run.engine.track(1)
    assert len(cm) > 9 * 650 / 25
    assert np.abs((ms - T0_MS) / 1000 - cm / 900).max() < 3
    speeds = published_speeds_mps(run, 1)
    assert speeds.min() >= 0
    assert speeds.max() < 25


def test_a_place_of_the_road_and_its_distance_belong_together() -> None:
    run = Run.of(stage_on(winding()))
    run.ride(range(1, 60), lambda t: [11 * t], [9001])
    latitude_e7, longitude_e7 = place(run.engine.stage.route, np.array([run.last(1, "distance_cm") / 100]))
    assert abs(run.last(1, "latitude_e7") - latitude_e7[0]) < 100
    assert abs(run.last(1, "longitude_e7") - longitude_e7[0]) < 100


def test_who_stands_does_not_creep_on_where_the_receiver_has_no_speed_and_its_error_sways():
    route, noise = straight(5_000), np.random.default_rng(3)
    run, sway_m = Run.of(stage_on(route)), np.zeros(2)
    for second in range(1, 300):
        sway_m = 0.98 * sway_m + noise.normal(0, 1.0, 2)
        here = [100.0 + 10 * min(second, 100)]
        run.frame(second, fixes(route, [9001], T0_MS + second * 1000, here, noise_m=sway_m[:, None]))
    stands_m = run.column(1, "distance_cm")[150:] / 100
    assert stands_m[0] == pytest.approx(1_100, abs=30)
    assert stands_m[-1] == pytest.approx(stands_m[0], abs=3)
