"""What a person would want to know of two statuses, one after the other: Kubernetes Events. Pure.

One for a change, none for a look: two statuses that say the same make none. Nor does a new start of the operator, which
goes on from the status that stands in the object.
"""

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
RARELY_KNOWN = {"PicturesEqual"}
"""Unknown whenever no race is on: no reason to warn."""


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
    return [Note(one.type, one.reason, clipped(one.message, MOST_CHARACTERS)) for one in found]


def _conditions(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Note]:
    old = statuses(before)
    for name, condition in statuses(after).items():
        if name not in GOOD:
            continue
        now, was = condition["status"], old.get(name, {}).get("status")
        # Of an object that had no status only what is bad is news.
        if now == was or (was is None and now in (GOOD[name], UNKNOWN)):
            continue
        harmless = now == GOOD[name] or (now == UNKNOWN and name in RARELY_KNOWN)
        reason = _reason(kind, name, condition, old.get(name, {}))
        message = condition["message"] or condition["reason"]
        yield Note(NORMAL if harmless else WARNING, reason, f"{name} is {now}: {message}")


def _reason(kind: str, name: str, condition: Mapping[str, Any], old: Mapping[str, Any]) -> str:
    """In one word, as `kubectl get events` shows it."""
    if kind == "Site" and name == "Ready":
        if condition["reason"] == "Silent":
            return "SiteSilent"
        if old.get("reason") == "Silent":
            return "SiteBack"
    said = {"True": name, "False": f"Not{name}"}
    return said.get(condition["status"], f"{name}Unknown")


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
