"""Conditions of a status, as Kubernetes has them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ardoise_operator.sight import clipped, instant

MOST_CHARACTERS = 4096


class Condition(NamedTuple):
    """One of them, as it is found to be."""

    type: str
    status: str
    """True, False, Unknown."""
    reason: str
    message: str = ""


def written(
    found: Iterable[Condition], before: Mapping[str, Any], generation: int, at: datetime
) -> list[dict[str, Any]]:
    """As they stand in a status. `before`: the status that stood before; the time of a condition's last change stays
    while its status stays, whatever becomes of its reason."""
    old = {one["type"]: one for one in before.get("conditions", ())}
    return [
        {
            "type": one.type,
            "status": one.status,
            "reason": one.reason,
            "message": clipped(one.message, MOST_CHARACTERS),
            "lastTransitionTime": old[one.type]["lastTransitionTime"]
            if old.get(one.type, {}).get("status") == one.status
            else instant(at),
            "observedGeneration": generation,
        }
        for one in found
    ]


def statuses(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The conditions of a status, by type."""
    return {one["type"]: one for one in status.get("conditions", ())}
