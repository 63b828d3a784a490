"""What deriving the values of all riders costs, each second of the race, messages for callers included.

In processor time, and the fastest of several rounds: neighbours on the machine change it little.
"""

import time

import numpy as np
from ardoise.analytics.deriver import Deriver
from ardoise.analytics.values.registry import VALUES
from ardoise.pb.race_pb2 import Snapshot
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.positioning.contract import fixes_of, snapshot_proto, stage_of
from ardoise.race.engine import RaceEngine
from ardoise.race.stage import Action, Decision
from ardoise.rehearsal.simulator import SimulatedSecond

from tests.bench.conftest import OFFSET_S
from tests.bench.race_site import load
from tests.bench.test_engine import FIRST_MS

EPOCH = 7
ROUNDS, ROUND_S = 5, 30
MOST_MS = 20.0
"""Two per cent of a core: a region's analytics predicts besides, and shares the machine with the database."""


def raced(stage: StageSetup, seconds: list[SimulatedSecond]) -> list[Snapshot]:
    """The snapshot of each second, as positioning sends it."""
    engine = RaceEngine(stage_of(stage), FIRST_MS)
    engine.advance(1, FIRST_MS)
    engine.decide(Decision("start", Action.START, FIRST_MS - OFFSET_S * 1000))
    sequence, snapshots = 1, []
    for second, heard in enumerate(seconds):
        for frame in heard.frames:
            fixes = fixes_of(frame)
            fixes.time_ms[:] += FIRST_MS
            sequence += 1
            engine.advance(sequence, FIRST_MS + 1000 * second + 500)
            engine.frame(frame.relay_id, fixes)
        sequence += 1
        closed = engine.advance(sequence, FIRST_MS + 1000 * second + 1002)
        snapshot = snapshot_proto(closed, stage.stage_id)
        snapshot.name.epoch = EPOCH
        snapshots.append(snapshot)
    return snapshots


def test_the_values_of_all_riders_take_a_fiftieth_of_a_core(
    stage: StageSetup, seconds: list[SimulatedSecond]
):
    snapshots = raced(stage, seconds[: ROUNDS * ROUND_S])
    deriver = Deriver()
    deriver.begin_stage(EPOCH, stage)
    rounds_ms = []
    for start in range(0, len(snapshots), ROUND_S):
        began = time.process_time()
        for snapshot in snapshots[start : start + ROUND_S]:
            deriver.take(snapshot)
        rounds_ms.append(1000 * (time.process_time() - began) / ROUND_S)
    made = deriver.newest.value
    known = np.mean([len(rider.ListFields()) - 1 for rider in made.riders])
    print(
        f"\n{len(VALUES)} values of {len(made.riders)} riders: {min(rounds_ms):.1f} ms a second of the race (at most"
        f" {max(rounds_ms):.1f}); {known:.0f} of them known, {made.ByteSize() / 1000:.0f} kB; {load()};"
        f" limit {MOST_MS:.0f} ms"
    )
    assert len(made.riders) == len(stage.riders)
    assert min(rounds_ms) < MOST_MS
