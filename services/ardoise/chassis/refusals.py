"""What was not let in: counted by reason and source, and kept in a bounded stream for security."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

import nats.errors
import structlog
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.telemetry import counter
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.telemetry_pb2 import RefusalReason

STREAM = "REFUSED"
STREAM_MAX_BYTES = 64 * 1024**2
FLUSH_S = 0.5
# Distinct (reason, peer, tracker) of one source kept apart between two flushes; what is beyond goes under the source
# alone. So somebody who invents trackers buys no memory, and takes nothing from what others' refusals say.
MAX_KINDS_A_SOURCE = 128
MAX_EXCERPT_BYTES = 256
MAX_DETAIL_CHARACTERS = 200
_REASONS = frozenset(RefusalReason.values())

_log = structlog.get_logger(__name__)
_refused = counter("ingest.refused", "1", "Fixes and frames refused, by reason and source.")


@dataclass(frozen=True)
class _Kind:
    reason: int
    source: str
    peer: str
    tracker: int | None


class Refusals:
    """Collects refusals and writes them, summed, twice a second."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._pending: dict[_Kind, RefusalRecord] = {}
        self._kinds: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Makes the stream."""
        await self._bus.ensure_stream(
            StreamConfig(
                name=STREAM,
                subjects=["refused.>"],
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_bytes=STREAM_MAX_BYTES,
            )
        )

    def add(
        self,
        reason: RefusalReason,
        source: str,
        peer: str,
        *,
        tracker: int | None = None,
        detail: str = "",
        excerpt: bytes = b"",
    ) -> None:
        """Counts one refusal; for a reason that there is not (a decoder of somebody else's) as MALFORMED."""
        if not isinstance(reason, int) or reason not in _REASONS:
            reason = RefusalReason.REFUSAL_REASON_MALFORMED
        _refused.add(
            1, {"reason": RefusalReason.Name(reason).removeprefix("REFUSAL_REASON_"), "source": source}
        )
        kind = self._counted_as(_Kind(reason, source, peer, tracker))
        found = self._pending.get(kind)
        if found is not None:
            found.count += 1
            return
        self._kinds[source] += 1
        self._pending[kind] = RefusalRecord(
            time_ms=time.time_ns() // 1_000_000,
            reason=reason,
            source=source,
            peer=kind.peer,
            tracker=kind.tracker,
            count=1,
            detail=detail[:MAX_DETAIL_CHARACTERS],
            excerpt=excerpt[:MAX_EXCERPT_BYTES],
        )

    async def flush_forever(self) -> None:
        """Writes what has come together. With nats-server away it is kept, within the bounds."""
        while True:
            await asyncio.sleep(FLUSH_S)
            pending, self._pending = self._pending, {}
            self._kinds.clear()
            while pending:
                kind = next(iter(pending))
                try:
                    await self._bus.js.publish(
                        f"refused.{_token(kind.source)}", pending[kind].SerializeToString()
                    )
                except (nats.errors.Error, APIError, TimeoutError) as error:
                    _log.warning("refusals_kept", error=repr(error), kinds=len(pending))
                    self._put_back(pending)
                    break
                del pending[kind]

    def _put_back(self, unwritten: dict[_Kind, RefusalRecord]) -> None:
        for apart, record in unwritten.items():
            kind = self._counted_as(apart)
            if kind in self._pending:
                self._pending[kind].count += record.count
                continue
            self._kinds[kind.source] += 1
            if kind != apart:
                record.peer = ""
                record.ClearField("tracker")
            self._pending[kind] = record

    def _counted_as(self, kind: _Kind) -> _Kind:
        """Itself, or beyond the bound what all the rest of its source is."""
        if kind in self._pending or self._kinds[kind.source] < MAX_KINDS_A_SOURCE:
            return kind
        return _Kind(kind.reason, kind.source, "", None)


def _token(source: str) -> str:
    """A source as one token of a subject."""
    return "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in source) or "unknown"
