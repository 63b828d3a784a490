"""The race as a predictor looks at it: groups, gaps and the road that is left."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class GroupView:
    """Riders together at one instant.

    `gap_s`: seconds behind the head of the race at the same point of the road. `data_age_s`: age of
    the reading that distance and gap lean on; the distance has been brought forward by that much.
    """

    group_id: int
    bibs: tuple[int, ...]
    distance_m: float
    gap_s: float
    speed_mps: float
    data_age_s: float = 0.0

    @property
    def size(self) -> int:
        return len(self.bibs)


@dataclass(frozen=True, slots=True)
class RaceView:
    """One second of the race.

    `ahead`: the groups in front of the peloton, from the front. `peloton`: None while no group is
    known as such. `finish_times_s`: the instants at which riders crossed the line, ascending.
    """

    race_time_s: float
    ahead: tuple[GroupView, ...]
    peloton: GroupView | None
    finish_times_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Road:
    """Distance and height above the start along the route, ascending; the last point of the race is `finish_m`."""

    distance_m: np.ndarray
    elevation_m: np.ndarray
    finish_m: float
    _ascent_m: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rises = np.maximum(np.diff(self.elevation_m, prepend=self.elevation_m[0]), 0.0)
        object.__setattr__(self, "_ascent_m", np.cumsum(rises))

    def to_go_m(self, distance_m: float) -> float:
        return max(self.finish_m - distance_m, 0.0)

    def ascent_m(self, from_m: float, to_m: float) -> float:
        """Metres climbed between two points of the road."""
        at = np.interp([from_m, to_m], self.distance_m, self._ascent_m)
        return float(max(at[1] - at[0], 0.0))

    def hard_km(self, at_m: np.ndarray, km_per_climbed_km: float) -> np.ndarray:
        """Kilometres from the start of the road, where each kilometre climbed counts as so many flat ones more."""
        return (at_m + km_per_climbed_km * np.interp(at_m, self.distance_m, self._ascent_m)) / 1000.0

    def hard_km_between(self, from_m: float, to_m: float, km_per_climbed_km: float) -> float:
        """Such kilometres between two points."""
        start, end = self.hard_km(np.array([from_m, to_m]), km_per_climbed_km)
        return float(end - start)

    def at_hard_km(self, from_m: float, hard_km: np.ndarray, km_per_climbed_km: float) -> np.ndarray:
        """The points of the road, metres, that lie so many hard kilometres after a point."""
        hard_m = self.distance_m + km_per_climbed_km * self._ascent_m
        start_m = np.interp(from_m, self.distance_m, hard_m)
        return np.interp(start_m + 1000.0 * hard_km, hard_m, self.distance_m)

    def uphill_ahead(self, from_m: float, steeper_than: float) -> tuple[float, float]:
        """Kilometres uphill that are left, and kilometres from the top of the last of them to the line."""
        ahead = (self.distance_m[1:] > from_m) & (self.distance_m[1:] <= self.finish_m)
        length_m = np.diff(self.distance_m)
        uphill = ahead & (np.diff(self.elevation_m) > steeper_than * length_m)
        if not uphill.any():
            return 0.0, self.to_go_m(from_m) / 1000.0
        top_m = self.distance_m[1:][uphill][-1]
        return float(length_m[uphill].sum()) / 1000.0, self.to_go_m(float(top_m)) / 1000.0
