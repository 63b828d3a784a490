"""H02, which SinoTrack's and many other small trackers speak: text between * and #, or the same in binary behind $.

Text: `*HQ,<id>,V1,<hhmmss>,A,<ddmm.mmmm>,N,<dddmm.mmmm>,E,<knots>,<course>,<ddmmyy>,<state>[,<mcc>,...]#`, all UTC. V4
has what a command did before the same fields; V6 and V19 have the SIM card's number behind them; NBR and LINK have no
place. Binary: the same fields in BCD, 32 bytes; some makers add up to 13 of their own, some have an id of 8 bytes.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import (
    KNOT_MPS,
    UNKNOWN,
    Cut,
    Decoded,
    Decoder,
    Fix,
    Message,
    Refused,
    Sample,
    Transport,
    battery_percent,
    device_of,
    e7,
    malformed,
    measured,
    speed_mmps,
)

MOST_TEXT_BYTES = 512
BINARY_BYTES = 32
MOST_TAIL_BYTES = 13
"""What makers add behind a binary message: masts, mileage. Its length is not said anywhere."""
ID_BYTES = (5, 8)
"""Ten digits; or an IMEI's fifteen and a zero."""
MOST_ID_DIGITS = 15
SIDES = {"N": 1, "S": -1, "E": 1, "W": -1}
BATTERY_FIELDS = {"LINK": 6, "HTBT": 3}
"""Of messages that say a percentage: in which field."""


class Session(Struct, frozen=True):
    """A connection."""

    tail_bytes: int = 0
    """How much of the last binary message's tail may still come."""
    battery: tuple[str, int] = ("", UNKNOWN)
    """Whose, and the percentage it said last."""


_TEXT = re.compile(rb"\*(?:[A-Za-z]{2}(?:,[ -\"%-)+-~]*)?|[A-Za-z]?)")
"""A text without its #, or how one begins: what makers add in binary has a * in it too."""


def cut(buffer: bytes) -> Cut:
    """A text with its #, a binary message; or what is neither, up to where one may begin: `decode` says what it is."""
    if match := _TEXT.match(buffer):
        if match.end() == len(buffer):
            return Cut(0)
        if buffer[match.end()] == ord("#"):
            return Cut(match.end() + 1)
    elif buffer[:1] == b"$" and _readings(buffer[:BINARY_BYTES]):
        return Cut(BINARY_BYTES if len(buffer) >= BINARY_BYTES else 0)
    starts = [at for start in (b"*", b"$") if (at := buffer.find(start, 1)) > 0]
    return Cut(min([*starts, len(buffer)]))


def decode(message: Message, session: Session) -> Decoded[Session]:
    """One message, or what is left of one. Raises Refused."""
    body = message.body
    if body[-1:] == b"#" and (match := _TEXT.match(body)) and match.end() == len(body) - 1:
        return _text(body, session)
    if body[:1] == b"$" and len(body) >= BINARY_BYTES:
        fix = _binary(body, session)
        tail_bytes = max(0, BINARY_BYTES + MOST_TAIL_BYTES - len(body))
        return Decoded((fix,) if fix else (), Session(tail_bytes, session.battery))
    if not body.strip():
        return Decoded()
    if len(body) <= session.tail_bytes:
        return Decoded(session=Session(session.tail_bytes - len(body), session.battery))
    raise malformed("neither a text between * and # nor a binary message behind $")


def _text(body: bytes, session: Session) -> Decoded[Session]:
    try:
        fields = body[1:-1].decode("ascii").split(",")
    except UnicodeDecodeError:
        raise malformed("the text is not all ASCII") from None
    if len(fields) < 3:
        raise malformed(f"a text has a maker, an id and a kind, this one has {len(fields)} fields")
    device, kind = device_of(fields[1]), fields[2]
    if (at := BATTERY_FIELDS.get(kind)) is not None:
        said = fields[at] if len(fields) > at else ""
        battery = int(said) if said.isdigit() and len(said) <= 3 else None
        return Decoded(session=Session(0, (device, measured(battery, 100))))
    at = _where_place_begins(fields)
    if not at or fields[at] != "A":
        return Decoded(session=Session(0, session.battery))
    fix = Fix(
        device,
        _time_ms(fields[at - 1], fields[at + 7]),
        e7(_degrees(fields[at + 1], 2) * SIDES[fields[at + 2]], 90),
        e7(_degrees(fields[at + 3], 3) * SIDES[fields[at + 4]], 180),
        speed_mmps(_number(fields[at + 5]) * KNOT_MPS if fields[at + 5].strip() else None),
        battery_percent=_battery(device, fields[at + 9 :], session),
    )
    return Decoded((fix,), Session(0, session.battery))


def _where_place_begins(fields: list[str]) -> int:
    """The field that says whether the position is one; 0: there is none. Behind it are eight more."""
    if not fields[2].startswith("V"):
        return 0
    for at in range(4, len(fields) - 7):
        if (
            fields[at] in ("A", "V", "B", "")
            and fields[at + 2] in ("N", "S")
            and fields[at + 4] in ("E", "W")
        ):
            return at
    return 0


