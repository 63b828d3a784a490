"""One run of a drill, as it stands in a ConfigMap: what the operator writes there, and what its process does. Pure.

| key | whose | what |
|---|---|---|
| run | operator | runId, scenario, asked, dueAt, deadlineSeconds, budgets |
| before | operator | the Replication's conditions when it began, status by type |
| abort | operator | why it is aborted |
| phase | process | Prechecking, Running, Restoring, Judging, Finished |
| stopped.json | process | replicas of before of what it scaled to 0, by `statefulsets/name` or `deployments/name` |
| result.json | process | what came of it; the operator's where the process died |
| report.json, report.html | process | its report |

A process may be killed while it writes, or be another version's: what cannot be read is as if it were not there.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

RUN, BEFORE, ABORT = "run", "before", "abort"
PHASE, STOPPED, RESULT = "phase", "stopped.json", "result.json"
REPORTS = ("report.json", "report.html")
NAME_PREFIX = "drill-"
MOST_NAME = 63
HASH_DIGITS = 8
UNKNOWN = "Unknown"
SCALED = ("statefulsets", "deployments")
NEEDED = ("recoveryMilliseconds", "lostFixes")
BUDGETS = {"recoveryMilliseconds": ("recoverySeconds", 1000), "lostFixes": ("lostFixes", 1)}
"""Figure -> what bounds it in a Drill's budgets, and how many of it that is."""
MEASURED = (*NEEDED, "acknowledgedFixes", "replayedFixes", "pictureInterruptedMilliseconds")


class Phase(StrEnum):
    """How far a drill is."""

    PRECHECKING = "Prechecking"
    RUNNING = "Running"
    RESTORING = "Restoring"
    JUDGING = "Judging"
    FINISHED = "Finished"


class Asked(StrEnum):
    """Why a run began."""

    SCHEDULE = "Schedule"
    REQUEST = "Request"


class DrillVerdict(StrEnum):
    """How a run ended."""

    HELD = "Held"
    FAILED = "Failed"
    ABORTED = "Aborted"
    REFUSED = "Refused"


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    verdict: DrillVerdict
    started_ms: int
    finished_ms: int
    failed_step: str = ""
    reasons: tuple[str, ...] = ()
    measured: Mapping[str, int | str] | None = None
    """As a Drill's status has it; None: nothing was measured."""
    mended: bool = False
    """Whether its process died, and the operator put right what it had left."""

    def to_json(self) -> str:
        """As it stands in a ConfigMap."""
        told = {
            "verdict": self.verdict,
            "failedStep": self.failed_step,
            "reasons": self.reasons,
            "startedAt": _instant(self.started_ms),
            "finishedAt": _instant(self.finished_ms),
        }
        measured = {"measured": dict(self.measured)} if self.measured is not None else {}
        return json.dumps(told | measured | ({"mended": True} if self.mended else {}))


@dataclass(frozen=True)
class Run:
    """One run."""

    id: str
    asked: Asked
    due_ms: int
    """Milliseconds since 1970; of a run that was requested: when it was claimed."""
    made_ms: int
    """When its ConfigMap was made: it began."""
    version: str = ""
    """Of the ConfigMap."""
    phase: str = ""
    """Empty: its process has done nothing yet."""
    before: Mapping[str, str] = field(default_factory=dict)
    abort: str = ""
    stopped: Mapping[str, int] | None = field(default_factory=dict)
    """None: it cannot be read."""
    result: Result | None = None
    """None: it is not over."""
    reported: bool = False

    @property
    def name(self) -> str:
        """Of its ConfigMap and of its Job."""
        return run_name(self.id)

    @property
    def started_ms(self) -> int:
        """When it began."""
        return self.made_ms if self.result is None else self.result.started_ms


def run_name(run_id: str) -> str:
    """Of a run's ConfigMap and Job."""
    return label(f"{NAME_PREFIX}{run_id}")


def label(text: str) -> str:
    """A text as a label's value and a name, unlike any other text's."""
    plain = re.sub(r"[^a-z0-9-]", "-", text.lower())
    if plain == text and len(text) <= MOST_NAME and not text.endswith("-"):
        return text
    end = hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
    return f"{plain[: MOST_NAME - HASH_DIGITS - 1].strip('-')}-{end}"


