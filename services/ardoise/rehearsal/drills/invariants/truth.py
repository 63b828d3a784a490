"""I2, I3, I4: every acknowledged fix is in the log, in both mirrors and in the database, once."""

from collections.abc import Iterator

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import Acknowledged, FixKey, History
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise


def nothing_lost(history: History, evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """I2: what was acknowledged stands in the log at its place, in each mirror, and is recorded."""
    frames = history.acknowledged
    against = [*evidence.missing]
    for one in frames:
        against += _frame_lost(one, evidence)
    lost = lost_fixes(history, evidence)
    against += [
        f"fix of tracker {tracker} at {time_ms} is neither a row nor counted" for tracker, time_ms in lost
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
    written = evidence.written
    accounted = set(written.fixes)
    for one in history.acknowledged:
        if one.sequence in written.set_aside:
            accounted.update(one.fixes)
    return sorted({fix for one in history.acknowledged for fix in one.fixes} - accounted)


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
        for sequence in history.poisoned
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
        for sequence, message in evidence.log.items()
        if message.frame and sequence <= min(written.watermark, evidence.upto) and sequence not in recorded
    ]
    against += _falls(history)
    return finding(Invariant.ATOMIC_WATERMARK, "the watermark is true", len(recorded), against)


def _frame_lost(one: Acknowledged, evidence: Evidence) -> Iterator[str]:
    there = evidence.log.get(one.sequence)
    if there is None or there.frame != one.frame:
        yield f"frame {one.frame} was acknowledged at {one.sequence}, where the log has {there and there.frame}"
        return
    for site, mirror in evidence.mirrors.items():
        if one.sequence not in mirror:
            yield f"frame {one.frame}: {site}'s mirror has no message {one.sequence}"
    row = evidence.written.frames.get(one.sequence)
    if one.sequence not in evidence.written.set_aside and (row is None or row.frame != one.frame):
        yield f"frame {one.frame} has no row at {one.sequence}"


def _falls(history: History) -> Iterator[str]:
    highest: dict[int, tuple[int, str]] = {}
    for seen in history.database:
        if seen.timeline is None or seen.watermark is None or seen.role != "primary":
            continue
        before, _ = highest.get(seen.timeline, (0, ""))
        if seen.watermark < before:
            yield f"it fell from {before} to {seen.watermark} on timeline {seen.timeline} at {seen.site}"
        highest[seen.timeline] = (max(before, seen.watermark), seen.site)
