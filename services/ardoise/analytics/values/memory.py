"""What is kept of the race so far. Bounded: five minutes by time, the road by distance, and sums."""

import numpy as np

from ardoise.analytics.values.value import Column

MARK_M = 100.0
"""Every so far along the road it is kept when a rider passed, and with which gaps."""
LONGEST_STEP_S = 30.0
"""Over a longer silence nothing is known of the road between, and no sum grows."""
LONGEST_STEP_M = 600.0
NEAR_S = 3.0
"""Seconds of a race can be missing: one so near stands for another."""


class Ring:
    """The last `size` seconds of some quantities: arrays [quantity, rider]."""

    def __init__(self, size: int, quantities: int, riders: int) -> None:
        self._time_s = np.full(size, np.nan)
        self._kept = np.full((size, quantities, riders), np.nan, np.float32)
        self._newest = size - 1

    def put(self, time_s: float, values: Column) -> None:
        """Takes the values of a second in; the oldest give way."""
        self._newest = (self._newest + 1) % len(self._time_s)
        self._time_s[self._newest], self._kept[self._newest] = time_s, values

    def change(self, quantity: int, over_s: float, least_s: float) -> Column:
        """Change a second of a quantity from `over_s` ago, or as long as it is known, `least_s` at least, to now."""
        age_s = self._time_s[self._newest] - self._time_s
        usable = (age_s >= least_s) & (age_s <= over_s + NEAR_S)
        if not usable.any():
            return np.full(self._kept.shape[2], np.nan)
        then = int(np.where(usable, np.abs(age_s - over_s), np.inf).argmin())
        now, before = self._kept[self._newest, quantity], self._kept[then, quantity]
        return (now.astype(float) - before) / age_s[then]

    def mean(self, over_s: float) -> Column:
        """Means over the last seconds, [quantity, rider]; NaN where less than two thirds of them are known."""
        recent = self._kept[self._time_s[self._newest] - self._time_s < over_s].astype(float)
        known = np.isfinite(recent)
        count = known.sum(axis=0)
        total = np.where(known, recent, 0.0).sum(axis=0)
        return np.where(count >= over_s * 2 / 3, total / np.maximum(count, 1), np.nan)


class Marks:
    """When each rider passed each mark of the road, and the gaps that were known there: [mark, rider]."""

    def __init__(self, finish_m: float, riders: int) -> None:
        count = max(int(finish_m // MARK_M), 0) + 1
        self.time_s = np.full((count, riders), np.nan)
        self.gap_s = np.full((count, riders), np.nan, np.float32)
        self.peloton_s = np.full((count, riders), np.nan, np.float32)

    def passed(
        self,
        from_m: Column,
        to_m: Column,
        from_s: float,
        to_s: float,
        gap_s: Column,
        peloton_s: Column,
    ) -> None:
        """Fills in the marks between two places, the first time that a rider passes them."""
        # Kilometre 0 is a mark: who starts there passes it too.
        first = np.where(from_m == 0.0, 0.0, np.floor(from_m / MARK_M) + 1)
        usable = (to_m > from_m) & (to_m - from_m <= LONGEST_STEP_M)
        usable &= (to_m >= 0) & (to_s - from_s <= LONGEST_STEP_S)
        for nth in range(int(LONGEST_STEP_M // MARK_M) + 1):
            mark = first + nth
            row = np.flatnonzero(usable & (mark >= 0) & (mark * MARK_M <= to_m) & (mark < len(self.time_s)))
            index = mark[row].astype(np.int64)
            new = np.isnan(self.time_s[index, row])
            row, index = row[new], index[new]
            share = (index * MARK_M - from_m[row]) / (to_m[row] - from_m[row])
            self.time_s[index, row] = from_s + share * (to_s - from_s)
            self.gap_s[index, row], self.peloton_s[index, row] = gap_s[row], peloton_s[row]

    def at(self, kept: np.ndarray, distance_m: Column) -> Column:
        """What was kept of each rider at a point that the rider passed; NaN: not known there."""
        mark = distance_m / MARK_M
        inside = (mark >= 0) & (mark < len(kept))
        low = np.where(inside, mark, 0).astype(np.int64)
        rider = np.arange(kept.shape[1])
        before = kept[low, rider].astype(float)
        share = np.where(inside, mark - low, 0.0)
        # On a mark the next is not needed: it may not have been passed.
        after = np.where(share > 0, kept[np.minimum(low + 1, len(kept) - 1), rider], before)
        return np.where(inside, before + share * (after - before), np.nan)


QUANTITIES = ("speed_mps", "gap_s", "elevation_m", "level_m")
WINDOW_S = 300
SUMS = ("followed_s", "standing_s", "front_s", "front_peloton_s", "alone_s", "breakaway_s")


class Memory:
    """Of one stage, for `riders` riders and `scenarios` ways in which a power may have come about."""

    def __init__(self, finish_m: float, riders: int, scenarios: int, power_s: int) -> None:
        self.recent = Ring(WINDOW_S + 1, len(QUANTITIES), riders)
        self.power = Ring(power_s, scenarios + 1, riders)
        self.marks = Marks(finish_m, riders)
        self.sum = {name: np.zeros(riders) for name in SUMS}
        """Seconds while the race is on and the rider is heard, since the first that was seen here; see `total`."""
        self.work_j = np.zeros((scenarios, riders))
        self.fastest_mps = np.full(riders, np.nan)
        self.group_id = np.full(riders, -1)
        self.group_since_s = np.full(riders, np.nan)
        self.time_s = np.nan
        self.distance_m = np.full(riders, np.nan)
        self.speed_mps = np.full(riders, np.nan)

    def total(self, name: str) -> Column:
        """One of the sums; NaN for a rider who was not followed for a second yet."""
        return np.where(self.sum["followed_s"] > 0, self.sum[name], np.nan)

    def change(self, quantity: str, over_s: float, least_s: float) -> Column:
        """See Ring.change."""
        return self.recent.change(QUANTITIES.index(quantity), over_s, least_s)

    def mean(self, quantity: str, over_s: float) -> Column:
        """See Ring.mean."""
        return self.recent.mean(over_s)[QUANTITIES.index(quantity)]
