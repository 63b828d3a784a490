"""The conformance suite, tried on decoders that break one rule each: every rule is found broken."""

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import pytest
from ardoise.trackers.conformance import Conformance
from ardoise.trackers.decoding import Cut, Decoded, Decoder, Fix, Message, Sample, Transport, malformed
from msgspec import structs

LINE = b"a,1\n"


def good(message: Message, session: object) -> Decoded:
    """A name and a second."""
    name, comma, second = message.body.rstrip(b"\n").partition(b",")
    if not (comma and name.isalnum() and name.isascii() and second.isdigit() and len(name + second) < 20):
        raise malformed("a name and a second")
    return Decoded((Fix(name.decode(), int(second) * 1000, 0, 0),))


def line(buffer: bytes) -> Cut:
    return Cut(buffer.find(b"\n") + 1)


GOOD = Decoder(
    "good",
    frozenset({Transport.TCP}),
    good,
    cut=line,
    most_message_bytes=16 * 1024,
    samples=(Sample((Message(LINE),)),),
)


def suite(decoder: Decoder) -> Conformance:
    one = Conformance()
    one.decoder = decoder  # type: ignore[misc]
    return one


def raises_something_else(message: Message, session: object) -> Decoded:
    if not message.body.isascii():
        raise IndexError("list index out of range")
    return good(message, session)


def leaves_the_earth(message: Message, session: object) -> Decoded:
    return Decoded((structs.replace(good(message, session).fixes[0], latitude_e7=900_000_001),))


def has_a_float(message: Message, session: object) -> Decoded:
    return Decoded((structs.replace(good(message, session).fixes[0], speed_mmps=1.5),))  # type: ignore[arg-type]


_counted = itertools.count()


def counts(message: Message, session: object) -> Decoded:
    return Decoded((structs.replace(good(message, session).fixes[0], time_ms=next(_counted)),))


@dataclass
class Seen:
    """What a connection has sent."""

    lines: int = 0


def remembers(message: Message, session: Seen) -> Decoded:
    session.lines += 1
    return good(message, session)


def takes_its_time(message: Message, session: object) -> Decoded:
    body = message.body
    assert sum(body[:at].count(b"x") for at in range(len(body))) >= 0
    return good(message, session)


def takes_memory(message: Message, session: object) -> Decoded:
    copies = [message.body + bytes([number]) for number in range(200)]
    assert copies
    return good(message, session)


def whatever_there_is(buffer: bytes) -> Cut:
    return Cut(len(buffer))


def beyond_its_end(buffer: bytes) -> Cut:
    return Cut(buffer.find(b"\n") + 1 or len(buffer) + 1)


def until_the_last(buffer: bytes) -> Cut:
    return Cut(buffer.rfind(b"\n") + 1)


def checksum(body: bytes) -> bytes:
    return b"%02x" % (crc32(body) % 256)


def seal(body: bytes) -> bytes:
    """A line with its checksum before it."""
    return checksum(body[2:]) + body[2:]


def behind_a_checksum(decode: Callable[[Message, Any], Decoded]) -> Decoder:
    """What it decodes has a checksum that is right."""

    def decoded(message: Message, session: object) -> Decoded:
        if message.body[:2] != checksum(message.body[2:]):
            raise malformed("the checksum is wrong")
        return decode(structs.replace(message, body=message.body[2:]), session)

    return replace(GOOD, decode=decoded, seal=seal, samples=(Sample((Message(seal(b"??" + LINE)),)),))


def believes_a_count(message: Message, session: object) -> Decoded:
    assert sum(1 for _ in range(1_000_000 * message.body.count(b"\xff"))) >= 0
    return good(message, session)


def believes_a_latitude(message: Message, session: object) -> Decoded:
    latitude_e7 = 20_000_000 * (message.body[0] - LINE[0])
    return Decoded((structs.replace(good(Message(LINE), session).fixes[0], latitude_e7=latitude_e7),))


DECODES = "test_whatever_it_is_given_it_decodes_or_refuses"
SPLITS = "test_any_split_of_a_stream_gives_the_same_fixes"
CUTS = "test_cutting_comes_to_an_end_and_is_sure_of_what_it_cut"
SAMPLES = "test_its_samples_are_decoded"
COSTS = "test_a_long_message_costs_by_its_length"
LIMITS = "test_a_number_at_its_limit_is_decoded_or_refused_at_once"
SAYS = "test_it_says_what_it_is"


@pytest.mark.parametrize("test", [DECODES, SPLITS, CUTS, SAMPLES, COSTS, LIMITS, SAYS])
@pytest.mark.parametrize("decoder", [GOOD, behind_a_checksum(good)], ids=["plain", "sealed"])
def test_a_good_decoder_passes(test: str, decoder: Decoder):
    getattr(suite(decoder), test)()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "broken"),
    [
        (DECODES, replace(GOOD, decode=raises_something_else)),
        (DECODES, behind_a_checksum(raises_something_else)),
        (DECODES, replace(GOOD, decode=counts)),
        (DECODES, replace(GOOD, decode=remembers, begin=lambda options: Seen())),
        (SAMPLES, replace(GOOD, decode=leaves_the_earth)),
        (SAMPLES, replace(GOOD, decode=has_a_float)),
        (SAMPLES, replace(GOOD, samples=(Sample((Message(b"a\n"),)),))),
        (SAMPLES, replace(GOOD, seal=seal)),
        (SPLITS, replace(GOOD, cut=whatever_there_is)),
        (CUTS, replace(GOOD, cut=beyond_its_end)),
        (CUTS, replace(GOOD, cut=until_the_last)),
        (COSTS, replace(GOOD, decode=takes_its_time)),
        (COSTS, replace(GOOD, decode=takes_memory)),
        (COSTS, behind_a_checksum(takes_its_time)),
        (LIMITS, replace(GOOD, decode=believes_a_count)),
        (LIMITS, behind_a_checksum(believes_a_count)),
        (LIMITS, behind_a_checksum(believes_a_latitude)),
        (SAYS, replace(GOOD, samples=())),
        (SAYS, replace(GOOD, cut=None)),
        (SAYS, replace(GOOD, name="Good one")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_decoder_that_breaks_a_rule_is_found(test: str, broken: Decoder):
    tried: Callable[[], None] = getattr(suite(broken), test)
    with pytest.raises(BaseException) as found:  # noqa: PT011
        tried()
    assert not isinstance(found.value, KeyboardInterrupt | SystemExit | pytest.skip.Exception)
    assert copy.copy(broken) == broken
