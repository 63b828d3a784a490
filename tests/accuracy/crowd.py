"""How many riders the engine follows at 1 Hz on one core: 20,000 at once, four ticks a second; and its peers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ardoise.race.engine import TICK_MS, RaceEngine
from ardoise.race.stage import Action, Assignment, Decision, Stage, Verdict

from tests.accuracy.course import Course
from tests.accuracy.measures import WARM_UP_S
from tests.accuracy.peers import Beside, beside
from tests.accuracy.running import Placed
from tests.support.ride import T0_MS, fixes, winding

RIDERS = 20_000
SECONDS = 70
"""Those from WARM_UP_S on count."""
APART_M, SPEED_MPS = 0.4, 11.0


@dataclass(frozen=True, eq=False)
class Crowd:
    """`followed`: riders whose fixes are used; `cpu_s`: of the engine, for each second of the race.

    `peers`: on the same fixes.
    """

    riders: int
    followed: int
    cpu_s: float
    peers: Beside


def crowd(progress: Callable[[float], None], riders: int = RIDERS) -> Crowd:
    """A ride of so many, 40 cm apart."""
    route = winding(12_000)
    trackers = range(9_001, 9_001 + riders)
    assignments = tuple(Assignment(tracker, tracker - 9_000) for tracker in trackers)
    engine = RaceEngine(Stage("crowd", route, tuple(range(1, riders + 1)), assignments, 20_000), T0_MS)
    engine.advance(1, T0_MS)
    engine.decide(Decision("start", Action.START, T0_MS))
    random, sequence, cpu_s, followed, placed = np.random.default_rng(riders), 1, 0.0, 0, []
    for second in range(1, SECONDS + 1):
        at_ms = T0_MS + second * 1000
        where_m = 100.0 + APART_M * np.arange(riders) + SPEED_MPS * second
        frame = fixes(route, trackers, at_ms, where_m, SPEED_MPS, random.normal(0.0, 3.0, (2, riders)))
        began_s = time.process_time()
        for tick in range(1000 // TICK_MS):
            sequence += 1
            engine.advance(sequence, at_ms + tick * TICK_MS + 1)
            if tick == 0:
                judgement = engine.frame("aircraft-1", frame)
        took_s = time.process_time() - began_s
        used = judgement.verdict == Verdict.USED
        if second >= WARM_UP_S:
            cpu_s += took_s
            placed_m = np.where(used, judgement.distance_cm / 100, np.nan)
            seconds, places = np.full(riders, float(second)), (frame.latitude_e7, frame.longitude_e7)
            placed.append((seconds, np.arange(riders), placed_m, where_m, *places))
        followed = int(np.count_nonzero(used))
        engine.take_events(), engine.take_oddities()
        progress(second / SECONDS)
    columns = (np.concatenate(parts) for parts in zip(*placed, strict=True))
    peers = beside(Course("crowd", route), Placed(*columns), cpu_s)
    return Crowd(riders, followed, cpu_s / len(placed), peers)
