import gzip
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from ardoise.ingest.setup.source import read_setup
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.rehearsal.attack import FRAME_NUMBERS_FROM, Attack
from ardoise.rehearsal.race_model import RaceModel, Truth
from ardoise.rehearsal.simulator import SimulatedSecond, Simulation, TruthFile

SEED = 4
STEP_S = 4.0


@pytest.fixture(scope="module")
def stage(repository: Path) -> StageSetup:
    return read_setup(repository / "events/tour-des-cols/event.yaml")


@pytest.fixture(scope="module")
def whole_race(stage: StageSetup) -> list[tuple[float, Truth]]:
    """The race from the start to the last rider home, a look every minute."""
    model, seen = RaceModel(stage, SEED), []
    while not model.over and model.elapsed_s < 6 * 3600:
        model.step(STEP_S)
        if model.elapsed_s % 60 == 0 or model.over:
            seen.append((model.elapsed_s, model.truth()))
    return seen


@pytest.fixture(scope="module")
def two_minutes(stage: StageSetup) -> list[SimulatedSecond]:
    return list(islice(Simulation(stage, SEED, start_offset_s=5_600).seconds(), 120))


def groups(truth: Truth) -> list[np.ndarray]:
    """Distances of the riders on the road, group by group from the front."""
    at_m = np.sort(truth.distance_m[~truth.finished & ~truth.abandoned])[::-1]
    return np.split(at_m, np.flatnonzero(np.diff(at_m) < -60) + 1)


def test_everybody_who_does_not_give_up_gets_home_at_a_racing_speed(whole_race: list, stage: StageSetup):
    elapsed_s, last = whole_race[-1]
    winner_s = next(at_s for at_s, truth in whole_race if truth.finished.any())

    assert (last.finished | last.abandoned).all()
    assert 1 <= last.abandoned.sum() <= 4
    assert 30 < stage.route.finish_cm / 1e5 / (winner_s / 3600) < 42
    assert elapsed_s - winner_s < 3600


def test_a_break_gets_minutes_and_the_race_comes_apart_on_the_passes(whole_race: list):
    break_lead_s = max(groups_gap_s(truth) for _, truth in whole_race if not truth.finished.any())
    sizes = [len(groups(truth)[0]) for _, truth in whole_race[30:] if not truth.finished.any()]
    at_line = np.sort(whole_race[-1][1].gap_s[whole_race[-1][1].finished])

    assert 180 < break_lead_s < 900
    assert min(sizes) <= 12
    assert at_line[100] > 60
    assert at_line[-1] > 600


def groups_gap_s(truth: Truth) -> float:
    """Lead of the head of the race over the biggest group."""
    peloton = max(groups(truth), key=len)
    riders = np.isin(truth.distance_m, peloton)
    return float(truth.gap_s[riders].min())


def test_a_gruppetto_forms_behind(whole_race: list):
    behind = [
        max((len(group) for group in groups(truth)[-3:]), default=0)
        for at_s, truth in whole_race
        if at_s > 9_000 and len(groups(truth)) > 3
    ]
    assert max(behind) >= 10


def test_nobody_rides_faster_or_brakes_harder_than_a_bike_can(stage: StageSetup):
    model = RaceModel(stage, SEED)
    while model.elapsed_s < 8_000:
        model.step(4.0)
    before = model.truth()
    for _ in range(300):
        model.step(1.0)
        truth = model.truth()
        assert truth.speed_mps.max() < 26
        assert (
            np.abs(truth.distance_m - before.distance_m - (truth.speed_mps + before.speed_mps) / 2).max()
            < 0.01
        )
        assert (truth.speed_mps - before.speed_mps).min() > -3.01
        before = truth


def test_the_gap_is_the_time_since_the_head_was_at_the_same_point(stage: StageSetup):
    model, head = RaceModel(stage, SEED), []
    while model.elapsed_s < 2_400:
        model.step(1.0)
        head.append(model.truth().distance_m[~model.truth().abandoned].max())
    truth = model.truth()
    expected_s = 2_400 - np.interp(truth.distance_m, head, np.arange(1, 2_401))

    racing = ~truth.abandoned
    assert np.abs(truth.gap_s - expected_s)[racing].max() < 1.0


def test_the_same_seed_is_the_same_race_and_another_is_another(stage: StageSetup):
    first, again, other = (
        list(islice(Simulation(stage, seed, start_offset_s=900).seconds(), 20)) for seed in (1, 1, 2)
    )

    assert [second.frames for second in first] == [second.frames for second in again]
    assert first[-1].truth.distance_m.tolist() != other[-1].truth.distance_m.tolist()


