"""What fuzzing begins with, and how an input stands for a message: its first byte says where the rest goes."""

from collections.abc import Iterator
from pathlib import Path

from ardoise.trackers.decoding import Message
from ardoise.trackers.registry import decoder
from msgspec.structs import replace

SHARED = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data" / "trackers"
RECEIVED_MS = 1_782_561_600_000
QUERY, DOCUMENT, BODY, STREAM = b"q", b"j", b"b", b"s"
MOST_TARGET_BYTES = 255
_RECORDED = {"osmand": ("osmand-queries.txt", "traccar-client.jsonl"), "nmea": ("*.log",)}
"""Files of real payloads, a line each."""


def message_of(data: bytes) -> Message:
    """For any input; of a stream's its body."""
    kind, rest = data[:1], data[1:]
    if kind == QUERY:
        return Message(b"", rest.decode("latin-1"), {}, RECEIVED_MS)
    if kind == DOCUMENT:
        return Message(rest, "/", {"content-type": "application/json"}, RECEIVED_MS)
    if kind == BODY and rest:
        end = 1 + rest[0]
        return Message(rest[end:], rest[1:end].decode("latin-1"), {}, RECEIVED_MS)
    return Message(rest, received_ms=RECEIVED_MS)


def input_of(message: Message) -> bytes:
    """The input that stands for it."""
    if "json" in message.headers.get("content-type", ""):
        return DOCUMENT + message.body
    if message.body and message.target:
        target = message.target.encode("latin-1", "replace")[:MOST_TARGET_BYTES]
        return BODY + bytes([len(target)]) + target + message.body
    return QUERY + message.target.encode("latin-1", "replace") if message.target else STREAM + message.body


def seeds(name: str) -> Iterator[bytes]:
    """Of the decoder's samples, and of real payloads where they are."""
    for sample in decoder(name).samples:
        for message in sample.messages:
            yield input_of(message)
    for pattern in _RECORDED.get(name, ()):
        for path in sorted(SHARED.glob(pattern)):
            for line in filter(None, path.read_bytes().splitlines(keepends=True)):
                yield input_of(_recorded(line))


def _recorded(line: bytes) -> Message:
    message = Message(line)
    if line.startswith(b"/?"):
        return replace(message, body=b"", target=line.strip().decode("latin-1"))
    if line.startswith(b"{"):
        return replace(message, headers={"content-type": "application/json"})
    return message
