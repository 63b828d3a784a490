"""What is the matter with a mirror, and what may be done about it. Pure.

The rule over all of it: nothing that exists only once is thrown away. A mirror is made anew only where its origin
holds everything that it holds. Where the two differ, a log's mirror stays as it is: which of them is right, and what
was derived from it, no machine can tell; another stream's is set aside under another name first.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

# Longer than nats-server's own check of a silent mirror (10 s), and well within the 30 s in which it must be found.
STUCK_AFTER_S = 12.0
# After a lost request nats-server asks again in 30 s, then ever more rarely, at worst after 150 s (2.15). Filling a
# mirror of this size again is quicker than that; a larger one is left to it for GIVE_UP_S.
REFILL_AT_ONCE_BYTES = 16 * 1024 * 1024
GIVE_UP_S = 180.0
# A mirror is at most so far behind when it is level: what was written between two questions.
LEVEL_RECORDS = 100
# Copies under other names that are kept of one stream; the next difference is only said.
MOST_ASIDE = 3


class MirrorState(StrEnum):
    """How a mirror stands to its origin."""

    UNKNOWN = "unknown"
    """One of the two does not answer."""
    ABSENT = "absent"
    """The truck has the log, this region not yet."""
    REFILLING = "refilling"
    """It was deleted here, and is being filled again."""
    FOLLOWING = "following"
    BEHIND = "behind"
    STUCK = "stuck"
    DIVERGED = "diverged"
    """The same sequence holds other bytes, or it is another stream altogether."""
    HOLE = "hole"
    """Sequences are missing that the truck no longer has, or that the mirror skipped."""
    ORIGIN_SHRANK = "origin-shrank"
    """The truck has less than the mirror: the mirror is the only copy."""
    ORIGIN_RECREATED = "origin-recreated"
    ORIGIN_GONE = "origin-gone"
    GONE = "gone"
    """It was deleted here, and the truck has it no more."""
    SUCCEEDED = "succeeded"
    """The truck's was lost or made again, and ingest goes on in another epoch: what is here is kept."""


WELL = frozenset({MirrorState.FOLLOWING, MirrorState.SUCCEEDED})
"""Nothing is to be done about it, nor to be waited for."""


class Repair(StrEnum):
    """What is to be done."""

    NONE = "none"
    CREATE = "create"
    RECREATE = "recreate"
    """Delete and make anew."""
    SET_ASIDE = "set-aside"
    """Keep under another name, then make anew."""


@dataclass(frozen=True)
class StreamSeen:
    """What one server said of the stream. Sequences as it counts them; last is 0 while it is empty."""

    created: str
    first: int
    last: int
    missing: int = 0
    """Sequences between first and last that are not there."""
    size_bytes: int = 0
    made_from: str = ""
    """Of a mirror: `created` of the origin it was made from; empty where it is no mirror of the truck's."""


@dataclass(frozen=True)
class Observation:
    """Mirror and origin, in the order in which they are asked: a healthy mirror is never ahead."""

    mirror: StreamSeen | None
    origin: StreamSeen | None
    differs_at: int = 0
    """A sequence at which sampled content differed; 0: none did."""
    compared: bool = True
    """Whether content may be read at all; what was not compared is never taken for the same."""
    aside: int = 0
    """Copies of this stream under other names."""
    successor: int = 0
    """Of a log that ingest has given up: the epoch in which it goes on."""


@dataclass(frozen=True)
class Finding:
    """The newest word on one mirror. None is Unknown, never 0."""

    stream: str
    state: MirrorState
    reason: str
    repair: Repair = Repair.NONE
    behind: int | None = None
    mirror_last: int | None = None
    origin_last: int | None = None
    missing: tuple[int, int] | None = None
    """The first and the last sequence that are in neither, where that is known."""
    moved_s: float = 0.0
    """Monotonic: when the mirror last moved, was level, or could not be compared."""
    since_s: float = 0.0
    """Monotonic: since when it has been in this state."""


def unknown(stream: str, why: str, mirror_last: int | None, now_s: float) -> Finding:
    """Truck or region do not answer: how far the mirror is behind is not known, and nothing is repaired."""
    return Finding(stream, MirrorState.UNKNOWN, why, mirror_last=mirror_last, moved_s=now_s)


