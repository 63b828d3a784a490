"""What a person would want to know of two statuses, one after the other: Kubernetes Events. Pure.

One for a change, none for a look: two statuses that say the same make none. Nor does a new start of the operator, which
goes on from the status that stands in the object.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ardoise_operator.conditions import statuses
from ardoise_operator.sight import UNKNOWN, clipped

MOST_CHARACTERS = 1024
"""The API server takes no longer message."""
NORMAL, WARNING = "Normal", "Warning"
GOOD = {
    "Ready": "True",
    "Protected": "True",
    "PicturesEqual": "True",
    "PromotionBlocked": "False",
    "PrimaryUnobserved": "False",
    "WitnessAbsent": "False",
    "Degraded": "False",
    "SpecDiverged": "False",
}
"""How a condition is where nobody has to do anything. OperationInProgress has events of its own."""
MENDED = "Mended"
"""Why no run of a drill goes on: its process died, and what it had left is put right."""
SILENT = "Silent"
"""Why a site's conditions are Unknown where it does not answer."""
RARELY_KNOWN = {"PicturesEqual"}
"""Unknown whenever no race is on: no reason to warn."""
EXPECTED = {"RunsElsewhere"}
"""Why a Drill is not Ready in all regions but one."""


class Note(NamedTuple):
    """One event."""

    type: str
    reason: str
    message: str


def notes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Note]:
    """What changed from one status of an object to its next. `before`: empty for an object that had none."""
    found = [*_conditions(kind, before, after)]
    if kind == "Replication":
        found += [*_primary(before, after), *_operation(before, after), *_ended(before, after)]
    if kind == "Drill":
        found += [*_drill_begun(before, after), *_drills_ended(before, after)]
    return [Note(one.type, one.reason, clipped(one.message, MOST_CHARACTERS)) for one in found]


def _conditions(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    old = statuses(before)
    changed = [
        (one, old.get(name, {}))
        for name, one in statuses(after).items()
        if name in GOOD and _is_news(one, old.get(name, {}).get("status"))
    ]
    # One silence makes many conditions unknown, and its end makes them known: that is one change, not many.
    silences = Counter(one["reason"] for one, _ in changed if one["status"] == UNKNOWN)
    ended = Counter(was["reason"] for one, was in changed if was.get("status") == UNKNOWN and _is_good(one))
    for reason, number in silences.items():
        if number > 1:
            message = next(one["message"] for one, _ in changed if one["reason"] == reason)
            yield Note(WARNING, "SiteSilent" if (kind, reason) == ("Site", SILENT) else reason, message)
    for reason, number in ended.items():
        if number > 1:
            back = (kind, reason) == ("Site", SILENT)
            yield Note(
                NORMAL, "SiteBack" if back else "SeenAgain", f"what was Unknown ({reason}) is known again"
            )
    for one, was in changed:
        told = (
            silences[one["reason"]]
            if one["status"] == UNKNOWN
            else _is_good(one) and ended[was.get("reason")]
        )
        if told > 1:
            continue
        unknown = one["status"] == UNKNOWN and one["type"] in RARELY_KNOWN
        harmless = _is_good(one) or unknown or one["reason"] in EXPECTED
        message = f"{one['type']} is {one['status']}: {one['message'] or one['reason']}"
        yield Note(NORMAL if harmless else WARNING, _reason(one), message)


def _is_good(condition: Mapping[str, Any]) -> bool:
    return condition["status"] == GOOD[condition["type"]]


def _is_news(condition: Mapping[str, Any], was: str | None) -> bool:
    """Of an object that had no status only what is bad is."""
    if was is None:
        return not _is_good(condition) and condition["status"] != UNKNOWN
    return condition["status"] != was


def _reason(condition: Mapping[str, Any]) -> str:
    """In one word, as `kubectl get events` shows it."""
    name = condition["type"]
    return {"True": name, "False": f"Not{name}"}.get(condition["status"], f"{name}Unknown")


def _primary(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    old, new = before.get("primary"), after["primary"]
    if old is None or new in (old, UNKNOWN):
        return
    was = "none was seen before" if old == UNKNOWN else f"it was {old}"
    yield Note(NORMAL, "PrimaryChanged" if old != UNKNOWN else "PrimarySeen", f"{new} is primary, {was}")


def _operation(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    old, new = before.get("operation"), after.get("operation")
    if new is None:
        return
    begun = old is None or old["id"] != new["id"]
    name = f"{new['type']} {new['id']}"
    if begun:
        yield Note(
            NORMAL, "OperationBegun", f"{name}: from {new.get('from', UNKNOWN)} to {new.get('to', UNKNOWN)}"
        )
    done = 0 if begun else len(old.get("steps", ()))
    for step in new.get("steps", ())[done:]:
        message = step.get("message")
        yield Note(
            NORMAL, "OperationStep", f"{name}: {step['step']} is over{f', {message}' if message else ''}"
        )
    if not begun and old["step"] != new["step"]:
        yield Note(NORMAL, "OperationStep", f"{name}: {new['step']}")


def _ended(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    if not before:
        return
    known = {(one["id"], one["type"], one["startedAt"]) for one in before.get("history", ())}
    for one in reversed(after.get("history", [])):
        if (one["id"], one["type"], one["startedAt"]) in known:
            continue
        if one["outcome"] == "Refused":
            yield Note(
                WARNING, "WishRefused", f"{one['type']} {one['id']} to {one['to']}: {one.get('reason', '')}"
            )
            continue
        figures = (
            f"writes stood for {one['writesInterruptedMilliseconds']} ms, {one['lostMessages']} messages and "
            f"{one['lostDecisions']} decisions are lost"
        )
        message = (
            f"{one['type']} {one['id']} to {one['to']}: {one['outcome']}; {figures}. {one.get('reason', '')}"
        )
        yield Note(NORMAL if one["outcome"] == "Moved" else WARNING, "OperationEnded", message.strip())


def _drill_begun(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    running = statuses(after)["OperationInProgress"]
    if running["status"] == "True" and after["runId"] != _running_drill(before):
        yield Note(NORMAL, "DrillBegun", f"run {after['runId']} has begun, asked for by {running['reason']}")


def _running_drill(status: Mapping[str, Any]) -> str:
    """Id of the run that goes on by a status; empty: none does."""
    running = statuses(status).get("OperationInProgress", {}).get("status") == "True"
    return status["runId"] if running else ""


def _drills_ended(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    known = {one["runId"] for one in before.get("history", ())}
    new = [one for one in after.get("history", ()) if one["runId"] not in known]
    idle = statuses(after)["OperationInProgress"]
    if new and idle["reason"] == MENDED:
        yield Note(WARNING, "DrillMended", f"run {new[0]['runId']}: {idle['message']}")
    for one in reversed(new):
        why = "; ".join(after.get("reasons", ())) if one["runId"] == after.get("runId") else ""
        message = f"run {one['runId']}: {one['verdict']}{_figures(one.get('measured'))}{why and f'. {why}'}"
        good = NORMAL if one["verdict"] == "Held" else WARNING
        yield Note(good, "DrillRefused" if one["verdict"] == "Refused" else "DrillEnded", message)


def _figures(measured: Mapping[str, Any] | None) -> str:
    if measured is None:
        return ""
    stood, lost = measured["recoveryMilliseconds"], measured["lostFixes"]
    return f"; decisions stood for {stood} ms, {lost} fixes are lost"
