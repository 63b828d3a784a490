"""A planned change of the primary under a request id: begun at most once, whoever is killed, asked again or elsewhere.

Before Patroni is told, the id is claimed in etcd. Who finds it claimed begins nothing and sees it through: by what came
of it where that is written down, else by what both regions' Patroni say.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from ardoise.chassis.rpc import Failure, Reason
from ardoise.pb.sites_pb2 import SitesStatus, SwitchOverResponse
from ardoise.sites.operations.memory import Claim, Claims, NoMajority, Superseded
from ardoise.sites.operations.seen import leading
from ardoise.sites.patroni import NoWord, Patroni
from ardoise.sites.switching import SwitchoverRefused, see_through, switch_over
from ardoise.sites.switchover import against_promotion, objections, to_wait_s

TOLD_WITHIN_S = 10.0
"""From the claim on; who was halted for longer tells Patroni nothing any more."""
PATIENCE_S = 45.0
"""Whoever claimed it and lives has told Patroni by then, and the old primary has stopped, or never will."""
SOON_MS = 1_000

_log = structlog.get_logger(__name__)


class Planned:
    """Carries them out, one at a time."""

    def __init__(self, here: str, look: Callable[[], SitesStatus], patroni: Patroni, claims: Claims) -> None:
        self._here, self._look, self._patroni, self._claims = here, look, patroni, claims
        self._one_at_a_time = asyncio.Lock()

    async def carry_out(self, request_id: str, target: str) -> SwitchOverResponse:
        """Returns once the target is primary. Raises Failure: refused, or it came to nothing."""
        async with self._one_at_a_time:
            try:
                found = await self._claims.find(request_id)
                if found is None:
                    claim = await self._claimable(target)
                    began_s = time.monotonic()
                    if await self._claims.begin(request_id, claim):
                        return await self._begin(request_id, claim, began_s)
                    found = await self._claims.find(request_id)
                    if found is None:
                        raise _refused(
                            "a wish was accepted at that moment: ask again", retry_after_ms=SOON_MS
                        )
                return await self._follow(request_id, found)
            except Superseded as error:
                raise _refused(str(error)) from error
            except NoMajority as error:
                raise _refused(f"etcd does not answer, nothing is begun without it: {error}") from error

    async def _claimable(self, target: str) -> Claim:
        """What would be begun. Raises Failure where something stands against it."""
        status = self._look()
        against = objections(status, target)
        now = leading(status)
        if now is not None and now.region != target:
            await self._wait_for_the_last_change(now.region, against)
        if against or now is None:
            raise _refused("; ".join(against))
        return Claim(now.region, target, now.timeline, self._here)

    async def _wait_for_the_last_change(self, primary: str, against: list[str]) -> None:
        try:
            wait_s = to_wait_s(await self._patroni.history(primary), datetime.now(UTC))
        except NoWord as error:
            raise _refused(str(error)) from error
        if wait_s:
            wait = f"wait {wait_s:.0f} s: {primary} was promoted a moment ago"
            raise _refused("; ".join([wait, *against]), retry_after_ms=round(wait_s * 1000) + SOON_MS)

    async def _begin(self, request_id: str, claim: Claim, began_s: float) -> SwitchOverResponse:
        """Who follows this claim elsewhere has to be right about when it cannot be begun any more."""
        try:
            if time.monotonic() - began_s > TOLD_WITHIN_S:
                raise SwitchoverRefused(
                    f"it was claimed more than {TOLD_WITHIN_S:.0f} s ago: ask under another id"
                )
            message = await switch_over(self._patroni, claim.source, claim.target, claim.timeline)
        except SwitchoverRefused as error:
            raise await self._came_to_nothing(request_id, claim, error) from error
        took_ms = round((time.monotonic() - began_s) * 1000)
        _log.info("switched_over", old=claim.source, new=claim.target, took_ms=took_ms)
        return await self._moved(request_id, replace(claim, message=message, took_ms=took_ms))

    async def _follow(self, request_id: str, claim: Claim) -> SwitchOverResponse:
        """Of a claim that this call has not made."""
        if claim.moved is False:
            raise Failure(Reason.ERROR_REASON_SWITCHOVER_CAME_TO_NOTHING, claim.message)
        if claim.moved:
            now = await self._patroni.member(claim.source)
            if now is not None and now.primary:
                since = f"{claim.target} was primary under {request_id}, and {claim.source} is since"
                raise Failure(Reason.ERROR_REASON_SWITCHOVER_CAME_TO_NOTHING, since)
            return SwitchOverResponse(message=claim.message, took_ms=claim.took_ms)
        word = f"{claim.by} began it under {request_id}, and it is not begun twice"
        try:
            await see_through(
                self._patroni, claim.source, claim.target, claim.timeline, word, patience_s=PATIENCE_S
            )
        except SwitchoverRefused as error:
            raise await self._came_to_nothing(request_id, claim, error) from error
        return await self._moved(request_id, replace(claim, message=f"{claim.target} is primary: {word}"))

    async def _moved(self, request_id: str, claim: Claim) -> SwitchOverResponse:
        await self._close(request_id, replace(claim, moved=True))
        return SwitchOverResponse(message=claim.message, took_ms=claim.took_ms)

    async def _came_to_nothing(self, request_id: str, claim: Claim, error: SwitchoverRefused) -> Failure:
        message = "; ".join([str(error), *against_promotion(self._look(), claim.target)])
        await self._close(request_id, replace(claim, moved=False, message=message))
        return Failure(Reason.ERROR_REASON_SWITCHOVER_CAME_TO_NOTHING, message)

    async def _close(self, request_id: str, claim: Claim) -> None:
        try:
            await self._claims.close(request_id, claim)
        except NoMajority as error:
            # Whoever asks again sees it through by what Patroni says.
            _log.warning("claim_not_closed", request_id=request_id, error=str(error))


def _refused(message: str, retry_after_ms: int | None = None) -> Failure:
    return Failure(Reason.ERROR_REASON_SWITCHOVER_REFUSED, message, retry_after_ms=retry_after_ms)