def decide(
    stream: str, seen: Observation, before: Finding | None, now_s: float, *, is_log: bool
) -> Finding | None:
    """The finding on one stream; None where neither has it.

    `is_log`: an epoch's log, which keeps every record and is succeeded by another epoch when it loses some. Other
    streams go on under their name whatever they lost, and may discard their oldest.
    """
    found = _judged(stream, seen, before, now_s, is_log)
    if found is None:
        return None
    if seen.successor and found.state in _GIVEN_UP:
        reason = f"{found.reason}; the race goes on in log {seen.successor}"
        found = replace(found, state=MirrorState.SUCCEEDED, reason=reason, repair=Repair.NONE)
    same = before is not None and before.state is found.state
    return replace(found, since_s=before.since_s if same else now_s)


_GIVEN_UP = frozenset(
    {
        MirrorState.DIVERGED,
        MirrorState.HOLE,
        MirrorState.ORIGIN_SHRANK,
        MirrorState.ORIGIN_RECREATED,
        MirrorState.ORIGIN_GONE,
    }
)


def _judged(
    stream: str, seen: Observation, before: Finding | None, now_s: float, is_log: bool
) -> Finding | None:
    origin, mirror = seen.origin, seen.mirror
    if mirror is None:
        return _absent(stream, origin, before, now_s)
    if origin is None:
        reason = f"the truck no longer has it: this mirror, up to {mirror.last}, is what is left"
        return Finding(
            stream, MirrorState.ORIGIN_GONE, reason, mirror_last=mirror.last, origin_last=0, moved_s=now_s
        )
    found = Finding(
        stream,
        MirrorState.FOLLOWING,
        "level with the truck",
        behind=max(0, origin.last - mirror.last),
        mirror_last=mirror.last,
        origin_last=origin.last,
        moved_s=now_s,
    )
    return (
        _difference(found, seen, is_log)
        or _hole(found, seen, before, is_log)
        or _recreated(found, seen, is_log)
        or _pace(found, seen, before, is_log)
    )


def _absent(stream: str, origin: StreamSeen | None, before: Finding | None, now_s: float) -> Finding | None:
    had = before.mirror_last if before is not None else None
    if origin is None:
        if before is None or had is None:
            return None
        reason = f"it was deleted here, up to {had}, and the truck has it no more"
        return Finding(stream, MirrorState.GONE, reason, mirror_last=had, origin_last=0, moved_s=now_s)
    found = Finding(
        stream,
        MirrorState.ABSENT,
        "not mirrored here yet",
        Repair.CREATE,
        behind=origin.last,
        origin_last=origin.last,
        moved_s=now_s,
    )
    if had is None:
        return found
    if had > origin.last:
        missing = (origin.last + 1, had)
        reason = f"it was deleted here, and the truck has it only up to {origin.last}: {missing[0]} to {had} are gone"
        return replace(found, state=MirrorState.HOLE, reason=reason, missing=missing)
    return replace(found, state=MirrorState.REFILLING, reason="it was deleted here: made again")


def _difference(found: Finding, seen: Observation, is_log: bool) -> Finding | None:
    """Another log under the same name, or less of it than the mirror has."""
    origin, mirror = seen.origin, seen.mirror
    aside, full = _aside(seen)
    if not mirror.made_from:
        reason = f"what stands here under this name is no mirror of the truck's{full}"
        return replace(found, state=MirrorState.DIVERGED, reason=reason, repair=aside)
    if seen.differs_at:
        reason = f"message {seen.differs_at} is not the truck's"
        if is_log:
            # What is written down came from here: other records under its numbers would be passed over in silence.
            return replace(found, state=MirrorState.DIVERGED, reason=f"{reason}: kept as it is")
        return replace(found, state=MirrorState.DIVERGED, reason=f"{reason}{full}", repair=aside)
    if origin.last < mirror.last:
        kept = f"the truck has it up to {origin.last}, this mirror up to {mirror.last}"
        if not is_log:
            reason = f"{kept}: it lost its end and goes on{full}"
            return replace(found, state=MirrorState.ORIGIN_SHRANK, reason=reason, repair=aside)
        reason = f"{kept}: this is the only copy of the rest, kept as it is"
        return replace(found, state=MirrorState.ORIGIN_SHRANK, reason=reason)
    return None


