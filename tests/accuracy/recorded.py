"""The recorded real stage: our gaps beside those that its feed published, until the winner finishes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ardoise.race.engine import RaceEngine
from ardoise.race.stage import Action, Decision
from numpy.typing import NDArray

from tests.support.feed import PARKED_UNTIL_S, feed_fixes, recorded

WARM_UP_S = 300
"""So long after the first fixes from the road the gaps are not compared yet."""
HOLE_S = 25
LAST_KM, RISES_KM = 1.5, 0.5
"""The winner is home when the least kmToFinish, once below the first, rises by the second: finishers vanish."""
WITHIN_S = 2.0
FIRST_GROUP_S = 4.0
"""Published gaps up to here are of riders in the first's group."""


@dataclass(frozen=True, eq=False)
class RecordedStage:
    """Differences of our gap to the published one, by frame of the feed."""

    second: NDArray[np.int64]
    """Of each frame."""
    off_s: list[NDArray[np.float64]]
    """Of each frame: of each rider with both gaps."""
    published_s: list[NDArray[np.float64]]
    """The published gaps of the same."""
    offset_s: NDArray[np.float64]
    """Of each frame: the median of its differences, which is taken off."""
    fixes: int
    cpu_s: float

    @property
    def raw_s(self) -> NDArray[np.float64]:
        """All differences."""
        return np.concatenate(self.off_s)

    @property
    def aligned_s(self) -> NDArray[np.float64]:
        """All differences less their frame's offset."""
        return np.concatenate(
            [off_s - offset_s for off_s, offset_s in zip(self.off_s, self.offset_s, strict=True)]
        )

    @property
    def by_group_s(self) -> NDArray[np.float64]:
        """All differences: of the first's group as they are, of the others less their median in the frame.

        Both put the first at 0: what the feed's first is late by is in the others' gaps, and in none of that group's.
        """
        parts = []
        for off_s, published_s in zip(self.off_s, self.published_s, strict=True):
            first = published_s < FIRST_GROUP_S
            others_s = off_s[~first]
            parts += [off_s[first], others_s - np.median(others_s) if len(others_s) else others_s]
        return np.concatenate(parts)

    @property
    def after_holes_s(self) -> NDArray[np.float64]:
        """For each hole: how long after its end half of the field is within 2 s again; inf: not before the next."""
        typical_s = np.array(
            [np.median(np.abs(off - offset)) for off, offset in zip(self.off_s, self.offset_s, strict=True)]
        )
        ends = np.flatnonzero(np.diff(self.second) >= HOLE_S) + 1
        back_s = []
        for begin, end in zip(ends, [*ends[1:], len(self.second)], strict=True):
            good = np.flatnonzero(typical_s[begin:end] <= WITHIN_S)
            back_s.append(self.second[begin + good[0]] - self.second[begin] if len(good) else np.inf)
        return np.array(back_s)


def ride_recorded(shared_data: Path, progress: Callable[[float], None]) -> RecordedStage:
    """The whole stage from its start, log time going on second by second."""
    stage, feed = recorded(shared_data)
    bibs = np.array(stage.bibs)
    zero_s = feed[0]["TimeStamp"]
    feed = [event for event in feed[: _winner_home(feed)] if event["TimeStamp"] >= zero_s + PARKED_UNTIL_S]
    engine = RaceEngine(stage, 1)
    began_s = time.process_time()
    start_ms = feed[0]["TimeStamp"] * 1000
    engine.advance(1, start_ms)
    engine.decide(Decision("start", Action.START, start_ms))
    sequence, fixes = 1, 0
    seconds, off_s, published_s = [], [], []
    for count, event in enumerate(feed):
        at_ms = event["TimeStamp"] * 1000
        for beat_ms in range(engine.log_time_ms + 1000, at_ms + 1, 1000):
            sequence += 1
            engine.advance(sequence, beat_ms)
        sequence += 1
        engine.advance(sequence, at_ms)
        riders = event["Riders"]
        engine.frame("race-centre", feed_fixes(riders, at_ms))
        # What is shown a moment later has these fixes in it.
        sequence += 1
        snapshot = engine.advance(sequence, at_ms + 251)
        engine.take_events(), engine.take_oddities()
        fixes += len(riders)
        if count % 20 == 0:
            progress(count / len(feed))
        if snapshot is None or at_ms < start_ms + WARM_UP_S * 1000:
            continue
        gap_ms = snapshot.riders.gap_ms[np.argsort(snapshot.riders.bib)]
        ours_ms = gap_ms[np.searchsorted(bibs, [rider["Bib"] for rider in riders])]
        theirs_s = np.array([rider.get("secToFirstRider", np.nan) for rider in riders], float)
        both = (ours_ms >= 0) & ~np.isnan(theirs_s)
        if both.any():
            seconds.append(event["TimeStamp"] - zero_s)
            off_s.append(ours_ms[both] / 1000 - theirs_s[both])
            published_s.append(theirs_s[both])
    offset_s = np.array([np.median(off) for off in off_s])
    cpu_s = time.process_time() - began_s
    return RecordedStage(np.array(seconds), off_s, published_s, offset_s, fixes, cpu_s)


def _winner_home(feed: list[dict[str, Any]]) -> int:
    """The first frame in which the winner is home."""
    least_km = [min(rider.get("kmToFinish", np.inf) for rider in event["Riders"]) for event in feed]
    for count, (before, now) in enumerate(pairwise(least_km)):
        if before < LAST_KM and now > before + RISES_KM and np.isfinite(now):
            return count + 1
    return len(feed)