def test_another_seed_of_the_radio_changes_what_is_heard_and_not_the_race(stage: StageSetup):
    first, other = (
        next(Simulation(stage, 1, start_offset_s=900, radio_seed=seed).seconds()) for seed in (1, 2)
    )

    assert first.truth.distance_m.tolist() == other.truth.distance_m.tolist()
    assert first.frames[0].boot_id != other.frames[0].boot_id


def test_seconds_that_nobody_hears_are_raced_all_the_same(stage: StageSetup):
    whole = list(islice(Simulation(stage, 1, start_offset_s=900).seconds(0), 30))
    sparse = Simulation(stage, 1, start_offset_s=900).seconds(0, unheard=lambda second: second % 10 != 0)
    heard = list(islice(sparse, 3))

    assert [second.time_ms for second in heard] == [0, 10_000, 20_000]
    assert all(second.frames for second in heard)
    for second in heard:
        same = whole[second.time_ms // 1000]
        assert second.truth.distance_m.tolist() == same.truth.distance_m.tolist()


def test_most_fixes_are_heard_by_two_or_more_relays_and_few_are_missed(two_minutes: list[SimulatedSecond]):
    copies = Counter(
        (tracker, frame.base_time_ms)
        for second in two_minutes
        for frame in second.frames
        for tracker in frame.tracker
    )

    assert len(copies) > 0.95 * 176 * 115
    assert sum(count >= 2 for count in copies.values()) > 0.8 * len(copies)


def test_every_relay_counts_its_frames_and_some_come_late(stage: StageSetup):
    seconds = list(islice(Simulation(stage, SEED, start_offset_s=3_000).seconds(), 600))
    numbers: dict[tuple[str, int], list[int]] = {}
    late_s = []
    for second in seconds:
        for frame in second.frames:
            numbers.setdefault((frame.relay_id, frame.boot_id), []).append(frame.frame_number)
            late_s.append((second.time_ms - frame.base_time_ms) / 1000)

    assert all(counted == list(range(1, len(counted) + 1)) for counted in numbers.values())
    assert sum(seconds > 5 for seconds in late_s) > 10
    assert sum(seconds == 0 for seconds in late_s) > 0.8 * len(late_s)


def test_receivers_are_wrong_by_a_few_metres(stage: StageSetup, two_minutes: list[SimulatedSecond]):
    bib_of = {one.tracker: one.bib for one in stage.assignments}
    route = stage.route
    errors_m = []
    for second in two_minutes[::10]:
        at_m = dict(zip(second.truth.bibs.tolist(), second.truth.distance_m.tolist(), strict=True))
        for frame in (one for one in second.frames if one.base_time_ms == second.time_ms):
            where_cm = [at_m[bib_of[tracker]] * 100 for tracker in frame.tracker]
            north = np.interp(where_cm, route.distance_cm, route.latitude_e7) - frame.latitude_e7
            east = np.interp(where_cm, route.distance_cm, route.longitude_e7) - frame.longitude_e7
            errors_m += (np.hypot(north, east * route.longitude_scale_e9 / 1e9) * 0.0111132).tolist()

    assert 3.0 < np.sqrt(np.mean(np.square(errors_m))) < 7.5
    assert max(errors_m) < 30


def test_an_attack_comes_through_one_relay_in_its_time_alone(stage: StageSetup):
    attack = Attack(begins_s=5, lasts_s=3, frames_a_second=10)
    hostile = [
        [frame for frame in second.frames if frame.frame_number > FRAME_NUMBERS_FROM]
        for second in islice(Simulation(stage, SEED, start_offset_s=900, attack=attack).seconds(), 12)
    ]

    assert [len(frames) for frames in hostile] == [0] * 5 + [10] * 3 + [0] * 4
    assert {frame.relay_id for frames in hostile for frame in frames} == {attack.relay_id}


def test_the_file_of_truth_has_a_line_a_second(tmp_path: Path, two_minutes: list[SimulatedSecond]):
    bibs = two_minutes[0].truth.bibs.tolist()
    with TruthFile(tmp_path / "truth.csv.gz", bibs) as file:
        for second in two_minutes[:3]:
            file.add(second)

    with gzip.open(tmp_path / "truth.csv.gz", "rt") as text:
        names = text.readline().strip().split(",")
        rows = np.loadtxt(text, delimiter=",", ndmin=2)
    assert rows.shape == (3, 1 + 3 * 176)
    column = names.index(f"distance_cm_{bibs[7]}")
    assert rows[2, column] == round(two_minutes[2].truth.distance_m[7] * 100)


def test_it_runs_a_hundred_times_as_fast_as_the_race(stage: StageSetup):
    seconds = Simulation(stage, SEED, start_offset_s=5_600).seconds()
    next(seconds)
    began_s = time.process_time()
    for _ in islice(seconds, 100):
        pass

    assert (time.process_time() - began_s) / 100 < 0.010
