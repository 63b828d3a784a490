import pytest
from ardoise.ingest.racecentre.event_stream import EventStreamParser, EventTooLarge, ServerSentEvent
from hypothesis import given
from hypothesis import strategies as st

STREAM = (
    '\ufeff: a comment\r\nevent: update\r\nid: 7\r\ndata: {"été":\r\ndata: 1}\r\n\r\n'
    "data:plain\n\nretry: 2500\nevent: ping\n\nid: 8\rdata: last\r\r"
).encode()
EVENTS = [
    ServerSentEvent("update", '{"été":\n1}', "7"),
    ServerSentEvent("message", "plain", "7"),
    ServerSentEvent("message", "last", "8"),
]


@given(st.lists(st.integers(1, 40), min_size=1))
def test_events_are_the_same_however_the_bytes_were_cut(sizes: list[int]):
    parser, events, at = EventStreamParser(1_000), [], 0
    while at < len(STREAM):
        size = sizes[at % len(sizes)]
        events += parser.feed(STREAM[at : at + size])
        at += size
    events += parser.feed(b"\n")  # tells the last \r from a \r\n

    assert events == EVENTS
    assert parser.retry_ms == 2500


def feed_often(parser: EventStreamParser, chunk: bytes) -> None:
    for _ in range(100):
        list(parser.feed(chunk))


def test_an_event_that_never_ends_is_cut_off_at_the_bound():
    parser = EventStreamParser(1_000)

    with pytest.raises(EventTooLarge):
        feed_often(parser, b"x" * 100)


def test_an_event_of_endless_lines_is_cut_off_at_the_bound():
    parser = EventStreamParser(1_000)

    with pytest.raises(EventTooLarge):
        feed_often(parser, b"data: " + b"x" * 100 + b"\n")
