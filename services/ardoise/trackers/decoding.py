"""What a decoder is: a pure function from one message's bytes to fixes, or to a typed refusal.

A decoder of one's own is a small module with a `Decoder` in it, named by an entry point in the group
`ardoise.decoders`; docs/decoders.md has a template, and tests that any decoder must pass.

What is made for every message is a Struct: a frozen dataclass takes several times as long to make.
"""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from pathlib import Path

import msgspec

from ardoise.pb.telemetry_pb2 import RefusalReason

GROUP = "ardoise.decoders"
UNKNOWN = -1
MOST_DEVICE_CHARACTERS = 64
MOST_MESSAGE_BYTES = 64 * 1024
"""What a message may have where its decoder says nothing smaller."""
MOST_FIXES = 1_024
"""Of one message: a phone that was without a network for a quarter of an hour."""


class Transport(StrEnum):
    """How bytes come."""

    HTTP = "http"
    TCP = "tcp"
    UDP = "udp"
    SERIAL = "serial"
    MQTT = "mqtt"


STREAMS = frozenset({Transport.TCP, Transport.SERIAL})
"""Bytes without bounds between messages: `Decoder.cut` finds them."""


class Refused(Exception):
    """A message that means nothing. `reason` is a RefusalReason."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        # What a stranger sent may be quoted in it: half a surrogate pair could be neither answered nor kept.
        self.detail = detail.encode(errors="backslashreplace").decode()
        super().__init__(self.detail)
        self.reason = reason


class Fix(msgspec.Struct, frozen=True):
    """What a device says of one instant. Whatever is UNKNOWN is below zero."""

    device: str
    """As the device calls itself, or is called by the connection: 1 to MOST_DEVICE_CHARACTERS characters."""
    time_ms: int
    """Device time, milliseconds since 1970."""
    latitude_e7: int
    longitude_e7: int
    speed_mmps: int = UNKNOWN
    """Over ground, millimetres per second."""
    accuracy_cm: int = UNKNOWN
    """Horizontal, 1 sigma, centimetres."""
    satellites: int = UNKNOWN
    battery_percent: int = UNKNOWN
    heart_rate_bpm: int = UNKNOWN
    power_w: int = UNKNOWN
    cadence_rpm: int = UNKNOWN


class Message(msgspec.Struct, frozen=True):
    """One whole message, and what its transport says beside it."""

    body: bytes
    """A line, a datagram, a packet; of a request its body."""
    target: str = ""
    """HTTP: path and query as sent; MQTT: the topic; else empty."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """HTTP: names in lower case."""
    received_ms: int = 0
    """When it came, milliseconds since 1970: the time of a fix that says none."""


class Decoded[S](msgspec.Struct, frozen=True):
    """What a message says. Without a fix: a login, a heartbeat, a place found by radio masts."""

    fixes: tuple[Fix, ...] = ()
    session: S | None = None
    """What is known of the connection from now on."""
    reply: bytes = b""
    """The protocol's own answer, sent once the fixes are in the log; of HTTP its body."""


class Cut(msgspec.Struct, frozen=True):
    """What a buffer begins with: so many bytes that are one message, or that are none.

    `size` 0: it is not all there yet. `why`: the bytes are no message, for this reason.
    """

    size: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one connection says, for tests (ardoise.trackers.conformance): each message is decoded, one has a fix."""

    messages: tuple[Message, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    """What stands behind the source's address."""


@dataclass(frozen=True)
class Decoder[S]:
    """A protocol. `decode` raises Refused, and nothing else, whatever bytes it is given."""

    name: str
    """Of 1 to 16 a-z, 0-9: so settings say it, and so its source is called where they name it no other way."""
    transports: frozenset[Transport]
    decode: Callable[[Message, S], Decoded[S]]
    begin: Callable[[Mapping[str, str]], S] = lambda options: None  # type: ignore[assignment, return-value]
    """What is known of a new connection, from the options behind its address. Raises ValueError for a wrong one."""
    cut: Callable[[bytes], Cut] | None = None
    """Of a stream: what its buffer begins with. Given more bytes it says the same of what it has cut already."""
    most_message_bytes: int = MOST_MESSAGE_BYTES
    reply_type: str = "text/plain; charset=utf-8"
    """Of HTTP: what kind of text `reply` is."""
    topics: tuple[str, ...] = ()
    """Of MQTT: what is subscribed to."""
    sender: Callable[[str], str] = lambda topic: topic
    """Of MQTT: who is behind a topic. Each has a rate of its own."""
    samples: tuple[Sample, ...] = ()
    """Of real devices. The conformance suite makes its nonsense from them too."""
    seal: Callable[[bytes], bytes] = lambda body: body
    """For tests: any bytes with the length and checksum that they should have, so that nonsense gets behind them."""

    def said(self, message: Message, session: S) -> Decoded[S]:
        """`decode`, of a decoder that nobody vouches for: its own failures are refusals too. Raises Refused."""
        try:
            decoded = self.decode(message, session)
            fault = _fault_of_decoded(decoded)
        except Refused:
            raise
        except Exception as error:
            raise malformed(f"the decoder {self.name} {_failed(error)}") from error
        if fault:
            raise malformed(f"the decoder {self.name} made {fault}")
        return decoded

    def cut_off(self, window: bytes) -> Cut:
        """`cut`, likewise: all of the window where it breaks its word, for nobody knows what that was."""
        assert self.cut is not None, f"{self.name} is no decoder of streams"
        try:
            cut = self.cut(window)
            if isinstance(cut, Cut) and type(cut.size) is int and 0 <= cut.size <= len(window):
                return Cut(cut.size, str(cut.why))
            why = f"made of {len(window)} bytes {cut!r:.64}"
        except Exception as error:
            why = _failed(error)
        return Cut(len(window), f"the decoder {self.name} {why}")

    def sent_by(self, topic: str) -> str:
        """`sender`, likewise: the topic itself where it breaks its word."""
        try:
            sender = self.sender(topic)
        except Exception:
            return topic
        return sender if isinstance(sender, str) else topic


