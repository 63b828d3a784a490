"""I7, I11 and what a stale primary leaves behind: who may become primary, how soon after another, and at what price."""

from collections.abc import Iterator
from itertools import pairwise

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import DatabaseSeen, History, Outcome, Role
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Place, Promise

AROUND_S = 5.0
"""A look at a log so long before or after a promotion says what was there: nats.py takes 2 s to connect again."""
FRAMES = "frame"


def guard(history: History, _evidence: Evidence, _promise: Promise, cast: Cast) -> Finding:
    """I7: whoever was promoted could go on from his watermark, by his own copy of the log or by the truck's."""
    against = []
    for change in _changes(history):
        before = [
            seen.watermark
            for seen in history.database
            if seen.site == change.site and seen.role is Role.STANDBY and seen.at_s < change.at_s
        ]
        watermark = next((mark for mark in reversed(before) if mark is not None), None)
        if watermark is None:
            against.append(f"{change.site} was promoted, and what it had written down is not known")
            continue
        held = {site: _held(history, site, change.at_s) for site in (change.site, cast[Place.TRUCK])}
        if not any(last is not None and last >= watermark for last in held.values()):
            ends = ", ".join(f"{site} {'silent' if last is None else last}" for site, last in held.items())
            against.append(
                f"{change.site} was promoted at {change.at_s:.1f} s with watermark {watermark}: {ends}"
            )
    return finding(Invariant.GUARD, "no promotion that could lose", len(_changes(history)), against)


def no_flapping(history: History, _evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """I11: the primary does not move a second time before the former one follows the new one."""
    against = []
    for earlier, later in pairwise(_changes(history)):
        former = next(
            seen.site
            for seen in reversed(history.database)
            if seen.role is Role.PRIMARY and seen.at_s < earlier.at_s and seen.site != earlier.site
        )
        if not any(
            seen.site == former
            and seen.role is Role.STANDBY
            and seen.timeline == earlier.timeline
            and earlier.at_s < seen.at_s < later.at_s
            for seen in history.database
        ):
            against.append(
                f"{later.site} became primary {later.at_s - earlier.at_s:.1f} s after {earlier.site}, "
                f"which {former} did not follow yet"
            )
    seen = sum(one.role is Role.PRIMARY for one in history.database)
    return finding(Invariant.NO_FLAPPING, "one change at a time", seen, against)


def stale_rows(history: History, evidence: Evidence, _promise: Promise, cast: Cast) -> Finding:
    """What the old primary alone had is not in the new one but in its report, and what is derived is there again."""
    old, new = cast[Place.PRIMARY], cast[Place.STANDBY]
    reports = evidence.set_aside.get(old, [])
    kept = frozenset().union(*(report.keys for report in reports))
    against = [f"{key} is in the database" for key in history.alone if key in evidence.written.decisions]
    against += [f"{key} was not set aside" for key in history.alone if key not in kept]
    # Decisions that waited for the other region when it was cut off were committed too, and never acknowledged.
    in_doubt = {one.key for one in history.decisions if one.outcome is Outcome.IN_DOUBT}
    against += [
        f"{key} was set aside, and nobody wrote it alone" for key in kept - set(history.alone) - in_doubt
    ]
    lost = sorted(_written_alone(history, old, new))
    counted = [report.counted[FRAMES] for report in reports if FRAMES in report.counted]
    if not lost:
        against.append(f"{old} wrote no frame that {new} did not have")
    elif len(counted) != 1:
        against.append(f"{len(counted)} reports count frames of {old}")
    else:
        (found,) = counted
        frames = [one.sequence for one in history.acknowledged]
        expected = len({sequence for sequence in frames if found.first <= sequence <= found.last})
        if found.first > lost[0] or found.last < lost[-1]:
            against.append(f"set aside {found.first} to {found.last}, seen {lost[0]} to {lost[-1]}")
        if found.rows != expected:
            against.append(f"{found.rows} frames counted from {found.first} to {found.last}, not {expected}")
    against += [
        f"frame {sequence} was not derived again"
        for sequence in lost
        if sequence not in evidence.written.frames
    ]
    checked = len(history.alone) + len(lost)
    return finding(Invariant.STALE_ROWS, "a stale primary's rows are set aside", checked, against)


def _changes(history: History) -> list[DatabaseSeen]:
    """When another site became primary, in the order of the timelines: a stale one that lingers changes nothing."""
    return list(_led_anew(one for one in history.database if one.role is Role.PRIMARY and one.timeline))


def _led_anew(seen: Iterator[DatabaseSeen]) -> Iterator[DatabaseSeen]:
    leader: DatabaseSeen | None = None
    for one in seen:
        if leader is None or (one.timeline or 0) > (leader.timeline or 0):
            if leader is not None and one.site != leader.site:
                yield one
            leader = one


def _held(history: History, site: str, at_s: float) -> int | None:
    """How far its copy of the log went then; None: it was silent."""
    seen = [one for one in history.positions if one.site == site and abs(one.at_s - at_s) <= AROUND_S]
    return max((one.last_sequence for one in seen if one.last_sequence is not None), default=None)


def _written_alone(history: History, old: str, new: str) -> set[int]:
    """Sequences of acknowledged frames that the old primary was seen to be past and the new one, promoted, was not."""
    change = next((one for one in _changes(history) if one.site == new), None)
    if change is None:
        return set()
    marks = {old: 0, new: 0}
    for one in history.database:
        followed = one.role is (Role.PRIMARY if one.site == old else Role.STANDBY)
        if followed and one.at_s < change.at_s and one.watermark is not None:
            marks[one.site] = one.watermark
    return {one.sequence for one in history.acknowledged if marks[new] < one.sequence <= marks[old]}
