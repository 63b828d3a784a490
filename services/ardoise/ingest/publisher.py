"""Handing records to JetStream, bounded in number and in time, with typed failures."""

import asyncio
import time

import nats.errors
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.rpc import Failure, Reason
from ardoise.chassis.telemetry import histogram

PUBLISH_LIMIT_S = 5.0
IN_FLIGHT_LIMIT = 1_024
LOG_FULL_RETRY_MS = 10_000
LOG_AWAY_RETRY_MS = 500
# JetStream's codes for a stream at its bound with discard-new.
_FULL = {10077, 10122}

_latency = histogram("log.publish", "s", "From handing a record to nats-server to its acknowledgement.")


class Publisher:
    """Publishes to streams of one bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._slots = asyncio.Semaphore(IN_FLIGHT_LIMIT)

    async def publish(self, stream: str, subject: str, payload: bytes) -> int:
        """Writes one message; returns its sequence when nats-server has it on its disk.

        Raises Failure: LOG_FULL at the stream's bound, LOG_UNAVAILABLE where nats-server does not answer in time
        (the message may still come to stand in the stream).
        """
        started = time.perf_counter()
        try:
            async with self._slots, asyncio.timeout(PUBLISH_LIMIT_S):
                # Not publish_async: nats-py 2.16 raises a server's error inside its own callback there, and the
                # future of a refused message never ends.
                acknowledgement = await self._bus.js.publish(subject, payload, stream=stream)
        except APIError as error:
            if error.err_code in _FULL:
                raise Failure(
                    Reason.ERROR_REASON_LOG_FULL,
                    f"stream {stream} has reached its bound",
                    retry_after_ms=LOG_FULL_RETRY_MS,
                ) from error
            raise unavailable(error) from error
        except (nats.errors.Error, TimeoutError) as error:
            raise unavailable(error) from error
        _latency.record(time.perf_counter() - started)
        return acknowledgement.seq


def unavailable(error: Exception) -> Failure:
    """Nobody answers, or not in time."""
    return Failure(
        Reason.ERROR_REASON_LOG_UNAVAILABLE,
        f"the log cannot be written now: {error!r}",
        retry_after_ms=LOG_AWAY_RETRY_MS,
    )
