"""How fast OsmAnd's messages are decoded on one core, beside what the standard library takes to read them alone."""

import json
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest
from ardoise.trackers.decoders.osmand import DECODER
from ardoise.trackers.decoding import Message

from tests.bench.race_site import load

GOAL_HZ = 100_000
MOST_TIMES = 5.0
"""What decoding may take of parse_qsl's or json.loads' time: a ratio holds on any machine, and on a busy one."""
MESSAGES, REPEATS = 20_000, 7

PLAIN = (
    "/?id=861001000719969&lat=41.666667&lon=-0.883333&timestamp=1782561600&speed=12.0&accuracy=4.5&batt=87"
)
ESCAPED = (
    "/?lat=49.60688&lon=6.15788&timestamp=2026-06-27+09%3A10%3A11&altitude=384.7&speed=0.0&id=353861053849681"
)
DOCUMENT = next(message for sample in DECODER.samples for message in sample.messages if message.headers)


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one go: the fastest of some rounds."""
    least = float("inf")
    for _ in range(REPEATS):
        begin = time.process_time()
        for _ in range(MESSAGES):
            work()
        least = min(least, (time.process_time() - begin) / MESSAGES)
    return least


@pytest.mark.parametrize(
    ("what", "message", "library"),
    [
        ("query", Message(b"", PLAIN, {"host": "a"}, 1), lambda: parse_qsl(PLAIN[2:])),
        ("escaped query", Message(b"", ESCAPED, {"host": "a"}, 1), lambda: parse_qsl(ESCAPED[2:])),
        ("document", DOCUMENT, lambda: json.loads(DOCUMENT.body)),
    ],
)
def test_a_message_is_decoded_in_a_few_times_what_reading_it_takes(
    what: str, message: Message, library: Callable[[], object]
):
    session = DECODER.begin({})
    said_s, alone_s = seconds(lambda: DECODER.said(message, session)), seconds(library)
    print(
        f"\n{what}: {1 / said_s:,.0f} a second (goal {GOAL_HZ:,}), {said_s / alone_s:.1f} times the library alone;",
        load(),
    )
    assert said_s < MOST_TIMES * alone_s
