"""I2, I3, I4: every acknowledged fix is in the log, in both mirrors and in the database, once."""

from collections.abc import Iterator

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import Acknowledged, FixKey, History
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise


def nothing_lost(history: History, evidence: Evidence, promise: Promise, _cast: Cast) -> Finding:
    """I2: what was acknowledged stands in the log at its place, in each mirror, and is recorded.

    Where the truck's log itself breaks: in a mirror and recorded, or sent again, or in the interval that is said to be
    gone; and nothing is said to be gone that a mirror has.
    """
    frames = history.acknowledged
    logs = {one.epoch: one for one in evidence.every}
    against = [reason for one in evidence.every for reason in one.missing]
    against += _unpromised(history, evidence, promise)
    faults = {(one.epoch, one.sequence, one.frame): _frame_lost(one, logs[one.epoch]) for one in frames}
    stands = {frame for (_, _, frame), wrong in faults.items() if not wrong}
    said = set()
    for (epoch, sequence, frame), wrong in faults.items():
        if not wrong:
            continue
        given_up = logs[epoch].given_up
        if given_up is None or (frame not in stands and not given_up.accounts_for(sequence)):
            against += wrong
        elif frame not in stands:
            said.add(frame)
    excused = {fix for one in frames if one.frame in said for fix in one.fixes}
    against += [
        f"fix of tracker {tracker} at {time_ms} is neither a row nor counted"
        for tracker, time_ms in lost_fixes(history, evidence)
        if (tracker, time_ms) not in excused
    ]
    taken = {one.frame for one in frames}
    against += [
        f"frame {frame} was refused for want of room and never taken"
        for frame in dict.fromkeys(one.frame for one in history.refused)
        if frame not in taken
    ]
    seconds = {(one.epoch, one.sequence) for one in history.in_region}
    unheard = [one for one in frames if (one.epoch, one.sequence) not in seconds]
    # Where a frame was sent again, the newer place in the log is answered for.
    answered = {one.frame for one in frames if (one.epoch, one.sequence) in seconds}
    against += [
        f"frame {one.frame} was never acknowledged by a region"
        for one in unheard
        if one.frame not in answered
    ]
    return finding(Invariant.NOTHING_LOST, "nothing acknowledged is lost", len(frames), against)


def lost_fixes(history: History, evidence: Evidence) -> list[FixKey]:
    """Acknowledged fixes that no row holds, and that no message set aside accounts for."""
    accounted = {fix for one in evidence.every for fix in one.written.fixes}
    set_aside = {(one.epoch, sequence) for one in evidence.every for sequence in one.written.set_aside}
    for one in history.acknowledged:
        if (one.epoch, one.sequence) in set_aside:
            accounted.update(one.fixes)
    return sorted({fix for one in history.acknowledged for fix in one.fixes} - accounted)


def _unpromised(history: History, evidence: Evidence, promise: Promise) -> Iterator[str]:
    """A log that is given up is a loss of the truck's copy, whatever the mirrors have: only some faults may cost it."""
    if promise.log_breaks and not evidence.earlier:
        yield "the log was broken, and no other took over"
    for one in evidence.earlier:
        assert one.given_up is not None
        if not promise.log_breaks:
            yield f"log {one.epoch} was given up: a copy has it up to {one.given_up.kept}, lost {one.given_up.lost}"
        for site, mirror in one.mirrors.items():
            wrong = sorted(filter(one.given_up.accounts_for, mirror))
            if wrong:
                yield f"{wrong[0]} to {wrong[-1]} of log {one.epoch} are said to be lost, and {site} has them"


def exactly_once(history: History, evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """I3: a fix is one row; the fixes of a frame are rows, or counted, and never both."""
    written = evidence.written
    against = [
        f"fix of tracker {tracker} at {time_ms} is {count} rows"
        for (tracker, time_ms), count in written.fixes.items()
        if count != 1
    ]
    for sequence, row in written.frames.items():
        if row.rows + row.ledger != row.fixes:
            against.append(
                f"message {sequence} brought {row.fixes} fixes: {row.rows} are rows, {row.ledger} are counted"
            )
    against += [
        f"message {sequence} can be read by nobody and is not counted as set aside"
        for _, sequence in history.poisoned
        if sequence not in written.set_aside
    ]
    return finding(Invariant.EXACTLY_ONCE, "exactly once", len(written.frames), against)


def atomic_watermark(history: History, evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """I4: all rows up to the watermark, none beyond; and it never falls on one timeline."""
    written = evidence.written
    against = [f"{count} rows of {table} lie beyond it" for table, count in written.beyond_watermark.items()]
    if written.watermark < evidence.upto:
        against.append(f"it stands at {written.watermark}, {evidence.upto} was acknowledged")
    recorded = set(written.frames) | written.set_aside
    against += [
        f"message {sequence} is a frame, lies below it and has no row"
        for sequence in evidence.log
        if sequence <= min(written.watermark, evidence.upto) and sequence not in recorded
        if all(message.frame for message in evidence.at(sequence))
    ]
    against += _falls(history)
    return finding(Invariant.ATOMIC_WATERMARK, "the watermark is true", len(recorded), against)


def _frame_lost(one: Acknowledged, evidence: Evidence) -> list[str]:
    there = [message.frame for message in evidence.at(one.sequence)]
    if one.frame not in there:
        return [f"frame {one.frame} was acknowledged at {one.sequence}, where the log has {there or None}"]
    against = []
    if evidence.given_up is None:
        against += [
            f"frame {one.frame}: {site}'s mirror has no message {one.sequence}"
            for site, mirror in evidence.mirrors.items()
            if one.sequence not in mirror
        ]
    row = evidence.written.frames.get(one.sequence)
    if one.sequence not in evidence.written.set_aside and (row is None or row.frame != one.frame):
        against.append(f"frame {one.frame} has no row at {one.sequence}")
    return against


def _falls(history: History) -> Iterator[str]:
    highest: dict[int, tuple[int, str]] = {}
    for seen in history.database:
        if seen.timeline is None or seen.watermark is None or seen.role != "primary":
            continue
        before, _ = highest.get(seen.timeline, (0, ""))
        if seen.watermark < before:
            yield f"it fell from {before} to {seen.watermark} on timeline {seen.timeline} at {seen.site}"
        highest[seen.timeline] = (max(before, seen.watermark), seen.site)
