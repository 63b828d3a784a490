"""When a status is written, and when again after it was not taken. Pure."""

from collections.abc import Mapping
from typing import Any

SOONEST_S = 2.0
"""Between two writes of a status."""
LATEST_S = 10.0
"""A status that says the same is written again, so that its observedAt says that somebody looked."""
LONGEST_RETRY_S = 30.0
LONGEST_ASKED_S = 60.0
"""A server that asks for more patience is asked again all the same: nobody would see how the sites are."""


def due(wanted: Mapping[str, Any], written: Mapping[str, Any], since_s: float) -> bool:
    """Whether a status is to be written now. `written`: what stands in the object; `since_s`: since it was written."""
    same = {**wanted, "observedAt": ""} == {**written, "observedAt": ""}
    return since_s >= (LATEST_S if same else SOONEST_S)


def retry_s(failures: int, asked_s: float | None = None) -> float:
    """How long to wait after so many failures in a row, and what the server asked for."""
    wait = min(SOONEST_S * 2 ** (failures - 1), LONGEST_RETRY_S)
    return wait if asked_s is None else max(wait, min(asked_s, LONGEST_ASKED_S))
