"""I12: what servers keep on their disks stays within what was granted to them."""

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise

BYTES_A_MB = 1024**2


def space(history: History, _evidence: Evidence, promise: Promise, _cast: Cast) -> Finding:
    """No server's WAL ever took more, whoever was away."""
    most: dict[str, int] = {}
    for one in history.wal:
        most[one.site] = max(most.get(one.site, 0), one.size_bytes // BYTES_A_MB)
    against = [
        f"{site}'s WAL took {megabytes} MB, promised {promise.wal_mb} MB"
        for site, megabytes in sorted(most.items())
        if megabytes > promise.wal_mb
    ]
    return finding(Invariant.SPACE, "WAL within its bound", len(history.wal), against)
