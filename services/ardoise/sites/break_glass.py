"""Carries a forced failover out at the region that is forced: once a second it looks, and does what comes next.

The operation is a file from the moment it is accepted: killed anywhere, the next process goes on with it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from google.protobuf import json_format

from ardoise.pb.sites_pb2 import BreakGlassRequest, ForcedFailover, SiteReport, SitesStatus
from ardoise.sites.etcd_api import EtcdApi, NoAnswer, NotDone
from ardoise.sites.forced import (
    PRIMARY,
    UNKNOWN,
    Seen,
    Step,
    has_majority,
    next_step,
    objections,
    settle_decisions,
    settle_log,
)
from ardoise.sites.generation import Generation
from ardoise.sites.keeper_settings import DATA, known_generation, order_rebuild
from ardoise.sites.leave import FILE as LEAVE
from ardoise.sites.leave import give_leave, withdraw_leave
from ardoise.sites.patroni import NoWord, Patroni

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from ardoise.sites.store import SitesStore
    from ardoise.sites.topology import Site

FILE = "forced.json"
FORMER = "forced-before"
"""Ids of what was accepted before that, a line each: an order that comes late is not carried out again."""
LOOK_EVERY_S = 1.0
# Each lets Patroni's hook pass once. More would be asked for by a database that cannot be promoted.
MOST_LEAVES = 5

_log = structlog.get_logger(__name__)


class Refused(Exception):
    """It is not begun; the message says why."""


@dataclass(frozen=True)
class Beside:
    """What runs beside this process in its region, and where it is told what to do."""

    etcd_dir: Path
    patroni_dir: Path
    tls: ssl.SSLContext


class BreakGlass:
    """`newest` is the newest operation of this region."""

    def __init__(
        self,
        here: Site,
        state_dir: Path,
        beside: Beside,
        patroni: Patroni,
        store: SitesStore,
        look: Callable[[], SitesStatus],
    ) -> None:
        """`look`: all sites as they are now."""
        self._here, self._beside = here, beside
        self._file, self._former = state_dir / FILE, state_dir / FORMER
        self._etcd = EtcdApi(here.etcd, beside.tls)
        self._patroni, self._store, self._look = patroni, store, look
        self._recorded = b""
        self.newest = _read(self._file)

    def accept(self, request: BreakGlassRequest, author: str) -> ForcedFailover:
        """Begins it, or finds that it was begun. Raises Refused."""
        if self.newest is not None and self.newest.request_id == request.request_id:
            return self.newest
        if self._former.exists() and request.request_id in self._former.read_text().splitlines():
            raise Refused(f"operation {request.request_id} was accepted before, and another since")
        if self.newest is not None and not self.newest.promoted_ms and self.newest.now:
            raise Refused(f"operation {self.newest.request_id} is still {self.newest.now}: wait for it")
        status = self._look()
        if against := objections(status, request.region, request.accepted_loss):
            raise Refused("; ".join(against))
        generation = 0
        if not has_majority(status):
            if not (self._beside.etcd_dir / DATA).is_dir():
                raise Refused(f"{self._here.name}'s member of etcd has no data to make a cluster of")
            generation = (known_generation(self._beside.etcd_dir) or Generation()).number + 1
        forced = ForcedFailover(
            request_id=request.request_id,
            region=request.region,
            author=author,
            begun_ms=_now_ms(),
            accepted_loss=request.accepted_loss,
            generation=generation,
        )
        self._capture(forced, status)
        _note(forced, f"accepted: {author} accepts the loss of {request.accepted_loss}")
        forced.now = Step.REBUILD if generation else Step.PROMOTE
        if self.newest is not None:
            with self._former.open("a") as former:
                former.write(f"{self.newest.request_id}\n")
        self._keep(forced)
        _log.warning("break_glass", operation=forced.request_id, author=author, accepted=forced.accepted_loss)
        return forced

    async def run(self) -> None:
        """For ever: what there is to be done, a step at a time."""
        while True:
            if self.newest is not None and self.newest.now:
                try:
                    await self._go_on(self.newest)
                except (NoWord, OSError) as error:
                    _log.warning("break_glass_step_failed", step=self.newest.now, error=repr(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _go_on(self, before: ForcedFailover) -> None:
        forced = ForcedFailover()
        forced.CopyFrom(before)
        seen = await self._see(forced)
        step = next_step(forced, seen)
        if forced.generation and not forced.rebuilt_ms and step is not Step.REBUILD:
            forced.rebuilt_ms = _now_ms()
            _note(forced, "etcd is a new cluster, of this region alone")
        if not forced.promoted_ms and seen.primary and step not in (Step.REBUILD, Step.OVER):
            withdraw_leave(self._beside.patroni_dir)
            forced.promoted_ms = _now_ms()
            _note(forced, f"{self._here.name} is primary")
        forced.now = step
        # Before the step: whoever is killed in it has to know of what led to it.
        self._keep(forced)
        await self._do(step, forced, seen)

    async def _do(self, step: Step, forced: ForcedFailover, seen: Seen) -> None:
        match step:
            case Step.REBUILD:
                order_rebuild(self._beside.etcd_dir, _generation(forced))
            case Step.PROMOTE:
                await self._promote(forced)
            case Step.RECORD:
                if await self._store.record(forced):
                    self._recorded = _facts(forced)
            case Step.AWAIT_LOG | Step.AWAIT_DECISIONS:
                self._settle(forced)
            case Step.OVER:
                if not forced.promoted_ms:
                    why = f"{seen.leads} is primary" if seen.leads else "another region was forced after it"
                    _note(forced, f"given up: {why}")
                    withdraw_leave(self._beside.patroni_dir)
                    self._keep(forced)
                _log.warning("break_glass_over", operation=forced.request_id)

    async def _promote(self, forced: ForcedFailover) -> None:
        self._capture(forced, self._look())
        if (member := await self._patroni.member(self._here.name)) is not None and member.timeline:
            forced.timeline_before = member.timeline
        if not (self._beside.patroni_dir / LEAVE).exists():
            if forced.leaves == MOST_LEAVES:
                _note(
                    forced,
                    f"given up: Patroni used {MOST_LEAVES} leaves and did not promote; its log says why",
                )
                forced.now = Step.OVER
                self._keep(forced)
                return
            forced.leaves += 1
            self._keep(forced)
            give_leave(self._beside.patroni_dir, f"{forced.request_id}-{forced.leaves}")
        self._keep(forced)
        word = await self._patroni.fail_over(self._here.name)
        _log.info("patroni_asked", operation=forced.request_id, word=word)

    def _capture(self, forced: ForcedFailover, status: SitesStatus) -> None:
        """What the region has now, in the place of what it had before; what cannot be had stays."""
        here = _reports(status)[self._here.name]
        if here.HasField("watermarks"):
            forced.watermarks_before.CopyFrom(here.watermarks)
        if here.HasField("logs"):
            forced.logs_before.CopyFrom(here.logs)

    def _settle(self, forced: ForcedFailover) -> None:
        status = self._look()
        here = _reports(status)[self._here.name]
        for site in status.sites:
            if site.site == self._here.name:
                continue
            if site.region and not forced.HasField("decisions_lost"):
                settle_decisions(forced, here, site.report)
                if forced.HasField("decisions_lost"):
                    _note(forced, f"decisions lost: {forced.decisions_lost}")
            elif not site.region and not forced.HasField("messages_lost"):
                settle_log(forced, site.report)
                if forced.HasField("messages_lost"):
                    replayed = f"{forced.messages_replayed} derived again"
                    _note(forced, f"messages lost: {forced.messages_lost}, {replayed}")
        self._keep(forced)

    async def _see(self, forced: ForcedFailover) -> Seen:
        member = await self._patroni.member(self._here.name)
        return Seen(
            generation=await asyncio.to_thread(self._generation),
            primary=member is not None and member.primary,
            recorded=self._recorded == _facts(forced),
            leads=self._leads(),
        )

    def _leads(self) -> str:
        others = (site for site in self._look().sites if site.site != self._here.name)
        return next((one.site for one in others if one.report.database.role == PRIMARY), "")

    def _generation(self) -> Generation | None:
        try:
            return self._etcd.generation() if self._etcd.has_leader() else None
        except (NoAnswer, NotDone, ValueError):
            return None

    def _keep(self, forced: ForcedFailover) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(json_format.MessageToJson(forced, preserving_proto_field_name=True))
        partial.replace(self._file)
        self.newest = forced


def _reports(status: SitesStatus) -> dict[str, SiteReport]:
    return {site.site: site.report for site in status.sites}


def _facts(forced: ForcedFailover) -> bytes:
    """What is written down of it: everything but what it is doing."""
    facts = ForcedFailover()
    facts.CopyFrom(forced)
    facts.ClearField("now")
    return facts.SerializeToString(deterministic=True)


def _generation(forced: ForcedFailover) -> Generation:
    return Generation(
        number=forced.generation,
        operation=forced.request_id,
        region=forced.region,
        author=forced.author,
        accepted_loss=forced.accepted_loss or UNKNOWN,
        begun_ms=forced.begun_ms,
    )


def _note(forced: ForcedFailover, what: str) -> None:
    forced.steps.add(what=what, time_ms=_now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _read(path: Path) -> ForcedFailover | None:
    try:
        return json_format.Parse(path.read_text(), ForcedFailover())
    except FileNotFoundError:
        return None
