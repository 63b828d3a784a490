"""What a drill asks of SitesService, as people do: another primary, and what the status says."""

import asyncio
import time
import uuid

import grpc

from ardoise.chassis.rpc import Failure, failure_of
from ardoise.pb.sites_pb2 import GetSitesStatusRequest, SitesStatus, SwitchOverRequest, Truth
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.history import History, Kind
from ardoise.rehearsal.drills.inspection import members
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import LEADER
from ardoise.rehearsal.drills.scenario import REGIONS, Cast, StatusSays
from ardoise.rehearsal.drills.waits import Wait
from ardoise.sites.operations.record import DRILL

SWITCHOVER_LIMIT_S = 100.0
STATUS_LIMIT_S = 3.0
ASK_AGAIN_S = 0.5
MOST_WAITS = 3
"""Each is a cool-down at most."""


class Asking:
    """One switchover at a time."""

    def __init__(self, reached: Reached, cast: Cast, history: History) -> None:
        self._reached, self._cast, self._history = reached, cast, history
        self._asked: asyncio.Task[str] | None = None

    async def begin_switchover(self, *, at_once: bool = False) -> None:
        """Asks for the region that is not primary; where it is told how long to wait, again after that, unless
        `at_once`. Raises DrillFailed."""
        listed = await members(self._reached)
        leader = next((one["name"] for one in listed if one["role"] == LEADER), None)
        if leader is None:
            raise DrillFailed("no primary to switch over from")
        target = next(self._cast[place] for place in REGIONS if self._cast[place] != leader)
        waits = 0 if at_once else MOST_WAITS
        self._asked = asyncio.create_task(self._ask(leader, target, waits))

    async def end_switchover(self, refused: str) -> None:
        """Waits for the answer; `refused`: it has to be a refusal with these words. Raises DrillFailed."""
        assert self._asked is not None
        try:
            answer, against = await self._asked, ""
        except Failure as error:
            answer, against = "", error.message
        self._history.note(Kind.NOTE, f"refused: {against}" if against else answer)
        if against and not refused:
            raise DrillFailed(f"the switchover was refused: {against}")
        if refused and not against:
            raise DrillFailed(f'the switchover was to be refused with "{refused}": {answer}')
        if refused not in against:
            raise DrillFailed(f'the switchover was to be refused with "{refused}", not with: {against}')

    async def status_says(self, step: StatusSays) -> None:
        """Returns once the status says so. Raises DrillFailed with what it says instead."""
        seen_from, region = self._cast[step.seen_from], self._cast[step.region]
        deadline_s, said = time.monotonic() + Wait.STATUS_SAYS.seconds, "it does not answer"
        while time.monotonic() < deadline_s:
            try:
                said = _against(await self._status(seen_from), region)
            except grpc.RpcError as error:
                said = repr(error)
            if step.words in said:
                self._history.note(Kind.REACHED, f"{seen_from} says of {region}: {said}")
                return
            await asyncio.sleep(ASK_AGAIN_S)
        raise DrillFailed(f'{seen_from} was to say of {region} "{step.words}", and says: {said}')

    async def close(self) -> None:
        """Ends what is still asked: what comes of it is the platform's own matter."""
        if self._asked is not None:
            self._asked.cancel()
            await asyncio.wait({self._asked})

    async def _ask(self, leader: str, target: str, waits: int) -> str:
        while True:
            self._history.note(Kind.FAULT, f"planned switchover: {leader} to {target}")
            try:
                return await self._switch_over(leader, target)
            except Failure as error:
                if error.retry_after_ms is None or not waits:
                    raise
                self._history.note(Kind.NOTE, f"refused: {error.message}")
                waits -= 1
                await asyncio.sleep(error.retry_after_ms / 1000)

    async def _switch_over(self, ask: str, target: str) -> str:
        request = SwitchOverRequest(request_id=f"{DRILL}{uuid.uuid4().hex}", target=target)
        async with self._reached.channel(ask, "sites") as opened:
            try:
                answer = await SitesServiceStub(opened).SwitchOver(request, timeout=SWITCHOVER_LIMIT_S)
            except grpc.aio.AioRpcError as error:
                raise failure_of(error) from error
        return f"{answer.message}, {answer.took_ms / 1000:.1f} s"

    async def _status(self, site: str) -> SitesStatus:
        async with self._reached.channel(site, "sites") as opened:
            asked = SitesServiceStub(opened).GetSitesStatus(GetSitesStatusRequest(), timeout=STATUS_LIMIT_S)
            return (await asked).status


def _against(status: SitesStatus, region: str) -> str:
    """Why it could not take over without loss."""
    return "; ".join(
        reason
        for promotion in status.promotions
        if promotion.region == region and promotion.without_loss != Truth.TRUTH_YES
        for reason in promotion.reasons
    )
