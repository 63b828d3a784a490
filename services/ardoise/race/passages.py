"""When each rider passed each point of the road, and when the first did: gaps at any point, afterwards too."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.race.reference import LEADS_UNHEARD_MS, UNKNOWN, unbroken, unheard_leads

SPACING_CM = 2_500
LONGEST_HOLE_MS = 120_000
"""Over a longer silence a constant speed is a guess: the points in it stay unknown."""
MOST_DISORDER_MS = 1_000
"""Passages are interpolated: neighbouring points may be out of order by as much."""
FASTEST_STEP_MS = 833
"""From point to point at 30 m/s, which nobody rides."""
AGEING_PERCENT = 5
"""Of the time since somebody was heard: how fast gaps change unseen, one sigma."""
REACH_POINTS = 800
"""Who fell silent first is looked for so far behind the last rider: 20 km."""
MOST_DOUBT_MS = 2**15 - 1
_NINETY_PERMILLE = 1_645


@dataclass(frozen=True)
class Passage:
    """One rider at one point of the road."""

    bib: int
    time_ms: int
    """Since 1970."""
    gap_ms: int
    """Behind the first who passed."""
    gap_within_ms: int
    """The gap is right to so much nine times in ten."""


class Passages:
    """A matrix [rider, point every SPACING_CM] of times with their standard deviations, and when the first was there.

    Times are int32 milliseconds since `base_ms`. A time once known stays: a rider who turns back to
    help a leader has passed.
    """

    def __init__(self, riders: int, start_cm: int, end_cm: int, base_ms: int) -> None:
        self.start_cm, self.base_ms = start_cm, base_ms
        points = (end_cm - start_cm) // SPACING_CM + 1
        self.time = np.full((riders, points), UNKNOWN, np.int32)
        self.doubt = np.zeros((riders, points), np.int16)
        self.first = np.full(points, UNKNOWN, np.int32)
        self.first_of = np.zeros(points, np.int32)
        """The rider who was."""
        self.first_doubt = np.zeros(points, np.int16)
        self.counted = np.zeros(riders, bool)
        """Riders whose passages count as the race's."""

    def arrays(self) -> dict[str, NDArray]:
        """All that is kept, by name."""
        names = ("time", "doubt", "first", "first_of", "first_doubt", "counted")
        return {name: getattr(self, name) for name in names}

    def restore(self, arrays: Mapping[str, NDArray]) -> None:
        """Takes over what arrays() gave."""
        for name, array in arrays.items():
            getattr(self, name)[:] = array

    def record(
        self,
        rider: NDArray[np.int64],
        from_cm: NDArray[np.int64],
        from_ms: NDArray[np.int64],
        to_cm: NDArray[np.int64],
        to_ms: NDArray[np.int64],
        doubt_cm: NDArray[np.int64],
    ) -> None:
        """Fills the points between two places of a rider, where they are unknown yet. `doubt_cm`: their sigma."""
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
        doubt_ms = np.minimum(doubt_cm[which] * taken_ms // ridden_cm, MOST_DOUBT_MS)
        row = rider[which]
        inside = (point >= 0) & (point < self.time.shape[1])
        row, point, passed, doubt_ms = row[inside], point[inside], passed[inside], doubt_ms[inside]
        unknown = self.time[row, point] == UNKNOWN
        row, point, passed, doubt_ms = row[unknown], point[unknown], passed[unknown], doubt_ms[unknown]
        self.time[row, point], self.doubt[row, point] = passed, doubt_ms
        counted = self.counted[row]
        row, point, passed, doubt_ms = row[counted], point[counted], passed[counted], doubt_ms[counted]
        np.minimum.at(self.first, point, passed)
        is_first = self.first[point] == passed
        self.first_of[point[is_first]], self.first_doubt[point[is_first]] = row[is_first], doubt_ms[is_first]

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

    def leads(
        self, fix_cm: NDArray[np.int64], fix_ms: NDArray[np.int64], now_ms: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Leads of firsts who fell silent (reference.unheard_leads). Of all riders: where and when heard last."""
        lead, unheard_ms = np.zeros_like(self.first), np.zeros_like(self.first)
        lately = self.counted & (now_ms - fix_ms <= LEADS_UNHEARD_MS)
        if lately.any():
            # Only near who is still heard: of a whole stage most is ridden.
            low = max(int(self._point(fix_cm[lately]).min()) - REACH_POINTS, 0)
            heard = self._point(fix_cm) - low, fix_ms - self.base_ms
            known = self.time[:, low:], self.first[low:], self.first_of[low:]
            lead[low:], unheard_ms[low:] = unheard_leads(*known, *heard, now_ms - self.base_ms)
        return lead, unheard_ms

    def ride(self, at_cm: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ride that groups are measured against (reference.unbroken), about these places."""
        ride = np.full(len(self.first), UNKNOWN, np.int64)
        point = np.clip(self._point(at_cm), 0, len(ride) - 1)
        near = slice(int(point.min()), int(point.max()) + 2)
        ride[near] = unbroken(self.time[:, near], self.first[near], self.first_of[near])
        return ride

    def gap_ms(
        self,
        rider: NDArray[np.int64],
        at_cm: NDArray[np.int64],
        at_ms: NDArray[np.int64],
        doubt_ms: NDArray[np.int64],
        leads: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Time behind the first at the rider's place, -1 where unknown, and its standard deviation.

        `doubt_ms`: of the rider's own time. `leads`: of firsts who fell silent.
        """
        lead, unheard_ms = leads
        first = np.where(self.first == UNKNOWN, UNKNOWN, self.first - lead)
        gap, unknown = self.behind(rider, at_cm, at_ms, first)
        point = np.clip(self._point(at_cm), 0, len(first) - 1)
        # Somebody was further on, as far as one can ride, before the first known passage here: who was first there
        # was not heard.
        fastest = np.arange(len(first)) * FASTEST_STEP_MS
        earliest = np.minimum.accumulate((first - fastest)[::-1])[::-1] + fastest
        unheard = unknown | (first[point] > earliest[point] + MOST_DISORDER_MS)
        first_doubt = self.first_doubt[point] + unheard_ms[point] * AGEING_PERCENT // 100
        return np.where(unheard, -1, np.maximum(gap, 0)), of_both(doubt_ms, first_doubt)

    def behind(
        self,
        rider: NDArray[np.int64],
        at_cm: NDArray[np.int64],
        at_ms: NDArray[np.int64],
        first: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Time behind a ride that passed each point at `first` (UNKNOWN: nobody knows), and where it is unknown.

        The rider's own time less that ride's, between the points around the place: it grows for one who stands or
        rides back. At the front, where it has not passed the point ahead, at the last point that both passed.
        """
        last = self.time.shape[1] - 1
        point = np.clip(self._point(at_cm), 0, last)
        own = self.time[rider, point].astype(np.int64)
        here, after = first[point], first[np.minimum(point + 1, last)]
        rest_cm = at_cm - self.start_cm - point * SPACING_CM
        between = here + np.where(after == UNKNOWN, 0, (after - here) * rest_cm // SPACING_CM)
        front = (own != UNKNOWN) & (after == UNKNOWN)
        return np.where(front, own - here, at_ms - self.base_ms - between), here == UNKNOWN

    def first_at(self, at_cm: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rider whose passage is the first at each of these places."""
        return self.first_of[np.clip(self._point(at_cm), 0, len(self.first_of) - 1)]

    def at(self, distance_cm: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Riders that passed a point and when (ms since 1970), in the order of passing."""
        point = self._point(distance_cm)
        if not 0 <= point < self.time.shape[1]:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rest_cm = distance_cm - self.start_cm - point * SPACING_CM
        before = self.time[:, point].astype(np.int64)
        after = self.time[:, min(point + 1, self.time.shape[1] - 1)].astype(np.int64) if rest_cm else before
        rider = np.flatnonzero((before != UNKNOWN) & (after != UNKNOWN))
        passed = before[rider] + (after[rider] - before[rider]) * rest_cm // SPACING_CM
        order = np.lexsort((rider, passed))
        return rider[order], passed[order] + self.base_ms

    def doubt_at(self, distance_cm: int, rider: NDArray[np.int64]) -> NDArray[np.int64]:
        """Standard deviation of when these riders passed a point of the road, ms."""
        return self.doubt[rider, self._point(distance_cm)].astype(np.int64)

    def track(self, rider: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Points (distance_cm) that a rider passed and when (ms since 1970), along the road."""
        known = np.flatnonzero(self.time[rider] != UNKNOWN)
        return known * SPACING_CM + self.start_cm, self.time[rider, known].astype(np.int64) + self.base_ms

    def _point[Cm: (int, NDArray[np.int64])](self, distance_cm: Cm) -> Cm:
        return (distance_cm - self.start_cm) // SPACING_CM

    def _find_first(self) -> None:
        time = np.where(self.counted[:, None], self.time, UNKNOWN)
        row, point = time.argmin(axis=0), np.arange(time.shape[1])
        self.first, self.first_of, self.first_doubt = (
            time[row, point],
            row.astype(np.int32),
            self.doubt[row, point],
        )


def of_both(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Standard deviation of a difference of two."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    return np.floor(np.sqrt(one * one + other * other)).astype(np.int64)


def ninety_percent(sigma: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nine in ten of a normal distribution are off by no more."""
    return sigma * _NINETY_PERMILLE // 1_000
