"""How many riders the engine follows at 1 Hz on one core: 20,000 at once, four ticks a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ardoise.race.engine import TICK_MS, RaceEngine
from ardoise.race.stage import Action, Assignment, Decision, Stage, Verdict

from tests.support.ride import T0_MS, fixes, winding

RIDERS = 20_000
SECONDS, WARM_UP = 15, 5
APART_M, SPEED_MPS = 0.4, 11.0


@dataclass(frozen=True)
class Crowd:
    """`followed`: riders whose fixes are used; `cpu_s`: of the engine, for each second of the race."""

    riders: int
    followed: int
    cpu_s: float


def crowd(progress: Callable[[float], None], riders: int = RIDERS) -> Crowd:
    """A ride of so many, 40 cm apart."""
    route = winding(12_000)
    trackers = range(9_001, 9_001 + riders)
    assignments = tuple(Assignment(tracker, tracker - 9_000) for tracker in trackers)
    engine = RaceEngine(Stage("crowd", route, tuple(range(1, riders + 1)), assignments, 20_000), T0_MS)
    engine.advance(1, T0_MS)
    engine.decide(Decision("start", Action.START, T0_MS))
    random, sequence, cpu_s, followed = np.random.default_rng(riders), 1, 0.0, 0
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
        if second > WARM_UP:
            cpu_s += time.process_time() - began_s
        followed = int(np.count_nonzero(judgement.verdict == Verdict.USED))
        engine.take_events(), engine.take_oddities()
        progress(second / SECONDS)
    return Crowd(riders, followed, cpu_s / (SECONDS - WARM_UP))
