"""A ride on its way to the gateway: when messages go, and how much is in one. The clock is the test's."""

import json
from dataclasses import dataclass, field

import httpx
import pytest
from ardoise.trackers.decoders.osmand import DECODER
from ardoise.trackers.decoding import Fix
from ardoise.trackers.rides import sending
from ardoise.trackers.rides.schedule import schedule
from ardoise.trackers.rides.sending import GATHER_S, MOST_FIXES_A_MESSAGE, send

T0_MS = 1_783_245_600_000


@dataclass
class Clock:
    """Stands still but where it is slept."""

    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Gateway:
    """Takes everything, each message in so many seconds, and knows when it came."""

    clock: Clock
    takes_s: float = 0.0
    messages: list[tuple[float, int, int]] = field(default_factory=list)
    """When, how many fixes, how many bytes."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        fixes = len(json.loads(request.content)["location"])
        self.messages.append((self.clock.now_s, fixes, len(request.content)))
        self.clock.now_s += self.takes_s
        return httpx.Response(200)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sending, "time", clock)
    return clock


def ride(count: int) -> list[Fix]:
    """One a second, with all that a fix can say."""
    return [
        Fix(
            "k7m2-xxxx-xxxx",
            T0_MS + 1_000 * at,
            -451_234_567,
            -1_791_234_567,
            12_345,
            1_234,
            14,
            87,
            151,
            1_234,
            101,
        )
        for at in range(count)
    ]


def sent(gateway: Gateway, count: int, speed: float) -> list[tuple[float, int, int]]:
    with httpx.Client(transport=httpx.MockTransport(gateway)) as http:
        dues = schedule(ride(count), speed, None)
        assert send("http://gateway", dues, http, lambda count: None) == count
    return gateway.messages


@pytest.mark.parametrize("speed", [1.0, 19.0, 20.0, 21.0, 60.0, 1_000.0])
def test_however_fast_a_ride_is_replayed_no_fix_waits_longer_than_for_those_that_go_along(
    clock: Clock, speed: float
):
    messages = sent(Gateway(clock), 2_000, speed)
    before = 0
    for at_s, fixes, _ in messages:
        assert at_s - before / speed <= GATHER_S + 1e-6, "since its oldest fix was due"
        before += fixes
    assert before == 2_000


def test_whoever_is_behind_catches_up_with_messages_that_the_gateway_reads(clock: Clock):
    messages = sent(Gateway(clock, takes_s=5.0), 2_000, 1_000.0)
    assert max(fixes for _, fixes, _ in messages) == MOST_FIXES_A_MESSAGE
    assert max(size for _, _, size in messages) < DECODER.most_message_bytes
    assert len(messages) <= 2_000 / MOST_FIXES_A_MESSAGE + 2
