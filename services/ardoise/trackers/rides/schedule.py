"""When each fix of a ride is sent, and what time and speed it then says. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from msgspec.structs import replace

from ardoise.trackers.decoding import MOST_SPEED_MPS, UNKNOWN, Fix
from ardoise.trackers.rides.points import RideInvalid

MOST_SPEED = 1_000.0
EARTH_RADIUS_M = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Due:
    """One fix, and how long after the begin it is sent."""

    after_s: float
    fix: Fix


def timed(fixes: Sequence[Fix], kmh: float | None) -> tuple[Fix, ...]:
    """With times: the file's own, or of one that has none those of a ride at `kmh`. Raises RideInvalid."""
    if fixes[0].time_ms != UNKNOWN:
        if kmh is not None:
            raise RideInvalid("the file has times of its own: leave out --kmh")
        return tuple(fixes)
    if kmh is None:
        raise RideInvalid("the file has no times: say with --kmh how fast it is ridden")
    made, along_m, before = [], 0.0, fixes[0]
    for fix in fixes:
        along_m += distance_m(before, fix)
        before = fix
        made.append(replace(fix, time_ms=round(along_m / kmh * 3_600), speed_mmps=round(kmh / 3.6 * 1_000)))
    return tuple(made)


def distance_m(one: Fix, other: Fix) -> float:
    """Between two fixes, along a great circle."""
    north = [radians(fix.latitude_e7 / 1e7) for fix in (one, other)]
    east = radians((other.longitude_e7 - one.longitude_e7) / 1e7)
    chord = sin((north[1] - north[0]) / 2) ** 2 + cos(north[0]) * cos(north[1]) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def schedule(fixes: Sequence[Fix], speed: float, begin_ms: int | None) -> Iterator[Due]:
    """Every fix so many times faster than it was ridden.

    `begin_ms`: the first is of that instant, and each other of the one at which it is sent, as if the device rode
    that fast. None: each keeps its time, however wrong a clock that makes.
    """
    first_ms = fixes[0].time_ms
    for fix in fixes:
        after_ms = (fix.time_ms - first_ms) / speed
        if begin_ms is None:
            yield Due(after_ms / 1000, fix)
        else:
            faster = fix.speed_mmps * speed
            known = 0 <= faster <= MOST_SPEED_MPS * 1000
            shifted = replace(
                fix, time_ms=round(begin_ms + after_ms), speed_mmps=round(faster) if known else UNKNOWN
            )
            yield Due(after_ms / 1000, shifted)
