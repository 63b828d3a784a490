"""What could be lost, from what the objects say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ardoise.sites.guard import Held
from ardoise.sites.loss import log_loss

from ardoise_operator.plugin.picture import Object, Picture
from ardoise_operator.plugin.words import UNKNOWN, count, milliseconds

DECISIONS = {"False": "no decisions", "True": "decisions may be lost", UNKNOWN: "decisions Unknown"}
STANDBYS = {"SynchronousStandby": "False", "Standby": "True"}
"""Role -> whether decisions may be missing in its database."""


@dataclass(frozen=True)
class Outlook:
    """What could be lost if a region were forced now."""

    messages: int | None
    """Of the log; None: nobody can tell."""
    decisions: str
    """Whether any could be: True, False, Unknown."""

    @property
    def accepts(self) -> str:
        """What a person has to accept at least: a number only where it says it all."""
        return str(self.messages) if self.messages is not None and self.decisions == "False" else UNKNOWN

    def __str__(self) -> str:
        messages = UNKNOWN if self.messages is None else self.messages
        return f"{count(messages, 'message')} of the log, {DECISIONS[self.decisions]}"


def lost_now(picture: Picture) -> str:
    """What would be lost if the primary's region and the truck vanished now."""
    found = picture.status.get("lossNow", {})
    if not found.get("region"):
        return f"{UNKNOWN}: no primary is seen" if picture.primary == UNKNOWN else UNKNOWN
    messages = found["messages"]
    return (
        f"{count(messages, 'message')} ({milliseconds(found['raceMilliseconds'])} of the race), "
        f"{DECISIONS[found['decisions']]}, if {found['region']} alone were left"
    )


def outlook(picture: Picture, region: str) -> Outlook:
    """As `ardoise sites break-glass` sees it too, which has the last word: what the truck still holds is no loss."""
    target, edge = picture.site(region), picture.site(picture.spec["sites"]["edge"])
    ours, theirs = _log(target), _log(edge)
    messages = None
    if ours is not None and theirs is not None:
        watermark = target["status"]["log"].get("watermark")
        if isinstance(watermark, int):
            marks = {ours[0]: watermark}
            found = log_loss(marks, {ours[0]: ours[1]}, {theirs[0]: theirs[1]})
            messages = found.messages if found is not None else None
    decisions = UNKNOWN
    if not picture.no_majority:
        decisions = STANDBYS.get(target.get("status", {}).get("role", UNKNOWN), UNKNOWN)
    return Outlook(messages, decisions)


def _log(site: Object) -> tuple[int, Held] | None:
    """Its newest log, and what it holds of it; None: that is not known."""
    log: Mapping[str, Any] = site.get("status", {}).get("log", {})
    numbers = [log.get(name) for name in ("epoch", "firstSequence", "lastSequence")]
    if not all(isinstance(one, int) for one in numbers):
        return None
    epoch, first, last = numbers
    return epoch, Held(first, last)


def cost(ended: Object) -> str:
    """What a change of the primary has cost, as far as it is known yet."""
    decisions = count(ended["lostDecisions"], "decision")
    return f"{count(ended['lostMessages'], 'message')}, {decisions}"