def _failed(error: Exception) -> str:
    """What a decoder's author has to know of it: its kind, and the line."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"failed: {type(error).__name__} in line {line} of {Path(frame.f_code.co_filename).name}"


def malformed(detail: str) -> Refused:
    """For bytes that are not of the protocol."""
    return Refused(RefusalReason.REFUSAL_REASON_MALFORMED, detail)


def device_of(name: str) -> str:
    """A device's name as it may stand in lists. Raises Refused."""
    name = name.strip()
    if not name:
        raise Refused(RefusalReason.REFUSAL_REASON_NO_DEVICE, "the message names no device")
    if len(name) > MOST_DEVICE_CHARACTERS or not name.isprintable():
        raise malformed(f"a device's name has 1 to {MOST_DEVICE_CHARACTERS} printable characters")
    return name


def e7(degrees: float, most: float) -> int:
    """A latitude (most 90) or longitude (most 180) in 1e-7 degree. Raises Refused."""
    if not -most <= degrees <= most:  # NaN is not either
        raise Refused(
            RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION, f"{degrees} is beyond {most:.0f} degrees"
        )
    return round(degrees * 10_000_000)


KNOT_MPS = 1852 / 3600
HDOP_M = 3.0
"""A receiver's error where its geometry is perfect, metres."""
MOST_BATTERY_LEVEL = 6
"""Full, of hardware trackers that say it in seven words."""
MOST_TIME_MS = 2**52
"""Beyond it a number is no time; what is no date of a race ingest refuses itself."""
MOST_SPEED_MPS = 200.0
MOST_ACCURACY_M = 100_000.0
MOST_HEART_RATE_BPM = 300
MOST_POWER_W = 5_000
MOST_CADENCE_RPM = 300
MOST_OF_A_FIX = {
    "speed_mmps": round(MOST_SPEED_MPS * 1000),
    "accuracy_cm": round(MOST_ACCURACY_M * 100),
    "satellites": 255,
    "battery_percent": 100,
    "heart_rate_bpm": MOST_HEART_RATE_BPM,
    "power_w": MOST_POWER_W,
    "cadence_rpm": MOST_CADENCE_RPM,
}
"""Of each measurement; at least it is UNKNOWN."""
_BOUNDS = (
    ("time_ms", -MOST_TIME_MS, MOST_TIME_MS),
    ("latitude_e7", -900_000_000, 900_000_000),
    ("longitude_e7", -1_800_000_000, 1_800_000_000),
    *((name, UNKNOWN, most) for name, most in MOST_OF_A_FIX.items()),
)
_bounded = attrgetter(*(name for name, _, _ in _BOUNDS))


def time_ms_of(seconds: float) -> int:
    """Seconds since 1970 in milliseconds. Raises Refused."""
    if not abs(seconds) < MOST_TIME_MS / 1000:
        raise Refused(RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME, f"{seconds} s since 1970 is no time")
    return round(seconds * 1000)


def measured(value: float | None, most: float, scale: float = 1.0) -> int:
    """A measurement in units of 1 / scale; UNKNOWN where there is none, or none that can be."""
    return round(value * scale) if value is not None and 0 <= value <= most else UNKNOWN


def speed_mmps(metres_a_second: float | None) -> int:
    """For Fix.speed_mmps."""
    return measured(metres_a_second, MOST_SPEED_MPS, 1000)


def accuracy_cm(metres: float | None) -> int:
    """For Fix.accuracy_cm. 0 m is what receivers say that do not know."""
    return measured(metres or None, MOST_ACCURACY_M, 100)


def battery_percent(level: int) -> int:
    """For Fix.battery_percent, from a level of 0 to MOST_BATTERY_LEVEL."""
    return measured(level, MOST_BATTERY_LEVEL, 100 / MOST_BATTERY_LEVEL)


def _fault_of_decoded(decoded: object) -> str:
    """What no decoder may give; empty: it is as it was promised."""
    if not isinstance(decoded, Decoded):
        return f"{type(decoded).__name__} of a message"
    if not isinstance(decoded.fixes, tuple) or not isinstance(decoded.reply, bytes):
        return f"{type(decoded.fixes).__name__} of fixes, {type(decoded.reply).__name__} of an answer"
    for fix in decoded.fixes:
        if not isinstance(fix, Fix):
            return f"{type(fix).__name__} of a fix"
        if fault := fault_of(fix):
            return f"a fix that none can be: {fault}"
    return ""


def fault_of(fix: Fix) -> str:
    """Which of its values no fix may have; empty: none."""
    device = fix.device
    if not (isinstance(device, str) and 1 <= len(device) <= MOST_DEVICE_CHARACTERS and device.isprintable()):
        return "device"
    for value, (name, least, most) in zip(_bounded(fix), _BOUNDS, strict=True):
        if type(value) is not int or not least <= value <= most:
            return name
    return ""
