"""NMEA 0183, as receivers of satellite positions speak it: RMC, GGA and VTG of any talker make one fix an epoch.

Fields as in NMEA 0183 4.11. A line may begin with the device's name and a colon, `moto-2:$GPRMC,...`: several receivers
on one connection. All else that a receiver says (satellites in view, its maker's own sentences) is passed over.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import (
    HDOP_M,
    KNOT_MPS,
    MOST_DEVICE_CHARACTERS,
    UNKNOWN,
    Cut,
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
)

MOST_LINE_BYTES = 512
"""The standard's sentences have 82; makers' own are longer."""
MOST_RECEIVERS = 64
"""On one connection, told apart by the names before their sentences."""
MOST_SATELLITES = 200
DAY_MS = 86_400_000
CENTURY_FROM = 80
"""A two-digit year from here on is of the last century: GPS began in 1980."""
DAY_OF_1970 = date(1970, 1, 1).toordinal()


class Rmc(Struct, frozen=True):
    """What an RMC says beside its time."""

    valid: bool
    midnight_ms: int
    """Its date, milliseconds since 1970; UNKNOWN: it has none."""
    latitude_e7: int
    longitude_e7: int
    speed_mmps: int


class Gga(Struct, frozen=True):
    """What a GGA says beside its time."""

    valid: bool
    latitude_e7: int
    longitude_e7: int
    accuracy_cm: int
    satellites: int


class Receiver(Struct, frozen=True):
    """One receiver: the epoch that is being told, and what is known of its ways."""

    time_ms: int = UNKNOWN
    """The epoch's, since midnight."""
    rmc: Rmc | None = None
    gga: Gga | None = None
    vtg_mmps: int = UNKNOWN
    """Of the last VTG that no fix has used."""
    out: bool = True
    """Whether the epoch's fix is out, or was none."""
    heard_ms: int = 0
    """When the epoch began here, since 1970."""
    behind_ms: int = 0
    """By so much its newest fix was behind that; 0: there is none yet. A date left out follows from it."""
    waits_for_gga: bool = True
    """Whether its epochs have a GGA: the last one that ended had, or none has ended yet."""


class Session(Struct, frozen=True):
    """A connection."""

    device: str = ""
    """Where no name stands before a sentence; empty: none is known."""
    summed: bool = False
    """Whether a sentence had a checksum: one without is torn then."""
    receivers: Mapping[str, Receiver] = field(default_factory=dict)


def begin(options: Mapping[str, str]) -> Session:
    """`device`: whose receiver it is. Raises ValueError."""
    if "device" not in options:
        return Session()
    try:
        return Session(device_of(options["device"]))
    except Refused as refused:
        raise ValueError(f"device={options['device']}: {refused.detail}") from None


def cut(buffer: bytes) -> Cut:
    """A line; what stands before a sentence and is no name is cut off it, so that no sentence is lost with it."""
    end = buffer.find(b"\n") + 1
    if not end:
        return Cut(0)
    start = buffer.find(b"$", 0, end)
    if start > 0 and not _is_name(buffer[:start]):
        return Cut(start, "no sentence")
    if start >= 0 and (another := buffer.find(b"$", start + 1, end)) >= 0:
        return Cut(another, "a sentence breaks off")
    return Cut(end)


def decode(message: Message, session: Session) -> Decoded[Session]:
    """One line. Raises Refused."""
    line = message.body.strip()
    name, dollar, sentence = line.partition(b"$")
    if not dollar:
        if not line or line[0] in b"!#":
            return Decoded()  # Ships' own reports; the remarks of a kept log.
        raise malformed("no sentence: it has no $")
    if name and not _is_name(name):
        raise malformed("what stands before $ is no name and a colon")
    device = device_of(name[:-1].decode()) if name else session.device
    if not device:
        raise Refused(
            RefusalReason.REFUSAL_REASON_NO_DEVICE, "whose receiver: set device=, or put a name before $"
        )
    body, star, given = sentence.partition(b"*")
    if star and given.upper() != b"%02X" % checksum(body):
        raise malformed("the checksum is not the sentence's")
    if session.summed and not star:
        raise malformed("no checksum, and those before had one")
    fields = body.split(b",")
    kind = fields[0][2:] if len(fields[0]) == 5 and fields[0][:1] != b"P" else b""
    receiver = session.receivers.get(device) or Receiver()
    fixes: tuple[Fix, ...] = ()
    if kind == b"VTG":
        fixes, receiver = _told(device, receiver, _vtg(fields))
    elif kind in (b"RMC", b"GGA"):
        fixes, receiver = _timed(device, receiver, fields, kind == b"RMC", message.received_ms)
    elif session.summed or not star:
        return Decoded()
    if device not in session.receivers and len(session.receivers) >= MOST_RECEIVERS:
        raise Refused(
            RefusalReason.REFUSAL_REASON_TOO_MANY, f"a connection has at most {MOST_RECEIVERS} receivers"
        )
    receivers = {**session.receivers, device: receiver}
    return Decoded(fixes, Session(session.device, session.summed or bool(star), receivers))


