"""Every wait and every promise in time of a drill, in one place, with where it comes from."""

from enum import Enum

LEASE_S = 20.0
"""Patroni's ttl, which may not be shorter: whoever was primary is nobody's primary after it."""


class Wait(Enum):
    """A named number of seconds. `promise`: more is a failure of the platform, and not only of patience."""

    STEADY = (60.0, "relays, screens, database and mirrors of a fresh log", False)
    DATABASE_BACK = (LEASE_S + 2.0, "the lease, plus 2 s to promote and to be found", True)
    DATABASE_AND_ELECTION = (
        LEASE_S + 10.0,
        "with its leader etcd loses up to 6 s; the lease counts anew from the next one, plus 2 s",
        True,
    )
    BLOCKED_SAID = (
        15.0,
        "etcd notices its lost leader within two elections of 3 s; status looks every second",
        True,
    )
    LOSS_TOLD = (15.0, "the truck answers within seconds, and its log is compared at once", True)
    DATABASE_RESTARTED = (
        LEASE_S + 12.0,
        "a primary may take 20 s to come up again, then the other may",
        True,
    )
    CLIENTS_MOVED = (
        LEASE_S + 7.0,
        "the lease, 2 s to promote, and a decision that was begun before: in doubt after its 5 s",
        True,
    )
    SWITCHOVER = (10.0, "a planned change: Patroni's own 2.5 to 4.5 s, the recorder's way to it", True)
    GUARD_ASKED_AGAIN = (
        LEASE_S + 8.0,
        "refused, Patroni keeps away for a lease, then asks the guard anew; the truck's leaf comes back",
        True,
    )
    ROLLED_BACK = (
        20.0,
        "Patroni stops the primary, finds no target, starts and promotes it again: a lease",
        True,
    )
    STATUS_SAYS = (10.0, "a report a second, and a site is silent after 4 s without one", True)
    STEPPED_DOWN = (LEASE_S + 5.0, "the lease, plus Patroni's loop and PostgreSQL's stop", True)
    SYNCHRONOUS_LEFT = (15.0, "4 s of silence end a replication session; a Patroni loop or two notice", True)
    NO_LINK_SAID = (15.0, "screens say it once the last tick is 10 s old", True)
    MIRROR_REPAIRED = (30.0, "a mirror stuck at lag 0 is found within 30 s, and filled again", True)
    COPIED_ANEW = (60.0, "who asks in vain for 15 s is copied anew: a database of megabytes in seconds", True)
    LOG_SUCCEEDED = (20.0, "a heartbeat finds it, ingest starts anew, asks the mirrors for 5 s at most", True)
    LOG_FILLS = (120.0, "as long again as the race has lasted, and longer on a busy machine", False)
    MIRROR_LEVEL = (60.0, "minutes of a log, at the speed of this machine", False)
    INGEST_BACK = (60.0, "truck's servers and services from nothing", False)
    WRITTEN_DOWN = (90.0, "the recorder starts, restores a checkpoint and derives the rest again", False)
    NORMAL_AGAIN = (180.0, "a stale primary is rewound or copied, mirrors filled, services started", False)
    LOG_GROWS = (200.0, "a thousand messages, at eight to ten a second", False)
    QUIET = (60.0, "everything acknowledged reaches both regions and the database", False)
    CUT_SHORT = (10.0, "long enough to be missed, shorter than the lease", False)
    BEFORE_NOTICED = (
        2.0,
        "less than the 4 s of silence after which the standby is synchronous no more",
        False,
    )
    CUT_BRIEF = (5.0, "fault 28: a hiccup of a link, longer than a silent replication session lives", False)
    HALF_ALONE = (300.0, "the truck alone for ten real minutes, restarted hard in their middle", False)
    HALF_ALONE_BRIEFLY = (
        20.0,
        "the same, long enough for regions to fall behind at six times the load",
        False,
    )
    CATCH_UP = (
        400.0,
        "ten minutes at six times the load over a link of 4 Mbit/s, and derived: 70 s, with room",
        False,
    )
    CUT_LONG = (LEASE_S + 10.0, "longer than the lease: who could be wrong is wrong by then", False)
    DISK_FULL = (15.0, "long enough for every server of the site to have noticed", False)
    PAUSE = (40.0, "fault 3: with the lease before it, a machine that stood still for a minute", False)
    RUNBOOK = (120.0, "what a runbook says is to be seen is seen, or it says whom to call", False)
    OBSERVE = (5.0, "what went wrong at once would have shown", False)

    def __init__(self, seconds: float, origin: str, promise: bool) -> None:
        self.seconds, self.origin, self.promise = seconds, origin, promise


ACKNOWLEDGED_P99_S = 0.5
"""Ingest never blocks: the first acknowledgement, from the moment at which a connected relay sends."""
SCREEN_STEP_S = 1.5
"""At a site that a fault does not touch, no second of the race comes later after the one before."""
DECISION_LIMIT_S = 5.0
"""What is not committed on both regions by then is in doubt, never acknowledged."""
SPARE_RATE_USED = 0.8
"""Of a link that a region catches up over: what the live race leaves of it."""
DIGESTS_COMPARED = 0.99
"""Of the seconds that two sites both showed."""
