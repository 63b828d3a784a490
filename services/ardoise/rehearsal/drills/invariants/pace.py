"""I8 and I9: what a fault may cost in time, and that screens say what they do not know."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History, Outcome, Words
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise
from ardoise.rehearsal.drills.waits import ACKNOWLEDGED_P99_S, DECISION_LIMIT_S, SCREEN_STEP_S

FRESH_MS, OLD_MS = 2_000, 10_000
"""A younger second is live, an older one is not, whatever clock a page goes by."""
TELLING_S = 0.5
"""What a client may need to tell that its time is over."""


def bounded(history: History, _evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """I8: ingest answers in time, live pictures go on where nothing is broken, the database comes back in time."""
    against = []
    p99_s = latency_s(history, 99)
    if promise.ingest_goes_on and p99_s is not None and p99_s > ACKNOWLEDGED_P99_S:
        against.append(
            f"acknowledgements: p99 {p99_s * 1000:.0f} ms, promised {ACKNOWLEDGED_P99_S * 1000:.0f} ms"
        )
    checked = len(history.acknowledged)
    for place in sorted(promise.screens):
        steps = shown_seconds(history, cast[place])
        checked += len(steps)
        against += _picture_broken(cast[place], steps, history.ended_s)
    if promise.writes_within is not None:
        stood_s = writes_interrupted_s(history)
        if stood_s is None or stood_s > promise.writes_within.seconds:
            found = "never came back" if stood_s is None else f"stood for {stood_s:.1f} s"
            against.append(f"decisions {found}, promised {promise.writes_within.seconds:.0f} s")
    against += [
        f"{one.site} took {one.ended_s - one.began_s:.1f} s to answer {one.key}"
        for one in history.decisions
        if one.ended_s - one.began_s > DECISION_LIMIT_S + TELLING_S
    ]
    return finding(Invariant.BOUNDED, "bounded in time", checked, against)


def honest(history: History, _evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """I9, as people see it: no screen is live with an old second; a lost link is named where it is, and only there; a
    full log is announced before it is full.
    """
    mine = [seen for seen in history.screens if seen.epoch in history.epochs]
    against = [
        f'{seen.site} says "live" over a second that is {seen.age_ms / 1000:.1f} s old'
        for seen in mine
        if seen.words is Words.LIVE and seen.age_ms > OLD_MS
    ]
    against += [
        f'{seen.site} says "{seen.words}" over a second that is {seen.age_ms / 1000:.1f} s old'
        for seen in mine
        if seen.words is Words.NO_TRUCK and seen.age_ms < FRESH_MS
    ]
    for place in sorted(promise.says_no_truck):
        if not any(seen.site == cast[place] and seen.words is Words.NO_TRUCK for seen in mine):
            against.append(f"{cast[place]} never said that the truck cannot be reached")
    against += _unwarned(history, promise, cast)
    return finding(Invariant.HONEST, "screens say what they do not know", len(mine), against)


def _unwarned(history: History, promise: Promise, cast: Cast) -> Iterator[str]:
    """Frames are refused only after everybody was warned."""
    if not promise.warned_by:
        return
    if not history.refused:
        yield "no frame was refused: the log was not full"
        return
    first_s = history.refused[0].at_s
    for site in sorted(cast.values()):
        seen_s = [one.at_s for one in history.alerts if one.site == site and one.rule == promise.warned_by]
        if not seen_s or seen_s[0] > first_s:
            when = f"at {seen_s[0]:.1f} s" if seen_s else "never"
            yield f"{site} was warned {when}, the first frame was refused at {first_s:.1f} s"


def latency_s(history: History, percent: int) -> float | None:
    """Percentile of the first acknowledgements; None without any."""
    ordered = sorted(one.latency_s for one in history.acknowledged)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else None


def shown_seconds(history: History, site: str) -> list[tuple[int, float]]:
    """Each second of the race that a screen showed, and when it first did; in the order in which it came."""
    first: dict[int, float] = {}
    for seen in history.screens:
        if seen.site == site and seen.epoch in history.epochs and seen.race_time_ms:
            first.setdefault(seen.race_time_ms // 1000, seen.at_s)
    return list(first.items())


def picture_interrupted_s(steps: Sequence[tuple[int, float]], ended_s: float) -> float | None:
    """The longest time without a new second on a screen, up to the end; None where it showed none."""
    if not steps:
        return None
    moments = [at_s for _, at_s in steps]
    return max(later - earlier for earlier, later in pairwise([*moments, max(ended_s, moments[-1])]))


def writes_interrupted_s(history: History) -> float | None:
    """The longest time without an acknowledged decision; None where they never came back after the last fault."""
    ended = sorted(one.ended_s for one in history.decisions if one.outcome is Outcome.ACKNOWLEDGED)
    faults = history.faults_s
    if not ended or (faults and ended[-1] < faults[-1]):
        return None
    return max((later - earlier for earlier, later in pairwise(ended)), default=None)


def _picture_broken(site: str, steps: Sequence[tuple[int, float]], ended_s: float) -> Iterator[str]:
    if len(steps) < 2:
        yield f"{site} showed {len(steps)} seconds of the race"
    elif ended_s - steps[-1][1] > SCREEN_STEP_S:
        yield f"{site} showed nothing new in the last {ended_s - steps[-1][1]:.1f} s"
    for (second, at_s), (following, then_s) in pairwise(steps):
        if following != second + 1:
            yield f"{site} went from second {second} to {following} at {then_s:.1f} s"
        if then_s - at_s > SCREEN_STEP_S:
            yield f"{site} stood still for {then_s - at_s:.1f} s at {at_s:.1f} s"
