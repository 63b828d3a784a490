"""Refusals while nats-server is away: kept, counted, and bounded however long it lasts."""

import asyncio
import contextlib

import nats.errors
import pytest
from ardoise.chassis import refusals as module
from ardoise.chassis.refusals import MAX_KINDS_A_SOURCE, Refusals
from ardoise.pb.telemetry_pb2 import RefusalReason

LIMIT_S = 10.0
ROUNDS = 5
TWO = (RefusalReason.REFUSAL_REASON_MALFORMED, RefusalReason.REFUSAL_REASON_TOO_MANY)


class Away:
    """A bus whose nats-server is not there, and its JetStream: each attempt to write fails when it is told to."""

    def __init__(self) -> None:
        self.tried = asyncio.Semaphore(0)
        self.fails = asyncio.Semaphore(0)

    @property
    def js(self) -> "Away":
        return self

    async def publish(self, subject: str, body: bytes) -> None:
        self.tried.release()
        await self.fails.acquire()
        raise nats.errors.TimeoutError


async def test_refusals_of_ever_new_peers_stay_bounded_while_nats_server_is_away(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(module, "FLUSH_S", 0.01)
    away = Away()
    refusals = Refusals(away)  # type: ignore[arg-type]
    refusals.add(TWO[0], "tracker-osmand", "peer", tracker=1)
    flushing = asyncio.create_task(refusals.flush_forever())
    async with asyncio.timeout(LIMIT_S):
        for round_ in range(ROUNDS):
            await away.tried.acquire()
            for number in range(MAX_KINDS_A_SOURCE):
                for reason in TWO:
                    refusals.add(reason, "tracker-osmand", f"peer-{round_}-{number}", tracker=number)
            away.fails.release()
        # What was put back is being written again: let that fail too, and look before the next attempt.
        await away.tried.acquire()
        monkeypatch.setattr(module, "FLUSH_S", LIMIT_S)
        away.fails.release()
        while True:
            if kept := refusals._pending:
                break
            await asyncio.sleep(0)
    flushing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await flushing
    assert len(kept) <= MAX_KINDS_A_SOURCE + len(TWO)
    assert sum(record.count for record in kept.values()) == 1 + ROUNDS * MAX_KINDS_A_SOURCE * len(TWO)
    for kind, record in kept.items():
        assert (record.reason, record.peer) == (kind.reason, kind.peer)
        assert record.HasField("tracker") == bool(kind.peer), "what is folded names nobody"


@pytest.mark.parametrize("reason", [999, -1, None, "MALFORMED", [], 4.0])
def test_a_reason_that_there_is_not_is_counted_as_malformed(reason: object):
    refusals = Refusals(Away())  # type: ignore[arg-type]
    refusals.add(reason, "tracker-mine", "peer", detail="by a decoder of somebody else's")  # type: ignore[arg-type]
    (record,) = refusals._pending.values()
    assert (record.reason, record.count) == (RefusalReason.REFUSAL_REASON_MALFORMED, 1)
    assert record.detail == "by a decoder of somebody else's"
