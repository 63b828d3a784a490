"""Tells security what is odd: stream ODDITIES, bounded, oldest discarded."""

import asyncio
from collections import deque

import nats.errors
import structlog
from nats.js.api import DiscardPolicy, Header, StorageType, StreamConfig
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.telemetry import counter
from ardoise.pb import race_pb2

STREAM = "ODDITIES"
MAX_BYTES = 64 * 1024 * 1024
MOST_WAITING = 10_000
RETRY_S = 1.0

_log = structlog.get_logger(__name__)
_dropped = counter("positioning.oddities.dropped", "1", "Oddities that found no room while NATS was away.")


class Oddities:
    """Publishes in the background: the race never waits for security."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: deque[race_pb2.OddityRecord] = deque()
        self._more = asyncio.Event()

    async def prepare(self) -> None:
        """Makes the stream."""
        await self._bus.ensure_stream(
            StreamConfig(
                name=STREAM,
                subjects=["oddity.>"],
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_bytes=MAX_BYTES,
            )
        )

    def add(self, records: list[race_pb2.OddityRecord]) -> None:
        """Takes records; the oldest go where there is no room."""
        self._waiting.extend(records)
        excess = len(self._waiting) - MOST_WAITING
        if excess > 0:
            _dropped.add(excess)
            for _ in range(excess):
                self._waiting.popleft()
        self._more.set()

    async def publish_forever(self) -> None:
        """Publishes what comes. After a restart the same oddities come again, under the same ids."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                record = self._waiting.popleft()
                kind = race_pb2.OddityKind.Name(record.kind).removeprefix("ODDITY_KIND_").lower()
                try:
                    await self._bus.js.publish(
                        f"oddity.{kind}",
                        record.SerializeToString(),
                        headers={Header.MSG_ID: record.oddity_id},
                    )
                except (nats.errors.Error, APIError, TimeoutError) as error:
                    _log.warning("oddity_not_published", error=repr(error), waiting=len(self._waiting))
                    self._waiting.appendleft(record)
                    await asyncio.sleep(RETRY_S)