def _battery(device: str, masts: list[str], session: Session) -> int:
    """A level that some makers have behind network, mast and cell; else what was said last."""
    if (
        len(masts) == 5
        and len(masts[0]) == 3
        and masts[0].isdigit()
        and masts[4] in ("1", "2", "3", "4", "5", "6")
    ):
        return battery_percent(int(masts[4]))
    return _kept_battery(device, session)


def _kept_battery(device: str, session: Session) -> int:
    return session.battery[1] if session.battery[0] == device else UNKNOWN


def _number(text: str) -> float:
    text = text.strip()
    # Digits and one point: what Python takes for a number besides is none here.
    if not (text.isascii() and text.replace(".", "", 1).isdigit()):
        raise malformed(f"{text[:32]!r} is no number")
    return float(text)


def _degrees(text: str, digits: int) -> float:
    """Of (d)ddmm.mmmm; without a point of (d)ddmmmmmm; of -dd-mm.mmmm."""
    if text.startswith("-"):
        degrees, _, minutes = text[1:].partition("-")
    elif "." in text:
        point = text.index(".")
        degrees, minutes = text[: max(0, point - 2)] or "0", text[max(0, point - 2) :]
    else:
        degrees, minutes = text[:digits], f"{text[digits : digits + 2]}.{text[digits + 2 :]}"
    if _number(minutes) >= 60:
        raise malformed(f"{text[:32]!r} has more minutes than a degree")
    return _number(degrees) + _number(minutes) / 60


def _time_ms(clock: str, date: str) -> int:
    """hhmmss and ddmmyy."""
    if len(clock) != 6 or not (clock.isascii() and clock.isdigit()):
        raise malformed(f"{clock[:16]!r} is no time")
    hour, minute, second = int(clock[:2]), int(clock[2:4]), int(clock[4:])
    if hour > 23 or minute > 59 or second > 59:
        raise Refused(RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME, f"{clock} is no time of a day")
    return _midnight_ms(date) + ((hour * 60 + minute) * 60 + second) * 1000


@lru_cache(16)
def _midnight_ms(date: str) -> int:
    """ddmmyy."""
    if len(date) != 6 or not (date.isascii() and date.isdigit()):
        raise malformed(f"{date[:16]!r} is no date")
    try:
        day = datetime(2000 + int(date[4:]), int(date[2:4]), int(date[:2]), tzinfo=UTC)
    except ValueError:
        raise Refused(RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME, f"{date} is no date") from None
    return round(day.timestamp()) * 1000


def _layout(id_bytes: int) -> tuple[re.Pattern[str], bytes]:
    """What a binary message's hexadecimal digits are, and one of which all is right."""
    pattern = (
        rf"24(\d{{{2 * id_bytes}}})"
        r"((?:[01]\d|2[0-3])[0-5]\d[0-5]\d)"  # hhmmss
        r"((?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d)"  # ddmmyy
        r"([0-8]\d|90)([0-5]\d{5})"  # ddmmmmmm
        r"(..)"  # battery
        r"(0\d\d|1[0-7]\d|180)([0-5]\d{5})(.)"  # dddmmmmmm and flags
        r"(...)"  # knots
    )
    right = b"$" + bytes(id_bytes + 3) + b"\1\1" + bytes(BINARY_BYTES)
    return re.compile(pattern, re.ASCII | re.DOTALL), right[:BINARY_BYTES]


_LAYOUTS = tuple(_layout(size) for size in ID_BYTES)


def _readings(frame: bytes) -> list[re.Match[str]]:
    """How a binary message, or how it begins, can be read: digits where they are, a time and a place that there are."""
    found = []
    for pattern, right in _LAYOUTS:
        if match := pattern.match((frame + right[len(frame) :]).hex()):
            found.append(match)
    return found


def _binary(frame: bytes, session: Session) -> Fix | None:
    readings = _readings(frame)
    if len(readings) != 1:
        raise malformed("digits, a time and a place are not where they should be, or can be read in two ways")
    device, clock, date, north, north_minutes, level, east, east_minutes, flags, knots = readings[0].groups()
    valid = int(flags, 16)
    if not valid & 2:
        return None
    device = device[:MOST_ID_DIGITS]
    latitude = int(north) + int(north_minutes) / 600_000
    longitude = int(east) + int(east_minutes) / 600_000
    return Fix(
        device,
        _time_ms(clock, date),
        e7(latitude if valid & 4 else -latitude, 90),
        e7(longitude if valid & 8 else -longitude, 180),
        speed_mmps(int(knots) * KNOT_MPS if knots.isdigit() else None),
        battery_percent=battery_percent(int(level, 16)) if level != "00" else _kept_battery(device, session),
    )


SAMPLES = (
    Sample((Message(b"*HQ,2705171109,V1,100000,A,4312.7806,N,00221.1212,E,022.41,286,270626,FFFFFBFF#"),)),
)

DECODER = Decoder(
    "h02",
    frozenset({Transport.TCP, Transport.UDP}),
    decode,
    lambda options: Session(),
    cut,
    MOST_TEXT_BYTES,
    samples=SAMPLES,
)
