"""A relay's side of TelemetryService: keeps every frame until the region has it.

A frame with its first acknowledgement stands in a log on the truck's disk, and a log that lost something is not gone
on with: the truck opens another. So on a new connection only the newest of such frames are sent again, in case that
a disk lied about its end; the others where an answer names another log than theirs. All of them would be an hour of
the race at once, where the truck has been alone for so long and was restarted. A second acknowledgement holds for
everything before it in the same log: that is how a region has it.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import islice

import grpc

from ardoise.chassis.rpc import failure_of
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.telemetry_pb2 import (
    DURABILITY_IN_REGION,
    DURABILITY_ON_DISK,
    BiometricFrame,
    RefusalReason,
    RelayBiometricsRequest,
    RelayBiometricsResponse,
    RelayRequest,
    RelayResponse,
    TelemetryFrame,
)
from ardoise.pb.telemetry_pb2_grpc import TelemetryServiceStub

MOST_KEPT = 20_000
"""Frames without their second acknowledgement; beyond it the oldest is given up, and counted."""
MOST_UNANSWERED = 256
"""Frames sent on one stream and not yet answered: the rest waits here, where it can be sent again."""
MOST_SENT_AGAIN = 64
"""Frames with their first acknowledgement that a new connection brings again: a minute of them."""
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.2, 5.0
DRAIN_LIMIT_S = 10.0

Key = tuple[int, int]
"""Boot id and frame number."""
Frame = TelemetryFrame | BiometricFrame
Response = RelayResponse | RelayBiometricsResponse


@dataclass(frozen=True)
class Lane:
    """One of the two streams of a relay: positions, or what belongs to the teams."""

    call: str
    """The RPC's name."""
    request: type[RelayRequest] | type[RelayBiometricsRequest]


POSITIONS = Lane("Relay", RelayRequest)
BIOMETRICS = Lane("RelayBiometrics", RelayBiometricsRequest)


@dataclass
class Tally:
    """What became of the frames so far."""

    sent: int = 0
    """Sendings, those after a reconnect included."""
    on_disk: int = 0
    in_region: int = 0
    given_up: int = 0
    """Lost here because the buffer was full."""
    connections: int = 0
    refused_frames: Counter[int] = field(default_factory=Counter)
    """By RefusalReason."""
    refused_fixes: Counter[int] = field(default_factory=Counter)
    last_error: str = ""