def scheduled_id(drill: str, due_ms: int) -> str:
    """Of a run of the schedule: the same in both regions."""
    return label(f"{drill}-{datetime.fromtimestamp(due_ms / 1000, UTC):%Y%m%d-%H%M}")


def data_of(run: Run, scenario: str, deadline_s: int, budgets: Mapping[str, int]) -> dict[str, str]:
    """What a ConfigMap holds when a run begins; of one that was refused, its result with it.

    `budgets`: recoverySeconds and lostFixes, what the Drill may cost; empty: it breaks nothing.
    """
    told = {
        "runId": run.id,
        "scenario": scenario,
        "asked": run.asked,
        "dueAt": _instant(run.due_ms),
        "deadlineSeconds": deadline_s,
        "budgets": dict(budgets),
    }
    result = {RESULT: run.result.to_json()} if run.result is not None else {}
    return {RUN: json.dumps(told), BEFORE: json.dumps(dict(run.before)), **result}


def run_of(data: Mapping[str, str], made_ms: int, version: str) -> Run:
    """Raises ValueError where it is no run's."""
    try:
        told = json.loads(data[RUN])
        run_id, asked, due_ms = told["runId"], Asked(told["asked"]), _ms(told["dueAt"])
        budgets = told["budgets"]
        most = {name: budgets[of] * unit for name, (of, unit) in BUDGETS.items() if budgets}
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"no run of a drill: {data.get(RUN)!r}") from error
    phase = data.get(PHASE, "")
    return Run(
        id=run_id,
        asked=asked,
        due_ms=due_ms,
        made_ms=made_ms,
        version=version,
        phase=phase if phase in set(Phase) else "",
        before=_before(data.get(BEFORE, "{}")),
        abort=data.get(ABORT, ""),
        stopped=_stopped(data.get(STOPPED, "{}")),
        result=_judged(_result(data[RESULT], made_ms), most) if RESULT in data else None,
        reported=any(name in data for name in REPORTS),
    )


def _before(text: str) -> Mapping[str, str]:
    told = _object(text)
    return {} if told is None else told


def _stopped(text: str) -> Mapping[str, int] | None:
    told = _object(text)
    if told is None:
        return None
    for what, replicas in told.items():
        kind, _, name = what.partition("/")
        if kind not in SCALED or not name or not _is_number(replicas):
            return None
    return told


def _result(text: str, made_ms: int) -> Result | None:
    told = _object(text)
    if told is None:
        return None
    try:
        return Result(
            verdict=DrillVerdict(told["verdict"]),
            started_ms=_ms(told["startedAt"]) if told.get("startedAt") else made_ms,
            finished_ms=_ms(told["finishedAt"]),
            failed_step=str(told.get("failedStep") or ""),
            reasons=tuple(str(one) for one in told.get("reasons") or ()),
            measured=_measured(told.get("measured")),
            mended=told.get("mended") is True,
        )
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _judged(result: Result | None, most: Mapping[str, int]) -> Result | None:
    """One that held has failed where it cost more than it may, or where nobody knows what it cost."""
    if result is None or result.verdict is not DrillVerdict.HELD:
        return result
    found = result.measured or {}
    over = tuple(
        f"{name} is {cost}, and may be {allowed} at most"
        for name, allowed in most.items()
        if not _is_number(cost := found.get(name, UNKNOWN)) or cost > allowed
    )
    return replace(result, verdict=DrillVerdict.FAILED, reasons=(*result.reasons, *over)) if over else result


def _measured(told: Mapping[str, Any] | None) -> Mapping[str, int | str] | None:
    """Figures that are none are Unknown; those that nobody knows here are left out."""
    if told is None:
        return None
    found = {name: told.get(name) for name in MEASURED if name in told or name in NEEDED}
    return {name: value if _is_number(value) else UNKNOWN for name, value in found.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _object(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _ms(text: str) -> int:
    """Raises ValueError where it is no instant with its zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no zone: {text}")
    return round(at.timestamp() * 1000)


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
