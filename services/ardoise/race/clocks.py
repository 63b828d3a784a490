"""Trackers' clocks that are ahead of the log's: by how much, as far as that can be told.

No fix comes from the future. One that is old may as well have been held up, so nothing is said of clocks behind.
"""

import numpy as np
from numpy.typing import NDArray

from ardoise.race.riders import Riders

AHEAD_MS = 1_000
"""Receivers and the truck keep time to a second."""
MOST_AHEAD_MS = 5_000
"""Fixes from further in the future are not used."""
RISES_OVER, FADES_OVER = 4, 32
"""Of what a frame tells, one in so many is believed: the fix that was held up least tells most."""
_NOT_HEARD = -(2**62)


def hear(riders: Riders, row: NDArray[np.int64], offset_ms: NDArray[np.int64]) -> None:
    """Takes in by how much a frame's fixes are ahead of the log's time (below 0: behind)."""
    newest_ms = np.full(len(riders.offset_ms), _NOT_HEARD)
    np.maximum.at(newest_ms, row, offset_ms)
    heard = newest_ms > _NOT_HEARD
    change_ms = newest_ms[heard] - riders.offset_ms[heard]
    riders.offset_ms[heard] += change_ms // np.where(change_ms > 0, RISES_OVER, FADES_OVER)


def ahead_ms(riders: Riders) -> NDArray[np.int64]:
    """By how much each rider's clock is ahead of the others': 0 where it need not be."""
    ahead = riders.offset_ms > AHEAD_MS
    if not ahead.any():
        return np.zeros(len(ahead), np.int64)
    others_ms = np.sort(riders.offset_ms[~ahead & (riders.heard_ms > 0)])
    # Of the others' fixes the time on the way is known: those ahead have been on it as well.
    usual_ms = int(others_ms[len(others_ms) // 2]) if len(others_ms) else 0
    return np.where(ahead, np.minimum(riders.offset_ms - usual_ms, MOST_AHEAD_MS), 0)
