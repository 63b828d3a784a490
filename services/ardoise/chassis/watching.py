"""Both ends of a watch call: the caller that keeps it open, the server that bounds how many there are."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import grpc
import structlog

from ardoise.chassis.rpc import Failure, Reason, failure_of
from ardoise.chassis.telemetry import counter
from ardoise.pb import common_pb2

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 2.0
CONNECT_LIMIT_S = 5.0
SILENCE_LIMIT_S = 15.0
"""Three heartbeats of every service: a peer that is silent for longer is not there any more."""
SETTLED_S = 0.5
"""A watch that a peer has taken and not refused by then stands, though nothing may have happened yet."""

Token = common_pb2.ResumeToken | None

_reconnects = counter("watch.reconnects", "1", "Times that a watch was lost, by peer and reason.")
_log = structlog.get_logger(__name__)


def _nobody(state: str, reason: str) -> None:
    """Where the state of the link is nobody's concern."""


class Watch:
    """One service's stream of changes: `open_call` opens it after a place, `take` handles each response.

    `tell` hears "connected", or "reconnecting" with the reason, as often as it is so.
    """

    def __init__(
        self,
        peer: str,
        channel: grpc.aio.Channel,
        open_call: Callable[[Token], Any],
        take: Callable[[Any], Awaitable[None]],
        tell: Callable[[str, str], None] = _nobody,
    ) -> None:
        self._peer = peer
        self._channel = channel
        self._open_call = open_call
        self._take = take
        self._tell = tell
        self._after: Token = None
        self._retry_s = FIRST_RETRY_S

    async def run(self) -> None:
        """Watches for ever; a lost watch goes on where it was after FIRST_RETRY_S to LONGEST_RETRY_S."""
        while True:
            try:
                reason = await self._watch()
            except grpc.RpcError as error:
                failure = failure_of(error)
                reason = failure.reason_name if failure.reason else error.code().name
                if failure.reason == Reason.ERROR_REASON_EPOCH_UNKNOWN:
                    self._after = None  # that log is not served any more: go on with the live race
            self._tell("reconnecting", reason)
            _reconnects.add(1, {"peer": self._peer, "reason": reason})
            _log.info("watch_lost", peer=self._peer, reason=reason, retry_s=self._retry_s)
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    async def _watch(self) -> str:
        """Until it is lost without an error of the call; returns why."""
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await self._channel.channel_ready()
        except TimeoutError:
            return "unreachable"
        call = self._open_call(self._after)
        reading: asyncio.Task | None = None
        loop = asyncio.get_running_loop()
        heard_s = loop.time()
        try:
            while loop.time() - heard_s < SILENCE_LIMIT_S:
                # Not a timeout around read(): cancelling a read cancels the call.
                reading = reading or asyncio.ensure_future(call.read())
                done, _ = await asyncio.wait({reading}, timeout=SETTLED_S)
                if done:
                    response, reading = reading.result(), None
                    if response is grpc.aio.EOF:
                        return "ended"
                    await self._take(response)
                    self._after = response.resume
                    heard_s = loop.time()
                self._tell("connected", "")
                self._retry_s = FIRST_RETRY_S
            return "silent"
        finally:
            if reading is not None:
                reading.cancel()
            call.cancel()


class WatchLimit:
    """The watches that one service serves at once; one more is refused and told when to ask again."""

    def __init__(self, most: int, retry_after_ms: int) -> None:
        self._most = most
        self._retry_after_ms = retry_after_ms
        self._open = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """One of the places. Raises LIMIT_EXCEEDED where all are taken."""
        if self._open >= self._most:
            raise Failure(
                Reason.ERROR_REASON_LIMIT_EXCEEDED,
                f"{self._most} watches are open here already",
                retry_after_ms=self._retry_after_ms,
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
