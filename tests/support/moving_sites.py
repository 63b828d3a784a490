"""A `sites` that moves the primary of a made-up platform as the real one does: claimed, or on disk, and begun once."""

import asyncio
import threading
import time

import grpc
from ardoise.chassis.rpc import Failure, Reason
from ardoise.pb import sites_pb2
from ardoise.sites.forced import Step, objections
from ardoise.sites.operations.memory import Claim, Claims

from tests.support.scripted_sites import ScriptedSites
from tests.unit.sites.operations.platform import Platform

HEARD, CLAIMED, MOVED = "heard", "claimed", "moved"
HELD_LIMIT_S = 120.0
LOST = 3
"""Messages that a forced failover costs here."""


class MovingSites(ScriptedSites):
    """Stands still at an instant of a test's choice until it is let go; who asked may be gone by then."""

    def __init__(self, claims: Claims) -> None:
        super().__init__(sites_pb2.SitesStatus())
        self.platform = Platform()
        self.orders: list[str] = []
        """Requests to move the primary, by id, as often as they came."""
        self.begun: list[str] = []
        """Side effects, by request id."""
        self.forced = sites_pb2.ForcedFailover()
        """The newest order to force, as it stands on the target's disk."""
        self._claims = claims
        self._moves: dict[str, asyncio.Task[None]] = {}
        self._held_at = ""
        self.reached, self._going = threading.Event(), threading.Event()

    def hold_at(self, instant: str) -> None:
        """The next change stands still there."""
        self.reached.clear()
        self._going.clear()
        self._held_at = instant

    def let_go(self) -> None:
        """It goes on."""
        self._held_at = ""
        self._going.set()

    async def GetSitesStatus(
        self, request: sites_pb2.GetSitesStatusRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.GetSitesStatusResponse:
        """As it is now."""
        del request, context
        self.asked += 1
        status = self.platform.status()
        if self.forced.request_id:
            status.forced.CopyFrom(self.forced)
        return sites_pb2.GetSitesStatusResponse(status=status)

    async def SwitchOver(
        self, request: sites_pb2.SwitchOverRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.SwitchOverResponse:
        """Answers once the target is primary."""
        del context
        self.orders.append(request.request_id)
        await self._instant(HEARD)
        move = self._moves.get(request.request_id)
        if move is None:
            move = asyncio.create_task(self._move(request.request_id, request.target))
            self._moves[request.request_id] = move
        await asyncio.shield(move)
        return sites_pb2.SwitchOverResponse(message=f"{request.target} is primary", took_ms=1)

    async def BreakGlass(
        self, request: sites_pb2.BreakGlassRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.BreakGlassResponse:
        """Answers once the order is taken, and goes on alone."""
        del context
        self.orders.append(request.request_id)
        await self._instant(HEARD)
        if request.request_id != self.forced.request_id:
            status = self.platform.status(request.region)
            if against := objections(status, request.region, request.accepted_loss):
                raise Failure(Reason.ERROR_REASON_BREAK_GLASS_REFUSED, "; ".join(against))
            self.forced = sites_pb2.ForcedFailover(
                request_id=request.request_id,
                region=request.region,
                accepted_loss=request.accepted_loss,
                begun_ms=_now_ms(),
                now=Step.PROMOTE,
            )
            self._moves[request.request_id] = asyncio.create_task(self._force(self.forced))
        return sites_pb2.BreakGlassResponse(forced=self.forced)

    async def _force(self, forced: sites_pb2.ForcedFailover) -> None:
        self.begun.append(forced.request_id)
        await self._instant(CLAIMED)
        self.platform.promote(forced.region)
        forced.promoted_ms, forced.now = _now_ms(), ""
        forced.messages_lost, forced.decisions_lost = LOST, 0
        await self._instant(MOVED)

    async def _move(self, request_id: str, target: str) -> None:
        claim = Claim(self.platform.primary, target, self.platform.timeline, "here")
        if not await self._claims.begin(request_id, claim):
            return
        self.begun.append(request_id)
        await self._instant(CLAIMED)
        self.platform.promote(target)
        await self._instant(MOVED)

    async def _instant(self, name: str) -> None:
        if self._held_at == name:
            self.reached.set()
            await asyncio.to_thread(self._going.wait, HELD_LIMIT_S)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
