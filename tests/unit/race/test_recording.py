"""The recorded public feed of Carcassonne-Foix (Tour de France 2026): its known faults are not ours."""

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from ardoise.race.engine import RaceEngine
from ardoise.race.route import prepare_route
from ardoise.race.stage import (
    Action,
    Assignment,
    Decision,
    EventKind,
    Fixes,
    Judgement,
    RiderStatus,
    Stage,
    Verdict,
)

RECORDING = "race/tour-2026-stage-04.json.gz"
KILOMETRE_ZERO_E7 = (432_006_200, 24_360_500)
PARKED_UNTIL_S = 3_400
"""The first hour is of parked bikes, 157 km away; then the riders are on the road."""
FINISH_S = 18_000
"""The winner crosses the line five minutes later; from then on the feed's own gaps mean nothing."""
BEAT_S = 3
"""Log time goes on in such steps between the frames of the feed."""
# The whole stage is ridden once, in one worker.
pytestmark = pytest.mark.xdist_group("recording")
SHOWN = (RiderStatus.RACING, RiderStatus.NEUTRAL, RiderStatus.STOPPED)


class Heard(NamedTuple):
    """One event of the feed, and what the engine made of it."""

    second: int
    row: np.ndarray
    """Row of each fix's rider in the columns of Day."""
    gap_s: np.ndarray
    """The feed's secToFirstRider; NaN where it has none."""
    judgement: Judgement


class Day(NamedTuple):
    """The stage as the engine saw it; columns [snapshot, rider in the order of bibs]."""

    engine: RaceEngine
    second: np.ndarray
    status: np.ndarray
    place: np.ndarray
    distance_cm: np.ndarray
    gap_ms: np.ndarray
    finish_ms: np.ndarray
    heard: list[Heard]
    finishes: int


