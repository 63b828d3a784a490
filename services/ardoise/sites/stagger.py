"""One copy at a time: a region throws its mirror of a log away only while another region has everything in it. Pure.

Of two that want to, the one with less goes first, or the first by name: so one always may. Where nobody else is known
to have it, it waits, and after a minute keeps what it has under another name before it begins anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ardoise.sites.mirrors import MOST_ASIDE, Finding, MirrorState, Repair

# A report of another region is at most four seconds old, and it looks every two: by then each knows the other's wish.
SETTLED_S = 6.0
ALONE_S = 60.0

_COPIES = frozenset(
    {MirrorState.FOLLOWING, MirrorState.BEHIND, MirrorState.STUCK, MirrorState.ORIGIN_RECREATED}
)


@dataclass(frozen=True)
class Elsewhere:
    """The same log's mirror in another region, by its own word."""

    state: str
    first: int
    last: int


def staggered(
    finding: Finding, region: str, others: Mapping[str, Elsewhere | None], now_s: float, *, aside: int
) -> Finding:
    """The finding of this region with what may be done about it now. `others`: None where one does not say."""
    if finding.repair is not Repair.RECREATE or not finding.mirror_last or not others:
        return finding
    waits_s = now_s - finding.since_s
    why = _objection(finding, region, others)
    if not why and finding.state is not MirrorState.STUCK and waits_s < SETTLED_S:
        # One that is stuck has said so, as behind, for longer than that.
        why = "the other may be about to do the same"
    if not why:
        return finding
    if waits_s < ALONE_S or aside >= MOST_ASIDE:
        return replace(finding, repair=Repair.NONE, reason=f"{finding.reason}; waits: {why}")
    return replace(finding, repair=Repair.SET_ASIDE, reason=f"{finding.reason}; kept aside first: {why}")


def _objection(finding: Finding, region: str, others: Mapping[str, Elsewhere | None]) -> str:
    """Why the copy here is needed; empty: another region has all of it."""
    against = []
    for name, other in sorted(others.items()):
        if other is None:
            against.append(f"{name} does not say what it has")
        elif other.state not in _COPIES or other.first != 1:
            against.append(f"{name}'s is {other.state}")
        elif other.last < finding.mirror_last:
            against.append(f"{name} has it only up to {other.last}")
        elif other.state != MirrorState.FOLLOWING and other.last == finding.mirror_last and name < region:
            against.append(f"{name} goes first")
        else:
            return ""
    return "; ".join(against)
