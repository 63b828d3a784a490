"""Fixes that come late (stored and forwarded, out of order): they fill the track in, nothing else."""

import numpy as np
from numpy.typing import NDArray

from ardoise.race.along import FIX_DOUBT_CM
from ardoise.race.matching import FASTEST_MPS, WIDE_CORRIDOR_M, place_in_windows
from ardoise.race.passages import SPACING_CM, UNKNOWN, Passages
from ardoise.race.road import Road
from ardoise.race.stage import NOWHERE

_FASTEST_CM_PER_S = round(FASTEST_MPS * 100)
_MARGIN_CM = 4_000
_WIDEST_CM = 60_000


def fill_in(
    road: Road,
    passages: Passages,
    row: int,
    newest: tuple[int, int],
    time_ms: NDArray[np.int64],
    latitude_e7: NDArray[np.int64],
    longitude_e7: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Places late fixes of one rider between what is known of the track; distance_cm or NOWHERE.

    `newest`: distance_cm and time (ms) of the rider's live fix. `time_ms` ascending, all before it.
    """
    newest_cm, newest_ms = newest
    reach_cm = _FASTEST_CM_PER_S * (newest_ms - int(time_ms[0])) // 1000 + 20_000
    low = max((newest_cm - reach_cm - passages.start_cm) // SPACING_CM, 0)
    high = max((newest_cm - passages.start_cm) // SPACING_CM + 1, low)
    known = np.flatnonzero(passages.time[row, low:high] != UNKNOWN) + low
    known_ms = passages.time[row, known].astype(np.int64) + passages.base_ms
    # A track that was corrected can hold times out of order: only what grows is a track.
    growing = known_ms == np.maximum.accumulate(known_ms) if len(known) else np.empty(0, bool)
    known_cm = np.append(known[growing] * SPACING_CM + passages.start_cm, newest_cm)
    known_ms = np.append(known_ms[growing], newest_ms)

    after = np.minimum(np.searchsorted(known_ms, time_ms, side="right"), len(known_ms) - 1)
    has_before = after > 0
    after_cm, after_ms = known_cm[after], known_ms[after]
    before_cm = np.where(has_before, known_cm[after - 1], after_cm - reach_cm)
    before_ms = np.where(has_before, known_ms[after - 1], after_ms - 1)
    between_ms = np.maximum(after_ms - before_ms, 1)
    # Without anything before: at 10 m/s, in a window as wide as that is vague.
    expected_cm = np.where(
        has_before,
        before_cm + (after_cm - before_cm) * (time_ms - before_ms) // between_ms,
        after_cm - (after_ms - time_ms),
    )
    away_ms = np.where(has_before, np.minimum(time_ms - before_ms, after_ms - time_ms), after_ms - time_ms)
    half_cm = np.minimum(_MARGIN_CM + away_ms * 3 // 2, _WIDEST_CM)
    low_cm = np.maximum(np.maximum(expected_cm - half_cm, before_cm - _MARGIN_CM), road.start_cm)
    high_cm = np.minimum(np.minimum(expected_cm + half_cm, after_cm + _MARGIN_CM), road.end_cm)
    high_cm = np.maximum(high_cm, low_cm)
    x_m, y_m = road.plane(latitude_e7, longitude_e7)
    still = np.zeros(len(x_m))
    placed = place_in_windows(road, x_m, y_m, low_cm, high_cm, expected_cm, half_cm, still, still)
    near = placed.across_m <= WIDE_CORRIDOR_M
    distance_cm = np.where(near, placed.distance_cm, NOWHERE)
    if near.any():
        _connect(passages, row, placed.distance_cm[near], time_ms[near], (known_cm, known_ms))
    return distance_cm


def _connect(
    passages: Passages,
    row: int,
    late_cm: NDArray[np.int64],
    late_ms: NDArray[np.int64],
    known: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Records the pieces of road between neighbours in time, one of which is late."""
    cm = np.concatenate((late_cm, known[0]))
    ms = np.concatenate((late_ms, known[1]))
    is_late = np.arange(len(cm)) < len(late_cm)
    order = np.lexsort((cm, ms))
    cm, ms, is_late = cm[order], ms[order], is_late[order]
    new = is_late[1:] | is_late[:-1]
    rows = np.full(int(new.sum()), row, np.int64)
    doubt_cm = np.full(len(rows), FIX_DOUBT_CM)
    passages.record(rows, cm[:-1][new], ms[:-1][new], cm[1:][new], ms[1:][new], doubt_cm)
