"""Reading the truck's log: every record once, in order, without a hole, across reconnects and restarts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import nats.errors
import structlog
from nats.aio.subscription import Subscription
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.bus import REQUEST_TIMEOUT_S, Bus
from ardoise.pb import log_pb2

STREAM_PREFIX = "LOG_"
BATCH_RECORDS = 512
BATCH_BYTES = 4 * 1024 * 1024
# The log has four heartbeats a second: this long without one is worth a question to the server.
QUIET_S = 1.5
RETRY_S = 0.5
HOLE_ATTEMPTS = 5

_log = structlog.get_logger(__name__)


class LogHole(Exception):
    """A sequence below the end of the log is not there and does not come: acknowledged data is gone."""

    def __init__(self, epoch: int, expected: int, found: int) -> None:
        super().__init__(f"log {epoch} has no message {expected}: the next one is {found}")
        self.epoch, self.expected, self.found = epoch, expected, found


@dataclass(frozen=True)
class LogEntry:
    """One message of the log. A record that does not parse is None: counted and set aside by its readers."""

    sequence: int
    record: log_pb2.LogRecord | None


def stream_of(epoch: int) -> str:
    """Name of the epoch's stream."""
    return f"{STREAM_PREFIX}{epoch}"


class LogReader:
    """Reads the logs that this site holds, the truck's own or a region's mirrors; with `domain`, another site's."""

    def __init__(self, bus: Bus, domain: str = "") -> None:
        self._js = bus.nc.jetstream(domain=domain, timeout=REQUEST_TIMEOUT_S) if domain else bus.js

    async def epochs(self) -> list[int]:
        """Epochs that have a log here, oldest first."""
        found, offset = [], 0
        while True:
            page = await self._js.streams_info_iterator(offset)
            names = [info.config.name for info in page]
            found += [
                int(name.removeprefix(STREAM_PREFIX)) for name in names if name.startswith(STREAM_PREFIX)
            ]
            offset += len(names)
            if not names or offset >= page.total:
                return sorted(found)

    async def last_sequence(self, epoch: int) -> int:
        """The last sequence of the log. Raises NotFoundError where there is no such log."""
        return (await self._js.stream_info(stream_of(epoch))).state.last_seq

    async def get(self, epoch: int, sequence: int) -> LogEntry:
        """One message. Raises NotFoundError where it is not there."""
        message = await self._js.get_msg(stream_of(epoch), seq=sequence)
        return LogEntry(sequence, _parse(epoch, sequence, message.data or b""))

    async def by_subject(self, epoch: int, subject: str) -> list[LogEntry]:
        """Every readable message of one exact subject, in order: for the few (decisions), not for telemetry."""
        found, sequence = [], 1
        while True:
            try:
                message = await self._js.get_msg(stream_of(epoch), seq=sequence, subject=subject, next=True)
            except NotFoundError:
                return [entry for entry in found if entry.record is not None]
            found.append(LogEntry(message.seq, _parse(epoch, message.seq, message.data or b"")))
            sequence = message.seq + 1

    async def follow(self, epoch: int, after: int) -> AsyncIterator[list[LogEntry]]:
        """Batches of consecutive entries from after + 1 on, as they come, for ever.

        A batch has at most BATCH_RECORDS entries; the reader that is slow is held back by NATS flow control.
        Raises LogHole where a sequence is missing for good and NotFoundError where the log is gone.
        """
        holes = 0
        while True:
            try:
                async with contextlib.aclosing(self._subscribe(epoch, after)) as batches:
                    async for batch in batches:
                        holes = 0
                        after = batch[-1].sequence
                        yield batch
            except LogHole as hole:
                holes += 1
                if holes >= HOLE_ATTEMPTS:
                    raise
                _log.warning("log_hole", epoch=epoch, expected=hole.expected, found=hole.found)
            except NotFoundError:
                raise
            except (nats.errors.Error, APIError, TimeoutError) as error:
                # On a closed connection nats-py 2.16 answers a cancellation with ConnectionClosedError.
                if (task := asyncio.current_task()) and task.cancelling():
                    raise asyncio.CancelledError from error
                _log.info("log_reader_retries", epoch=epoch, after=after, error=repr(error))
            await asyncio.sleep(RETRY_S)

    async def _subscribe(self, epoch: int, after: int) -> AsyncIterator[list[LogEntry]]:
        """One ordered subscription until it ends, breaks or skips."""
        subscription = await self._js.subscribe(
            "",
            stream=stream_of(epoch),
            ordered_consumer=True,
            config=ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1),
        )
        try:
            while True:
                batch = await self._batch(subscription, epoch, after)
                if not batch and await self.last_sequence(epoch) > after:
                    # Quiet, and yet there is more: the consumer is gone (server restarted). Start anew.
                    return
                if batch:
                    after = batch[-1].sequence
                    yield batch
        finally:
            with contextlib.suppress(
                nats.errors.Error
            ):  # the connection may be closing, and the consumer with it
                await subscription.unsubscribe()

    async def _batch(self, subscription: Subscription, epoch: int, after: int) -> list[LogEntry]:
        """What is there now, at least one entry unless it stays quiet."""
        batch: list[LogEntry] = []
        size = 0
        while len(batch) < BATCH_RECORDS and size < BATCH_BYTES and (not batch or subscription.pending_msgs):
            try:
                message = await subscription.next_msg(timeout=QUIET_S)
            except TimeoutError:
                break
            sequence = message.metadata.sequence.stream
            if sequence <= after:
                continue
            if sequence != after + 1:
                raise LogHole(epoch, after + 1, sequence)
            after = sequence
            size += len(message.data)
            batch.append(LogEntry(sequence, _parse(epoch, sequence, message.data)))
        return batch


def _parse(epoch: int, sequence: int, payload: bytes) -> log_pb2.LogRecord | None:
    try:
        return log_pb2.LogRecord.FromString(payload)
    except Exception as error:  # protobuf's DecodeError differs between its back ends
        _log.error("log_record_unreadable", epoch=epoch, sequence=sequence, error=repr(error))
        return None
