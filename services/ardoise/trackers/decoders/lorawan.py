"""What LoRaWAN trackers send, once a network server has decoded it: names of fields differ from codec to codec.

A name is known in any case, with or without `_`, `-` and blanks: gpsLatitude, GPS_latitude. docs/trackers/lorawan.md
lists them.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ardoise.trackers.decoding import (
    Fix,
    Refused,
    accuracy_cm,
    e7,
    malformed,
    measured,
    speed_mmps,
    time_ms_of,
)

LATITUDE = ("latitude", "lat", "gpslatitude", "gpslat")
LONGITUDE = ("longitude", "lon", "lng", "long", "gpslongitude", "gpslon", "gpslng")
INSIDE = ("gps", "location", "position", "coordinates", "gpsdata", "gps1", "gpslocation")
"""Objects in which they may be; gps_1 is Cayenne LPP's at The Things Stack, gpsLocation.1 at ChirpStack."""
TIME = ("timestamp", "time", "gpstime", "fixtime", "utctime", "datetime", "unixtime", "epoch")
ACCURACY_M = ("accuracy", "accuracym", "gpsaccuracy", "horizontalaccuracy")
SPEEDS_MPS = {"speedmps": 1.0, "speedms": 1.0, "speedkmh": 1 / 3.6, "speedkph": 1 / 3.6}
"""Plain `speed` is in nobody knows what."""
SATELLITES = ("satellites", "sats", "numsats", "satcount", "gpssatellites")
MOST_SATELLITES = 128
BATTERY = ("batterypercent", "batterypercentage", "batterylevel", "batpercent", "battery", "batt", "bat")
MOST_BATTERY_V = 5
"""A battery of no more is one in volts."""
OLDEST_TIME_S = 1_000_000_000
"""2001. A smaller number is one since the device was switched on, an older date one of a receiver without a fix."""
OLDEST_TIME_MS = OLDEST_TIME_S * 100
LONGEST_NAME = 32
NUMBERS = (int, float)
"""Types, as JSON has them; bool is another."""
MOST_NAMES = 1_024
"""Names of fields that are known in their plain form: a race's trackers are of a few kinds."""
_JOINED = str.maketrans("", "", "_- ")


def fix_of(device: str, decoded: Mapping[str, Any], network_ms: int, battery: float | None) -> Fix | None:
    """None where it has no place: a status, or no satellites. `network_ms`: when the network server got it.

    `battery`: percent, as the network server knows it. Raises Refused.
    """
    fields = _named(decoded)
    place = _place(fields)
    if place is None:
        return None
    latitude, longitude, near = place
    if latitude == 0 and longitude == 0:
        return None  # What codecs make of a receiver without a fix.
    level = _number(near, BATTERY)
    if level is not None and level <= MOST_BATTERY_V:
        level = None
    return Fix(
        device,
        first_time_ms([near[name] for name in TIME if name in near], network_ms),
        e7(latitude, 90),
        e7(longitude, 180),
        speed_mmps(_speed_mps(near)),
        accuracy_cm(_number(near, ACCURACY_M)),
        satellites=measured(_number(near, SATELLITES), MOST_SATELLITES),
        battery_percent=measured(battery if level is None else level, 100),
    )


def first_time_ms(said: Iterable[Any], else_ms: int) -> int:
    """The first of them that is a time, in milliseconds since 1970."""
    for each in said:
        if (ms := _time_ms(each)) is not None:
            return ms
    return else_ms


def undecoded(where: str) -> Refused:
    """For bytes of which the network server was not told what they mean."""
    return malformed(f"not decoded: set a {where}")


def _named(decoded: Mapping[str, Any]) -> dict[str, Any]:
    return {_plain(name): value for name, value in decoded.items() if len(name) <= LONGEST_NAME}


@lru_cache(MOST_NAMES)
def _plain(name: str) -> str:
    return name.lower().translate(_JOINED)


def _place(fields: dict[str, Any]) -> tuple[float, float, dict[str, Any]] | None:
    """Latitude, longitude, and the fields beside them and around them."""
    latitude, longitude = _number(fields, LATITUDE), _number(fields, LONGITUDE)
    if latitude is not None and longitude is not None:
        return latitude, longitude, fields
    for name in INSIDE:
        inside = fields.get(name)
        if not isinstance(inside, dict):
            continue
        if isinstance(inside.get("1"), dict):
            inside = inside["1"]
        found = _named(inside)
        latitude, longitude = _number(found, LATITUDE), _number(found, LONGITUDE)
        if latitude is not None and longitude is not None:
            return latitude, longitude, fields | found
    return None


def _number(fields: Mapping[str, Any], names: Iterable[str]) -> float | None:
    for name in names:
        if name in fields and type(value := fields[name]) in NUMBERS:
            try:
                return float(value)
            except OverflowError:
                raise malformed(f"{name}: beyond any number") from None
    return None


def _speed_mps(fields: Mapping[str, Any]) -> float | None:
    for name, scale in SPEEDS_MPS.items():
        if name in fields and (speed := _number(fields, (name,))):
            return speed * scale
    return None


def _time_ms(said: Any) -> int | None:
    """None where it is no time since 1970."""
    if type(said) in NUMBERS:
        try:
            seconds = float(said) / (1000 if said >= OLDEST_TIME_MS else 1)
        except OverflowError:
            return None
        return time_ms_of(seconds) if OLDEST_TIME_S <= seconds < OLDEST_TIME_MS else None
    if not isinstance(said, str):
        return None
    try:
        when = datetime.fromisoformat(said)
        seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return time_ms_of(seconds) if seconds >= OLDEST_TIME_S else None
