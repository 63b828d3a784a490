"""Decoders that break their word: each costs its own messages, which are refused, and nobody else's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import Cut, Decoded, Decoder, Fix, Message, Refused, Transport
from ardoise.trackers.domain.stream import Stream
from msgspec import structs

FIX = Fix("a", 0, 0, 0)


def lines(buffer: bytes) -> Cut:
    return Cut(buffer.find(b"\n") + 1)


GOOD = Decoder(
    "good", frozenset({Transport.TCP, Transport.MQTT}), lambda message, session: Decoded((FIX,)), cut=lines
)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text",
        Decoded(None),  # type: ignore[arg-type]
        Decoded(("no fix",)),  # type: ignore[arg-type]
        Decoded((FIX, None)),  # type: ignore[arg-type]
        Decoded(iter((FIX,))),  # type: ignore[arg-type]
        Decoded((structs.replace(FIX, time_ms=None),)),  # type: ignore[arg-type]
        Decoded(reply="text"),  # type: ignore[arg-type]
    ],
    ids=["none", "text", "fixes", "text of a fix", "none of a fix", "iterator", "time", "answer"],
)
def test_what_is_no_decoded_message_is_a_refusal_that_names_the_decoder(given: Any):
    broken = replace(GOOD, decode=lambda message, session: given)
    with pytest.raises(Refused, match="the decoder good") as refused:
        broken.said(Message(b"x"), None)
    assert refused.value.reason == RefusalReason.REFUSAL_REASON_MALFORMED
    ((_, said),) = Stream(broken, None).feed(b"x\n", 0)
    assert isinstance(said, Refused)


def fails(buffer: bytes) -> Cut:
    raise IndexError


def test_a_failure_is_a_refusal_that_names_the_line():
    line = fails.__code__.co_firstlineno + 1
    where = f"the decoder good failed: IndexError in line {line} of test_broken_decoders.py"
    broken = replace(GOOD, decode=lambda message, session: fails(message.body), cut=fails)
    with pytest.raises(Refused, match=where):
        broken.said(Message(b"x"), None)
    assert broken.cut_off(b"x") == Cut(1, where)


@pytest.mark.parametrize(
    "cut",
    [
        fails,
        lambda buffer: None,
        lambda buffer: 2,
        lambda buffer: Cut(None),  # type: ignore[arg-type]
        lambda buffer: Cut(2.0),  # type: ignore[arg-type]
        lambda buffer: Cut(2, b"bytes"),  # type: ignore[arg-type]
    ],
    ids=["fails", "none", "number", "no size", "half a byte", "bytes"],
)
def test_what_is_no_cut_is_a_refusal_and_the_stream_goes_on(cut: Callable[[bytes], Any]):
    stream = Stream(replace(GOOD, cut=cut), None)
    for _ in range(2):
        assert [type(said) for _, said in stream.feed(b"x\n", 0)] == [Refused]


@pytest.mark.parametrize("sender", [lambda topic: topic.split("/")[3], lambda topic: None])
def test_who_is_behind_a_topic_is_the_topic_where_the_decoder_does_not_know(sender: Callable[[str], Any]):
    assert replace(GOOD, sender=sender).sent_by("a/b") == "a/b"