_FOLDS = tuple((bits, (1 << bits) - 1) for bits in (2048, 1024, 512, 256, 128, 64, 32, 16, 8))
_FOLDS_OF_SHORT = _FOLDS[2:]
_SHORT_BYTES = 128


def checksum(body: bytes) -> int:
    """All bytes between $ and * in exclusive or. At most MOST_LINE_BYTES are summed right."""
    folded = int.from_bytes(body)
    # Halves upon each other: a few steps instead of one for each byte.
    for bits, mask in _FOLDS_OF_SHORT if len(body) <= _SHORT_BYTES else _FOLDS:
        folded = (folded >> bits) ^ (folded & mask)
    return folded


def seal(line: bytes) -> bytes:
    """The line with the checksum put right that its sentence has, if it has one."""
    head, dollar, sentence = line.partition(b"$")
    body, star, given = sentence.partition(b"*")
    return head + dollar + body + star + b"%02X" % checksum(body) + given[2:] if star else line


def _is_name(head: bytes) -> bool:
    return (
        2 <= len(head) <= MOST_DEVICE_CHARACTERS + 1
        and head.endswith(b":")
        and head.isascii()
        and head.decode().isprintable()
    )


def _timed(
    device: str, receiver: Receiver, fields: list[bytes], is_rmc: bool, received_ms: int
) -> tuple[tuple[Fix, ...], Receiver]:
    """After an RMC or a GGA: of the epoch that is being told, or the first of the next."""
    if len(fields) < 10:
        raise malformed(f"{fields[0].decode(errors='replace')} has {len(fields)} fields")
    if not fields[1]:
        return (), receiver  # A receiver that has not heard the time yet.
    time_ms = _time_of_day_ms(fields[1])
    rmc, gga = (_rmc(fields), None) if is_rmc else (None, _gga(fields))
    if time_ms == receiver.time_ms:
        rmc, gga = _better(receiver.rmc, rmc), _better(receiver.gga, gga)
        if receiver.out:  # Told again by another talker; or its GGA comes after all.
            return (), replace(receiver, gga=gga)
        return _if_whole(device, receiver, rmc, gga, receiver.vtg_mmps)
    fix = None if receiver.out else _fix(device, receiver, receiver.rmc, receiver.gga, receiver.vtg_mmps)
    begun = Receiver(
        time_ms,
        vtg_mmps=receiver.vtg_mmps if receiver.out else UNKNOWN,
        heard_ms=received_ms,
        behind_ms=receiver.heard_ms - fix.time_ms if fix else receiver.behind_ms,
        waits_for_gga=receiver.time_ms < 0 or receiver.gga is not None,
    )
    fixes, receiver = _if_whole(device, begun, rmc, gga, begun.vtg_mmps)
    return ((fix, *fixes) if fix else fixes), receiver


def _better[T: (Rmc, Gga)](told: T | None, again: T | None) -> T | None:
    """Of two talkers in one receiver the one that has a position; else who was first."""
    return again if told is None or (again is not None and not told.valid) else told


def _told(device: str, receiver: Receiver, vtg_mmps: int) -> tuple[tuple[Fix, ...], Receiver]:
    """After a VTG, which says no time: of the epoch that is being told, or if that is out of the next."""
    if vtg_mmps < 0:
        return (), receiver
    if receiver.out:
        return (), replace(receiver, vtg_mmps=vtg_mmps)
    return _if_whole(device, receiver, receiver.rmc, receiver.gga, vtg_mmps)


def _if_whole(
    device: str, receiver: Receiver, rmc: Rmc | None, gga: Gga | None, vtg_mmps: int
) -> tuple[tuple[Fix, ...], Receiver]:
    """Its fix, where the epoch that is being told is all there with these; and what is known of it now."""
    time_ms, heard_ms, behind_ms = receiver.time_ms, receiver.heard_ms, receiver.behind_ms
    waits = receiver.waits_for_gga
    whole = rmc is not None and (gga is not None or not waits)
    if not whole or (rmc.valid and rmc.speed_mmps < 0 and vtg_mmps < 0):
        return (), Receiver(time_ms, rmc, gga, vtg_mmps, False, heard_ms, behind_ms, waits)
    fix = _fix(device, receiver, rmc, gga, vtg_mmps)
    if fix is None:
        return (), Receiver(time_ms, rmc, gga, UNKNOWN, True, heard_ms, behind_ms, waits)
    return (fix,), Receiver(time_ms, rmc, gga, UNKNOWN, True, heard_ms, heard_ms - fix.time_ms, waits)


