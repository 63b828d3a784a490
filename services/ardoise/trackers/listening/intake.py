"""What becomes of one message, whichever way it came: fixes to the log, or a refusal that is counted and kept."""

import asyncio
import time
from collections import Counter

from ardoise.chassis.refusals import Refusals
from ardoise.chassis.telemetry import counter
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import MOST_FIXES, Decoded, Decoder, Message, Refused
from ardoise.trackers.domain.limits import Admission, Limits, counted_as
from ardoise.trackers.gateway import Gateway, Taken

_messages = counter("trackers.messages", "1", "Messages of trackers, by source and outcome.")


_LIMITS = Limits()
AGAIN_S = 0.5
"""A message that waits for its address's rate is looked at so often."""


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Intake:
    """Of one source: a decoder at one port."""

    def __init__(
        self, source: str, decoder: Decoder, gateway: Gateway, refusals: Refusals, limits: Limits = _LIMITS
    ) -> None:
        """`source`: its name, which tells its devices from those of every other."""
        self.source = source
        self.decoder = decoder
        self.limits = limits
        self.admission = Admission(time.monotonic(), limits)
        self._waiting: Counter[str] = Counter()
        self._gateway = gateway
        self._refusals = refusals

    def admits(self, address: str, body: bytes = b"") -> bool:
        """Whether a message of that address is looked at; one that is not is counted."""
        if self.admission.sends(counted_as(address), time.monotonic()):
            return True
        self.refuse(too_many("messages"), address, body)
        return False

    async def admits_in_turn(self, address: str, body: bytes) -> bool:
        """As `admits`, of a message that somebody keeps until it is answered: one beyond the rate waits for it.

        At once where its address has had too many wait: it floods, and what is behind its messages is others'.
        """
        counted = counted_as(address)
        # Who waits comes first, or a flood would hold its places for ever.
        if not self._waiting[counted] and self.admission.sends(counted, time.monotonic()):
            return True
        if not self.admission.waits(counted, time.monotonic()):
            self.refuse(too_many("messages"), address, body)
            return False
        self._waiting[counted] += 1
        try:
            while True:
                await asyncio.sleep(AGAIN_S)
                if self.admission.sends(counted, time.monotonic()):
                    return True
        finally:
            self._waiting[counted] -= 1
            if not self._waiting[counted]:
                del self._waiting[counted]

    def decoded[S](self, message: Message, session: S, address: str) -> Decoded[S]:
        """Raises Refused, which is counted then."""
        try:
            return self.decoder.said(message, session)
        except Refused as refused:
            self.refuse(refused, address, message.body or message.target.encode())
            raise

    async def take(self, decoded: Decoded, address: str, received_ms: int) -> Taken:
        """Waits until its fixes are in the log. Raises LogAway; Refused for more than a message may have."""
        fixes = decoded.fixes
        if len(fixes) > MOST_FIXES:
            refused = Refused(
                RefusalReason.REFUSAL_REASON_TOO_LARGE,
                f"{len(fixes)} fixes: a message has at most {MOST_FIXES}, send several",
            )
            self.refuse(refused, address)
            raise refused
        _messages.add(1, {"source": self.source, "outcome": "fixes" if fixes else "other"})
        if not fixes:
            return Taken()
        return await self._gateway.take(self.source, fixes, received_ms)

    def refuse(self, refused: Refused, address: str, excerpt: bytes = b"") -> None:
        """Counts it, and keeps how it began."""
        _messages.add(1, {"source": self.source, "outcome": "refused"})
        self._refusals.add(
            refused.reason, f"tracker-{self.source}", address, detail=refused.detail, excerpt=excerpt
        )


def too_many(what: str) -> Refused:
    """More than an address or the port may have."""
    return Refused(
        RefusalReason.REFUSAL_REASON_TOO_MANY, f"more {what} than one address or this port may have"
    )


def too_slow(what: str) -> Refused:
    """Whoever begins has to end."""
    return Refused(RefusalReason.REFUSAL_REASON_TOO_SLOW, what)
