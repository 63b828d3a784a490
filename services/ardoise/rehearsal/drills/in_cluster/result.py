"""What came of a run, as its ConfigMap has it. Pure."""

from collections.abc import Sequence
from datetime import datetime

from ardoise.rehearsal.drills.history import Kind
from ardoise.rehearsal.drills.report.model import Report, Verdict
from ardoise.rehearsal.drills.scenario import Scenario
from ardoise.sites.operations.drill_runs import UNKNOWN, DrillVerdict, Phase, Result

VERDICTS = {
    Verdict.HELD: DrillVerdict.HELD,
    Verdict.FAILED: DrillVerdict.FAILED,
    Verdict.ABORTED: DrillVerdict.ABORTED,
    Verdict.REFUSED: DrillVerdict.REFUSED,
}


def prechecked(against: Sequence[str], began: datetime, ended: datetime) -> Result:
    """Of a precheck alone: held where nothing speaks against a drill."""
    return Result(
        DrillVerdict.REFUSED if against else DrillVerdict.HELD,
        _milliseconds(began),
        _milliseconds(ended),
        Phase.PRECHECKING if against else "",
        tuple(against),
    )


def result(report: Report, scenario: Scenario, ended: datetime) -> Result:
    """Of a drill. What nobody could read is Unknown, never 0."""
    broken = [f"{one.invariant}: {why}" for one in report.findings for why in one.against]
    return Result(
        VERDICTS[report.verdict],
        _milliseconds(report.began),
        _milliseconds(ended),
        _failed_step(report),
        (*report.reasons, *broken),
        None if report.verdict is Verdict.REFUSED else _measured(report, scenario),
    )


def _measured(report: Report, scenario: Scenario) -> dict[str, int | str]:
    figures, fixes = report.figures, report.figures.fixes
    stood = [figures.picture_interrupted_s.get(report.cast[place]) for place in scenario.promise.screens]
    known = [one for one in stood if one is not None]
    read_back = bool(report.findings)
    return {
        "recoveryMilliseconds": _known(figures.writes_interrupted_s),
        "lostFixes": fixes.lost if read_back else UNKNOWN,
        "acknowledgedFixes": fixes.acknowledged if read_back else UNKNOWN,
        "replayedFixes": fixes.replayed if read_back else UNKNOWN,
        "pictureInterruptedMilliseconds": _known(max(known) if known and len(known) == len(stood) else None),
    }


def _failed_step(report: Report) -> str:
    """The newest that was begun, where one did not do as it should; judging, where log and tables say so."""
    if report.verdict is Verdict.HELD:
        return ""
    if not report.reasons and report.findings:
        return Phase.JUDGING
    steps = [event.text for event in report.events if event.kind is not Kind.NOTE]
    return steps[-1] if steps else Phase.PRECHECKING


def _known(seconds: float | None) -> int | str:
    return UNKNOWN if seconds is None else round(seconds * 1000)


def _milliseconds(when: datetime) -> int:
    return round(when.timestamp() * 1000)
