"""A log with everything in it, for tests that a race derives to the same bytes wherever it is derived.

Run as a program it prints the digest of all its snapshots.
"""

import hashlib

import numpy as np
from ardoise.race.engine import RaceEngine
from ardoise.race.stage import Action, Decision, Fixes

from tests.support.ride import START, T0_MS, fixes, joined, stage_on, winding

RIDERS = 12
SECONDS = 150
STAGE = stage_on(winding(4_000), RIDERS)

type Record = tuple[int, Fixes | Decision | None]


def log() -> list[Record]:
    """A race with everything in it: three relays, noise, holes, late and wrong clocks, decisions."""
    random = np.random.default_rng(7)
    speed = random.uniform(9, 13, RIDERS)
    records: list[Record] = [(T0_MS, START)]
    trackers = np.arange(9001, 9001 + RIDERS)
    stored: list[Fixes] = []
    for second in range(1, SECONDS):
        at_ms = T0_MS + second * 1000
        where = speed * second + random.normal(0, 2, RIDERS)
        noise = random.normal(0, 4, (2, RIDERS))
        for relay in range(3):
            heard = random.random(RIDERS) < (0.9 if second % 40 < 30 else 0.1)
            if not heard.any():
                continue
            frame = fixes(STAGE.route, trackers[heard], at_ms, where[heard], None, noise[:, heard])
            if relay == 2 and second % 20:
                stored.append(frame)
            else:
                records.append((at_ms + 40 * relay, joined(frame, *stored) if relay == 2 else frame))
                stored = [] if relay == 2 else stored
        if second == 50:
            records.append((at_ms, fixes(STAGE.route, [9003, 4711], at_ms - 10**12, [100, 100])))
            records.append((at_ms, fixes(STAGE.route, [9004], at_ms + 500, [3_500])))
        if second == 60:
            records.append((at_ms, Decision("a", Action.ABANDON, at_ms + 2_700, bib=2)))
            records.append((at_ms, Decision("c", Action.ASSIGN, at_ms, bib=5, tracker=9999)))
        if second == 90:
            records.append((at_ms, Decision("u", Action.UNDO, at_ms, undone_id="a")))
        records.append((at_ms + 300, None))
    return records


LOG = log()


def run_through(engine: RaceEngine, records: list[Record], first: int) -> list[tuple[int, str]]:
    """Applies records; the names and digests of the snapshots."""
    closed = []
    for sequence, (log_time_ms, body) in enumerate(records, first):
        snapshot = engine.advance(sequence, log_time_ms)
        if snapshot is not None:
            closed.append((snapshot.sequence, snapshot.digest.hex()))
        if isinstance(body, Decision):
            engine.decide(body)
        elif body is not None:
            engine.frame("moto-1", body)
    return closed


def whole() -> list[tuple[int, str]]:
    """The whole log in one go."""
    return run_through(RaceEngine(STAGE, 1), LOG, 1)


if __name__ == "__main__":
    print(hashlib.sha256(repr(whole()).encode()).hexdigest())
