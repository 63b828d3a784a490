"""GT06, Concox's protocol, which many makers of small trackers speak: framed, numbered, answered.

Concox's GPS Tracker Communication Protocol (GT06) and its later editions (JM-VL03 1.1.2). The device is who its login
says; its clock is in its own time zone, which the login says too, except where a packet's kind is in UTC.
"""

from binascii import crc_hqx
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import (
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
    e7,
    malformed,
    speed_mmps,
)

MOST_FRAME_BYTES = 2_048
"""Long frames carry texts; none that is in a specification has half of it."""
SHORT, LONG, STOP = b"\x78\x78", b"\x79\x79", b"\r\n"
LEAST_LENGTH = 5
"""What a frame's length counts at least: its kind, number and checksum."""
UNITS_A_DEGREE = 1_800_000
"""Latitude and longitude are in 1/30000 of a minute."""
GPS_BYTES = 18
"""Date, satellites, place, speed, course: the beginning of every packet with a place."""

LOGIN = 0x01
HEARTBEATS = frozenset({0x13, 0x23})
ALARMS = frozenset({0x16, 0x26, 0x27, 0xA4})
LOCATIONS = frozenset({0x10, 0x11, 0x12, 0x22, 0xA0})
MASTS_OR_GPS = 0x11
"""By most editions a place by radio masts alone; some makers put a satellite position before it."""
IN_UTC = frozenset({0x22, 0x26, 0x27, 0xA0, 0xA4})
WITH_BATTERY = frozenset({0x16, 0x26, 0x27})
"""Alarms whose radio masts say how long they are, before the battery's level."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What a connection's tracker has said of itself."""

    imei: str = ""
    """Empty: no login yet."""
    zone_ms: int = 0
    """Its clock's, east of Greenwich."""
    battery_percent: int = UNKNOWN


def cut(buffer: bytes) -> Cut:
    """A frame with its stop; or all that is before where one may begin."""
    if not (SHORT.startswith(buffer[:2]) or LONG.startswith(buffer[:2])):
        return _skip(buffer)
    head = 3 if buffer[:1] == SHORT[:1] else 4
    if len(buffer) < head:
        return Cut(0)
    length = int.from_bytes(buffer[2:head])
    size = head + length + len(STOP)
    if length < LEAST_LENGTH or size > MOST_FRAME_BYTES:
        return _skip(buffer)
    if len(buffer) < size:
        return Cut(0)
    return Cut(size) if buffer[size - 2 : size] == STOP else _skip(buffer)


def _skip(buffer: bytes) -> Cut:
    starts = [at for start in (SHORT, LONG) if (at := buffer.find(start, 1)) > 0]
    # The last byte may be the first of a start.
    least = len(buffer) - 1 if len(buffer) > 1 and buffer[-1:] in (SHORT[:1], LONG[:1]) else len(buffer)
    return Cut(min([*starts, least]), "no frame begins here, or none ends where it should")


def decode(message: Message, terminal: Terminal) -> Decoded[Terminal]:
    """One frame. Raises Refused."""
    frame = message.body
    head = 3 if frame[:2] == SHORT else 4
    if frame[:2] not in (SHORT, LONG) or frame[-2:] != STOP or len(frame) < head + LEAST_LENGTH + len(STOP):
        raise malformed("no frame")
    if int.from_bytes(frame[2:head]) != len(frame) - head - len(STOP):
        raise malformed("the frame's length is not what it says")
    if checksum(frame[2:-4]) != int.from_bytes(frame[-4:-2]):
        raise malformed("the checksum is not the frame's")
    kind, content, number = frame[head], frame[head + 1 : -6], frame[-6:-4]
    if kind == LOGIN:
        return Decoded(session=_login(content, terminal), reply=answer(kind, number))
    if kind in HEARTBEATS:
        if kind == 0x13 and len(content) > 1:
            terminal = replace(terminal, battery_percent=battery_percent(content[1]))
        return Decoded(session=terminal, reply=answer(kind, number))
    if kind in ALARMS:
        terminal = _with_battery(kind, content, terminal)
        return Decoded(_fixes(kind, content, terminal), terminal, answer(kind, number))
    if kind in LOCATIONS:
        return Decoded(_fixes(kind, content, terminal))
    return Decoded()  # Radio masts, texts, what commands did: no place on a road.


