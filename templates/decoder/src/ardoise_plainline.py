"""Plainline, an invented protocol over TCP or UDP: `name,seconds since 1970,latitude,longitude,km/h`, a fix a line."""

from collections.abc import Mapping

from ardoise.trackers.decoding import (
    Cut,
    Decoded,
    Decoder,
    Fix,
    Message,
    Sample,
    Transport,
    device_of,
    e7,
    malformed,
    speed_mmps,
    time_ms_of,
)

FIELDS = 5
MOST_LINE_BYTES = 256
KMH_MPS = 1 / 3.6


def cut(buffer: bytes) -> Cut:
    """One line, its end included; 0 bytes while there is none."""
    return Cut(buffer.find(b"\n") + 1)


def decode(message: Message, session: None) -> Decoded[None]:
    """One line. Raises Refused, and nothing else."""
    try:
        name, *numbers = message.body.decode("ascii").split(",")
        seconds, latitude, longitude, speed_kmh = map(float, numbers)
    except ValueError:
        raise malformed(f"a line has {FIELDS} fields: name,seconds,latitude,longitude,km/h") from None
    fix = Fix(
        device_of(name),
        time_ms_of(seconds),
        e7(latitude, 90),
        e7(longitude, 180),
        speed_mmps(speed_kmh * KMH_MPS),
    )
    return Decoded((fix,), reply=b"OK\n")


def begin(options: Mapping[str, str]) -> None:
    """It takes no options, and keeps nothing of a connection. Raises ValueError."""
    if options:
        raise ValueError(f"plainline takes no options, and was given {', '.join(options)}")


DECODER = Decoder(
    "plainline",
    frozenset({Transport.TCP, Transport.UDP}),
    decode,
    begin,
    cut,
    most_message_bytes=MOST_LINE_BYTES,
    samples=(Sample((Message(b"9001,1782554400.25,45.00012,5.01003,41.5\r\n"),)),),
)
