"""Messages that a broker keeps: what is beyond an address's rate waits for its turn, a flood does not."""

import asyncio
from dataclasses import dataclass

import pytest
from ardoise.chassis.refusals import Refusals
from ardoise.trackers.decoders.nmea import DECODER
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.gateway import Gateway
from ardoise.trackers.listening import intake
from ardoise.trackers.listening.intake import Intake

LIMIT_S = 10.0
A, B = "broker/anne", "broker/ben"


@dataclass
class Clock:
    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(intake, "time", clock)
    monkeypatch.setattr(intake, "AGAIN_S", 0.0)
    return clock


def taking(refusals: Refusals, waiting: float) -> Intake:
    """One message a second of an address, and so many may wait."""
    limits = Limits(messages_hz=1.0, messages_at_once=1.0, waiting_hz=0.001, waiting_at_once=waiting)
    return Intake("nmea", DECODER, Gateway("gateway", Devices()), refusals, limits)


async def looks(times: int = 5) -> None:
    """Whoever waits has looked so often whether it is its turn."""
    for _ in range(times):
        await asyncio.sleep(0)


async def test_what_is_beyond_the_rate_waits_and_is_no_refusal(clock: Clock):
    refusals = Refusals(None)  # type: ignore[arg-type]
    of = taking(refusals, 3)
    assert await of.admits_in_turn(A, b"x")
    waiting = [asyncio.create_task(of.admits_in_turn(A, b"x")) for _ in range(3)]
    for turns in range(4):
        await looks()
        assert sum(task.done() for task in waiting) == turns
        assert await of.admits_in_turn(B, b"x"), "another's rate is its own"
        clock.now_s += 1.0
    assert all(task.result() for task in waiting)
    assert refusals._pending == {}


async def test_a_flood_is_refused_at_once_and_takes_no_turn_of_what_waits(clock: Clock):
    refusals = Refusals(None)  # type: ignore[arg-type]
    of = taking(refusals, 1)
    assert await of.admits_in_turn(A, b"x")
    waits = asyncio.create_task(of.admits_in_turn(A, b"x"))
    await looks()
    clock.now_s += 1.0
    assert not await asyncio.wait_for(of.admits_in_turn(A, b"x"), LIMIT_S)
    assert await asyncio.wait_for(waits, LIMIT_S)
    clock.now_s += 1.0
    assert await of.admits_in_turn(A, b"x"), "nobody waits any more"
    (record,) = refusals._pending.values()
    assert record.count == 1


async def test_what_a_lost_connection_gave_up_holds_up_nobody(clock: Clock):
    of = taking(Refusals(None), 5)  # type: ignore[arg-type]
    assert await of.admits_in_turn(A, b"x")
    given_up = asyncio.create_task(of.admits_in_turn(A, b"x"))
    await looks()
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    clock.now_s += 1.0
    assert await asyncio.wait_for(of.admits_in_turn(A, b"x"), LIMIT_S)
