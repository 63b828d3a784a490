"""Whether an epoch's log is still the one that was acknowledged, told from the copies there are of it. Pure.

The mark says how far was acknowledged, and a region's mirror what once stood there: a log that has less than either,
or something else, was rolled back or made again. It is never written again, for its sequences would mean two things.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """What one copy of the log holds: every sequence from first to last; first is last + 1 where it holds none."""

    first: int
    last: int
    differs_at: int = 0
    """Of a mirror: a sequence at which it has other content than the truck; 0: none is known."""


@dataclass(frozen=True)
class Break:
    """The log cannot go on; another epoch has to."""

    reason: str
    kept: int
    """The last sequence that a copy still has, with everything before it."""
    lost: tuple[int, int] | None
    """First and last sequence that was acknowledged and that no copy has; None: there is none. Last 0: the mark went
    back too, so that nobody knows how far was acknowledged."""


def broken(mark: int, own: Held | None, mirrors: Mapping[str, Held]) -> Break | None:
    """What is wrong with the truck's own copy; None: it may go on. `mirrors`: of the regions that answered."""
    whole = own.last if own is not None and own.first == 1 else 0
    reasons = []
    if own is None:
        reasons.append("it is gone")
    elif own.first > 1:
        reasons.append(f"it begins at {own.first}")
    elif own.last < mark:
        reasons.append(f"it ends at {own.last}, {mark} was acknowledged")
    # Whatever the log lost, a mark that is past it was not lost with it.
    mark_stands = bool(reasons)
    differing = False
    for region, held in sorted(mirrors.items()):
        if held.differs_at:
            differing = True
            reasons.append(f"message {held.differs_at} is another in {region}")
        elif held.last > whole:
            reasons.append(f"{region} has it up to {held.last}, the truck to {whole}")
    if not reasons:
        return None
    copies = [held.last for held in mirrors.values() if held.first == 1]
    if not mark_stands:
        # What the truck wrote under names that a region holds otherwise has no second acknowledgement: sent again.
        kept = max(copies, default=0)
        return Break("; ".join(reasons), kept, (kept + 1, 0))
    kept = max([*copies, *([] if differing else [whole])], default=0)
    return Break("; ".join(reasons), kept, (kept + 1, mark) if mark > kept else None)
