"""A mountain road that nobody has built: valleys, passes with hairpins, descents. Pure and seeded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STEP_M = 4.0
TIGHTEST_RADIUS_M = 14.0
"""Hairpins of Alpine passes have 10 to 20 m."""
SIMPLIFY_M = 0.6
LONGEST_SEGMENT_STEPS = 12
METRES_PER_DEGREE_OF_LATITUDE = 111_132.0


@dataclass(frozen=True)
class Section:
    """A stretch of road of one character."""

    name: str
    length_m: float
    grade: float
    """Mean gradient, as a fraction: 0.07 is 7 %."""
    towards_deg: float
    """General direction, degrees clockwise from north."""
    hairpins: float = 0.0
    """Share of the stretch that is laid in hairpins."""
    roughness: float = 0.01
    """How much the gradient varies around its mean (1 sigma), as a fraction."""


@dataclass(frozen=True, eq=False)
class InventedRoad:
    """Points of the road: degrees and metres above sea level, and the points at which sections end."""

    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    elevation_m: NDArray[np.float64]
    ends: dict[str, int] = field(default_factory=dict)
    """Section name -> index of its last point."""


def invent_road(
    sections: Sequence[Section], seed: int, latitude: float, longitude: float, elevation_m: float
) -> InventedRoad:
    """Lays the sections one after the other from the given place."""
    random = np.random.default_rng(seed)
    headings, climbs, ends = [], [], {}
    steps = 0
    for section in sections:
        count = round(section.length_m / STEP_M)
        headings.append(_wished_heading(section, count, random))
        climbs.append(_climb_per_step(section, count, random))
        steps += count
        ends[section.name] = steps
    heading = _drivable(np.concatenate(headings))
    east_m = np.concatenate(([0.0], np.cumsum(np.sin(heading) * STEP_M)))
    north_m = np.concatenate(([0.0], np.cumsum(np.cos(heading) * STEP_M)))
    height_m = elevation_m + np.concatenate(([0.0], np.cumsum(np.concatenate(climbs))))
    kept = _corners(east_m, north_m, sorted(ends.values()))
    scale = METRES_PER_DEGREE_OF_LATITUDE * np.cos(np.radians(latitude))
    return InventedRoad(
        latitude=latitude + north_m[kept] / METRES_PER_DEGREE_OF_LATITUDE,
        longitude=longitude + east_m[kept] / scale,
        elevation_m=height_m[kept],
        ends={name: int(np.searchsorted(kept, end)) for name, end in ends.items()},
    )


def _wished_heading(section: Section, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Where the builder would point the road at each step, radians; corners not yet rounded."""
    general = np.radians(section.towards_deg) + _waves(count, 5_000.0, random) * np.radians(14)
    bends = _waves(count, 700.0, random) * np.radians(24) + _waves(count, 220.0, random) * np.radians(12)
    heading = general + bends
    at, side = 0, random.choice((-1.0, 1.0))
    while at < count:
        straight = round(random.uniform(500.0, 1_500.0) / STEP_M)
        at += straight
        laid = 0.0
        # As many metres of hairpins as the share asks for, between stretches that go straight up.
        while laid < straight * section.hairpins / max(1.0 - section.hairpins, 0.05) and at < count:
            leg = round(random.uniform(170.0, 430.0) / STEP_M)
            slant = np.radians(random.uniform(66.0, 77.0))
            heading[at : at + leg] = general[at : at + leg] + side * slant + bends[at : at + leg] * 0.25
            at, laid, side = at + leg, laid + leg, -side
    return heading


def _climb_per_step(section: Section, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    grade = (
        section.grade + (_waves(count, 1_800.0, random) + _waves(count, 500.0, random)) * section.roughness
    )
    # The mean is what the section says, however the waves fell.
    return (grade - grade.mean() + section.grade) * STEP_M


def _waves(count: int, length_m: float, random: np.random.Generator) -> NDArray[np.float64]:
    """A smooth random curve of about unit size that swings once in about `length_m`."""
    knots = np.arange(0, count * STEP_M + 2 * length_m, length_m / 2)
    values = random.normal(0.0, 0.8, len(knots))
    at = np.arange(count) * STEP_M / (length_m / 2)
    whole = at.astype(int)
    blend = (1 - np.cos(np.pi * (at - whole))) / 2
    return values[whole] * (1 - blend) + values[whole + 1] * blend


def _drivable(wished: NDArray[np.float64]) -> NDArray[np.float64]:
    """The heading of a road that turns no tighter than a hairpin does."""
    most_turn = STEP_M / TIGHTEST_RADIUS_M
    heading = np.empty_like(wished)
    now = wished[0]
    for index, wish in enumerate(wished):
        now += min(max(wish - now, -most_turn), most_turn)
        heading[index] = now
    return heading


def _corners(
    east_m: NDArray[np.float64], north_m: NDArray[np.float64], needed: list[int]
) -> NDArray[np.int64]:
    """Indices of the points that the line needs to stay within SIMPLIFY_M of the road."""
    kept, start, last = [0], 0, len(east_m) - 1
    fixed = set(needed)
    while start < last:
        end = start + 1
        while end < last and end not in fixed and end - start < LONGEST_SEGMENT_STEPS:
            if not _is_straight(east_m, north_m, start, end + 1):
                break
            end += 1
        kept.append(end)
        start = end
    return np.array(kept)


def _is_straight(east_m: NDArray[np.float64], north_m: NDArray[np.float64], start: int, end: int) -> bool:
    along_east, along_north = east_m[end] - east_m[start], north_m[end] - north_m[start]
    length_m = max(float(np.hypot(along_east, along_north)), 1e-9)
    inner = slice(start + 1, end)
    off = (east_m[inner] - east_m[start]) * along_north - (north_m[inner] - north_m[start]) * along_east
    return bool((np.abs(off) / length_m <= SIMPLIFY_M).all())
