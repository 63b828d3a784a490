"""Messages a second through each decoder of hardware trackers, from bytes to fixes, on one core.

In processor time, and the fastest of several rounds. NMEA has peers: pynmea2, the fastest, which looks at a field once
it is asked for (so it is asked for what a fix is made of), and pynmeagps.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pynmea2
import pynmeagps
import pytest
from ardoise.trackers.decoders import gt06, h02, nmea
from ardoise.trackers.decoding import Decoder, Refused
from ardoise.trackers.domain.stream import Stream

from tests.bench.race_site import load
from tests.support.hardware import (
    GT06_MASTS,
    gt06_frame,
    gt06_login,
    gt06_place,
    h02_binary,
    h02_text,
    sentence,
)

ROUNDS = 7
EPOCHS = 2_000
CHUNK_BYTES = 4_096
LEAST_A_SECOND = 50_000
LEAST_OF_PEER = 0.7
"""Of pynmea2, which makes no fixes of what it reads, and finds no sentences in a stream."""
GOAL_A_SECOND = 100_000
"""A thousand trackers at 1 Hz are a hundredth of it."""
FIRST = datetime(2026, 7, 4, 12, 0, 0, tzinfo=UTC)
WHENS = [FIRST + timedelta(seconds=at) for at in range(EPOCHS)]


def nmea_sentences() -> list[bytes]:
    found = []
    for at, when in enumerate(WHENS):
        place = f"45{at % 6000 / 100:08.5f},N,00500.60000,E"
        found.append(sentence(f"GNGGA,{when:%H%M%S}.000,{place},1,14,0.9,76.5,M,-21.6,M,,"))
        found.append(sentence(f"GNRMC,{when:%H%M%S}.000,A,{place},20.00,286.35,{when:%d%m%y},,,A,V"))
    return found


def gt06_frames() -> list[bytes]:
    places = [gt06_place(when, 45.0 + at * 1e-5, 5.01, kmh=36) for at, when in enumerate(WHENS)]
    frames = [gt06_frame(0x22, place + GT06_MASTS, at) for at, place in enumerate(places)]
    return [gt06_login("123456789012345"), *frames]


def h02_texts() -> list[bytes]:
    return [h02_text("4106000826", when, 45.0 + at * 1e-5, 5.01, knots=20) for at, when in enumerate(WHENS)]


def h02_binaries() -> list[bytes]:
    return [h02_binary("4106000826", when, 45.0 + at * 1e-5, 5.01, knots=20) for at, when in enumerate(WHENS)]


def per_second(work: Callable[[], None], messages: int) -> float:
    """The fastest round's, in processor time."""
    spent_s = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        spent_s.append(time.process_time() - began)
    return messages / min(spent_s)


def decoded_a_second(decoder: Decoder, messages: Sequence[bytes], options: Mapping[str, str]) -> float:
    """As they come on a connection; each position has to be a fix."""
    data = b"".join(messages)
    fixes = []

    def work() -> None:
        fixes.clear()
        stream = Stream(decoder, decoder.begin(options))
        for at in range(0, len(data), CHUNK_BYTES):
            for _, said in stream.feed(data[at : at + CHUNK_BYTES], 0):
                assert not isinstance(said, Refused)
                fixes.extend(said.fixes)

    found = per_second(work, len(messages))
    assert len(fixes) == EPOCHS
    return found


def read_by_pynmea2(lines: Sequence[str]) -> None:
    for line in lines:
        message = pynmea2.parse(line, check=True)
        _ = message.timestamp, message.latitude, message.longitude
        if message.sentence_type == "RMC":
            _ = message.datestamp, message.spd_over_grnd, message.status
        else:
            _ = message.horizontal_dil, message.num_sats, message.gps_qual


def read_by_pynmeagps(sentences: Sequence[bytes]) -> None:
    for one in sentences:
        pynmeagps.NMEAReader.parse(one)


@pytest.mark.parametrize(
    ("name", "decoder", "messages", "options"),
    [
        ("nmea", nmea.DECODER, nmea_sentences, {"device": "moto-1"}),
        ("gt06", gt06.DECODER, gt06_frames, {}),
        ("h02 in text", h02.DECODER, h02_texts, {}),
        ("h02 in binary", h02.DECODER, h02_binaries, {}),
    ],
)
def test_a_decoder_follows_fifty_thousand_messages_a_second(
    name: str, decoder: Decoder, messages: Callable[[], list[bytes]], options: Mapping[str, str]
):
    made = messages()
    ours = decoded_a_second(decoder, made, options)
    said, peer = f"\n{name}: {ours:,.0f} messages/s", 0.0
    if decoder is nmea.DECODER:
        lines = [one.decode() for one in made]
        peer = per_second(lambda: read_by_pynmea2(lines), len(made))
        other = per_second(lambda: read_by_pynmeagps(made), len(made))
        said += f", {ours / peer:.2f} of pynmea2's {peer:,.0f}, {ours / other:.1f} of pynmeagps' {other:,.0f}"
    print(f"{said}; {load()}; limit {LEAST_A_SECOND:,} and {LEAST_OF_PEER} of a peer, goal {GOAL_A_SECOND:,}")
    assert ours > max(LEAST_A_SECOND, LEAST_OF_PEER * peer)
