"""I8 and I9: what a fault may cost in time, and that screens say what they do not know."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import Decision, History, Outcome, Words
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.replay import replayed
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Place, Promise
from ardoise.rehearsal.drills.waits import ACKNOWLEDGED_P99_S, DECISION_LIMIT_S, SCREEN_STEP_S

type Interval = tuple[float, float]

FRESH_MS, OLD_MS = 2_000, 10_000
"""A younger second is live, an older one is not, whatever clock a page goes by."""
STEADY_S = 5.0
"""After a restart what relays kept comes in bulk: a picture is back when it stays."""
TELLING_S = 0.5
"""What a client may need to tell that its time is over."""


def bounded(history: History, _evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """I8: ingest answers in time, live pictures go on where nothing is broken, the database comes back in time."""
    against = []
    restarts = promise.screens_back is not None
    stood = {site: _stood(history, site) for site in cast.values()} if restarts else {}
    p99_s = latency_s(history, 99, but_for=stood.get(cast[Place.TRUCK]))
    if promise.ingest_goes_on and p99_s is not None and p99_s > ACKNOWLEDGED_P99_S:
        against.append(
            f"acknowledgements: p99 {p99_s * 1000:.0f} ms, promised {ACKNOWLEDGED_P99_S * 1000:.0f} ms"
        )
    checked = len(history.acknowledged)
    for place in sorted(promise.screens):
        steps = shown_seconds(history, cast[place])
        checked += len(steps)
        excused = stood.get(cast[place])
        against += _picture_broken(cast[place], steps, history, excused)
        if excused and promise.screens_back and excused[1] - excused[0] > promise.screens_back.seconds:
            against.append(f"{cast[place]} was back after {excused[1] - excused[0]:.1f} s")
    if promise.writes_within is not None:
        stood_s = writes_interrupted_s(history)
        if stood_s is None or stood_s > promise.writes_within.seconds:
            found = "never came back" if stood_s is None else f"stood for {stood_s:.1f} s"
            against.append(f"decisions {found}, promised {promise.writes_within.seconds:.0f} s")
    if promise.replays and not replayed(history).sequences:
        against.append("nothing was written down late: there was no replay to be seen")
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


def latency_s(history: History, percent: int, but_for: Interval | None = None) -> float | None:
    """Percentile of the first acknowledgements; None without any. `but_for`: what comes then does not count."""
    from_s, to_s = but_for or (0.0, 0.0)
    ordered = sorted(one.latency_s for one in history.acknowledged if not from_s < one.at_s <= to_s)
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


def blind_s(history: History, from_s: float, to_s: float) -> float:
    """For how long between two instants the drill's own loop stood."""
    return sum(max(0.0, min(to_s, one.to_s) - max(from_s, one.from_s)) for one in history.blind)


def writes_interrupted_s(history: History) -> float | None:
    """The longest time without an acknowledged decision; None where they never came back after the last fault."""
    return interrupted_s(history, history.decisions)


def interrupted_s(history: History, decisions: Iterable[Decision]) -> float | None:
    """The same of these decisions."""
    ended = sorted(one.ended_s for one in decisions if one.outcome is Outcome.ACKNOWLEDGED)
    faults = history.faults_s
    if not ended or (faults and ended[-1] < faults[-1]):
        return None
    return max((later - earlier for earlier, later in pairwise(ended)), default=None)


def _stood(history: History, site: str) -> Interval | None:
    """The longest interruption of a picture, until it is live again, and moves, and stays so for STEADY_S."""
    shown = [at_s for _, at_s in shown_seconds(history, site)]
    stood = max(pairwise(shown), key=lambda pair: pair[1] - pair[0], default=None)
    if stood is None:
        return None
    moves_again = [later for earlier, later in pairwise(shown) if later - earlier > SCREEN_STEP_S]
    back_s: float | None = None
    for one in history.screens:
        if one.site != site or one.at_s < stood[1]:
            continue
        if one.words is not Words.LIVE:
            back_s = None
            continue
        back_s = max(
            [one.at_s if back_s is None else back_s, *(at_s for at_s in moves_again if at_s <= one.at_s)]
        )
        if one.at_s - back_s > STEADY_S:
            return stood[0], back_s
    return stood[0], history.ended_s


def _picture_broken(
    site: str,
    steps: Sequence[tuple[int, float]],
    history: History,
    excused: Interval | None = None,
) -> Iterator[str]:
    """While the drill did not look itself, nobody knows that a picture stood."""
    ended_s = history.ended_s
    if len(steps) < 2:
        yield f"{site} showed {len(steps)} seconds of the race"
    elif ended_s - steps[-1][1] > SCREEN_STEP_S:
        yield f"{site} showed nothing new in the last {ended_s - steps[-1][1]:.1f} s"
    for (second, at_s), (following, then_s) in pairwise(step for step in steps if step[1] <= ended_s):
        if excused and excused[0] <= at_s and then_s <= excused[1]:
            continue
        if following != second + 1:
            yield f"{site} went from second {second} to {following} at {then_s:.1f} s"
        stood_s = then_s - at_s - blind_s(history, at_s, then_s)
        if stood_s > SCREEN_STEP_S:
            yield f"{site} stood still for {stood_s:.1f} s at {at_s:.1f} s"