@pytest.fixture(scope="module")
def day(shared_data: Path) -> Day:
    """The whole recording, ridden once."""
    recording = json.loads(gzip.decompress((shared_data / RECORDING).read_bytes()))
    feed = [json.loads(event["data"])["data"] for event in recording["events"]]
    bibs = np.array(sorted({rider["Bib"] for event in feed for rider in event["Riders"]}))
    engine = RaceEngine(stage_of(recording["rest"]["trace"]["routePoints"], bibs), 1)
    zero_ms = feed[0]["TimeStamp"] * 1000
    columns = {
        name: [] for name in ("race_time_ms", "status", "place", "distance_cm", "gap_ms", "finish_time_ms")
    }
    heard, sequence, finishes = [], 0, 0

    def advance(at_ms: int) -> None:
        nonlocal sequence
        sequence += 1
        snapshot = engine.advance(sequence, at_ms)
        if snapshot is not None:
            columns["race_time_ms"].append(snapshot.race_time_ms)
            order = np.argsort(snapshot.riders.bib)
            for name in list(columns)[1:]:
                columns[name].append(getattr(snapshot.riders, name)[order])

    for event in feed:
        at_ms = event["TimeStamp"] * 1000
        for beat_ms in range(max(engine.log_time_ms, zero_ms) + BEAT_S * 1000, at_ms, BEAT_S * 1000):
            advance(beat_ms)
        advance(at_ms)
        if len(heard) == 0:
            engine.decide(Decision("start", Action.START, zero_ms + PARKED_UNTIL_S * 1000))
        riders = event["Riders"]
        judgement = engine.frame("race-centre", fixes_of(riders, at_ms))
        finishes += sum(e.kind is EventKind.FINISH for e in engine.take_events())
        gaps = np.array([rider.get("secToFirstRider", np.nan) for rider in riders], float)
        row = np.searchsorted(bibs, [rider["Bib"] for rider in riders])
        heard.append(Heard((at_ms - zero_ms) // 1000, row, gaps, judgement))
    second = (np.array(columns.pop("race_time_ms")) - zero_ms) / 1000
    return Day(engine, second, *(np.array(column) for column in columns.values()), heard, finishes)


def stage_of(points: list[dict], bibs: np.ndarray) -> Stage:
    latitude = np.array([round(point["lat"] * 1e7) for point in points])
    longitude = np.array([round(point["lon"] * 1e7) for point in points])
    elevation = [round(point["ele"] * 100) for point in points]
    whole = prepare_route(latitude, longitude, elevation)
    zero = np.argmin(np.hypot(latitude - KILOMETRE_ZERO_E7[0], longitude - KILOMETRE_ZERO_E7[1]))
    zero_cm = int(whole.distance_cm[zero])
    route = prepare_route(latitude, longitude, elevation, kilometre_zero_cm=zero_cm)
    assigned = tuple(Assignment(bib, bib) for bib in bibs.tolist())
    return Stage("4", route, tuple(bibs.tolist()), assigned, 120_000)


def fixes_of(riders: list[dict], at_ms: int) -> Fixes:
    kph = np.array([rider["kph"] for rider in riders])
    return Fixes(
        np.array([rider["Bib"] for rider in riders], np.uint64),
        np.full(len(riders), at_ms, np.int64),
        np.array([round(rider["Latitude"] * 1e7) for rider in riders], np.int64),
        np.array([round(rider["Longitude"] * 1e7) for rider in riders], np.int64),
        np.where(kph < 0, -1, np.rint(kph / 3.6 * 1000)).astype(np.int64),
    )


def test_bikes_parked_in_another_city_are_not_in_the_race(day: Day) -> None:
    parked = day.second < PARKED_UNTIL_S
    assert set(day.status[parked].ravel().tolist()) <= {
        RiderStatus.UNKNOWN,
        RiderStatus.OFF_ROUTE,
        RiderStatus.NO_SIGNAL,
    }
    assert not day.place[parked].any()
    verdicts = np.concatenate([h.judgement.verdict for h in day.heard if h.second < PARKED_UNTIL_S])
    assert set(verdicts.tolist()) == {Verdict.OFF_ROUTE}


def test_nothing_teleports_and_nobody_rides_backwards(day: Day) -> None:
    shown = np.isin(day.status, SHOWN)
    steps_mps = np.diff(day.distance_cm, axis=0) / 100 / np.diff(day.second)[:, None]
    ridden = steps_mps[shown[1:] & shown[:-1]]
    assert ridden.min() >= 0
    assert ridden.max() <= 30.5
    # One second without a position, and then elsewhere: the feed has eight such places in five hours.
    blinks = shown[:-2] & shown[2:] & (day.status[1:-1] == RiderStatus.OFF_ROUTE)
    assert blinks.sum() <= 12


def test_a_position_is_there_when_the_feed_has_one(day: Day) -> None:
    known = total = 0
    for heard in day.heard:
        at = np.searchsorted(day.second, heard.second)
        if heard.second < PARKED_UNTIL_S + 60 or at >= len(day.second):
            continue
        status = day.status[at, heard.row]
        known += np.isin(status, (*SHOWN, RiderStatus.FINISHED)).sum()
        total += len(status)
    print(f"valid position: {known / total:.4%} of {total} fixes")
    assert total > 200_000
    assert known / total >= 0.99


def test_gaps_are_those_of_the_feed_until_its_first_finisher_vanishes(day: Day) -> None:
    off_s = []
    for heard in day.heard:
        at = np.searchsorted(day.second, heard.second)
        if PARKED_UNTIL_S + 300 < heard.second < FINISH_S and at < len(day.second):
            ours = day.gap_ms[at, heard.row]
            both = (ours >= 0) & ~np.isnan(heard.gap_s)
            off_s.append(ours[both] / 1000 - heard.gap_s[both])
    off_s = np.concatenate(off_s)
    print(f"gap less the feed's: median {np.median(off_s):.1f} s, p95 {np.percentile(abs(off_s), 95):.1f} s")
    assert len(off_s) > 200_000
    assert abs(np.median(off_s)) < 3
    assert np.percentile(np.abs(off_s), 95) < 15


def test_finishers_are_timed_and_stay(day: Day) -> None:
    last = day.finish_ms[-1]
    finishers = np.flatnonzero(last)
    assert len(finishers) == day.finishes > 130
    since = day.finish_ms > 0
    assert (since[1:] >= since[:-1]).all()
    assert (day.status[since] == RiderStatus.FINISHED).all()
    assert (day.gap_ms[-1, finishers] == last[finishers] - last[finishers].min()).all()
    assert sorted(day.place[-1, finishers].tolist()) == list(range(1, len(finishers) + 1))
