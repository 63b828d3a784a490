"""TelemetryService: frames in, acknowledgements out, one stream a relay."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

import grpc
import structlog

from ardoise.chassis.log import stream_of
from ardoise.chassis.refusals import Refusals
from ardoise.chassis.rpc import Failure, Reason, caller
from ardoise.chassis.telemetry import counter, gauge
from ardoise.ingest.biometrics import STREAM as BIOMETRIC_STREAM
from ardoise.ingest.biometrics import BiometricLog
from ardoise.ingest.domain.acceptance import FrameRefused, accept
from ardoise.ingest.domain.second import MOST_WAITING, Waiting
from ardoise.ingest.domain.truck_clock import TruckClock
from ardoise.ingest.regions import Owed, Regions
from ardoise.ingest.tolerant import Unreadable, tolerant
from ardoise.ingest.writer import Epoch, LogWriter
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.log_pb2 import LogRecord
from ardoise.pb.telemetry_pb2 import (
    BiometricFrame,
    Durability,
    FrameAcknowledgement,
    FrameRefusal,
    RefusalReason,
    RefusedFix,
    RelayBiometricsRequest,
    RelayBiometricsResponse,
    RelayRequest,
    RelayResponse,
    TelemetryFrame,
)

# Frames of one relay between its arrival and its acknowledgement: a relay that floods waits for itself.
RELAY_IN_FLIGHT = 64
DRAIN_RETRY_MS = 500
# A relay that sends this many frames in a row that cannot be read is not a relay of ours.
MAX_MALFORMED_IN_A_ROW = 100

_log = structlog.get_logger(__name__)
_frames = counter("ingest.frames", "1", "Frames received, by relay and outcome.")
_fixes = counter("ingest.fixes", "1", "Fixes that went into the log, by relay.")
_connected = gauge("ingest.relays", "1", "Relays connected.")
_behind = gauge(
    "ingest.clock_behind", "ms", "By how much this clock is behind the trackers'; below 0: ahead."
)


@dataclass(frozen=True)
class Answer:
    """The first word on a frame."""

    outcome: dict
    kept: Waiting | None = None
    """Set where the log has it: a second acknowledgement follows."""


@dataclass(frozen=True)
class Lane:
    """One of the two kinds of frame, from its method to its log."""

    method: str
    append: Callable
    """(epoch's entry, relay id, frame) -> sequence."""
    stream: Callable[[int], str]
    """Name of the log of an epoch."""
    regions: Regions | None
    """Who has a mirror of that log; None with one site."""


class TelemetryService:
    """What relays talk to. Behaviours for grpc.aio; registered by add_to_server, for the tolerant deserializer.

    `regions` and `biometric_regions` are None where this site is the only one: both acknowledgements come at once.
    """

    def __init__(
        self,
        writer: LogWriter,
        biometrics: BiometricLog,
        refusals: Refusals,
        regions: Regions | None = None,
        biometric_regions: Regions | None = None,
    ) -> None:
        self._writer = writer
        self._biometrics = biometrics
        self._refusals = refusals
        self._telemetry = Lane("Relay", self._append_telemetry, stream_of, regions)
        self._teams = Lane(
            "RelayBiometrics", self._append_biometrics, lambda _: BIOMETRIC_STREAM, biometric_regions
        )
        self._streams: dict[tuple[str, str], asyncio.Event] = {}
        self._clock = TruckClock()
        self._draining = False

    def add_to_server(self, _: object, server: grpc.aio.Server) -> None:
        """Registers both methods."""
        handlers = {
            "Relay": grpc.stream_stream_rpc_method_handler(
                self.relay, tolerant(RelayRequest.FromString), RelayResponse.SerializeToString
            ),
            "RelayBiometrics": grpc.stream_stream_rpc_method_handler(
                self.relay_biometrics,
                tolerant(RelayBiometricsRequest.FromString),
                RelayBiometricsResponse.SerializeToString,
            ),
        }
        name = "ardoise.v1.TelemetryService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        server.add_registered_method_handlers(name, handlers)

    async def relay(
        self, requests: AsyncIterator, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[RelayResponse]:
        """Telemetry frames."""
        async for outcome in self._serve(requests, context, self._telemetry):
            yield RelayResponse(**outcome)

    async def relay_biometrics(
        self, requests: AsyncIterator, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[RelayBiometricsResponse]:
        """Biometric frames."""
        async for outcome in self._serve(requests, context, self._teams):
            yield RelayBiometricsResponse(**outcome)

    async def drain(self) -> None:
        """Ends every stream with a reason; what has no second acknowledgement the relays send again."""
        self._draining = True
        for ended in self._streams.values():
            ended.set()

    async def _serve(
        self, requests: AsyncIterator, context: grpc.aio.ServicerContext, lane: Lane
    ) -> AsyncIterator[dict]:
        """Reads ahead at most RELAY_IN_FLIGHT frames; answers in the order in which they came, and with the second
        acknowledgements whenever a region has more.
        """
        relay_id, peer = caller(context).name, context.peer()
        replaced = self._replace(lane.method, relay_id, peer)
        owed = Owed(lane.regions)
        answers: asyncio.Queue[asyncio.Task[Answer] | None] = asyncio.Queue(RELAY_IN_FLIGHT)
        reader = asyncio.create_task(self._read(requests, answers, relay_id, peer, lane))
        watch = asyncio.create_task(replaced.wait())
        following = asyncio.create_task(answers.get())
        seconds = asyncio.create_task(owed.next())
        finished = False
        try:
            while True:
                await asyncio.wait({following, watch, seconds}, return_when=asyncio.FIRST_COMPLETED)
                if watch.done():
                    raise self._ended(relay_id)
                if seconds.done():
                    for frame in seconds.result():
                        yield _acknowledgement(frame, Durability.DURABILITY_IN_REGION)
                    if owed.seconds.forgot and not owed.seconds:
                        raise _forgotten(relay_id)
                    if finished and not owed.seconds:
                        return
                    seconds = asyncio.create_task(owed.next())
                if following.done():
                    task = following.result()
                    if task is None:
                        await reader
                        if not owed.seconds:
                            return
                        finished, following = True, asyncio.get_running_loop().create_future()
                        continue
                    answer = await task
                    yield answer.outcome
                    if answer.kept is not None and owed.at_once(answer.kept):
                        yield _acknowledgement(answer.kept, Durability.DURABILITY_IN_REGION)
                    following = asyncio.create_task(answers.get())
        finally:
            for task in (reader, watch, following, seconds):
                task.cancel()
            if self._streams.get((lane.method, relay_id)) is replaced:
                del self._streams[lane.method, relay_id]
            _connected.set(len(self._streams))

    def _ended(self, relay_id: str) -> Failure:
        if self._draining:
            return Failure(
                Reason.ERROR_REASON_DRAINING,
                "ingest is stopping: connect again",
                retry_after_ms=DRAIN_RETRY_MS,
            )
        return Failure(
            Reason.ERROR_REASON_LIMIT_EXCEEDED,
            f"relay {relay_id} opened another stream: one relay, one stream",
            retry_after_ms=5_000,
        )

    def _replace(self, method: str, relay_id: str, peer: str) -> asyncio.Event:
        """The newest stream of an identity is the one served: a half-open connection must not lock a relay out."""
        older = self._streams.get((method, relay_id))
        if older is not None:
            older.set()
            self._refusals.add(
                RefusalReason.REFUSAL_REASON_IDENTITY_TWICE,
                relay_id,
                peer,
                detail="a second stream of this relay",
            )
        mine = self._streams[method, relay_id] = asyncio.Event()
        _connected.set(len(self._streams))
        return mine

    async def _read(
        self, requests: AsyncIterator, answers: asyncio.Queue, relay_id: str, peer: str, lane: Lane
    ) -> None:
        unreadable = 0
        try:
            async for request in requests:
                if isinstance(request, Unreadable):
                    unreadable += 1
                    task = self._unreadable(request, relay_id, peer)
                else:
                    unreadable = 0
                    task = self._answer(request.frame, relay_id, peer, lane)
                answering = asyncio.create_task(task)
                answering.add_done_callback(_told)
                await answers.put(answering)
                if unreadable >= MAX_MALFORMED_IN_A_ROW:
                    raise Failure(
                        Reason.ERROR_REASON_FIELD_INVALID,
                        f"{unreadable} messages in a row that are no RelayRequest: check the client's contract",
                    )
        finally:
            await answers.put(None)

    async def _unreadable(self, request: Unreadable, relay_id: str, peer: str) -> Answer:
        self._refusals.add(request.reason, relay_id, peer, detail=request.error, excerpt=request.excerpt)
        _frames.add(1, {"relay": relay_id, "outcome": "unreadable"})
        return Answer({"refusal": FrameRefusal(reason=request.reason, detail=request.error)})

    async def _answer(
        self, frame: TelemetryFrame | BiometricFrame, relay_id: str, peer: str, lane: Lane
    ) -> Answer:
        entry = self._writer.live()
        try:
            accepted = accept(frame, relay_id, entry.trackers)
        except FrameRefused as refused:
            excerpt = (
                b"" if refused.reason == RefusalReason.REFUSAL_REASON_TOO_LARGE else frame.SerializeToString()
            )
            self._refusals.add(refused.reason, relay_id, peer, detail=refused.detail, excerpt=excerpt)
            _frames.add(1, {"relay": relay_id, "outcome": "refused"})
            refusal = FrameRefusal(
                frame_number=frame.frame_number, reason=refused.reason, detail=refused.detail
            )
            return Answer({"refusal": refusal})
        behind_ms = self._clock_behind_ms(accepted.frame, relay_id)
        for fix in accepted.refused:
            self._refusals.add(fix.reason, relay_id, peer, tracker=frame.tracker[fix.index])
        try:
            sequence = 0
            if accepted.frame.tracker:
                sequence = await lane.append(entry, relay_id, accepted.frame)
        except Failure as failure:
            if failure.reason != Reason.ERROR_REASON_LOG_FULL:
                raise
            reason = RefusalReason.REFUSAL_REASON_LOG_FULL
            self._refusals.add(reason, relay_id, peer, detail=failure.message)
            refusal = FrameRefusal(
                frame_number=frame.frame_number,
                reason=reason,
                detail=failure.message,
                retry_after_ms=failure.retry_after_ms,
            )
            return Answer({"refusal": refusal})
        _frames.add(1, {"relay": relay_id, "outcome": "accepted"})
        _fixes.add(len(accepted.frame.tracker), {"relay": relay_id})
        kept = Waiting(frame.frame_number, entry.epoch, lane.stream(entry.epoch), sequence)
        return Answer(
            _acknowledgement(kept, Durability.DURABILITY_ON_DISK, accepted.refused, behind_ms), kept
        )

    def _clock_behind_ms(self, frame: TelemetryFrame | BiometricFrame, relay_id: str) -> int:
        now_ms = time.time_ns() // 1_000_000
        if frame.tracker:
            times_ms = [frame.base_time_ms + offset_ms for offset_ms in frame.time_offset_ms]
            self._clock.heard(relay_id, times_ms, now_ms)
        behind_ms = self._clock.behind_ms(relay_id, now_ms)
        _behind.set(behind_ms)
        return behind_ms

    async def _append_telemetry(self, entry: Epoch, relay_id: str, frame: TelemetryFrame) -> int:
        return await self._writer.append(entry, f"fix.{relay_id}", LogRecord(frame=frame))

    async def _append_biometrics(self, entry: Epoch, relay_id: str, frame: BiometricFrame) -> int:
        return await self._biometrics.append(entry.epoch, frame)


def _told(answering: asyncio.Task[Answer]) -> None:
    """The first failure ends the stream; of the frames behind it nobody asks any more how they ended."""
    if not answering.cancelled():
        answering.exception()


def _acknowledgement(
    frame: Waiting, durability: Durability, refused: Iterable[RefusedFix] = (), behind_ms: int = 0
) -> dict:
    position = ResumeToken(epoch=frame.epoch, sequence=frame.sequence)
    return {
        "acknowledgement": FrameAcknowledgement(
            frame_number=frame.frame_number,
            position=position,
            durability=durability,
            refused=refused,
            clock_behind_ms=behind_ms,
        )
    }


def _forgotten(relay_id: str) -> Failure:
    return Failure(
        Reason.ERROR_REASON_LIMIT_EXCEEDED,
        f"more than {MOST_WAITING} frames of relay {relay_id} waited for a region: "
        "connect again, and send again what has no second acknowledgement",
        retry_after_ms=DRAIN_RETRY_MS,
    )
