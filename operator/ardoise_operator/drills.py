"""A Drill object as decisions have it, and its status from what its runs say. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ardoise.sites.operations.drill_decide import AbortCondition, Drill, Rehearsed, newest_first
from ardoise.sites.operations.drill_runs import Phase, Result, Run
from ardoise.sites.operations.situation import Mode, Verdict

from ardoise_operator.conditions import Condition, statuses, written
from ardoise_operator.events import MENDED
from ardoise_operator.sight import UNKNOWN, clipped, instant, listed, present, truth
from ardoise_operator.watching import Object

MOST_HISTORY = 50
MOST_REASONS = 32
MOST_REASON_CHARACTERS = 1024
MOST_STEP_CHARACTERS = 256
STANDARD_DEADLINE_S = 1800
STANDARD_HISTORY = 10
UNREAD = "RunsUnread"
WAITING = "Waiting"


def drill_of(one: Object) -> Drill:
    """A Drill, as the API server has taken it."""
    spec = one.spec
    return Drill(
        uid=one.uid,
        name=one.name,
        replication=spec["replicationRef"]["name"],
        created_ms=milliseconds(one.created) if one.created else 0,
        deadline_s=spec.get("deadlineSeconds", STANDARD_DEADLINE_S),
        history_limit=spec.get("historyLimit", STANDARD_HISTORY),
        suspended=spec.get("suspend", False),
        request=spec.get("runRequestId", ""),
        aborts=tuple(
            AbortCondition(said["type"], said["status"], said.get("forSeconds", 0))
            for said in spec.get("abortConditions", ())
        ),
    )


def rehearsed_of(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Rehearsed:
    """A Replication."""
    primary = status.get("primary", UNKNOWN)
    conditions = {
        kind: (one["status"], milliseconds(one["lastTransitionTime"]))
        for kind, one in statuses(status).items()
    }
    observe_only = spec["mode"] == Mode.OBSERVE_ONLY
    return Rehearsed("" if primary == UNKNOWN else primary, conditions, observe_only)


def milliseconds(text: str) -> int:
    """Since 1970, of an instant as the API server writes it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def drill_status(
    one: Object,
    before: Mapping[str, Any],
    at: datetime,
    runs: Sequence[Run],
    ready: Verdict,
    waits: str = "",
    next_run: datetime | None = None,
) -> dict[str, Any]:
    """`before`: the status that stood before. `waits`: id of the request that waits; empty: none does. `next_run`: when
    one of the schedule is due; None: never, as far as is known."""
    newest, *_ = newest_first(tuple(runs)) or [None]
    found = [
        Condition("Ready", truth(ready.status), ready.reason, ready.message),
        _in_progress(newest),
    ]
    return present(
        observedGeneration=one.generation,
        observedAt=instant(at),
        nextRunAt=instant(next_run) if next_run is not None and not one.spec.get("suspend") else None,
        **(present(runId=waits or None, phase=WAITING) if waits or newest is None else _newest(newest)),
        history=_history(runs, one.spec.get("historyLimit", STANDARD_HISTORY)) or None,
        conditions=written(found, before, one.generation, at),
    )


def unread_status(one: Object, before: Mapping[str, Any], at: datetime, why: str) -> dict[str, Any]:
    """Where the API server does not show its runs: they stay as they were."""
    known = statuses(before).get("OperationInProgress")
    found = [
        Condition("Ready", UNKNOWN, UNREAD, why),
        Condition("OperationInProgress", known["status"], known["reason"], known["message"])
        if known is not None
        else Condition("OperationInProgress", UNKNOWN, UNREAD, why),
    ]
    conditions = written(found, before, one.generation, at)
    return {**before, "observedAt": instant(at), "conditions": conditions}


def _newest(run: Run) -> dict[str, Any]:
    """Of the status itself."""
    result = run.result
    if result is None:
        aborting = [run.abort] if run.abort else None
        return present(
            runId=run.id,
            phase=run.phase or Phase.PRECHECKING,
            reasons=aborting and listed(aborting, MOST_REASONS, MOST_REASON_CHARACTERS),
            startedAt=instant(run.made_ms),
        )
    reasons = [*([run.abort] if run.abort else []), *result.reasons]
    return {
        **_ended(run, result),
        "phase": Phase.FINISHED,
        **present(reasons=listed(reasons, MOST_REASONS, MOST_REASON_CHARACTERS) or None),
    }


def _ended(run: Run, result: Result) -> dict[str, Any]:
    """Of the status, and of its history."""
    return present(
        runId=run.id,
        verdict=result.verdict.value,
        failedStep=clipped(result.failed_step, MOST_STEP_CHARACTERS) or None,
        startedAt=instant(result.started_ms),
        finishedAt=instant(result.finished_ms),
        measured=dict(result.measured) if result.measured is not None else None,
        report=f"configmap/{run.name}" if run.reported else None,
    )


def _history(runs: Sequence[Run], limit: int) -> list[dict[str, Any]]:
    over = [_ended(run, run.result) for run in newest_first(tuple(runs)) if run.result is not None]
    return over[: min(limit, MOST_HISTORY)]


def _in_progress(newest: Run | None) -> Condition:
    if newest is not None and newest.result is None:
        return Condition(
            "OperationInProgress",
            "True",
            newest.asked,
            f"run {newest.id}: {newest.phase or Phase.PRECHECKING}",
        )
    if newest is not None and newest.result is not None and newest.result.mended:
        return Condition("OperationInProgress", "False", MENDED, "; ".join(newest.result.reasons))
    return Condition("OperationInProgress", "False", "Idle")