def _hole(found: Finding, seen: Observation, before: Finding | None, is_log: bool) -> Finding | None:
    """Sequences that the mirror passed over, or will have to."""
    origin, mirror = seen.origin, seen.mirror
    if not is_log:
        return None
    if origin.first > mirror.last + 1:
        missing = (mirror.last + 1, origin.first - 1)
        reason = f"{missing[0]} to {missing[1]} are gone at the truck before this mirror had them"
        return replace(found, state=MirrorState.HOLE, reason=reason, missing=missing)
    if mirror.last and (mirror.missing or mirror.first > 1):
        reason = f"it begins at {mirror.first} and lacks {mirror.missing} after that"
        if _holds_all(seen, is_log) and not origin.missing and origin.first == 1:
            reason += "; the truck has them"
            return replace(found, state=MirrorState.HOLE, reason=reason, repair=Repair.RECREATE)
        missing = before.missing if before else None
        if origin.first > mirror.first and mirror.missing:
            # It went on where the truck begins.
            missing = (origin.first - mirror.missing, origin.first - 1)
            reason = f"{missing[0]} to {missing[1]} were gone at the truck before this mirror had them"
        return replace(found, state=MirrorState.HOLE, reason=reason, missing=missing)
    return None


def _recreated(found: Finding, seen: Observation, is_log: bool) -> Finding | None:
    """The same records as far as they were compared, and yet another stream."""
    origin, mirror = seen.origin, seen.mirror
    if origin.created == mirror.made_from:
        return None
    found = replace(found, state=MirrorState.ORIGIN_RECREATED)
    if mirror.last and not seen.compared:
        aside, full = _aside(seen)
        return replace(
            found, reason=f"the truck's was made again, and may not be compared{full}", repair=aside
        )
    if not _holds_all(seen, is_log):
        reason = f"the truck's was made again and begins at {origin.first}: this mirror has older ones, kept"
        return replace(found, reason=reason)
    reason = "the truck's was made again and holds all that this mirror has"
    return replace(found, reason=reason, repair=Repair.RECREATE)


def _pace(found: Finding, seen: Observation, before: Finding | None, is_log: bool) -> Finding:
    """Level, on its way, or standing still."""
    known = before is not None and before.mirror_last is not None and before.behind is not None
    moved = known and before.mirror_last != found.mirror_last
    if found.behind == 0 or (moved and found.behind <= LEVEL_RECORDS):
        return found
    refilling = before is not None and before.state is MirrorState.REFILLING
    state = MirrorState.REFILLING if refilling else MirrorState.BEHIND
    if moved:
        return replace(found, state=state, reason=f"{found.behind} behind, and coming closer")
    if not known:
        return replace(found, state=state, reason=f"{found.behind} behind")
    stands_s = found.moved_s - before.moved_s
    found = replace(found, moved_s=before.moved_s)
    if stands_s < STUCK_AFTER_S:
        return replace(found, state=state, reason=f"{found.behind} behind")
    reason = f"{found.behind} behind and has not moved for {stands_s:.0f} s"
    wait = seen.mirror.size_bytes > REFILL_AT_ONCE_BYTES and stands_s < GIVE_UP_S
    lossless = _holds_all(seen, is_log)
    repair = Repair.RECREATE if lossless and not wait else Repair.NONE
    return replace(found, state=MirrorState.STUCK, reason=reason, repair=repair)


def _aside(seen: Observation) -> tuple[Repair, str]:
    """The repair, and what to add to the reason where there is no room for another copy."""
    if seen.aside < MOST_ASIDE:
        return Repair.SET_ASIDE, ""
    return Repair.NONE, f"; {seen.aside} copies are set aside already: look at them first"


def _holds_all(seen: Observation, is_log: bool) -> bool:
    """Whether nothing is lost with the mirror. What discards its oldest has none to lose at that end."""
    origin, mirror = seen.origin, seen.mirror
    if mirror.last == 0:
        return True
    same = seen.compared or origin.created == mirror.made_from
    complete = origin.first <= mirror.first and origin.missing <= mirror.missing
    return same and origin.last >= mirror.last and (complete or not is_log)
