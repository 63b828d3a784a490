"""The truck alone: race control goes on there and nowhere else, and what it kept comes to the regions at the pace
that their links allow.
"""

from dataclasses import dataclass
from statistics import median

from ardoise.rehearsal.drills.conditions import level_of
from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History, PositionSeen, ScreenSeen, Words
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import REGIONS, Cast, Invariant, Place, Promise
from ardoise.rehearsal.drills.waits import SPARE_RATE_USED

AROUND_MESSAGE_BYTES = 34
"""What nats-server's file store counts besides subject, headers and content of a message (2.15): not useful."""
LEAST_SAMPLES = 4
STANDS_S = 5.0
"""A mirror that has not grown for so long is not growing."""
A_FEW_S = 10.0
"""Pages say "in a few seconds" of all that is less (static/format.js)."""
MOST_TIMES_OFF = 3.0
"""Of what screens say of the way that is left, in the middle of all that they say: links and machines are not even."""


@dataclass(frozen=True)
class CaughtUp:
    """How one region caught up, while it was behind and its mirror grew. Rates of what messages hold."""

    from_s: float
    to_s: float
    mirror_kbit: float
    live_kbit: float
    """What the truck's log grew by meanwhile: it has to come too."""
    link_kbit: int

    @property
    def share(self) -> float:
        """Of the link's spare rate: what the live race leaves of it."""
        return (self.mirror_kbit - self.live_kbit) / (self.link_kbit - self.live_kbit)


def race_control(history: History, evidence: Evidence, _promise: Promise, cast: Cast) -> Finding:
    """Each decision at the truck stands in the log at its place and is written down once; elsewhere none is taken."""
    against = []
    rows = evidence.written.race_decisions
    for one in history.race_decisions:
        what = f"{one.action} at {one.site}"
        if one.site != cast[Place.TRUCK]:
            if one.sequence or one.reason in rows.values():
                against.append(f"{what} was taken, at {one.sequence}: a region has no race control")
            continue
        if not one.sequence:
            against.append(f"{what} was refused at {one.at_s:.1f} s: {one.detail}")
            continue
        there = evidence.log.get(one.sequence)
        if there is None or there.decision != one.reason:
            against.append(f"{what} was taken at {one.sequence}, where the log has something else")
        found = [sequence for sequence, reason in rows.items() if reason == one.reason]
        if found != [one.sequence]:
            against.append(f"{what} was taken at {one.sequence} and is written down at {found}")
    return finding(
        Invariant.RACE_CONTROL, "race control is at the truck", len(history.race_decisions), against
    )


def catch_up(history: History, _evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """Both mirrors go on from where they stood, at the links' spare rate, and screens say when they will be there."""
    against = []
    for site in (cast[place] for place in REGIONS):
        against += _began_again(history, site)
        found = caught_up(history, site, cast[Place.TRUCK], promise.link_kbit)
        if found is None:
            against.append(f"{site} caught up in too little time to measure it, or never did")
        elif found.share < SPARE_RATE_USED:
            against.append(
                f"{site} caught up at {found.share:.0%} of the link's spare rate, promised {SPARE_RATE_USED:.0%}"
            )
        against += _said_when(history, site)
    return finding(Invariant.CATCH_UP, "regions catch up as fast as they can", len(REGIONS), against)


def caught_up(history: History, site: str, truck: str, link_kbit: int) -> CaughtUp | None:
    """From the first growth of the mirror after it stood longest until it is level; None: too short, or never."""
    seen = [one for one in history.positions if one.site == site and one.last_sequence is not None]
    log = [one for one in history.positions if one.site == truck and one.last_sequence is not None]
    began = _after_longest_stand(seen)
    behind = []
    for one in seen[began:]:
        if (_at(log, one.at_s) or one).last_sequence - one.last_sequence <= level_of(history.load):
            break
        behind.append(one)
    else:
        return None
    meanwhile = [one for one in log if behind and behind[0].at_s <= one.at_s <= behind[-1].at_s]
    if not link_kbit or min(len(behind), len(meanwhile)) < LEAST_SAMPLES:
        return None
    return CaughtUp(behind[0].at_s, behind[-1].at_s, _kbit(behind), _kbit(meanwhile), link_kbit)


def _after_longest_stand(seen: list[PositionSeen]) -> int:
    """Index of the first sample that is past where the mirror stood longest."""
    longest_s, found, since = 0.0, len(seen), 0
    for index, one in enumerate(seen):
        if one.last_sequence != seen[since].last_sequence:
            if one.at_s - seen[since].at_s > longest_s:
                longest_s, found = one.at_s - seen[since].at_s, index
            since = index
    return found


def _at(log: list[PositionSeen], at_s: float) -> PositionSeen | None:
    return next((one for one in reversed(log) if one.at_s <= at_s), None)


def _kbit(seen: list[PositionSeen]) -> float:
    first, last = seen[0], seen[-1]
    around = AROUND_MESSAGE_BYTES * (last.last_sequence - first.last_sequence)
    return (last.size_bytes - first.size_bytes - around) * 8 / 1000 / (last.at_s - first.at_s)


def _began_again(history: History, site: str) -> list[str]:
    """One that stood and is small may be filled anew; one that was growing may not."""
    highest, grew_s = 0, 0.0
    for one in history.positions:
        if one.site == site and one.last_sequence is not None:
            if one.last_sequence < highest and one.at_s - grew_s < STANDS_S:
                return [f"{site}'s mirror fell from {highest} to {one.last_sequence} at {one.at_s:.1f} s"]
            if one.last_sequence > highest:
                grew_s = one.at_s
            highest = one.last_sequence
    return []


def _said_when(history: History, site: str) -> list[str]:
    """It said so, and was mostly right within MOST_TIMES_OFF."""
    screens = [one for one in history.screens if one.site == site and one.epoch == history.epoch]
    said = [one for one in screens if one.words is Words.CATCHING_UP and one.up_to_date_s is not None]
    if not said:
        return [f"{site}'s screen never said when it would be up to date"]
    there_s = next((one.at_s for one in screens if one.at_s > said[-1].at_s and one.age_ms < 10_000), None)
    if there_s is None:
        return [f"{site}'s screen said when it would be up to date, and never was"]
    wrong = median(_times_off(one, there_s) for one in said)
    if wrong <= MOST_TIMES_OFF:
        return []
    return [f"{site}'s screen was wrong by {wrong:.1f} times about when it would be up to date"]


def _times_off(said: ScreenSeen, there_s: float) -> float:
    """As people read it: a page calls all that is less "a few seconds"."""
    told_s, took_s = (max(A_FEW_S, until_s - said.at_s) for until_s in (said.up_to_date_s, there_s))
    return max(told_s / took_s, took_s / told_s)
