"""What came of a run, as the operator reads it and writes it into the Drill's status. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ardoise.rehearsal.drills.history import Kind
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.run import Phase
from ardoise.rehearsal.drills.scenario import Scenario

UNKNOWN = "Unknown"
MOST_REASONS, MOST_CHARACTERS, MOST_STEP_CHARACTERS = 32, 1024, 256


def refused(against: Sequence[str], began: datetime) -> dict[str, Any]:
    """Of a precheck: held where nothing speaks against a drill."""
    return {
        "verdict": (Verdict.REFUSED if against else Verdict.HELD).capitalize(),
        "failedStep": Phase.PRECHECKING if against else "",
        "reasons": _reasons(against),
        "startedAt": _instant(began),
        "finishedAt": _instant(datetime.now(UTC)),
    }


def result(report: Report, scenario: Scenario) -> dict[str, Any]:
    """Of a drill. What nobody could read is Unknown, never 0."""
    broken = [f"{one.invariant}: {why}" for one in report.findings for why in one.against]
    told = {
        "verdict": report.verdict.capitalize(),
        "failedStep": _failed_step(report),
        "reasons": _reasons([*report.reasons, *broken]),
        "startedAt": _instant(report.began),
        "finishedAt": _instant(datetime.now(UTC)),
    }
    return told if report.verdict is Verdict.REFUSED else {**told, "measured": _measured(report, scenario)}


def _measured(report: Report, scenario: Scenario) -> dict[str, Any]:
    figures, fixes = report.figures, report.figures.fixes
    stood = [figures.picture_interrupted_s.get(report.cast[place]) for place in scenario.promise.screens]
    known = bool(report.findings)
    return {
        "recoveryMilliseconds": _milliseconds(figures.writes_interrupted_s),
        "lostFixes": fixes.lost if known else UNKNOWN,
        "acknowledgedFixes": fixes.acknowledged if known else UNKNOWN,
        "replayedFixes": fixes.replayed if known else UNKNOWN,
        "pictureInterruptedMilliseconds": _milliseconds(
            None if not stood or None in stood else max(one for one in stood if one is not None)
        ),
    }


def _failed_step(report: Report) -> str:
    """The newest that was begun, where one did not do as it should; judging, where log and tables say so."""
    if report.verdict is Verdict.HELD:
        return ""
    if not report.reasons and report.findings:
        return Phase.JUDGING
    steps = [event.text for event in report.events if event.kind is not Kind.NOTE]
    return (steps[-1] if steps else Phase.PRECHECKING)[:MOST_STEP_CHARACTERS]


def _reasons(said: Sequence[str]) -> list[str]:
    return [one[:MOST_CHARACTERS] for one in said[:MOST_REASONS]]


def _milliseconds(seconds: float | None) -> int | str:
    return UNKNOWN if seconds is None else round(seconds * 1000)


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
