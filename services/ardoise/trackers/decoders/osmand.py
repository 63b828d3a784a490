"""OsmAnd's online tracking, as phones speak it: a query, or the JSON of Traccar Client 9.

https://www.traccar.org/osmand and https://osmand.net/docs/user/plugins/trip-recording. What a query calls `speed` is in
knots, as Traccar takes it; the option speed=mps is for OsmAnd itself, which sends metres a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoders.json_fields import document, number, object_of
from ardoise.trackers.decoding import (
    HDOP_M,
    KNOT_MPS,
    MOST_CADENCE_RPM,
    MOST_FIXES,
    MOST_HEART_RATE_BPM,
    MOST_POWER_W,
    UNKNOWN,
    Decoded,
    Decoder,
    Fix,
    Message,
    Refused,
    Sample,
    Transport,
    accuracy_cm,
    device_of,
    e7,
    malformed,
    measured,
    speed_mmps,
    time_ms_of,
)

SPEEDS = {"kn": KNOT_MPS, "mps": 1.0, "kmh": 1 / 3.6}
SECONDS_BELOW = 2**31
"""A time stamp below it is in seconds, else in milliseconds."""
MOST_FIELDS = 64


@dataclass(frozen=True)
class Units:
    """What a query's numbers are in."""

    speed_mps: float = KNOT_MPS


def begin(options: Mapping[str, str]) -> Units:
    """Raises ValueError."""
    unit = options.get("speed", "kn")
    if unit not in SPEEDS:
        raise ValueError(f"speed={unit}: there are {', '.join(SPEEDS)}")
    return Units(SPEEDS[unit])


def decode(message: Message, units: Units) -> Decoded[Units]:
    """One request. Raises Refused."""
    if message.headers.get("content-type", "").lower().startswith("application/json"):
        return Decoded(_json(message))
    _, _, query = message.target.partition("?")
    try:
        fields = _fields(query or message.body.decode())
    except ValueError as error:
        raise malformed(f"no query: {error}") from None
    return Decoded(_query(fields, message.received_ms, units))


def _fields(text: str) -> dict[str, str]:
    """As parse_qsl has them, in half the time: of several with one name the last. Raises ValueError."""
    parts = text.split("&")
    if len(parts) > MOST_FIELDS:
        raise ValueError(f"more than {MOST_FIELDS} fields")
    pairs = (part.partition("=") for part in parts)
    return {_unescaped(name): _unescaped(value) for name, _, value in pairs if value}


def _unescaped(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def _query(fields: Mapping[str, str], received_ms: int, units: Units) -> tuple[Fix, ...]:
    device = device_of(fields.get("id") or fields.get("deviceid") or "")
    latitude, longitude = fields.get("lat"), fields.get("lon")
    if "location" in fields:
        latitude, _, longitude = fields["location"].partition(",")
    if latitude is None or longitude is None:
        return ()  # Radio masts and wireless networks alone: no place on a road.
    speed, hdop = _number(fields, "speed"), _number(fields, "hdop")
    accuracy = _number(fields, "accuracy")
    return (
        Fix(
            device,
            _time_ms(fields["timestamp"]) if "timestamp" in fields else received_ms,
            e7(_float("lat", latitude), 90),
            e7(_float("lon", longitude), 180),
            speed_mmps(None if speed is None else speed * units.speed_mps),
            accuracy_cm(accuracy or (hdop or 0.0) * HDOP_M),
            battery_percent=measured(_number(fields, "batt"), 100),
            heart_rate_bpm=measured(_number(fields, "heartRate"), MOST_HEART_RATE_BPM),
        ),
    )


def _number(fields: Mapping[str, str], name: str) -> float | None:
    return _float(name, fields[name]) if fields.get(name) else None


def _float(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise malformed(f"{name}={text[:32]!r} is no number") from None


def _time_ms(text: str) -> int:
    text = text.strip()
    try:
        if text.find("-", 1) < 0:  # Of seconds or milliseconds none has one, and every date has.
            number = float(text)
            return time_ms_of(number if number < SECONDS_BELOW else number / 1000)
        when = datetime.fromisoformat(text)
        return time_ms_of((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise malformed(f"timestamp={text[:32]!r} is no time") from None


def _json(message: Message) -> tuple[Fix, ...]:
    said = object_of(document(message.body), "the body")
    device = device_of(_text(said, "device_id"))
    locations = said.get("location")
    if not isinstance(locations, list):
        locations = [locations]
    if len(locations) > MOST_FIXES:
        raise Refused(RefusalReason.REFUSAL_REASON_TOO_LARGE, f"more than {MOST_FIXES} locations")
    return tuple(_location(device, object_of(one, "location")) for one in locations)


def _location(device: str, location: Mapping[str, Any]) -> Fix:
    coords = object_of(location.get("coords"), "coords")
    battery = number(object_of(location.get("battery") or {}, "battery"), "level")
    extras = object_of(location.get("extras") or {}, "extras")  # as `ardoise tracker replay` fills them
    latitude, longitude = number(coords, "latitude"), number(coords, "longitude")
    if latitude is None or longitude is None:
        raise malformed("coords: latitude and longitude are missing")
    return Fix(
        device,
        _time_ms(_text(location, "timestamp")),
        e7(latitude, 90),
        e7(longitude, 180),
        speed_mmps(number(coords, "speed")),
        accuracy_cm(number(coords, "accuracy")),
        battery_percent=UNKNOWN if battery is None else measured(battery, 1, 100),
        heart_rate_bpm=measured(number(extras, "heartRate"), MOST_HEART_RATE_BPM),
        power_w=measured(number(extras, "power"), MOST_POWER_W),
        cadence_rpm=measured(number(extras, "cadence"), MOST_CADENCE_RPM),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one; empty where it is missing. Raises Refused."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(f"{name}: a text is expected")
    return str(value)


SAMPLES = (
    Sample(
        (
            Message(
                b"",
                "/?id=861001000000001&lat=43.21301&lon=2.35202&timestamp=1782554400&hdop=1.2&altitude=104.5&speed=21.6&batt=87",
            ),
        )
    ),
    Sample(
        (
            Message(
                b"id=anne%27s+phone&location=43.21301,2.35202&timestamp=2026-06-27+10%3A00%3A00&accuracy=4",
                "/",
            ),
        )
    ),
    Sample(
        (
            Message(
                b'{"location":{"timestamp":"2026-06-27T10:00:00.250Z","coords":{"latitude":43.21301,"longitude":2.35202,'
                b'"accuracy":4.5,"speed":11.1,"heading":84,"altitude":104.5},"is_moving":true,"odometer":0,'
                b'"battery":{"level":0.87,"is_charging":false},"extras":{}},"device_id":"48241179"}',
                "/",
                {"content-type": "application/json"},
            ),
        )
    ),
)

DECODER = Decoder("osmand", frozenset({Transport.HTTP}), decode, begin, samples=SAMPLES)
