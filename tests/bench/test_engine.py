"""Fixes a second through the race engine alone, on one core, as they come live: every frame, four ticks a second.

In processor time, and the fastest of several rounds: neighbours on the machine change it little.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.positioning.contract import fixes_of, stage_of
from ardoise.race.engine import TICK_MS, RaceEngine
from ardoise.race.stage import Action, Decision, Fixes, Verdict
from ardoise.rehearsal.simulator import SimulatedSecond

from tests.bench.conftest import OFFSET_S
from tests.bench.race_site import load

WARM_UP_S = 60
ROUNDS, ROUND_S = 5, 60
FIRST_MS = 1_700_000_000_000
LEAST_FIXES_PER_S = 40_000
"""Positioning and recorder run an engine each: at 20,000 fixes/s end to end, half a core for both."""


@dataclass
class Round:
    """What a part of the race took, processor seconds, and what it was."""

    frames_s: float = 0.0
    ticks_s: float = 0.0
    count: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[int] = field(default_factory=Counter)

    @property
    def fixes_per_s(self) -> float:
        return self.count["fixes"] / (self.frames_s + self.ticks_s)


class Live:
    """An engine to which a race happens second by second."""

    def __init__(self, stage: StageSetup) -> None:
        self.engine = RaceEngine(stage_of(stage), FIRST_MS)
        self.engine.advance(1, FIRST_MS)
        self.engine.decide(Decision("start", Action.START, FIRST_MS - OFFSET_S * 1000))
        self.sequence = 1
        self.now_ms = FIRST_MS

    def ride(self, seconds: list[SimulatedSecond]) -> Round:
        """The frames of each second spread over its ticks, a heartbeat past each tick."""
        taken, ticks = Round(), 1000 // TICK_MS
        for second in seconds:
            frames = [(frame.relay_id, fixes_of(frame)) for frame in second.frames]
            for tick in range(ticks):
                for relay_id, fixes in frames[tick::ticks]:
                    fixes.time_ms[:] += FIRST_MS
                    self._frame(taken, relay_id, fixes, self.now_ms + TICK_MS // 2)
                self.now_ms += TICK_MS
                self._beat(taken, self.now_ms + 2)
            self.engine.take_events(), self.engine.take_oddities()
        return taken

    def _frame(self, taken: Round, relay_id: str, fixes: Fixes, log_time_ms: int) -> None:
        self.sequence += 1
        began = time.process_time()
        self.engine.advance(self.sequence, log_time_ms)
        judgement = self.engine.frame(relay_id, fixes)
        taken.frames_s += time.process_time() - began
        taken.count.update(frames=1, fixes=len(fixes))
        taken.verdicts.update(judgement.verdict.tolist())

    def _beat(self, taken: Round, log_time_ms: int) -> None:
        self.sequence += 1
        began = time.process_time()
        snapshot = self.engine.advance(self.sequence, log_time_ms)
        taken.ticks_s += time.process_time() - began
        taken.count.update(ticks=snapshot is not None)


@pytest.mark.timeout(120)
def test_the_engine_alone_follows_forty_thousand_fixes_a_second(
    stage: StageSetup, seconds: list[SimulatedSecond]
):
    live = Live(stage)
    live.ride(seconds[:WARM_UP_S])
    starts = range(WARM_UP_S, WARM_UP_S + ROUNDS * ROUND_S, ROUND_S)
    rounds = [live.ride(seconds[start : start + ROUND_S]) for start in starts]
    best = max(rounds, key=lambda one: one.fixes_per_s)
    spent_s, count = best.frames_s + best.ticks_s, best.count
    print(
        f"\nengine alone, one core: {best.fixes_per_s:,.0f} fixes/s, {best.verdicts[Verdict.USED] / spent_s:,.0f} of"
        f" them used, {ROUND_S / spent_s:.0f} times real time; {load()}; limit {LEAST_FIXES_PER_S:,}"
    )
    print(
        f"  a frame of {count['fixes'] / count['frames']:.0f} fixes {best.frames_s / count['frames'] * 1e6:.0f} us,"
        f" a tick of {len(stage.riders)} riders {best.ticks_s / count['ticks'] * 1e6:.0f} us"
    )
    for one in rounds:
        assert one.count["ticks"] == ROUND_S * 1000 // TICK_MS
        new = one.verdicts.total() - one.verdicts[Verdict.DUPLICATE]
        assert one.verdicts[Verdict.USED] > 0.95 * new
    assert best.fixes_per_s > LEAST_FIXES_PER_S
