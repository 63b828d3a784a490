"""One look after another: what is wished, remembered and seen makes the next step, and that is done once.

Killed anywhere it goes on from what is remembered, in this process or in the other region's: what is to be done is
written down before it is begun, and each effect bears the operation's id, under which `sites` begins it once.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.operations.decide import decide
from ardoise.sites.operations.memory import Memory, NoMajority
from ardoise.sites.operations.record import Ended, Operation, Step, Wish
from ardoise.sites.operations.seen import is_well, leading
from ardoise.sites.operations.situation import Answer, Limits, Mode, Refusal, Situation, Verdict
from ardoise.sites.operations.wishes import how_to_align, rule

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Spec:
    """What an object says."""

    wish: Wish
    mode: Mode
    limits: Limits


@dataclass(frozen=True)
class Told:
    """What there is to be shown of it."""

    wish: Wish | None
    """The accepted one."""
    operation: Operation | None
    history: tuple[Ended, ...]
    ready: Verdict
    diverged: Verdict
    acting: bool | None
    """Whether this operator acts; None: etcd has no majority, nobody does."""


class Effects(Protocol):
    """What is done to the platform. An answer that is None: nobody knows what came of it, it is asked again."""

    async def switch_over(self, operation: Operation) -> Answer | None:
        """Moves the primary as planned."""

    async def force(self, operation: Operation) -> Answer | None:
        """Has the target's own `sites` make it primary."""


class Acting:
    """Of one platform, in one operator."""

    def __init__(
        self,
        memory: Memory,
        effects: Effects,
        now_s: Callable[[], float] = time.monotonic,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._memory, self._effects, self._now_s, self._now_ms = memory, effects, now_s, now_ms
        self._answer: Answer | None = None
        self._refused, self._refused_until_s = "", 0.0
        self._led: SitesStatus | None = None
        self._well_since_s: float | None = None
        self._running: asyncio.Task[None] | None = None

    async def look(self, status: SitesStatus | None, spec: Spec) -> Told:
        """Decides and begins what there is to be done. `status`: None where `sites` says nothing: then nothing is."""
        if status is None or not is_well(status):
            self._well_since_s = None
        elif self._well_since_s is None:
            self._well_since_s = self._now_s()
        try:
            return await (self._read(spec) if status is None else self._look(status, spec))
        except NoMajority as error:
            said = f"etcd has no majority that is reached, nothing is done, only break-glass goes on: {error}"
            unknown = Verdict(Truth.TRUTH_UNSPECIFIED, "NoMajority", said)
            return Told(None, None, (), unknown, unknown, None)

    async def stop(self) -> None:
        """Lets the other operator act. What was begun goes on without this one."""
        if self._running is not None:
            self._running.cancel()
        try:
            await self._memory.leave()
        except NoMajority as error:
            _log.info("lease_runs_out_by_itself", reason=str(error))

    async def _read(self, spec: Spec) -> Told:
        """Who sees nothing lets the lease run out: the other operator may see more."""
        seen = await self._memory.read(spec.wish.request_id)
        silent = Verdict(Truth.TRUTH_UNSPECIFIED, "SitesSilent", "this region's `sites` says nothing")
        diverged = seen.wish is not None and spec.wish != seen.wish
        record = seen.record
        return Told(
            seen.wish, record.operation, record.history, silent, _diverged(spec, diverged, seen.wish), False
        )

    async def _look(self, status: SitesStatus, spec: Spec) -> Told:
        seen = await self._memory.read(spec.wish.request_id)
        observes = spec.mode is Mode.OBSERVE_ONLY
        acting = False if observes else await self._memory.act(seen)
        now = leading(status, seen.record.timeline)
        ruled = rule(spec.wish, seen.wish, seen.used, now.region if now else "")
        wish = seen.wish
        if not observes and ruled.accepted != seen.wish and await self._memory.accept(ruled.accepted, seen):
            _log.info("wish_accepted", wish=ruled.accepted, ruling=ruled.ruling)
            wish = ruled.accepted
        situation = Situation(
            status=status,
            wish=wish,
            record=seen.record,
            now_ms=self._now_ms(),
            mode=spec.mode,
            limits=spec.limits,
            well_for_s=None if self._well_since_s is None else self._now_s() - self._well_since_s,
            answer=self._answer,
            refused=self._refused if self._now_s() < self._refused_until_s else "",
            led=self._led,
        )
        record, ready = decide(situation)
        if now is not None and now.region == seen.record.primary:
            self._led = status
        if acting:
            acting = record == seen.record or await self._memory.write(record, seen)
        if not acting:
            # Of what was answered while another acts, that one knows more.
            record, self._answer = seen.record, None
        elif record.operation is not None:
            self._begin(record.operation)
        else:
            self._answer = None
        return Told(
            wish, record.operation, record.history, ready, _diverged(spec, ruled.diverged, wish), acting
        )

    def _begin(self, operation: Operation) -> None:
        """The effect of a step, unless it runs; again as long as what came of it is not seen.

        Asking again costs `sites` nothing: it begins an id once. An order to force it takes, and goes on alone.
        """
        runs = self._running is not None and not self._running.done()
        answer = self._answer if self._answer is not None and self._answer.id == operation.id else None
        taken = answer is not None and answer.refusal is None and operation.step is Step.FORCING
        if operation.step is Step.REJOINING or runs or taken:
            return
        self._answer = None
        self._running = asyncio.create_task(self._effect(operation))

    async def _effect(self, operation: Operation) -> None:
        do = self._effects.force if operation.step is Step.FORCING else self._effects.switch_over
        _log.info("effect", operation=operation.id, step=operation.step, target=operation.target)
        answer = self._answer = await do(operation)
        if answer is None:
            return
        _log.info("answered", operation=answer.id, refusal=answer.refusal, message=answer.message)
        if answer.refusal is Refusal.NOT_BEGUN:
            self._refused, self._refused_until_s = answer.message, self._now_s() + answer.hold_s


def _diverged(spec: Spec, diverged: bool, wish: Wish | None) -> Verdict:
    if wish is None:
        return Verdict(Truth.TRUTH_UNSPECIFIED, "NothingAccepted", "no wish was accepted yet")
    if diverged:
        return Verdict(Truth.TRUTH_YES, "AnotherWasAccepted", how_to_align(spec.wish, wish))
    return Verdict(Truth.TRUTH_NO, "Aligned", f"{wish.request_id} is what was accepted last")
