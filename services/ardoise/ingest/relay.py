"""TelemetryService: frames in, acknowledgements out, one stream a relay."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import grpc
import structlog
from google.protobuf.message import DecodeError

from ardoise.chassis.rpc import Failure, Reason, caller
from ardoise.chassis.telemetry import counter, gauge
from ardoise.ingest.biometrics import BiometricLog
from ardoise.ingest.domain.acceptance import MAX_FRAME_BYTES, FrameRefused, accept
from ardoise.ingest.refusals import MAX_EXCERPT_BYTES, Refusals
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
# Tag and length of the frame within its request.
FRAME_WRAPPING_BYTES = 16
# A relay that sends this many frames in a row that cannot be read is not a relay of ours.
MAX_MALFORMED_IN_A_ROW = 100

_log = structlog.get_logger(__name__)
_frames = counter("ingest.frames", "1", "Frames received, by relay and outcome.")
_fixes = counter("ingest.fixes", "1", "Fixes that went into the log, by relay.")
_connected = gauge("ingest.relays", "1", "Relays connected.")


@dataclass(frozen=True)
class Unreadable:
    """What came in the place of a message: too long to be one, or not to be read as one."""

    excerpt: bytes
    error: str
    reason: RefusalReason = RefusalReason.REFUSAL_REASON_MALFORMED


def tolerant[M](parse: Callable[[bytes], M]) -> Callable[[bytes], M | Unreadable]:
    """A deserializer that hands bytes it cannot read to the handler, which counts and answers them.

    gRPC's own would end the call before anybody has seen who sent what.
    """

    def deserialize(content: bytes) -> M | Unreadable:
        if len(content) > MAX_FRAME_BYTES + FRAME_WRAPPING_BYTES:
            too_large = RefusalReason.REFUSAL_REASON_TOO_LARGE
            return Unreadable(b"", f"{len(content)} bytes: a frame has at most {MAX_FRAME_BYTES}", too_large)
        try:
            return parse(content)
        except DecodeError as error:
            return Unreadable(content[:MAX_EXCERPT_BYTES], f"not a RelayRequest: {error}")

    return deserialize


class TelemetryService:
    """What relays talk to. Behaviours for grpc.aio; registered by add_to_server, for the tolerant deserializer."""

    def __init__(self, writer: LogWriter, biometrics: BiometricLog, refusals: Refusals) -> None:
        self._writer = writer
        self._biometrics = biometrics
        self._refusals = refusals
        self._streams: dict[tuple[str, str], asyncio.Event] = {}
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
        async for outcome in self._serve(requests, context, "Relay", self._append_telemetry):
            yield RelayResponse(**outcome)

    async def relay_biometrics(
        self, requests: AsyncIterator, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[RelayBiometricsResponse]:
        """Biometric frames."""
        async for outcome in self._serve(requests, context, "RelayBiometrics", self._append_biometrics):
            yield RelayBiometricsResponse(**outcome)

    async def drain(self) -> None:
        """Ends every stream with a reason; what has no second acknowledgement the relays send again."""
        self._draining = True
        for ended in self._streams.values():
            ended.set()

    async def _serve(
        self, requests: AsyncIterator, context: grpc.aio.ServicerContext, method: str, append: Callable
    ) -> AsyncIterator[dict]:
        """Reads ahead at most RELAY_IN_FLIGHT frames; answers in the order in which they came."""
        relay_id, peer = caller(context).name, context.peer()
        replaced = self._replace(method, relay_id, peer)
        answers: asyncio.Queue[asyncio.Task[list[dict]] | None] = asyncio.Queue(RELAY_IN_FLIGHT)
        reader = asyncio.create_task(self._read(requests, answers, relay_id, peer, append))
        watch = asyncio.create_task(replaced.wait())
        try:
            while True:
                following = asyncio.ensure_future(answers.get())
                await asyncio.wait({following, watch}, return_when=asyncio.FIRST_COMPLETED)
                if watch.done():
                    following.cancel()
                    if self._draining:
                        raise Failure(
                            Reason.ERROR_REASON_DRAINING,
                            "ingest is stopping: connect again",
                            retry_after_ms=DRAIN_RETRY_MS,
                        )
                    raise Failure(
                        Reason.ERROR_REASON_LIMIT_EXCEEDED,
                        f"relay {relay_id} opened another stream: one relay, one stream",
                        retry_after_ms=5_000,
                    )
                task = following.result()
                if task is None:
                    await reader
                    return
                for outcome in await task:
                    yield outcome
        finally:
            reader.cancel()
            watch.cancel()
            if self._streams.get((method, relay_id)) is replaced:
                del self._streams[method, relay_id]
            _connected.set(len(self._streams))

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
        self, requests: AsyncIterator, answers: asyncio.Queue, relay_id: str, peer: str, append: Callable
    ) -> None:
        unreadable = 0
        try:
            async for request in requests:
                if isinstance(request, Unreadable):
                    unreadable += 1
                    task = self._unreadable(request, relay_id, peer)
                else:
                    unreadable = 0
                    task = self._answer(request.frame, relay_id, peer, append)
                await answers.put(asyncio.create_task(task))
                if unreadable >= MAX_MALFORMED_IN_A_ROW:
                    raise Failure(
                        Reason.ERROR_REASON_FIELD_INVALID,
                        f"{unreadable} messages in a row that are no RelayRequest: check the client's contract",
                    )
        finally:
            await answers.put(None)

    async def _unreadable(self, request: Unreadable, relay_id: str, peer: str) -> list[dict]:
        self._refusals.add(request.reason, relay_id, peer, detail=request.error, excerpt=request.excerpt)
        _frames.add(1, {"relay": relay_id, "outcome": "unreadable"})
        return [{"refusal": FrameRefusal(reason=request.reason, detail=request.error)}]

    async def _answer(
        self, frame: TelemetryFrame | BiometricFrame, relay_id: str, peer: str, append: Callable
    ) -> list[dict]:
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
            return [{"refusal": refusal}]
        for fix in accepted.refused:
            self._refusals.add(fix.reason, relay_id, peer, tracker=frame.tracker[fix.index])
        try:
            position = await append(entry, relay_id, accepted.frame)
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
            return [{"refusal": refusal}]
        _frames.add(1, {"relay": relay_id, "outcome": "accepted"})
        _fixes.add(len(accepted.frame.tracker), {"relay": relay_id})
        return self._acknowledge(frame.frame_number, position, accepted.refused)

    @staticmethod
    def _acknowledge(frame_number: int, position: ResumeToken, refused: list[RefusedFix]) -> list[dict]:
        """Both acknowledgements at once: this site is the only one, so its disk is the region's too."""
        stages = (Durability.DURABILITY_ON_DISK, Durability.DURABILITY_IN_REGION)
        return [
            {
                "acknowledgement": FrameAcknowledgement(
                    frame_number=frame_number, position=position, durability=durability, refused=refused
                )
            }
            for durability in stages
        ]

    async def _append_telemetry(self, entry: Epoch, relay_id: str, frame: TelemetryFrame) -> ResumeToken:
        if not frame.tracker:
            return ResumeToken(epoch=entry.epoch, sequence=0)
        sequence = await self._writer.append(entry, f"fix.{relay_id}", LogRecord(frame=frame))
        return ResumeToken(epoch=entry.epoch, sequence=sequence)

    async def _append_biometrics(self, entry: Epoch, relay_id: str, frame: BiometricFrame) -> ResumeToken:
        if not frame.tracker:
            return ResumeToken(epoch=entry.epoch, sequence=0)
        sequence = await self._biometrics.append(entry.epoch, frame)
        return ResumeToken(epoch=entry.epoch, sequence=sequence)
