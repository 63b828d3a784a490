"""FIT, as bike computers write it: https://developer.garmin.com/fit/protocol."""

import io
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import fitdecode

from ardoise.trackers.rides.points import Point, RideInvalid

DEGREES = 180 / 2**31
"""Of one semicircle unit."""


def fit(content: bytes) -> Iterator[Point]:
    """Its records. A file that breaks off has those before. Raises RideInvalid."""
    read = 0
    try:
        with warnings.catch_warnings(action="ignore"), fitdecode.FitReader(io.BytesIO(content)) as reader:
            for frame in reader:
                if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record":
                    read += 1
                    yield _point(frame)
    except Exception as error:  # The library raises whatever a strange definition of a field leads it to.
        if not read:
            raise RideInvalid(f"not FIT: {str(error)[:80] or type(error).__name__}") from None


def _point(record: fitdecode.FitDataMessage) -> Point:
    latitude, longitude = _number(record, "position_lat"), _number(record, "position_long")
    at = record.get_value("timestamp", fallback=None)
    if isinstance(at, datetime):
        at = at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000
    return Point(
        None if latitude is None else latitude * DEGREES,
        None if longitude is None else longitude * DEGREES,
        round(at) if isinstance(at, float) else None,
        _number(record, "enhanced_speed") or _number(record, "speed"),
        _number(record, "gps_accuracy"),
        _number(record, "heart_rate"),
        _number(record, "power"),
        _number(record, "cadence"),
    )


def _number(record: fitdecode.FitDataMessage, name: str) -> float | None:
    value = record.get_value(name, fallback=None)
    return float(value) if isinstance(value, int | float) else None
