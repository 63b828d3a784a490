"""What ingest did not let in: counted by reason and source, and kept in a bounded stream for security."""

import asyncio
import time
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
# Distinct (reason, source, peer, tracker) kept apart between two flushes; what is beyond goes under its source
# alone, so that somebody who invents trackers buys no memory.
MAX_KINDS = 512
MAX_EXCERPT_BYTES = 256
MAX_DETAIL_CHARACTERS = 200

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
        """Counts one refusal."""
        _refused.add(
            1, {"reason": RefusalReason.Name(reason).removeprefix("REFUSAL_REASON_"), "source": source}
        )
        kind = _Kind(reason, source, peer, tracker)
        if kind not in self._pending and len(self._pending) >= MAX_KINDS:
            kind = _Kind(reason, source, "", None)
        found = self._pending.get(kind)
        if found is not None:
            found.count += 1
            return
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
        """Writes what has come together. With nats-server away it is kept, within MAX_KINDS."""
        while True:
            await asyncio.sleep(FLUSH_S)
            pending, self._pending = self._pending, {}
            for kind, record in pending.items():
                try:
                    await self._bus.js.publish(f"refused.{_token(kind.source)}", record.SerializeToString())
                except (nats.errors.Error, APIError, TimeoutError) as error:
                    _log.warning("refusals_kept", error=repr(error), kinds=len(pending))
                    self._pending.setdefault(kind, record)
                    break


def _token(source: str) -> str:
    """A source as one token of a subject."""
    return "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in source) or "unknown"
