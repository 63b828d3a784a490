"""What hardware trackers and receivers send, made from the specifications and apart from the decoders."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import Decoder, Fix, Refused
from ardoise.trackers.domain.stream import Stream

RECEIVED_MS = 1_785_909_160_000
"""5 August 2026, 05:52:40 UTC."""


@dataclass
class Heard:
    """What a decoder made of a connection's bytes."""

    fixes: list[Fix] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    refused: list[RefusalReason] = field(default_factory=list)


def heard(
    decoder: Decoder, *chunks: bytes, options: Mapping[str, str] | None = None, received_ms: int = RECEIVED_MS
) -> Heard:
    """The chunks as one connection, up to its end."""
    stream = Stream(decoder, decoder.begin(options or {}))
    found = Heard()
    said = [one for chunk in chunks for one in stream.feed(chunk, received_ms)]
    for _, one in [*said, *stream.end(received_ms)]:
        if isinstance(one, Refused):
            found.refused.append(one.reason)
        else:
            found.fixes += one.fixes
            if one.reply:
                found.replies.append(one.reply)
    return found


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The bytes cut at these places."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def sentence(text: str, *, name: str = "") -> bytes:
    """An NMEA 0183 sentence: its checksum is added."""
    total = 0
    for letter in text.encode():
        total ^= letter
    return f"{name}${text}*{total:02X}\r\n".encode()


def at_another_baud(data: bytes, said: int, read: int) -> bytes:
    """What a serial port makes of it that is set to another baud: 8 bits, no parity, no mark of what was misread."""
    line = [
        1,
        *(bit for byte in data for bit in (0, *(byte >> place & 1 for place in range(8)), 1)),
        *[1] * 10,
    ]
    a_bit = said / read
    found = bytearray()
    listens_from = 0.0
    for at, (before, bit) in enumerate(pairwise(line), 1):
        if before and not bit and at >= listens_from:
            bits = (line[min(int(at + (1.5 + place) * a_bit), len(line) - 1)] for place in range(8))
            found.append(sum(one << place for place, one in enumerate(bits)))
            listens_from = at + 9.5 * a_bit
    return bytes(found)


def crc_itu(data: bytes) -> int:
    """CRC-16/X-25, bit by bit as ITU-T X.25 has it."""
    register = 0xFFFF
    for byte in data:
        for bit in range(8):
            out = (register ^ (byte >> bit)) & 1
            register = (register >> 1) ^ (0x8408 if out else 0)
    return register ^ 0xFFFF


def gt06_frame(kind: int, content: bytes, number: int, *, long: bool = False) -> bytes:
    """A frame of GT06."""
    length = 1 + len(content) + 2 + 2
    body = struct.pack(">H" if long else ">B", length) + bytes((kind,)) + content + struct.pack(">H", number)
    return (b"\x79\x79" if long else b"\x78\x78") + body + struct.pack(">H", crc_itu(body)) + b"\r\n"


def gt06_login(imei: str, number: int = 1, *, zone_minutes: int | None = None) -> bytes:
    """With its time zone where one is given: minutes east of Greenwich."""
    content = bytes.fromhex(imei.rjust(16, "0"))
    if zone_minutes is not None:
        hours, minutes = divmod(abs(zone_minutes), 60)
        content += b"\x36\x08" + struct.pack(
            ">H", (hours * 100 + minutes) << 4 | (8 if zone_minutes < 0 else 0)
        )
    return gt06_frame(0x01, content, number)


def gt06_place(
    when: datetime,
    latitude: float,
    longitude: float,
    *,
    kmh: int = 0,
    course: int = 0,
    satellites: int = 9,
    valid: bool = True,
) -> bytes:
    """The 18 bytes of a satellite position, the beginning of a location's content."""
    state = (
        course
        | (0x1000 if valid else 0)
        | (0x0400 if latitude >= 0 else 0)
        | (0x0800 if longitude < 0 else 0)
    )
    return struct.pack(
        ">6BBIIBH",
        when.year - 2000, when.month, when.day, when.hour, when.minute, when.second,
        0xC0 | satellites,
        round(abs(latitude) * 60 * 30_000),
        round(abs(longitude) * 60 * 30_000),
        kmh,
        state,
    )  # fmt: skip


GT06_MASTS = struct.pack(">HBH", 208, 1, 0x287D) + b"\x00\x1f\xb8"
"""Network, area and cell, as they stand behind a position."""


def gt06_alarm_state(level: int) -> bytes:
    """What an alarm has behind its position: masts with their length, state, battery level, signal, alarm, language."""
    return bytes((1 + len(GT06_MASTS),)) + GT06_MASTS + bytes((0x65, level, 4, 1, 2))


def _sexagesimal(value: float, digits: int) -> tuple[str, str]:
    """Degrees, and minutes with four decimals, of a coordinate without its side."""
    units = round(abs(value) * 600_000)
    return f"{units // 600_000:0{digits}d}", f"{units % 600_000:06d}"


def h02_text(
    device: str,
    when: datetime,
    latitude: float,
    longitude: float,
    *,
    knots: float = 0,
    kind: str = "V1",
    valid: str = "A",
    before: str = "",
    behind: str = "",
) -> bytes:
    """A text of H02. `before`: what V4 has before the position; `behind`: what makers add."""
    north, north_minutes = _sexagesimal(latitude, 2)
    east, east_minutes = _sexagesimal(longitude, 3)
    return (
        f"*HQ,{device},{kind},{before}{when:%H%M%S},{valid},"
        f"{north}{north_minutes[:2]}.{north_minutes[2:]},{'N' if latitude >= 0 else 'S'},"
        f"{east}{east_minutes[:2]}.{east_minutes[2:]},{'E' if longitude >= 0 else 'W'},"
        f"{knots:06.2f},090,{when:%d%m%y},FFFFFBFF{behind}#"
    ).encode()


def h02_binary(
    device: str,
    when: datetime,
    latitude: float,
    longitude: float,
    *,
    knots: int = 0,
    valid: bool = True,
    level: int = 0,
    behind: bytes = b"\xff\x00\x00",
) -> bytes:
    """The same in binary, of a device of ten digits, or fifteen with one zero behind."""
    flags = (2 if valid else 0) | (4 if latitude >= 0 else 0) | (8 if longitude >= 0 else 0)
    digits = (
        f"{device if len(device) == 10 else device + '0'}{when:%H%M%S%d%m%y}"
        f"{''.join(_sexagesimal(latitude, 2))}{level:02x}"
        f"{''.join(_sexagesimal(longitude, 3))}{flags:x}{knots:03d}090fffffbff"
    )
    return b"$" + bytes.fromhex(digits) + behind
