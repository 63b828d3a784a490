"""What every format of a ride comes to: rows of text or numbers, each made a fix or refused."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from ardoise.trackers.decoding import (
    MOST_CADENCE_RPM,
    MOST_HEART_RATE_BPM,
    MOST_POWER_W,
    UNKNOWN,
    Fix,
    Refused,
    accuracy_cm,
    e7,
    measured,
    speed_mmps,
)

MOST_POINTS = 250_000
"""Sixty-nine hours at one a second."""


class RideInvalid(ValueError):
    """The file holds no ride; the message says why."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a file, numbers as they stand there; None: it does not say."""

    latitude: float | None
    longitude: float | None
    time_ms: int | None = None
    speed_mps: float | None = None
    accuracy_m: float | None = None
    heart_rate_bpm: float | None = None
    power_w: float | None = None
    cadence_rpm: float | None = None


def fixes_of(points: Iterable[Point], device: str) -> tuple[Fix, ...]:
    """In the file's order, without points that have no place. `time_ms` UNKNOWN: the file has no times.

    Where it has some, points without one, or not later than the one before, are left out. Raises RideInvalid.
    """
    read = list(islice(points, MOST_POINTS + 1))
    if len(read) > MOST_POINTS:
        raise RideInvalid(f"more than {MOST_POINTS} points")
    found = [point for point in read if _is_somewhere(point)]
    if any(point.time_ms is not None for point in found):
        found = _growing(found)
    if len(found) < 2:
        raise RideInvalid(f"{len(found)} points with a place: a ride has at least two")
    try:
        return tuple(_fix(point, device) for point in found)
    except Refused as refused:
        raise RideInvalid(refused.detail) from None


def number(text: str | None) -> float | None:
    """None where there is no number, or none that is finite."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def time_ms(text: str | None) -> int | None:
    """An ISO 8601 time; one without an offset is UTC, as GPX, TCX and GeoJSON have it."""
    try:
        when = datetime.fromisoformat((text or "").strip())
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return round(when.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _is_somewhere(point: Point) -> bool:
    """Bike computers write 0, 0 or nothing until they have satellites."""
    return bool(point.latitude or point.longitude) and None not in (point.latitude, point.longitude)


def _growing(points: list[Point]) -> list[Point]:
    kept: list[Point] = []
    last_ms = -(2**62)
    for point in points:
        if point.time_ms is not None and point.time_ms > last_ms:
            kept.append(point)
            last_ms = point.time_ms
    return kept


def _fix(point: Point, device: str) -> Fix:
    assert point.latitude is not None
    assert point.longitude is not None
    return Fix(
        device,
        UNKNOWN if point.time_ms is None else point.time_ms,
        e7(point.latitude, 90),
        e7(point.longitude, 180),
        speed_mmps(point.speed_mps),
        accuracy_cm(point.accuracy_m),
        heart_rate_bpm=measured(point.heart_rate_bpm, MOST_HEART_RATE_BPM),
        power_w=measured(point.power_w, MOST_POWER_W),
        cadence_rpm=measured(point.cadence_rpm, MOST_CADENCE_RPM),
    )