def _fix(device: str, receiver: Receiver, rmc: Rmc | None, gga: Gga | None, vtg_mmps: int) -> Fix | None:
    place = rmc or gga
    if place is None or not place.valid or (gga is not None and not gga.valid):
        return None
    if rmc is not None and rmc.midnight_ms >= 0:
        time_ms = rmc.midnight_ms + receiver.time_ms
    else:
        near_ms = receiver.heard_ms - receiver.behind_ms
        time_ms = receiver.time_ms + round((near_ms - receiver.time_ms) / DAY_MS) * DAY_MS
    return Fix(
        device,
        time_ms,
        place.latitude_e7,
        place.longitude_e7,
        rmc.speed_mmps if rmc is not None and rmc.speed_mmps >= 0 else vtg_mmps,
        gga.accuracy_cm if gga is not None else UNKNOWN,
        gga.satellites if gga is not None else UNKNOWN,
    )


_NO_RMC = Rmc(False, UNKNOWN, 0, 0, UNKNOWN)
_NO_GGA = Gga(False, 0, 0, UNKNOWN, UNKNOWN)


def _rmc(fields: list[bytes]) -> Rmc:
    if fields[2] != b"A" or (len(fields) > 12 and fields[12] == b"N"):
        return _NO_RMC
    knots = _number(fields[7])
    return Rmc(
        True,
        _midnight_ms(fields[9]) if fields[9] else UNKNOWN,
        _e7(fields[3], fields[4], b"N", b"S", 90),
        _e7(fields[5], fields[6], b"E", b"W", 180),
        speed_mmps(None if knots is None else knots * KNOT_MPS),
    )


def _gga(fields: list[bytes]) -> Gga:
    if fields[6] in (b"", b"0"):
        return _NO_GGA
    hdop = _number(fields[8])
    return Gga(
        True,
        _e7(fields[2], fields[3], b"N", b"S", 90),
        _e7(fields[4], fields[5], b"E", b"W", 180),
        accuracy_cm(None if hdop is None else hdop * HDOP_M),
        measured(_number(fields[7]), MOST_SATELLITES),
    )


def _vtg(fields: list[bytes]) -> int:
    """Knots, else km/h."""
    if len(fields) < 9 or (len(fields) > 9 and fields[9] == b"N"):
        return UNKNOWN
    knots, kmh = _number(fields[5]), _number(fields[7])
    if knots is not None:
        return speed_mmps(knots * KNOT_MPS)
    return speed_mmps(None if kmh is None else kmh / 3.6)


def _number(text: bytes) -> float | None:
    if not text:
        return None
    # Digits and one point, so that none of what Python takes for a number besides is one: nan, 1e9, 1_0.
    if not text.replace(b".", b"", 1).isdigit():
        raise malformed(f"{text[:32]!r} is no number")
    return float(text)


def _e7(text: bytes, side: bytes, plus: bytes, minus: bytes, most: float) -> int:
    """Of degrees and minutes, (d)ddmm.mmmm."""
    number = _number(text)
    if number is None or side not in (plus, minus):
        raise malformed(f"{text[:32]!r} {side[:8]!r} is no place")
    degrees = number // 100
    minutes = number - degrees * 100
    if minutes >= 60:
        raise malformed(f"{text[:32]!r} has {minutes:.0f} minutes")
    value = degrees + minutes / 60
    return e7(value if side == plus else -value, most)


@lru_cache(16)
def _time_of_day_ms(text: bytes) -> int:
    """hhmmss, hhmmss.sss; a leap second is the next minute's first."""
    seconds = _number(text[4:])
    if seconds is None or not text[:4].isdigit() or text[6:7] not in (b"", b"."):
        raise malformed(f"{text[:32]!r} is no time")
    hours, minutes = int(text[:2]), int(text[2:4])
    if hours > 23 or minutes > 59 or seconds >= 61:
        raise Refused(RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME, f"{text[:32]!r} is no time of a day")
    return (hours * 60 + minutes) * 60_000 + round(seconds * 1000)


@lru_cache(16)
def _midnight_ms(text: bytes) -> int:
    """ddmmyy."""
    if len(text) != 6 or not text.isdigit():
        raise malformed(f"{text[:32]!r} is no date")
    year = int(text[4:])
    try:
        day = date(year + (1900 if year >= CENTURY_FROM else 2000), int(text[2:4]), int(text[:2]))
    except ValueError:
        raise Refused(RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME, f"{text!r} is no date") from None
    return (day.toordinal() - DAY_OF_1970) * DAY_MS


SAMPLES = (
    Sample(
        (
            Message(b"$GNRMC,100000.00,A,4312.7806,N,00221.1212,E,22.410,286.35,270626,,,A,V*3F\r\n"),
            Message(b"$GNRMC,100001.00,A,4312.7812,N,00221.1298,E,22.410,286.35,270626,,,A,V*39\r\n"),
        ),
        {"device": "moto-1"},
    ),
)

DECODER = Decoder(
    "nmea",
    frozenset({Transport.TCP, Transport.UDP, Transport.SERIAL}),
    decode,
    begin,
    cut,
    MOST_LINE_BYTES,
    samples=SAMPLES,
    seal=seal,
)
