"""The tests. Each gets one decoder, and what its samples say of its protocol."""

import copy
import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.conformance import nonsense
from ardoise.trackers.conformance.work import (
    MEMORY_AT_ALL,
    MOST_MEMORY_A_BYTE,
    MOST_RATIO,
    NOT_WORTH_MEASURING_S,
    STEP,
    peak_bytes,
    seconds,
)
from ardoise.trackers.decoding import (
    MOST_FIXES,
    MOST_MESSAGE_BYTES,
    STREAMS,
    Decoded,
    Decoder,
    Fix,
    Message,
    Refused,
    Sample,
    Transport,
    fault_of,
)
from ardoise.trackers.domain.stream import Stream

EXAMPLES = 150
NAME = re.compile(r"[a-z0-9]{1,16}")
_tried = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Conformance:
    """A subclass names its `decoder`, and is collected by pytest as TestSomething."""

    decoder: ClassVar[Decoder]

    def test_it_says_what_it_is(self):
        """Its name, its ways in, and at least one sample."""
        decoder = self.decoder
        assert NAME.fullmatch(decoder.name), "a name has 1 to 16 of a-z and 0-9"
        assert decoder.transports <= frozenset(Transport)
        assert decoder.transports, "it comes by no transport"
        assert 0 < decoder.most_message_bytes <= MOST_MESSAGE_BYTES
        if decoder.transports & STREAMS:
            assert decoder.cut is not None, "a stream has to be cut"
        if Transport.MQTT in decoder.transports:
            assert decoder.topics, "MQTT: it says what to subscribe to"
        assert decoder.samples, "it has no sample: what does a real device send?"

    def test_its_samples_are_decoded(self):
        """And each has a fix, the same when it comes as a stream."""
        decoder = self.decoder
        for sample in decoder.samples:
            session, fixes = decoder.begin(sample.options), []
            for message in sample.messages:
                decoded = decoder.decode(message, session)
                _check(decoded)
                assert decoder.seal(message.body) == message.body, f"seal makes another of {message.body!r}"
                fixes += decoded.fixes
                session = session if decoded.session is None else decoded.session
            assert fixes, f"no fix in {sample.messages}"
            if decoder.cut is not None:
                whole = b"".join(message.body for message in sample.messages)
                timed = {message.received_ms for message in sample.messages}
                assert len(timed) == 1, "messages of a stream's sample are received at one time"
                assert _fixes(decoder, sample, [whole], timed.pop()) == fixes

    def test_whatever_it_is_given_it_decodes_or_refuses(self):
        """No other exception, no fix that none can be, and twice the same."""
        decoder = self.decoder

        @_tried
        @given(
            st.sampled_from(decoder.samples),
            st.lists(nonsense.messages(decoder), min_size=1, max_size=3),
        )
        def tried(sample: Sample, messages: list[Message]) -> None:
            for session in _sessions(decoder, sample):
                for message in messages:
                    kept = copy.deepcopy(session)
                    first, again = _said(decoder, message, session), _said(decoder, message, session)
                    assert first == again, f"not the same twice: {first} and {again}"
                    if type(session).__eq__ is not object.__eq__:
                        assert session == kept, "decode changed the session that it was given"
                    if isinstance(first, Decoded) and first.session is not None:
                        session = first.session

        tried()

    def test_any_split_of_a_stream_gives_the_same_fixes(self):
        """Whether bytes come one by one, in the network's pieces or all at once."""
        decoder = self._stream()

        @_tried
        @given(st.sampled_from(decoder.samples), nonsense.streams(decoder), st.data())
        def tried(sample: Sample, stream: bytes, data: st.DataObject) -> None:
            at = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
            chunks = [stream[a:b] for a, b in zip([0, *at], [*at, len(stream)], strict=True)]
            at_once = _fixes(decoder, sample, [stream], nonsense.NOW_MS)
            assert _fixes(decoder, sample, chunks, nonsense.NOW_MS) == at_once
            one_by_one = [stream[at : at + 1] for at in range(len(stream))]
            assert _fixes(decoder, sample, one_by_one, nonsense.NOW_MS) == at_once

        tried()

    def test_cutting_comes_to_an_end_and_is_sure_of_what_it_cut(self):
        """A cut lies in the buffer; what is a whole message stays one, whatever comes behind it."""
        decoder = self._stream()
        assert decoder.cut is not None
        cut_of = decoder.cut

        @_tried
        @given(nonsense.streams(decoder), nonsense.streams(decoder))
        def tried(stream: bytes, more: bytes) -> None:
            cut = cut_of(stream)
            assert 0 <= cut.size <= len(stream)
            assert cut.size or not cut.why, "a reason why is given for bytes that are cut off"
            message = Message(stream[: cut.size], received_ms=nonsense.NOW_MS)
            for session in _sessions(decoder, decoder.samples[0]):
                said = _said(decoder, message, session)
                if isinstance(said, Decoded) and said.fixes:
                    assert cut_of(stream + more) == cut

        tried()
        for sample in decoder.samples:
            for message in sample.messages:
                assert cut_of(message.body).size == len(message.body), (
                    f"a sample is one message: {message.body!r}"
                )
        filling = b"\0" * decoder.most_message_bytes
        stream = Stream(decoder, decoder.begin(decoder.samples[0].options))
        for _ in range(3):
            for _ in stream.feed(filling, nonsense.NOW_MS):
                pass

    def test_a_long_message_costs_by_its_length(self):
        """Whatever it is made of: twice as long, twice the time. Quadratic work is found, and memory too."""
        longest = self.decoder.most_message_bytes
        for what, make in nonsense.inflated(self.decoder):
            long, short = make(longest), make(longest // STEP)
            lengths = _length(long) / _length(short)
            for work in self._works():
                spent_s = seconds(work, long)
                if spent_s > NOT_WORTH_MEASURING_S:
                    times = spent_s / max(seconds(work, short), 1e-9)
                    assert times < MOST_RATIO * lengths, (
                        f"{what}: {times:.0f} times the time for {lengths:.0f} times the bytes"
                    )
                taken = peak_bytes(work, long)
                most = MEMORY_AT_ALL + MOST_MEMORY_A_BYTE * _length(long)
                assert taken < most, f"{what}: {taken} bytes of memory for a message of {_length(long)}"

    def test_a_number_at_its_limit_is_decoded_or_refused_at_once(self):
        """A place is on the Earth, and a count is believed no further than there are bytes for it."""
        decoder = self.decoder
        for what, message in nonsense.extremes(decoder):
            for session in _sessions(decoder, decoder.samples[0]):
                spent_s = seconds(lambda one, known=session: _said(decoder, one, known), message)
                assert spent_s <= NOT_WORTH_MEASURING_S, (
                    f"{what}: {1000 * spent_s:.1f} ms for a message of {len(message.body)} bytes"
                )

    def _works(self) -> Iterable[Callable[[Message], object]]:
        decoder = self.decoder
        options = decoder.samples[0].options

        def decoding(message: Message) -> None:
            _said(decoder, message, decoder.begin(options))

        def cutting(message: Message) -> None:
            deque(Stream(decoder, decoder.begin(options)).feed(message.body, nonsense.NOW_MS), maxlen=0)

        return (decoding,) if decoder.cut is None else (decoding, cutting)

    def _stream(self) -> Decoder:
        if self.decoder.cut is None:
            pytest.skip(f"{self.decoder.name} is no decoder of streams")
        return self.decoder


def _sessions(decoder: Decoder, sample: Sample) -> list[Any]:
    """What may be known of a connection: nothing, and what the sample's messages left behind."""
    session = decoder.begin(sample.options)
    for message in sample.messages:
        left = decoder.decode(message, session).session
        session = session if left is None else left
    return [decoder.begin(sample.options), session]


def _length(message: Message) -> int:
    return len(message.body) + len(message.target)


def _said(decoder: Decoder, message: Message, session: Any) -> Decoded | tuple[int, str]:
    try:
        decoded = decoder.decode(message, session)
    except Refused as caught:
        refused = caught
    else:
        _check(decoded)
        return decoded
    assert refused.reason, "a refusal has a reason"
    assert refused.reason in RefusalReason.values(), f"{refused.reason} is no RefusalReason"
    return refused.reason, refused.detail


def _check(decoded: Decoded) -> None:
    assert isinstance(decoded, Decoded)
    assert isinstance(decoded.fixes, tuple)
    assert len(decoded.fixes) <= MOST_FIXES
    assert isinstance(decoded.reply, bytes)
    for fix in decoded.fixes:
        assert isinstance(fix, Fix)
        assert not (fault := fault_of(fix)), f"{fault} of {fix}"


def _fixes(decoder: Decoder, sample: Sample, chunks: Iterable[bytes], received_ms: int) -> list[Fix]:
    stream = Stream(decoder, decoder.begin(sample.options))
    found: list[Fix] = []
    for chunk in chunks:
        for _, said in stream.feed(chunk, received_ms):
            if isinstance(said, Decoded):
                found += said.fixes
    return found
