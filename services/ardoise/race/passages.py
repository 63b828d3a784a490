"""When each rider passed each point of the road, and when the first did: gaps at any point, afterwards too."""

import numpy as np
from numpy.typing import NDArray

SPACING_CM = 2_500
LONGEST_HOLE_MS = 120_000
"""Over a longer silence a constant speed is a guess: the points in it stay unknown."""
MOST_DISORDER_MS = 5_000
"""Passages are interpolated: neighbouring points may be out of order by as much."""
UNKNOWN = 2**31 - 1


class Passages:
    """A matrix [rider, point every SPACING_CM] of times, and its minimum over the riders in the race.

    Times are int32 milliseconds since `base_ms`. A time once known stays: a rider who turns back to
    help a leader has passed.
    """

    def __init__(self, riders: int, start_cm: int, end_cm: int, base_ms: int) -> None:
        self.start_cm, self.base_ms = start_cm, base_ms
        points = (end_cm - start_cm) // SPACING_CM + 1
        self.time = np.full((riders, points), UNKNOWN, np.int32)
        self.first = np.full(points, UNKNOWN, np.int32)
        self.counted = np.zeros(riders, bool)
        """Riders whose passages count as the race's."""

    def record(
        self,
        rider: NDArray[np.int64],
        from_cm: NDArray[np.int64],
        from_ms: NDArray[np.int64],
        to_cm: NDArray[np.int64],
        to_ms: NDArray[np.int64],
    ) -> None:
        """Fills the points between two places of a rider, where they are unknown yet."""
        low = (from_cm - self.start_cm) // SPACING_CM + 1
        count = (to_cm - self.start_cm) // SPACING_CM + 1 - low
        usable = (
            (count > 0) & (to_ms > from_ms) & (to_ms - from_ms <= LONGEST_HOLE_MS) & (from_ms >= self.base_ms)
        )
        if not usable.any():
            return
        count = np.where(usable, count, 0)
        which = np.repeat(np.arange(len(rider)), count)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        point = low[which] + nth
        point_cm = point * SPACING_CM + self.start_cm
        ridden_cm, taken_ms = (to_cm - from_cm)[which], (to_ms - from_ms)[which]
        passed = from_ms[which] - self.base_ms + (point_cm - from_cm[which]) * taken_ms // ridden_cm
        row = rider[which]
        inside = (point >= 0) & (point < self.time.shape[1])
        row, point, passed = row[inside], point[inside], passed[inside]
        unknown = self.time[row, point] == UNKNOWN
        row, point, passed = row[unknown], point[unknown], passed[unknown].astype(np.int32)
        self.time[row, point] = passed
        counted = self.counted[row]
        np.minimum.at(self.first, point[counted], passed[counted])

    def count(self, counted: NDArray[np.bool_]) -> None:
        """Says whose passages are the race's; the first are found anew if that changed anything."""
        changed = counted != self.counted
        self.counted = counted.copy()
        if changed.any() and (self.time[changed] != UNKNOWN).any():
            self._find_first()

    def forget_beyond(self, rider: int, distance_cm: int) -> None:
        """The rider was never there: what was recorded beyond this point came from a wrong match."""
        beyond = max((distance_cm - self.start_cm) // SPACING_CM + 1, 0)
        if (self.time[rider, beyond:] != UNKNOWN).any():
            self.time[rider, beyond:] = UNKNOWN
            self._find_first()

    def forget_before(self, time_ms: int) -> None:
        """Forgets what was passed before the race started."""
        early = self.time < time_ms - self.base_ms
        if early.any():
            self.time[early] = UNKNOWN
            self._find_first()

    def gap_ms(
        self, rider: NDArray[np.int64], at_cm: NDArray[np.int64], at_ms: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Time behind the first at the rider's place, -1 where unknown.

        Measured at the last point that the rider passed, so that both times are of the same place;
        without that, from the rider's own time and the first's times around the place.
        """
        last = self.time.shape[1] - 1
        point = np.clip((at_cm - self.start_cm) // SPACING_CM, 0, last)
        first = self.first[point].astype(np.int64)
        own = self.time[rider, point].astype(np.int64)
        after = self.first[np.minimum(point + 1, last)].astype(np.int64)
        rest_cm = at_cm - self.start_cm - point * SPACING_CM
        between = first + np.where(after == UNKNOWN, 0, (after - first) * rest_cm // SPACING_CM)
        gap = np.where(own != UNKNOWN, own - first, at_ms - self.base_ms - between)
        # Somebody was further on before the first known passage here: the first one was not heard at this point.
        earliest_beyond = np.minimum.accumulate(self.first[::-1])[::-1][point].astype(np.int64)
        unheard = (first == UNKNOWN) | (first > earliest_beyond + MOST_DISORDER_MS)
        return np.where(unheard, -1, np.maximum(gap, 0))

    def at(self, distance_cm: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Riders that passed a point and when (ms since 1970), in the order of passing."""
        point = (distance_cm - self.start_cm) // SPACING_CM
        if not 0 <= point < self.time.shape[1]:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rest_cm = distance_cm - self.start_cm - point * SPACING_CM
        before = self.time[:, point].astype(np.int64)
        after = self.time[:, min(point + 1, self.time.shape[1] - 1)].astype(np.int64) if rest_cm else before
        rider = np.flatnonzero((before != UNKNOWN) & (after != UNKNOWN))
        passed = before[rider] + (after[rider] - before[rider]) * rest_cm // SPACING_CM
        order = np.lexsort((rider, passed))
        return rider[order], passed[order] + self.base_ms

    def track(self, rider: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Points (distance_cm) that a rider passed and when (ms since 1970), along the road."""
        known = np.flatnonzero(self.time[rider] != UNKNOWN)
        return known * SPACING_CM + self.start_cm, self.time[rider, known].astype(np.int64) + self.base_ms

    def _find_first(self) -> None:
        self.first = np.where(self.counted[:, None], self.time, UNKNOWN).min(axis=0).astype(np.int32)
