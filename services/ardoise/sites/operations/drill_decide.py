"""What is to be done now about a Drill: a run begun, aborted, mended, deleted. Pure.

Invariants: a run is begun by the region that is primary, once, ever, and only while no other goes on; what a run has
stopped is put right, whoever died in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.drill_runs import Asked, DrillVerdict, Result, Run, scheduled_id
from ardoise.sites.operations.drills import Claimed, DrillClaim
from ardoise.sites.operations.situation import Verdict

LATEST_MS = 300_000
"""A run of the schedule is begun as late as this, or left out; what was claimed and not begun is given up then."""
GRACE_MS = 900_000
"""Beyond its deadline a run that nobody closes keeps others back for as long as this: it began late, its pod ends
slowly."""


class JobState(StrEnum):
    """How a run's Job is."""

    ABSENT = "absent"
    RUNS = "runs"
    SUSPENDED = "suspended"
    """Its process is told to put everything right, and may still be at it."""
    OVER = "over"
    """No process of it is left."""


@dataclass(frozen=True)
class AbortCondition:
    """One of the Replication's: where it is so and was not when the run began, the run is aborted."""

    type: str
    status: str
    for_s: int


@dataclass(frozen=True)
class Drill:
    """What an object says."""

    uid: str
    name: str
    replication: str
    created_ms: int
    """Milliseconds since 1970."""
    deadline_s: int
    history_limit: int
    suspended: bool = False
    request: str = ""
    """Empty: none."""
    aborts: tuple[AbortCondition, ...] = ()


@dataclass(frozen=True)
class Rehearsed:
    """The Replication, as this look found it."""

    primary: str
    """Empty: nobody is seen to be."""
    conditions: Mapping[str, tuple[str, int]]
    """(status, since when in milliseconds since 1970) by type."""
    observe_only: bool = False
    """Its mode: nothing is begun."""

    def statuses(self) -> dict[str, str]:
        """By type."""
        return {kind: status for kind, (status, _) in self.conditions.items()}


@dataclass(frozen=True)
class DrillSituation:
    """Everything that a decision stands on."""

    drill: Drill
    here: str
    """This region."""
    now_ms: int
    due_ms: int | None
    """The newest instant of the schedule that is not after now; None: there is none."""
    rehearsed: Rehearsed | None
    """None: there is no such Replication."""
    claimed: Claimed | None
    """None: etcd has no majority."""
    runs: tuple[Run, ...] = ()
    """Of this object."""
    jobs: Mapping[str, JobState] = field(default_factory=dict)
    """Of the runs that are not over, by run id."""
    others: tuple[str, ...] = ()
    """Ids of runs of other objects in this cluster that are not over."""
    unclear: str = ""
    """Why the schedule is not understood; empty: it is."""
    off: str = ""
    """Why no run can be made here; empty: it can."""


@dataclass(frozen=True)
class Begin:
    """Claims a run and makes it."""

    run: Run
    claim: DrillClaim
    until_ms: int
    resumed: bool
    """Whether it is claimed already."""


@dataclass(frozen=True)
class Refuse:
    """Makes a run that is over: nothing is begun."""

    run: Run


@dataclass(frozen=True)
class MakeJob:
    """The operator was killed between the two."""

    run: Run


@dataclass(frozen=True)
class Abort:
    """Has the process put everything right, and end."""

    run: Run
    why: str


@dataclass(frozen=True)
class Mend:
    """Puts right what a process left, and writes down that the run is over."""

    run: Run
    why: str


@dataclass(frozen=True)
class Delete:
    """With its report."""

    run: Run


Action = Begin | Refuse | MakeJob | Abort | Mend | Delete


@dataclass(frozen=True)
class Decision:
    """What is to be done, in this order, and what there is to be shown."""

    actions: tuple[Action, ...]
    ready: Verdict
    waits: str = ""
    """The id of a requested run that waits; empty: none does."""


def decide_drill(now: DrillSituation) -> Decision:
    """What one look makes of one object."""
    actions: list[Action] = [one for run in _open(now) for one in _going_on(now, run)]
    asked, waits = _requested(now)
    begun = asked or _scheduled(now)
    if begun is not None:
        actions.append(begun)
    actions += [Delete(run) for run in _too_many(now)]
    return Decision(tuple(actions), _ready(now), waits)


