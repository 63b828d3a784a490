"""Runs what Drills say: each look at their runs makes the next step of each, and that is done once.

Killed anywhere it goes on from what stands in etcd and in the cluster; nothing of a run is remembered here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.drill_decide import (
    LATEST_MS,
    Abort,
    Action,
    Begin,
    Decision,
    Delete,
    Drill,
    DrillSituation,
    JobState,
    MakeJob,
    Mend,
    Refuse,
    Rehearsed,
    decide_drill,
    left_over,
)
from ardoise.sites.operations.drill_runs import (
    ABORT,
    RESULT,
    STOPPED,
    DrillVerdict,
    Result,
    Run,
    scheduled_id,
)
from ardoise.sites.operations.drills import Claimed, DrillClaims, Underway
from ardoise.sites.operations.memory import NoMajority
from ardoise.sites.operations.situation import Verdict
from lightkube.models.core_v1 import PodTemplateSpec

from ardoise_operator import instruments
from ardoise_operator.api import THERE, About, Api, ApiTrouble
from ardoise_operator.drills import drill_of, drill_status, unread_status
from ardoise_operator.run_objects import DRILL_LABEL, config_map_of, found_run, job_of, owner_of, state_of
from ardoise_operator.schedule import Schedule
from ardoise_operator.watching import Object

OFF = "drills are not switched on in the chart's values"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Kept:
    """A ConfigMap, as it was last read."""

    version: str
    owner: str
    run: Run | None
    """None: it is no run's."""


@dataclass(frozen=True)
class _Due:
    """What the schedule of one object says."""

    due: datetime | None = None
    next: datetime | None = None
    unclear: str = ""


@dataclass
class _Found:
    """What one look found in the cluster."""

    runs: dict[str, list[Run]]
    """By the uid of their Drill."""
    jobs: Mapping[str, JobState]
    """Of runs that are not over, by run id."""
    pod: PodTemplateSpec | None
    """None: no run can be made."""

    def open_runs(self) -> list[tuple[str, Run]]:
        """(uid of the Drill, run)."""
        return [(uid, run) for uid, runs in self.runs.items() for run in runs if run.result is None]


