"""Takes what waits in the outbox out of the platform: claim, send, write down what became of it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from ardoise.chassis.decisions import InDoubt
from ardoise.chassis.failpoints import failpoint
from ardoise.chassis.store import StoreUnavailable
from ardoise.chassis.telemetry import counter
from ardoise.security.domain.outgoing import Outcome
from ardoise.security.outbox import CLAIM_LASTS, Outbox, Parcel

LOOK_EVERY_S = 1.0
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0

_sent = counter("security.outbox", "1", "What was sent out of the platform, by outcome.")
_log = structlog.get_logger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[Outcome]]


class Courier:
    """One at each region; what one has claimed no other sends, and nothing is sent twice."""

    def __init__(self, outbox: Outbox, send: Send) -> None:
        self._outbox, self._send = outbox, send
        self._out = asyncio.Lock()

    async def run(self) -> None:
        """Goes on for ever."""
        claim_id, retry_s = uuid.uuid4().hex, FIRST_RETRY_S
        while True:
            try:
                async with self._out:
                    failpoint("before_claim")
                    parcels = await self._outbox.claim(claim_id)
                    if parcels:
                        failpoint("after_claim")
                    await asyncio.gather(*(self._deliver(claim_id, parcel) for parcel in parcels))
            except (StoreUnavailable, InDoubt) as error:
                # The same claim again: what it took without our knowing is still ours, and was not sent.
                _log.warning("outbox_not_claimed", error=str(error), retry_s=retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
                continue
            claim_id, retry_s = uuid.uuid4().hex, FIRST_RETRY_S
            if not parcels:
                await asyncio.sleep(LOOK_EVERY_S)

    async def drain(self) -> None:
        """Waits for what is on its way; nothing is claimed after that."""
        await self._out.acquire()

    async def _deliver(self, claim_id: str, parcel: Parcel) -> None:
        outcome = await self._send(parcel.body)
        failpoint("after_send")
        _sent.add(1, {"outcome": outcome.state.name.lower()})
        said = {"alert_id": parcel.body["alert_id"], "outcome": outcome.state.name.lower()}
        _log.info("outbox_sent", **said, detail=outcome.detail)
        try:
            async with asyncio.timeout(CLAIM_LASTS.total_seconds()):
                await self._settle(claim_id, parcel.number, outcome)
        except TimeoutError:
            _log.error("outbox_outcome_lost", **said, hint="it is shown as in doubt")
        failpoint("after_outcome")

    async def _settle(self, claim_id: str, number: int, outcome: Outcome) -> None:
        """Through a failover, which takes half a minute: what is written down twice is the same."""
        while True:
            try:
                return await self._outbox.settle(claim_id, number, outcome)
            except (StoreUnavailable, InDoubt) as error:
                _log.warning("outbox_outcome_waits", error=str(error), retry_s=FIRST_RETRY_S)
                await asyncio.sleep(FIRST_RETRY_S)
