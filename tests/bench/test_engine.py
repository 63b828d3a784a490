"""Fixes a second through the race engine alone, on one core, as they come live: every frame, four ticks a second.

In processor time, so that a busy machine does not change it.
"""

import time
from collections import Counter

import numpy as np
import pytest
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.positioning.contract import fixes_of, stage_of
from ardoise.race.engine import TICK_MS, RaceEngine
from ardoise.race.stage import Action, Decision, Verdict
from ardoise.rehearsal.simulator import SimulatedSecond

from tests.bench.conftest import OFFSET_S

WARM_UP_S, MEASURED_S = 60, 120
FIRST_MS = 1_700_000_000_000
LEAST_FIXES_PER_S = 40_000
"""Positioning and recorder run an engine each: at 20,000 fixes/s end to end, half a core for both."""


@pytest.mark.timeout(120)
def test_the_engine_alone_follows_forty_thousand_fixes_a_second(
    stage: StageSetup, seconds: list[SimulatedSecond]
):
    engine = RaceEngine(stage_of(stage), FIRST_MS)
    engine.advance(1, FIRST_MS)
    engine.decide(Decision("start", Action.START, FIRST_MS - OFFSET_S * 1000))
    sequence, spent, count, verdicts = 1, Counter(), Counter(), Counter()
    for number, second in enumerate(seconds[: WARM_UP_S + MEASURED_S]):
        if number == WARM_UP_S:
            spent, count, verdicts = Counter(), Counter(), Counter()
        second_ms = FIRST_MS + number * 1000
        frames = [(frame.relay_id, fixes_of(frame)) for frame in second.frames]
        for tick in range(1000 // TICK_MS):
            for relay_id, fixes in frames[tick :: 1000 // TICK_MS]:
                fixes.time_ms[:] += FIRST_MS
                sequence += 1
                began = time.process_time()
                engine.advance(sequence, second_ms + tick * TICK_MS + 100)
                judgement = engine.frame(relay_id, fixes)
                spent["frames"] += time.process_time() - began
                count["frames"] += 1
                count["fixes"] += len(fixes)
                verdicts.update(judgement.verdict.tolist())
            sequence += 1
            began = time.process_time()
            snapshot = engine.advance(sequence, second_ms + (tick + 1) * TICK_MS + 2)
            spent["ticks"] += time.process_time() - began
            count["ticks"] += snapshot is not None
        engine.take_events(), engine.take_oddities()
    rate = count["fixes"] / spent.total()
    print(
        f"\nengine alone, one core: {rate:,.0f} fixes/s ({verdicts[Verdict.USED] / spent.total():,.0f} used/s),"
        f" {MEASURED_S / spent.total():.0f} times real time; limit {LEAST_FIXES_PER_S:,}"
    )
    print(
        f"  a frame of {count['fixes'] / count['frames']:.0f} fixes {spent['frames'] / count['frames'] * 1e6:.0f} us,"
        f" a tick of {len(stage.riders)} riders {spent['ticks'] / count['ticks'] * 1e6:.0f} us"
    )
    assert count["ticks"] == MEASURED_S * 1000 // TICK_MS
    assert verdicts[Verdict.USED] > 0.95 * np.subtract(verdicts.total(), verdicts[Verdict.DUPLICATE])
    assert rate > LEAST_FIXES_PER_S
