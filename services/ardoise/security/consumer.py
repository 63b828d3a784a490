"""Reads REFUSED and ODDITIES into the monitor: from where it stopped, in order, held back by nothing but itself."""

import asyncio
from collections.abc import Callable

import nats.errors
import structlog
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import ConsumerConfig, DeliverPolicy, StreamInfo
from nats.js.errors import APIError, NotFoundError

from ardoise.chassis.bus import Bus
from ardoise.chassis.telemetry import counter
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.race_pb2 import OddityRecord
from ardoise.security.domain.observation import Observation, from_oddity, from_refusal, missed
from ardoise.security.monitor import Monitor, StreamPosition

BATCH_RECORDS = 500
# After so long without a message the server is asked whether there are more: it forgets consumers when it restarts.
QUIET_S = 2.0
RETRY_S = 0.5

_log = structlog.get_logger(__name__)
_unreadable = counter(
    "security.unreadable", "1", "Records that are not what their stream should hold, by stream."
)

Decoder = Callable[[bytes], Observation | None]


def decode_refusal(payload: bytes) -> Observation | None:
    """A record of REFUSED. Raises DecodeError."""
    return from_refusal(RefusalRecord.FromString(payload))


def decode_oddity(payload: bytes) -> Observation | None:
    """A record of ODDITIES. Raises DecodeError."""
    return from_oddity(OddityRecord.FromString(payload))


class StreamConsumer:
    """One stream, batch by batch, for as long as the service lives; its place is the monitor's position."""

    def __init__(self, bus: Bus, monitor: Monitor, stream: str, decode: Decoder) -> None:
        self._bus, self._monitor, self._stream, self._decode = bus, monitor, stream, decode
        self._absent = False

    async def run(self) -> None:
        """Reads for ever. What fails is tried again every RETRY_S."""
        while True:
            try:
                await self._read(await self._place())
            except NotFoundError:
                # Its writer has not come up yet: positioning makes ODDITIES, ingest makes REFUSED.
                if not self._absent:
                    _log.info("stream_absent", stream=self._stream)
                self._absent = True
            except (nats.errors.Error, APIError, TimeoutError) as error:
                if self._bus.nc.is_closed:
                    return  # The service stops; nats-py turns the cancellation into an error of its own.
                _log.info("stream_reader_retries", stream=self._stream, error=repr(error))
            await asyncio.sleep(RETRY_S)

    async def _place(self) -> StreamPosition:
        """Where to go on. A stream that was made again is read from its beginning."""
        info = await self._bus.js.stream_info(self._stream)
        self._absent = False
        position = self._monitor.positions.get(self._stream)
        if position is None or position.created != _created(info):
            return StreamPosition(_created(info), max(0, info.state.first_seq - 1))
        return position

    async def _read(self, position: StreamPosition) -> None:
        """One ordered consumer of the server until it breaks, or was lost with a restart of the server."""
        subscription = await self._bus.js.subscribe(
            "",
            stream=self._stream,
            ordered_consumer=True,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=position.sequence + 1
            ),
        )
        try:
            while True:
                batch = await self._batch(subscription)
                if batch:
                    position = self._take(position, batch)
                elif await self._lost(position):
                    return
        finally:
            if not self._bus.nc.is_closed:
                await subscription.unsubscribe()

    async def _batch(self, subscription: Subscription) -> list[Msg]:
        """What is there now, at least one message unless it stays quiet."""
        batch: list[Msg] = []
        while len(batch) < BATCH_RECORDS and (not batch or subscription.pending_msgs):
            try:
                batch.append(await subscription.next_msg(timeout=QUIET_S))
            except TimeoutError:
                break
        return batch

    async def _lost(self, position: StreamPosition) -> bool:
        """Quiet, and yet there is more to read, or it is another stream."""
        info = await self._bus.js.stream_info(self._stream)
        return _created(info) != position.created or info.state.last_seq > position.sequence

    def _take(self, position: StreamPosition, batch: list[Msg]) -> StreamPosition:
        observations = []
        sequence = position.sequence
        for message in batch:
            found = message.metadata.sequence.stream
            observation = self._observation(found, message.data)
            if found > sequence + 1:
                stored_ms = round(message.metadata.timestamp.timestamp() * 1000)
                observations.append(missed(self._stream, stored_ms, found - sequence - 1))
                _log.warning("records_missed", stream=self._stream, first=sequence + 1, last=found - 1)
            sequence = found
            if observation is not None:
                observations.append(observation)
        position = StreamPosition(position.created, sequence)
        self._monitor.judge(self._stream, position, observations)
        return position

    def _observation(self, sequence: int, payload: bytes) -> Observation | None:
        try:
            return self._decode(payload)
        except DecodeError as error:
            _unreadable.add(1, {"stream": self._stream})
            _log.warning("record_unreadable", stream=self._stream, sequence=sequence, error=repr(error))
            return None


def _created(info: StreamInfo) -> str:
    return str(info.created)