def left_over(claimed: Claimed, here: str, now_ms: int, runs: Mapping[str, bool]) -> bool:
    """Whether what this region began last keeps others back for nothing.

    `runs`: whether it is over, of each run of this cluster, by id.
    """
    last = claimed.underway(now_ms)
    if last is None or last.region != here:
        return False
    return runs.get(last.run_id, now_ms - last.due_ms > LATEST_MS)


def _open(now: DrillSituation) -> list[Run]:
    return [run for run in now.runs if run.result is None]


def _going_on(now: DrillSituation, run: Run) -> Iterator[Action]:
    job = now.jobs[run.id]
    if job is JobState.ABSENT and not run.phase and not run.abort and now.now_ms - run.due_ms <= LATEST_MS:
        yield MakeJob(run)
    elif job is JobState.ABSENT:
        yield Mend(run, "its Job is gone" if run.phase else "its Job was not made in time")
    elif job is JobState.OVER:
        yield Mend(run, "its process died, or was not let run, and left no result")
    elif now.now_ms > _until_ms(now, run.due_ms):
        yield Mend(run, "its Job did not end within its deadline: its node may be lost")
    elif job is JobState.RUNS and (why := run.abort or _against(now, run)):
        yield Abort(run, why)


def _against(now: DrillSituation, run: Run) -> str:
    """The first abort condition that holds; empty: none does."""
    conditions = now.rehearsed.conditions if now.rehearsed is not None else {}
    for one in now.drill.aborts:
        status, since_ms = conditions.get(one.type, ("", 0))
        lasts_s = (now.now_ms - since_ms) / 1000
        if status == one.status and run.before.get(one.type) != status and lasts_s >= one.for_s:
            return f"{one.type} of {now.drill.replication} is {status}, and was not when it began"
    return ""


def _requested(now: DrillSituation) -> tuple[Action | None, str]:
    """What becomes of the request, and its id where it waits."""
    request, primary = now.drill.request, now.rehearsed.primary if now.rehearsed is not None else ""
    if not request or request in {run.id for run in now.runs}:
        return None, ""
    if now.off:
        return _refusal(now, f"NotSwitchedOn: {now.off}"), ""
    if primary and primary != now.here:
        return _refusal(now, f"RunsElsewhere: {_elsewhere(primary)}"), ""
    if now.rehearsed is not None and now.rehearsed.observe_only:
        return _refusal(now, f"ObserveOnly: {_observed(now)}"), ""
    if now.claimed is None or not primary:
        return None, request
    claim = now.claimed.claims.get(request)
    if claim is not None and not _resumable(now, request, claim):
        if (claim.region, claim.drill) == (now.here, now.drill.uid):
            return None, ""
        return _refusal(now, f"AlreadyUsed: a run of this id was begun in {claim.region} before"), ""
    if not _is_free(now, request):
        return None, request
    due_ms = claim.due_ms if claim is not None else now.now_ms
    return _begin(now, request, Asked.REQUEST, due_ms, claim), ""


def _scheduled(now: DrillSituation) -> Begin | None:
    due_ms, drill = now.due_ms, now.drill
    if due_ms is None or drill.suspended or now.off or now.claimed is None or now.rehearsed is None:
        return None
    if now.rehearsed.primary != now.here or now.rehearsed.observe_only:
        return None
    if now.now_ms - due_ms > LATEST_MS or due_ms < drill.created_ms or _was_going_on(now, due_ms):
        return None
    run_id = scheduled_id(drill.name, due_ms)
    claim = now.claimed.claims.get(run_id)
    if run_id in {run.id for run in now.runs} or (claim is not None and not _resumable(now, run_id, claim)):
        return None
    return _begin(now, run_id, Asked.SCHEDULE, due_ms, claim) if _is_free(now, run_id) else None