def answer(kind: int, number: bytes) -> bytes:
    """What a server says to a packet of that kind and number (2 bytes)."""
    body = bytes((LEAST_LENGTH, kind)) + number
    return SHORT + body + checksum(body).to_bytes(2) + STOP


def seal(frame: bytes) -> bytes:
    """The frame with its length, checksum and stop put right; a long one where a short one has no room."""
    long = frame[:2] == LONG
    content = frame[4 if long else 3 : -4]
    length = len(content) + 2
    long = long or length > 0xFF
    body = length.to_bytes(2 if long else 1) + content
    return (LONG if long else SHORT) + body + checksum(body).to_bytes(2) + STOP


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(body: bytes) -> int:
    """CRC-ITU (CRC-16/X-25) of a frame from its length to its number."""
    # The standard library has the same polynomial with bits the other way round.
    mirrored = crc_hqx(body.translate(_MIRRORED), 0xFFFF) ^ 0xFFFF
    return _MIRRORED[mirrored & 0xFF] << 8 | _MIRRORED[mirrored >> 8]


def _login(content: bytes, terminal: Terminal) -> Terminal:
    """IMEI in BCD, then where there are the tracker's type and its time zone."""
    digits = content[:8].hex()
    if len(digits) < 16 or not digits.isdigit():
        raise malformed("a login has an IMEI of 16 digits, the first of them 0")
    zone_ms = 0
    if len(content) >= 12:
        zone = int.from_bytes(content[10:12])
        hours, minutes = divmod(zone >> 4, 100)
        zone_ms = (hours * 60 + minutes) * (-60_000 if zone & 8 else 60_000)
    return Terminal(digits.removeprefix("0"), zone_ms, terminal.battery_percent)


def _with_battery(kind: int, content: bytes, terminal: Terminal) -> Terminal:
    if kind in WITH_BATTERY and len(content) > GPS_BYTES:
        at = (
            GPS_BYTES + content[GPS_BYTES] + 1
        )  # The masts, which count their own length, and the terminal's state.
        if at < len(content):
            return replace(terminal, battery_percent=battery_percent(content[at]))
    return terminal


def _fixes(kind: int, content: bytes, terminal: Terminal) -> tuple[Fix, ...]:
    if not terminal.imei:
        raise Refused(RefusalReason.REFUSAL_REASON_NO_DEVICE, "a place before the login that says whose")
    if kind == MASTS_OR_GPS and (len(content) < GPS_BYTES or content[6] >> 4 != 12):
        return ()
    if len(content) < GPS_BYTES:
        raise malformed(f"a place has {GPS_BYTES} bytes, this one has {len(content)}")
    course = int.from_bytes(content[16:18])
    if not course & 0x1000:
        return ()  # The receiver has no position; it sends its last.
    latitude = int.from_bytes(content[7:11]) / UNITS_A_DEGREE
    longitude = int.from_bytes(content[11:15]) / UNITS_A_DEGREE
    return (
        Fix(
            terminal.imei,
            _time_ms(content) - (0 if kind in IN_UTC else terminal.zone_ms),
            e7(latitude if course & 0x0400 else -latitude, 90),
            e7(-longitude if course & 0x0800 else longitude, 180),
            speed_mmps(content[15] / 3.6),
            satellites=content[6] & 0x0F,
            battery_percent=terminal.battery_percent,
        ),
    )


def _time_ms(content: bytes) -> int:
    year, month, day, hour, minute, second = content[:6]
    try:
        when = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Refused(
            RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME,
            f"{year}-{month}-{day} {hour}:{minute}:{second} is no time",
        ) from None
    return round(when.timestamp()) * 1000


SAMPLES = (
    Sample(
        (
            Message(bytes.fromhex("78781101075253367890024270003201000512790D0A")),
            Message(
                bytes.fromhex(
                    "787822220F0C1D023305C9027AC8180C46586000140001CC00287D001F71000001000820860D0A"
                )
            ),
        )
    ),
)
"""A login, and where it is."""

DECODER = Decoder(
    "gt06",
    frozenset({Transport.TCP, Transport.UDP}),
    decode,
    lambda options: Terminal(),
    cut,
    MOST_FRAME_BYTES,
    samples=SAMPLES,
    seal=seal,
)
