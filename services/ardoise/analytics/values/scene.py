"""What values are made from: the stage as tables, and one second of the race as columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.analytics.values.memory import Memory
from ardoise.analytics.values.value import Column
from ardoise.race.weather import Weather

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
NONE = -1
"""An index of nothing."""

SMOOTHED_STEPS = 11
"""Steps over which elevation is smoothed, twice: routes are rough to a metre or two from point to point."""


@dataclass(frozen=True, eq=False)
class Course:
    """The stage every `step_m` from its first point; tables of one length, by distance."""

    step_m: float
    start_m: float
    """Distance of the first point from kilometre 0."""
    finish_m: float
    elevation_m: Column
    """NaN everywhere where the route has none."""
    ascent_m: Column
    """Climbed since the first point."""
    descent_m: Column
    level_m: Column
    """How far one would get on the level with the effort of riding here from the first point."""
    east: Column
    """Direction of the road, unit vector."""
    north: Column
    feature_m: Column
    sprint_m: Column
    foot_m: Column
    """Feet of the climbs that have a length, and their tops, by top."""
    top_m: Column
    bib: Indices
    """The riders, ascending: the rows of all columns."""
    team: Indices
    """Number of each rider's team; NONE: none."""

    def at(self, table: Column, distance_m: Column) -> Column:
        """A table at points of the road, interpolated; NaN where the distance is. Ends hold beyond the ends."""
        along = np.clip((distance_m - self.start_m) / self.step_m, 0, len(table) - 1)
        known = np.isfinite(along)
        low = np.where(known, along, 0).astype(np.int64)
        before, after = table[low], table[np.minimum(low + 1, len(table) - 1)]
        # NaN where the distance is: along is.
        return before + (along - low) * (after - before)

    def between(self, table: Column, from_m: Column, to_m: Column) -> Column:
        """How much a table grows between points of the road."""
        return self.at(table, to_m) - self.at(table, from_m)

    def gradient(self, from_m: Column, to_m: Column) -> Column:
        """Rise over way between points, as a fraction; NaN where there is no way between them."""
        way_m = to_m - from_m
        return self.between(self.elevation_m, from_m, to_m) / np.where(way_m > 0, way_m, np.nan)


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups from the front, one element per group."""

    group_id: Indices
    riders: Column
    distance_m: Column
    gap_s: Column
    """Behind the head of the race; NaN: unknown."""
    peloton: int
    """Which of them it is; NONE: none is known as such."""


@dataclass(frozen=True, eq=False)
class Second:
    """One second of the race; columns by bib."""

    time_s: float
    """Log time, seconds since 1970."""
    racing: bool
    """Time counts: neither before the start, nor neutralised, stopped or over."""
    live: Flags
    """On the road of the race and heard."""
    place: Column
    distance_m: Column
    """From kilometre 0; known also of who is without signal or home."""
    speed_mps: Column
    """NaN where not live."""
    gap_s: Column
    fix_time_s: Column
    finish_time_s: Column
    group: Indices
    """Which of the groups; NONE: none."""
    group_place: Column
    groups: Groups

    def of_group(self, column: Column) -> Column:
        """What is known of each group, for each rider; NaN for one in none."""
        return pick(column, self.group)


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the values of one second are made from."""

    course: Course
    second: Second
    memory: Memory
    weather: Weather | None = None
    """None: unknown."""

    @property
    def here_m(self) -> Column:
        """Where riders are who are on the road now; NaN: the others."""
        return np.where(self.second.live, self.second.distance_m, np.nan)


def pick(column: Column, index: Indices) -> Column:
    """Elements of a column; NaN for an index outside it."""
    inside = (index >= 0) & (index < len(column))
    found = np.full(np.shape(index), np.nan)
    found[inside] = column[index[inside]]
    return found


def next_after(points_m: Column, here_m: Column) -> Indices:
    """The first of the ascending points that lies ahead; len(points_m): none, or the place is unknown."""
    return np.searchsorted(points_m, here_m, side="right")


def smoothed(elevation_m: Column) -> Column:
    """Without the roughness of a route file."""
    half = SMOOTHED_STEPS // 2
    for _ in range(2):
        padded = np.pad(elevation_m, half, mode="edge")
        elevation_m = np.convolve(padded, np.full(SMOOTHED_STEPS, 1 / SMOOTHED_STEPS), mode="valid")
    return elevation_m