class Drilling:
    """Of this region's operator."""

    def __init__(self, here: str, template: str, api: Api, claims: DrillClaims) -> None:
        """`template`: name of the PodTemplate; empty: drills are not switched on."""
        self._here, self._template, self._api, self._claims = here, template, api, claims
        self._kept: dict[str, _Kept] = {}
        """By name: what has not changed is not read again, for reports are large."""

    async def look(
        self,
        drills: Sequence[Object],
        replications: Mapping[str, Rehearsed],
        before: Mapping[str, Mapping[str, Any]],
        at: datetime,
    ) -> dict[str, dict[str, Any]]:
        """The status of each, by uid; begins what is to be done and does not wait for a run.

        `replications`: by name. `before`: the statuses that stood before, by uid.
        """
        try:
            found = await self._find()
        except ApiTrouble as trouble:
            self._refused("runs", trouble)
            why = f"the API server does not show the runs: {trouble}"
            return {one.uid: unread_status(one, before[one.uid], at, why) for one in drills}
        schedules = {one.uid: _due(one, at) for one in drills}
        claimed = await self._claimed(drills, schedules)
        shown = {}
        for one in drills:
            due, drill = schedules[one.uid], drill_of(one)
            situation = self._situation(drill, due, replications.get(drill.replication), claimed, found, at)
            decision = decide_drill(situation)
            decision = await self._carry_out(one, decision, claimed, found, milliseconds_of(at))
            runs = found.runs.get(one.uid, [])
            shown[one.uid] = drill_status(
                one, before[one.uid], at, runs, decision.ready, decision.waits, due.next
            )
        await self._close(claimed, found, milliseconds_of(at))
        return shown

    async def _find(self) -> _Found:
        """Raises ApiTrouble."""
        pod = await self._api.pod_template(self._template) if self._template else None
        listed = await self._api.config_maps(DRILL_LABEL)
        for name, version in listed.items():
            kept = self._kept.get(name)
            if kept is None or kept.version != version:
                await self._read(name)
        self._kept = {name: kept for name, kept in self._kept.items() if name in listed}
        runs: dict[str, list[Run]] = {}
        for kept in self._kept.values():
            if kept.run is not None:
                runs.setdefault(kept.owner, []).append(kept.run)
        found = _Found(runs, {}, pod)
        found.jobs = {run.id: state_of(await self._api.job(run.name)) for _, run in found.open_runs()}
        return found

    async def _read(self, name: str) -> None:
        config_map = await self._api.config_map(name)
        if config_map is None:
            self._kept.pop(name, None)
            return
        run = None
        try:
            run = found_run(config_map)
        except ValueError as error:
            _log.warning("no_run", config_map=name, error=str(error))
        about = config_map.metadata
        self._kept[name] = _Kept(about.resourceVersion, owner_of(about), run)

    async def _claimed(self, drills: Sequence[Object], schedules: Mapping[str, _Due]) -> Claimed | None:
        requested = {one.spec.get("runRequestId", "") for one in drills} - {""}
        due = {
            scheduled_id(one.name, milliseconds_of(at))
            for one in drills
            if (at := schedules[one.uid].due) is not None
        }
        try:
            return await self._claims.read(sorted(requested | due))
        except NoMajority:
            return None

    def _situation(
        self,
        drill: Drill,
        due: _Due,
        rehearsed: Rehearsed | None,
        claimed: Claimed | None,
        found: _Found,
        at: datetime,
    ) -> DrillSituation:
        missing = f"there is no PodTemplate {self._template}" if found.pod is None else ""
        return DrillSituation(
            drill=drill,
            here=self._here,
            now_ms=milliseconds_of(at),
            due_ms=milliseconds_of(due.due) if due.due is not None else None,
            rehearsed=rehearsed,
            claimed=claimed,
            runs=tuple(found.runs.get(drill.uid, ())),
            jobs=found.jobs,
            others=tuple(run.id for uid, run in found.open_runs() if uid != drill.uid),
            unclear=due.unclear,
            off=missing if self._template else OFF,
        )

    async def _carry_out(
        self, drill: Object, decision: Decision, claimed: Claimed | None, found: _Found, now_ms: int
    ) -> Decision:
        """What there is to be shown then. What came to nothing is decided upon again by the next look."""
        for action in decision.actions:
            runs = found.runs.setdefault(drill.uid, [])
            about = {"drill": drill.name, "run": action.run.id}
            try:
                made = await self._do(drill, action, claimed, found.pod, now_ms)
            except NoMajority as error:
                _log.info("not_begun", reason=str(error), **about)
            except ApiTrouble as trouble:
                self._refused("run", trouble)
                said = f"{type(action).__name__} of run {action.run.id}: {trouble}"
                # Somebody else wrote there meanwhile.
                if trouble.cause != THERE:
                    ready = Verdict(Truth.TRUTH_UNSPECIFIED, "NotDone", said)
                    decision = replace(decision, ready=ready)
            else:
                if made is None and isinstance(action, Begin):
                    continue
                _log.info("drill", action=type(action).__name__, **about)
                others = [run for run in runs if run.id != action.run.id]
                found.runs[drill.uid] = others if made is None else [made, *others]
        return decision

    async def _do(
        self,
        drill: Object,
        action: Action,
        claimed: Claimed | None,
        pod: PodTemplateSpec | None,
        now_ms: int,
    ) -> Run | None:
        """The run as it is then; None: there is none. Raises ApiTrouble, NoMajority."""
        run = action.run
        match action:
            case Begin():
                assert claimed is not None
                assert pod is not None
                return run if await self._begin(drill, action, claimed, pod) else None
            case Refuse():
                await self._api.make(config_map_of(run, drill))
                return run
            case MakeJob():
                if pod is not None:
                    await self._api.make(job_of(run, drill, pod))
                return run
            case Abort(why=why):
                if not run.abort:
                    await self._api.put_data(run.name, {ABORT: why}, run.version)
                await self._api.suspend(run.name)
                return replace(run, abort=why)
            case Mend(why=why):
                return await self._mend(run, why, now_ms)
            case Delete():
                await self._api.delete_run(run.name)
                return None

    async def _begin(self, drill: Object, begin: Begin, claimed: Claimed, pod: PodTemplateSpec) -> bool:
        """Whether it is this region's, now."""
        run = begin.run
        # What is watched may be old: somebody may have suspended or deleted it.
        if await self._api.generation(About(drill.kind, drill.name, drill.uid)) != drill.generation:
            return False
        if not begin.resumed:
            underway = Underway(run.id, self._here, run.due_ms, begin.until_ms)
            if not await self._claims.begin(begin.claim, underway, claimed):
                return False
        await self._api.make(config_map_of(run, drill))
        await self._api.make(job_of(run, drill, pod))
        return True

    async def _mend(self, run: Run, why: str, now_ms: int) -> Run:
        reasons = [why]
        if run.stopped is None:
            reasons.append(f"what it had stopped cannot be read: see {STOPPED} in configmap/{run.name}")
        for what, replicas in (run.stopped or {}).items():
            kind, _, name = what.partition("/")
            there = await self._api.scale(kind, name, replicas)
            reasons.append(f"{what} is back at {replicas}" if there else f"{what} is gone")
        result = Result(
            DrillVerdict.ABORTED, run.made_ms, now_ms, run.phase, tuple(reasons), measured=None, mended=True
        )
        data = {RESULT: result.to_json(), **({STOPPED: "{}"} if run.stopped else {})}
        await self._api.put_data(run.name, data, run.version)
        return replace(run, result=result)

    async def _close(self, claimed: Claimed | None, found: _Found, now_ms: int) -> None:
        over = {run.id: run.result is not None for runs in found.runs.values() for run in runs}
        if claimed is None or not left_over(claimed, self._here, now_ms, over):
            return
        try:
            await self._claims.close(claimed, now_ms)
        except NoMajority as error:
            _log.info("not_closed", reason=str(error))

    @staticmethod
    def _refused(what: str, trouble: ApiTrouble) -> None:
        instruments.refused.add(1, {"what": what, "code": trouble.cause})
        _log.warning("drills_refused", what=what, code=trouble.cause, error=str(trouble))


def milliseconds_of(at: datetime) -> int:
    """Since 1970."""
    return round(at.timestamp() * 1000)


def _due(one: Object, at: datetime) -> _Due:
    try:
        schedule = Schedule(one.spec["schedule"], one.spec["timeZone"])
    except ValueError as error:
        return _Due(unclear=str(error))
    return _Due(schedule.due(at, timedelta(milliseconds=LATEST_MS)), schedule.next(at))