class RelayClient:
    """One relay. `send` never blocks; `run` carries what was sent to ingest, over any number of connections.

    `on_answer`, where given, is called with the first acknowledgement or refusal of each frame and the seconds
    since it was sent; `on_region` with the place of each frame in the log once a region has it.
    """

    def __init__(
        self,
        relay_id: str,
        channel: grpc.aio.Channel,
        *,
        lane: Lane = POSITIONS,
        on_answer: Callable[[Response, float], None] | None = None,
        on_region: Callable[[ResumeToken], None] | None = None,
        most_kept: int = MOST_KEPT,
    ) -> None:
        self.relay_id = relay_id
        self.tally = Tally()
        self._lane = lane
        self._call = getattr(TelemetryServiceStub(channel), lane.call)
        self._on_answer = on_answer
        self._on_region = on_region
        self._most_kept = most_kept
        self._kept: OrderedDict[Key, Frame] = OrderedDict()
        self._in_log: dict[Key, ResumeToken] = {}
        """Where kept frames stand that have their first acknowledgement: one log, in its order."""
        self._log_known = False
        """Whether this connection has had an answer yet."""
        self._waiting: OrderedDict[Key, None] = OrderedDict()
        """Kept frames that this connection has yet to send, in their order."""
        self._unanswered: OrderedDict[Key, float] = OrderedDict()
        """When each frame was sent on this connection, until its first acknowledgement or refusal."""
        self._more = asyncio.Event()
        self._less = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def unacknowledged(self) -> int:
        """Frames that the region does not have yet."""
        return len(self._kept)

    def send(self, frame: Frame) -> None:
        """Takes a complete frame of this relay (relay_id, boot_id, frame_number set)."""
        if len(self._kept) >= self._most_kept:
            oldest, _ = self._kept.popitem(last=False)
            self._in_log.pop(oldest, None)
            self._waiting.pop(oldest, None)
            self._unanswered.pop(oldest, None)
            self.tally.given_up += 1
        key = (frame.boot_id, frame.frame_number)
        self._kept[key] = frame
        self._waiting[key] = None
        self._empty.clear()
        self._more.set()

    async def drained(self, within_s: float = DRAIN_LIMIT_S) -> bool:
        """Waits until the region has every frame; False where it has not within the time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), within_s)
        return self._empty.is_set()

    async def run(self) -> None:
        """Connects, sends, reads answers, and begins again when the connection ends; until it is cancelled."""
        backoff_s = FIRST_BACKOFF_S
        while True:
            answered_before = self.tally.on_disk
            retry_s = 0.0
            try:
                await self._one_connection()
            except grpc.RpcError as error:
                failure = failure_of(error)
                retry_s = (failure.retry_after_ms or 0) / 1000
                self.tally.last_error = f"{error.code().name}: {failure.message}"
            if self.tally.on_disk > answered_before:
                backoff_s = FIRST_BACKOFF_S
            await asyncio.sleep(max(retry_s, backoff_s * random.uniform(0.8, 1.2)))
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    async def _one_connection(self) -> None:
        self._unanswered.clear()
        self._log_known = False
        again = set(islice(reversed(self._in_log), MOST_SENT_AGAIN))
        waiting = (key for key in self._kept if key not in self._in_log or key in again)
        self._waiting = OrderedDict.fromkeys(waiting)
        self._more.set()
        self.tally.connections += 1
        call = self._call(self._requests(self.tally.connections), wait_for_ready=True)
        try:
            async for response in call:
                self._take(response)
        finally:
            call.cancel()

    async def _requests(self, connection: int) -> AsyncIterator[RelayRequest | RelayBiometricsRequest]:
        # gRPC leaves the requests of a call that has ended hanging here: they must not take frames any more.
        while connection == self.tally.connections:
            if not self._waiting:
                self._more.clear()
                await self._more.wait()
            elif len(self._unanswered) >= MOST_UNANSWERED:
                self._less.clear()
                await self._less.wait()
            else:
                key, _ = self._waiting.popitem(last=False)
                self._unanswered[key] = time.monotonic()
                self.tally.sent += 1
                yield self._lane.request(frame=self._kept[key])

    def _take(self, response: Response) -> None:
        outcome = response.WhichOneof("outcome")
        if outcome == "acknowledgement":
            acknowledgement = response.acknowledgement
            number = acknowledgement.frame_number
            if acknowledgement.durability == DURABILITY_ON_DISK:
                self.tally.on_disk += 1
                self.tally.refused_fixes.update(fix.reason for fix in acknowledgement.refused)
                key = self._key(number, self._unanswered)
                self._notify(response, key)
                self._stands(key, acknowledgement.position)
            elif acknowledgement.durability == DURABILITY_IN_REGION:
                self._in_region(acknowledgement.position)
        elif outcome == "refusal":
            self._refused(response)
        self._less.set()

    def _stands(self, key: Key | None, position: ResumeToken) -> None:
        """The first answer on a connection tells which log is the truck's: what stands in another is sent again."""
        if not self._log_known:
            self._log_known = True
            elsewhere = [other for other, stands in self._in_log.items() if stands.epoch != position.epoch]
            for other in elsewhere:
                del self._in_log[other]
                if other not in self._unanswered:
                    self._waiting[other] = None
            self._more.set()
        if key in self._kept:
            self._in_log.pop(key, None)
            self._in_log[key] = position

    def _in_region(self, position: ResumeToken) -> None:
        """A region has the log up to there."""
        while self._in_log:
            key, stands = next(iter(self._in_log.items()))
            if stands.epoch != position.epoch or stands.sequence > position.sequence:
                return
            self.tally.in_region += 1
            if self._on_region:
                self._on_region(stands)
            self._forget(key)

    def _refused(self, response: Response) -> None:
        refusal = response.refusal
        # Answers come in order: a frame that ingest could not read at all is the oldest without one.
        key = self._key(refusal.frame_number, self._unanswered) or next(iter(self._unanswered), None)
        if key is not None:
            _, refusal.frame_number = key
        self._notify(response, key)
        self.tally.refused_frames[refusal.reason] += 1
        if key is None:
            return
        if refusal.retry_after_ms == 0:
            self._forget(key)
        else:
            asyncio.get_running_loop().call_later(refusal.retry_after_ms / 1000, self._again, key)

    def _again(self, key: Key) -> None:
        if key in self._kept and key not in self._unanswered:
            self._waiting[key] = None
            self._more.set()

    def _notify(self, response: Response, key: Key | None) -> None:
        sent_s = self._unanswered.pop(key, None) if key else None
        if self._on_answer and sent_s is not None:
            self._on_answer(response, time.monotonic() - sent_s)

    def _forget(self, key: Key | None) -> None:
        if key is not None:
            self._kept.pop(key, None)
            self._in_log.pop(key, None)
        if not self._kept:
            self._empty.set()

    def _key(self, frame_number: int, among: OrderedDict) -> Key | None:
        """Answers name the frame's number alone; of two boots the older frame is answered first."""
        return next((key for key in among if key[1] == frame_number), None)


def refusals_by_name(counted: Counter[int]) -> dict[str, int]:
    """`{"UNKNOWN_TRACKER": 12}`, for people."""
    prefix = "REFUSAL_REASON_"
    return {RefusalReason.Name(reason).removeprefix(prefix): count for reason, count in counted.items()}
