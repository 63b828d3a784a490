"""`drill`: what is rehearsed when, how it ended, and a run at once. Texts and decisions; pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ardoise_operator.plugin.picture import Object
from ardoise_operator.plugin.screen import rows
from ardoise_operator.plugin.words import (
    UNKNOWN,
    clean,
    clock,
    milliseconds,
    parsed,
    perhaps,
    phrase,
    span,
)

GOOD, QUIET, TROUBLE, DOUBT = "green", "dim", "bold red", "yellow"
MOST_RUNS = 10
FINISHED = "Finished"


def listing(drills: Sequence[Object], now: datetime) -> RenderableType:
    """All of them, the next one first."""
    if not drills:
        return Text("there is no Drill: apply one, charts/ardoise/examples/objects/drill.yaml", DOUBT)
    table = rows("drill", "scenario", "next run", "last run", "verdict", "stood", "lost")
    for one in sorted(drills, key=_next):
        status = one.get("status", {})
        started = perhaps(status.get("startedAt"))
        table.add_row(
            one["metadata"]["name"],
            one["spec"]["scenario"],
            _text(next_run(one, now)),
            clock(started, now) if started else "never",
            _verdict(status),
            *_measured(status.get("measured")),
        )
    return table


def _next(drill: Object) -> tuple[bool, str]:
    at = "" if drill["spec"].get("suspend") else drill.get("status", {}).get("nextRunAt", "")
    return not at, at or drill["metadata"]["name"]


def next_run(drill: Object, now: datetime) -> str:
    """In UTC."""
    if drill["spec"].get("suspend"):
        return "suspended"
    at = perhaps(drill.get("status", {}).get("nextRunAt"))
    return clock(at, now) if at is not None else UNKNOWN


def report(drill: Object, now: datetime) -> RenderableType:
    """The newest run with its figures beside what they may be, and those before it."""
    status, budgets = drill.get("status", {}), drill["spec"].get("budgets", {})
    if not status.get("runId"):
        schedule = f"{drill['spec']['schedule']}, {drill['spec']['timeZone']}"
        never = f"{drill['metadata']['name']} has never run; next run: {next_run(drill, now)} ({schedule})"
        return _text(never, DOUBT)
    head = Table.grid(padding=(0, 2))
    head.add_column(style=QUIET, no_wrap=True)
    head.add_row("run", _text(f"{status['runId']}, {drill['spec']['scenario']}"))
    head.add_row("verdict", _verdict(status))
    for name, text in _figures(status, budgets, now):
        head.add_row(name, _text(text))
    parts: list[RenderableType] = [head]
    if older := [one for one in status.get("history", ()) if one["runId"] != status["runId"]][:MOST_RUNS]:
        parts += [Text(), _runs(older, now)]
    return Group(*parts)


def _figures(status: Object, budgets: Object, now: datetime) -> Iterator[tuple[str, str]]:
    if status.get("failedStep"):
        yield "at the step", status["failedStep"]
    yield from (("because", reason) for reason in status.get("reasons", ()))
    started, finished = perhaps(status.get("startedAt")), perhaps(status.get("finishedAt"))
    if started is not None:
        took = f", took {span((finished - started).total_seconds())}" if finished else ""
        yield "begun", f"{clock(started, now)}{took}"
    measured = status.get("measured")
    if measured is not None:
        most_s, most = budgets.get("recoverySeconds"), budgets.get("lostFixes")
        stood = milliseconds(measured["recoveryMilliseconds"])
        yield "decisions stood", f"{stood}{f', at most {span(most_s)}' if most_s is not None else ''}"
        lost = _fixes(measured["lostFixes"])
        acknowledged = measured.get("acknowledgedFixes")
        of = f" of {acknowledged}" if acknowledged is not None else ""
        yield "lost", f"{lost}{of}{f', at most {most}' if most is not None else ''}"
        if "replayedFixes" in measured:
            yield "written late", _fixes(measured["replayedFixes"])
        if "pictureInterruptedMilliseconds" in measured:
            yield "a screen stood", milliseconds(measured["pictureInterruptedMilliseconds"])
    if status.get("report"):
        yield "report", status["report"]


def _runs(older: Sequence[Object], now: datetime) -> Table:
    table = rows("run before", "begun", "took", "verdict", "stood", "lost")
    for one in older:
        started, finished = parsed(one["startedAt"]), parsed(one["finishedAt"])
        took = span((finished - started).total_seconds())
        verdict, measured = _verdict({"phase": FINISHED, **one}), _measured(one.get("measured"))
        table.add_row(one["runId"], clock(started, now), took, verdict, *measured)
    return table


def _verdict(status: Object) -> Text:
    if status.get("verdict"):
        return _text(phrase(status["verdict"]), GOOD if status["verdict"] == "Held" else TROUBLE)
    return _text(f"{phrase(status['phase'])} ..." if status.get("phase") else "-", DOUBT)


def _measured(measured: Object | None) -> tuple[str, str]:
    if measured is None:
        return "-", "-"
    return milliseconds(measured["recoveryMilliseconds"]), _fixes(measured["lostFixes"])


def fresh_run_id(drill: Object, today: date) -> str:
    """A run that a person asks for; one that nobody has used, as far as the object remembers."""
    status = drill.get("status", {})
    used = [drill["spec"].get("runRequestId", ""), status.get("runId", "")]
    used += [one["runId"] for one in status.get("history", ())]
    # The longest that fits a runId, with its day and number.
    start = f"{today:%Y-%m-%d}-{drill['metadata']['name'].replace('.', '-')[:48]}-"
    numbers = [int(found[1]) for one in used if (found := re.fullmatch(rf"{re.escape(start)}(\d+)", one))]
    return f"{start}{max(numbers, default=0) + 1}"


def against_run(drill: Object) -> str:
    """Why it is not begun now; empty: go on."""
    status = drill.get("status", {})
    if status.get("runId") and status.get("phase") not in (None, "Waiting", FINISHED):
        name = drill["metadata"]["name"]
        return f"run {status['runId']} is not over: kubectl ardoise drill report {name}"
    return ""


def run_plan(drill: Object) -> list[str]:
    """What a run does, and what it may cost, for people."""
    spec, budgets = drill["spec"], drill["spec"].get("budgets")
    if budgets is None:
        return ["a precheck: nothing is broken, it says whether a drill could begin"]
    return [
        f"{spec['scenario']} on Replication {spec['replicationRef']['name']}: something is broken on purpose, now",
        f"it may cost {span(budgets['recoverySeconds'])} without decisions, and "
        f"{_fixes(budgets['lostFixes'])}",
        f"its own precheck refuses it while the platform is not well or a race is live; "
        f"everything is put right after {span(spec.get('deadlineSeconds', 1800))} at the latest",
    ]


def run_news(status: Object, run_id: str) -> str:
    """How far this run is, for people; empty: nobody has begun it."""
    if status.get("runId") != run_id:
        return ""
    return phrase(status.get("phase", "Waiting"))


def is_over(status: Object, run_id: str) -> bool:
    """Whether this run has a verdict."""
    return status.get("runId") == run_id and bool(status.get("verdict"))


def _fixes(number: int | str) -> str:
    return f"{number} fix" if number == 1 else f"{number} fixes"


def _text(text: str, style: str = "") -> Text:
    return Text(clean(text), style)
