"""What is true of a race: where everybody is, how far behind, in which group. From distances over time alone."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
"""A row for each instant, a column for each rider."""

STEP_S = 0.25
SPLIT_S = 4.0
MERGE_S = 2.0
STANDS_BELOW_MPS = 1.0
"""What a group is: riders not more than SPLIT_S behind the next; once apart, together again under MERGE_S. Whoever
stands or rides back is in none."""


@dataclass(frozen=True, eq=False)
class Truth:
    """A race, exactly. `distance_m`: along the road; NaN while a rider is not on it, or no longer in the race."""

    time_s: NDArray[np.float64]
    """Every STEP_S from the start."""
    distance_m: Table
    finish_m: float

    @cached_property
    def speed_mps(self) -> Table:
        return np.gradient(self.distance_m, STEP_S, axis=0)

    @cached_property
    def first_s(self) -> tuple[NDArray, NDArray]:
        """Points of the road (m, ascending), and when the first rider of all passed each."""
        at_m = np.arange(np.nanmax(self.distance_m[0]), np.nanmax(self.distance_m), 1.0)
        passed = [passages_s(self.time_s, column, at_m) for column in self.distance_m.T]
        return at_m, np.fmin.reduce(passed)

    @cached_property
    def gap_s(self) -> Table:
        """Time since the first rider passed the place at which each one is; NaN where nobody was seen to pass it.

        Of a finisher: the time at the line less the first one's.
        """
        at_m, first_s = self.first_s
        place_m = np.minimum(self.distance_m, self.finish_m)
        passed_s = np.interp(place_m, at_m, first_s, left=np.nan, right=np.nan)
        # At the very front the table ends less than a metre before the first rider.
        passed_s = np.where(self.distance_m > at_m[-1], self.time_s[:, None], passed_s)
        gap_s = np.maximum(self.time_s[:, None] - passed_s, 0.0)
        home_s = self.home_s
        gap_s = np.where(self.time_s[:, None] >= home_s, home_s - np.nanmin(home_s, initial=np.inf), gap_s)
        return np.where(np.isnan(self.distance_m), np.nan, gap_s)

    @cached_property
    def home_s(self) -> NDArray[np.float64]:
        """When each rider crossed the line; NaN: has not."""
        line = np.array([self.finish_m])
        return np.array([passages_s(self.time_s, column, line)[0] for column in self.distance_m.T])

    @property
    def racing(self) -> NDArray[np.bool_]:
        """Who is on the road between start and finish."""
        return ~np.isnan(self.distance_m) & (self.distance_m < self.finish_m)

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """Number of each rider's group from the front, at each instant; -1 for who is in none."""
        rides = self.racing & (np.nan_to_num(self.speed_mps) >= STANDS_BELOW_MPS)
        return grouped(np.where(rides, self.gap_s, np.nan))

    def at(self, table: Table, time_s: NDArray[np.float64]) -> Table:
        """A table's rows at other instants: between two neighbours, or NaN where either is."""
        where = np.clip(time_s / STEP_S, 0, len(self.time_s) - 1)
        low = np.minimum(where.astype(int), len(self.time_s) - 2)
        share = (where - low)[:, None]
        return table[low] * (1 - share) + table[low + 1] * share


def passages_s(
    time_s: NDArray[np.float64], distance_m: NDArray[np.float64], at_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """When a rider first was at each of these points; NaN where never, or not on the road (a short cut)."""
    on_road = np.flatnonzero(~np.isnan(distance_m))
    if not len(on_road):
        return np.full(len(at_m), np.nan)
    furthest_m = np.maximum.accumulate(distance_m[on_road])
    after = np.searchsorted(furthest_m, at_m)
    known = (after > 0) & (after < len(on_road))
    after = np.clip(after, 1, max(len(on_road) - 1, 1))
    if len(on_road) == 1:
        return np.full(len(at_m), np.nan)
    before = after - 1
    share = (at_m - furthest_m[before]) / np.maximum(furthest_m[after] - furthest_m[before], 1e-9)
    passed_s = time_s[on_road[before]] + share * (time_s[on_road[after]] - time_s[on_road[before]])
    return np.where(known & (on_road[after] - on_road[before] == 1), passed_s, np.nan)


def grouped(gap_s: Table) -> NDArray[np.int64]:
    """Groups by the times behind the first, with hysteresis: numbers from the front, -1 where there is no gap."""
    number = np.full(gap_s.shape, -1)
    before = np.full(gap_s.shape[1], -1)
    for now, row_s in enumerate(gap_s):
        order = np.argsort(row_s, kind="stable")[: np.count_nonzero(~np.isnan(row_s))]
        together = (before[order[1:]] == before[order[:-1]]) & (before[order[1:]] >= 0)
        cut = np.diff(row_s[order]) > np.where(together, SPLIT_S, MERGE_S)
        number[now, order] = np.concatenate(([0], np.cumsum(cut)))[: len(order)]
        before = number[now]
    return number
