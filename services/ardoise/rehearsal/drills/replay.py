"""What a recorder made good after an outage, told from how late the primary's watermark passed it. Pure."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise

from ardoise.rehearsal.drills.history import History, Role

LATE_S = 5.0
"""Written down so long after it was acknowledged: it has waited for a recorder or a database, not for its turn."""


@dataclass(frozen=True)
class Passed:
    """The primary's watermark, and when it was seen to have come there."""

    sequence: int
    before_s: float
    """When it was last seen short of it."""
    at_s: float


@dataclass(frozen=True)
class Replayed:
    """Frames that were written down late."""

    sequences: frozenset[int]
    times: float | None
    """Seconds of the race in a second of ours, at least: a watermark is looked at, not heard. None: no replay."""


def replayed(history: History) -> Replayed:
    """What was written down late. What an old primary wrote and a new one had lost counts when it is written again."""
    passed = _passed(history)
    ends = [one.sequence for one in passed]
    late: list[tuple[float, int, Passed]] = []
    for one in history.acknowledged:
        index = bisect_left(ends, one.sequence)
        if index < len(passed) and passed[index].at_s - one.at_s > LATE_S:
            late.append((one.at_s, one.sequence, passed[index]))
    return Replayed(frozenset(sequence for _, sequence, _ in late), _times(late))


def _passed(history: History) -> list[Passed]:
    """Each rise of the primary's watermark that was not undone by a failover, in order."""
    timeline, rises = 0, [Passed(0, 0.0, 0.0)]
    looked_s: dict[str, float] = {}
    for seen in history.database:
        if seen.watermark is None:
            continue
        before_s, looked_s[seen.site] = looked_s.get(seen.site, 0.0), seen.at_s
        # One that is primary no more, and does not know it yet, does not count.
        if seen.role is not Role.PRIMARY or (seen.timeline or 0) < timeline:
            continue
        timeline, lost = seen.timeline or 0, None
        while rises[-1].sequence > seen.watermark:
            lost = rises.pop()
        if lost is not None:
            rises.append(replace(lost, sequence=seen.watermark))
        elif rises[-1].sequence < seen.watermark:
            rises.append(Passed(seen.watermark, before_s, seen.at_s))
    return rises


def _times(late: list[tuple[float, int, Passed]]) -> float | None:
    """Over all of them together; a second that brought nothing late is not part of it."""
    if len(late) < 2:
        return None
    rises = {one for *_, one in late}
    took_s = sum(one.at_s - one.before_s for one in rises)
    acknowledged_s = sorted(at_s for at_s, *_ in late)
    raced_s = sum(min(after - before, 1.0) for before, after in pairwise(acknowledged_s))
    return raced_s / took_s if took_s > 0 else None