def _was_going_on(now: DrillSituation, due_ms: int) -> bool:
    """Whether a run of this object had begun and not ended then."""
    return any(
        run.started_ms <= due_ms and (run.result is None or run.result.finished_ms > due_ms)
        for run in now.runs
    )


def _resumable(now: DrillSituation, run_id: str, claim: DrillClaim) -> bool:
    """Whether this region claimed it for this object a moment ago, and nothing was made of it."""
    last = now.claimed.underway(now.now_ms) if now.claimed is not None else None
    return (
        (claim.region, claim.drill) == (now.here, now.drill.uid)
        and last is not None
        and (last.run_id, last.region) == (run_id, now.here)
        and now.now_ms - claim.due_ms <= LATEST_MS
    )


def _is_free(now: DrillSituation, run_id: str) -> bool:
    """Whether no other run goes on, anywhere."""
    last = now.claimed.underway(now.now_ms) if now.claimed is not None else None
    return not _open(now) and not now.others and (last is None or last.run_id == run_id)


def _begin(now: DrillSituation, run_id: str, asked: Asked, due_ms: int, claim: DrillClaim | None) -> Begin:
    before = now.rehearsed.statuses() if now.rehearsed is not None else {}
    return Begin(
        run=Run(run_id, asked, due_ms, made_ms=now.now_ms, before=before),
        claim=claim or DrillClaim(now.here, now.drill.uid, due_ms),
        until_ms=_until_ms(now, due_ms),
        resumed=claim is not None,
    )


def _until_ms(now: DrillSituation, due_ms: int) -> int:
    return due_ms + now.drill.deadline_s * 1000 + GRACE_MS


def _refusal(now: DrillSituation, why: str) -> Refuse:
    result = Result(DrillVerdict.REFUSED, now.now_ms, now.now_ms, reasons=(why,))
    return Refuse(Run(now.drill.request, Asked.REQUEST, now.now_ms, made_ms=now.now_ms, result=result))


def _too_many(now: DrillSituation) -> list[Run]:
    """The oldest, but for the one that the object asks for: it would be asked for again."""
    over = [run for run in newest_first(now.runs) if run.result is not None]
    return [run for run in over[now.drill.history_limit :] if run.id != now.drill.request]


def newest_first(runs: tuple[Run, ...]) -> list[Run]:
    """As they began."""
    return sorted(runs, key=lambda run: (run.started_ms, run.id), reverse=True)


def _ready(now: DrillSituation) -> Verdict:
    if now.unclear:
        return Verdict(Truth.TRUTH_NO, "ScheduleNotUnderstood", now.unclear)
    if now.rehearsed is None:
        missing = f"there is no Replication {now.drill.replication}"
        return Verdict(Truth.TRUTH_NO, "ReplicationMissing", missing)
    if now.off:
        return Verdict(Truth.TRUTH_NO, "NotSwitchedOn", now.off)
    primary = now.rehearsed.primary
    if not primary:
        nobody = "no region that answers is primary, and that one's operator runs drills"
        return Verdict(Truth.TRUTH_UNSPECIFIED, "PrimaryUnobserved", nobody)
    if primary != now.here:
        return Verdict(Truth.TRUTH_NO, "RunsElsewhere", _elsewhere(primary))
    if now.rehearsed.observe_only:
        return Verdict(Truth.TRUTH_NO, "ObserveOnly", _observed(now))
    if now.claimed is None:
        unread = "etcd has no majority that is reached: what was begun before cannot be read, and nothing is"
        return Verdict(Truth.TRUTH_UNSPECIFIED, "NoMajority", unread)
    if now.drill.suspended:
        return Verdict(Truth.TRUTH_YES, "Suspended", "no run of the schedule begins; a requested one does")
    last = now.claimed.underway(now.now_ms)
    busy = f"{last.run_id} goes on in {last.region}, and no other begins until it is over" if last else ""
    return Verdict(Truth.TRUTH_YES, "Scheduled", busy)


def _observed(now: DrillSituation) -> str:
    return f"the mode of Replication {now.drill.replication} is ObserveOnly: no run begins"


def _elsewhere(primary: str) -> str:
    return f"{primary} is primary: the operator of {primary} runs drills, in its own cluster"
