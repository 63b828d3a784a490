"""Bytes that a decoder must survive: noise, and its own samples with something wrong in them."""

from collections.abc import Callable, Iterator

from hypothesis import strategies as st
from msgspec.structs import replace

from ardoise.trackers.decoding import Decoder, Message, Sample

MOST_NOISE_BYTES = 256
MOST_CHANGES = 6
NOW_MS = 1_782_561_600_000
"""When what has no time of its own was received."""
FILLINGS = (b"\0", b"\xff", b"\n", b"9", b",", b"&", b"&a=1", b"%41", b"[", b"[],", b'{"a":', b'"', b"x")
"""What a message is blown up with: what parsers count, nest, unescape or search for."""
EXTREMES = tuple(byte * width for byte in (b"\0", b"\x7f", b"\x80", b"\xff") for width in (1, 2, 4))
"""The numbers of a binary protocol as small and as large as they can be, with a sign and without."""
MOST_SEAL_BYTES = 16
"""What sealing may add to a message: one as long as may be stays that, and is decoded."""
MOST_BLOWN_UP = 6
"""Messages of the samples that are."""
_HOSTILE = (
    b"",
    b"\0",
    b"\xff",
    b"\n",
    b"\r\n",
    b"nan",
    b"-inf",
    b"1e999",
    b"-0",
    b"9" * 400,
    b"%00",
    b"%ff%fe",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"null",
    b"true",
    b"[[",
    b"{}",
    b'{"a":{"a":',
    b",",
    b"&",
    b"=",
    b"*00",
    b"\xf0\x9f\x9a\xb4",
    "٤٥".encode(),
)
_HEADERS = st.dictionaries(
    st.sampled_from(("content-type", "content-encoding", "x-device", "")) | st.text(max_size=8),
    st.sampled_from(("application/json", "application/json; charset=utf-7", "text/plain"))
    | st.text(max_size=32),
    max_size=3,
)


def messages(decoder: Decoder) -> st.SearchStrategy[Message]:
    """Any message whatever: two thirds are samples with a few changes, half of those sealed again."""
    noise = st.builds(
        Message, st.binary(max_size=MOST_NOISE_BYTES), st.text(max_size=64), _HEADERS, st.just(NOW_MS)
    )
    spoilt = st.sampled_from(_messages(decoder.samples)).flatmap(_spoilt)
    return noise | spoilt | spoilt.map(lambda message: sealed(decoder, message))


def sealed(decoder: Decoder, message: Message) -> Message:
    """As the decoder's `seal` has it."""
    return replace(message, body=decoder.seal(message.body))


def _messages(samples: tuple[Sample, ...]) -> list[Message]:
    return [message for sample in samples for message in sample.messages]


def _spoilt(message: Message) -> st.SearchStrategy[Message]:
    def build(body: bytes, target: bytes, headers: dict[str, str] | None) -> Message:
        # HTTP gives its decoder latin-1, MQTT unicode: any text may stand there.
        text = target.decode("utf-8", "replace") if target != message.target.encode() else message.target
        return replace(
            message, body=body, target=text, headers=message.headers if headers is None else headers
        )

    return st.builds(build, changed(message.body), changed(message.target.encode()), st.none() | _HEADERS)


def changed(data: bytes) -> st.SearchStrategy[bytes]:
    """Bytes of the message cut out, overwritten, repeated, and hostile ones put in."""
    position = st.integers(0, len(data))
    change = st.tuples(
        position, position, st.sampled_from(_HOSTILE) | st.binary(max_size=4), st.integers(1, 3)
    )
    return st.lists(change, max_size=MOST_CHANGES).map(lambda changes: _apply(data, changes))


def _apply(data: bytes, changes: list[tuple[int, int, bytes, int]]) -> bytes:
    for one, other, put, times in changes:
        begin, end = min(one, other), max(one, other)
        data = data[:begin] + put * times + data[end:]
    return data


def streams(decoder: Decoder) -> st.SearchStrategy[bytes]:
    """What a connection may bring: samples, spoilt samples and noise, one behind the other."""
    whole = st.sampled_from([message.body for message in _messages(decoder.samples)])
    spoilt = whole.flatmap(changed)
    parts = whole | spoilt | spoilt.map(decoder.seal) | st.binary(max_size=32)
    return st.lists(parts, max_size=8).map(b"".join)


def extremes(decoder: Decoder) -> Iterator[tuple[str, Message]]:
    """Samples in which some number is at its limit: what was put where, and the message."""
    for message in _messages(decoder.samples)[:MOST_BLOWN_UP]:
        body = message.body
        for put in EXTREMES:
            for at in range(len(body) - len(put) + 1):
                spoilt = replace(message, body=body[:at] + put + body[at + len(put) :])
                yield f"{put!r} in a body at {at}", sealed(decoder, spoilt)


Inflated = Callable[[int], Message]


def inflated(decoder: Decoder) -> Iterator[tuple[str, Inflated]]:
    """Messages of any size: what each is made of, and how to make one of so many bytes."""
    for message in _messages(decoder.samples)[:MOST_BLOWN_UP]:
        if message.body:
            for filling in (*FILLINGS, message.body):
                for at in (0, len(message.body) // 2):
                    what, make = f"{filling[:16]!r} in a body at {at}", _body(message, filling, at)
                    yield what, make
                    if decoder.seal is not Decoder.seal:
                        yield f"{what}, sealed", _sealed(decoder, make)
        if message.target:
            for filling in FILLINGS:
                yield f"{filling!r} behind a target", _target(message, filling.decode("latin-1"))


def _body(message: Message, filling: bytes, at: int) -> Inflated:
    def make(size: int) -> Message:
        room = max(0, size - len(message.body))
        more = filling * (room // len(filling))
        return replace(message, body=message.body[:at] + more + message.body[at:])

    return make


def _sealed(decoder: Decoder, make: Inflated) -> Inflated:
    return lambda size: sealed(decoder, make(size - MOST_SEAL_BYTES))


def _target(message: Message, filling: str) -> Inflated:
    def make(size: int) -> Message:
        return replace(
            message, target=message.target + filling * (max(0, size - len(message.target)) // len(filling))
        )

    return make
