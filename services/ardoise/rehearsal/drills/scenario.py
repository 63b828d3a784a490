"""A drill as data: what is broken, when, what is waited for, and what has to hold."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition


class Place(StrEnum):
    """A site, by what it is when the drill begins: so that any region can be the one that is lost."""

    TRUCK = "truck"
    PRIMARY = "primary"
    STANDBY = "standby"


type Cast = Mapping[Place, str]
"""Which site is what."""
REGIONS = (Place.PRIMARY, Place.STANDBY)


@dataclass(frozen=True)
class Moment:
    """What a condition may look at."""

    history: History
    cast: Cast
    since_s: float
    """When the last thing was broken, or mended."""
    waiting_s: float
    """When the wait began."""


@dataclass(frozen=True)
class Until:
    """Something that comes to be true."""

    says: str
    holds: Callable[[Moment], bool]


@dataclass(frozen=True)
class SetLink:
    """Makes one direction of a link, or both, so."""

    one: Place
    other: Place
    condition: Condition
    both_ways: bool = True


@dataclass(frozen=True)
class Act:
    """Does something to parts of a site, to all of them where none is named."""

    place: Place
    action: Action
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class KillInside:
    """SIGKILL to a child of a part: PostgreSQL, and not the Patroni above it."""

    place: Place
    part: str
    program: str


@dataclass(frozen=True)
class CrashRecorder:
    """SIGKILL to the recorder in the instant in which its watermark is seen to move, so many times."""

    place: Place
    times: int


@dataclass(frozen=True)
class Switchover:
    """Asks SitesService for the other region as primary, as planned, and waits as long as it is told to."""

    refused: str = ""
    """It has to be refused, with these words in the reason; empty: it has to be done."""


@dataclass(frozen=True)
class BeginSwitchover:
    """The same; what follows happens meanwhile."""


@dataclass(frozen=True)
class EndSwitchover:
    """The answer."""

    refused: str = ""


@dataclass(frozen=True)
class StatusSays:
    """One site's status names a reason why a region could not take over without loss."""

    seen_from: Place
    region: Place
    words: str


@dataclass(frozen=True)
class WriteAlone:
    """Rows of the drill's own that this server commits without waiting for the other."""

    place: Place


@dataclass(frozen=True)
class BreakOffWaits:
    """Breaks off every wait of this server's for the other region: PostgreSQL answers those commits with success."""

    place: Place


@dataclass(frozen=True)
class WriteWal:
    """So much is written to this server's WAL, and nothing else."""

    place: Place
    megabytes: int


@dataclass(frozen=True)
class BoundWal:
    """Servers keep so much WAL for whoever is away, and so much of their own; 0: as much as before."""

    megabytes: int


@dataclass(frozen=True)
class LeadEtcd:
    """Makes the site's member the leader of etcd."""

    place: Place


@dataclass(frozen=True)
class StickMirror:
    """Makes the region's mirror of the log one that stands still and shows no lag."""

    place: Place


@dataclass(frozen=True)
class DeleteMirror:
    """The region's mirror of the log is gone."""

    place: Place


@dataclass(frozen=True)
class LoseLog:
    """The truck's log is lost, and an empty one made under its name."""

    further_on: int = 0
    """It counts on from so many messages past the old end; 0: from 1."""


@dataclass(frozen=True)
class BoundLog:
    """The truck's log may take only so much of what it has taken by now; 0: as much as before."""

    percent: int


@dataclass(frozen=True)
class SendAgain:
    """All relays send every frame again that was acknowledged to them."""


@dataclass(frozen=True)
class ReportRate:
    """Sensors report so often from now on, and no more as often as the drill's load is."""

    times_a_second: int


@dataclass(frozen=True)
class WritePoison:
    """A message comes to stand in the log that nobody can read."""


@dataclass(frozen=True)
class SetClock:
    """Sets the site's clock: so many seconds ahead, or behind; 0: right."""

    place: Place
    ahead_s: int


@dataclass(frozen=True)
class Decide:
    """A race operator decides: taken at the truck, refused in a region."""

    place: Place
    action: str
    """A field of ardoise.v1.Decision that needs nothing more: neutralise, resume."""


@dataclass(frozen=True)
class Do:
    """What people do to the platform while the race is on: an upgrade, a drain."""

    says: str
    work: Callable[[Cast], Awaitable[None]]
    """Returns once it is done."""


@dataclass(frozen=True)
class Hold:
    """Lets time pass: the fault lasts so long."""

    wait: Wait


@dataclass(frozen=True)
class WaitUntil:
    """Goes on once it is true; past the wait, the drill has failed and restores."""

    until: Until
    within: Wait


@dataclass(frozen=True)
class Stays:
    """It is true, and stays so; where it ceases to be, the drill has failed."""

    until: Until
    wait: Wait


@dataclass(frozen=True)
class Follow:
    """Does what a runbook says, command by command, as a person would; past what it promises, the drill has failed."""

    runbook: str
    """Page of docs/runbooks."""
    section: str


type Step = (
    SetLink
    | Act
    | KillInside
    | CrashRecorder
    | Switchover
    | BeginSwitchover
    | EndSwitchover
    | StatusSays
    | WriteAlone
    | BreakOffWaits
    | WriteWal
    | BoundWal
    | LeadEtcd
    | StickMirror
    | DeleteMirror
    | LoseLog
    | BoundLog
    | SendAgain
    | ReportRate
    | WritePoison
    | SetClock
    | Decide
    | Do
    | Hold
    | WaitUntil
    | Stays
    | Follow
)


class Invariant(StrEnum):
    """What can be checked: the catalogue's numbers."""

    ONE_WRITER = "I1"
    NOTHING_LOST = "I2"
    EXACTLY_ONCE = "I3"
    ATOMIC_WATERMARK = "I4"
    MIRROR_IS_PREFIX = "I5"
    TIMELINES = "I6"
    GUARD = "I7"
    FORCED = "I7 forced"
    BOUNDED = "I8"
    HONEST = "I9"
    NO_FLAPPING = "I11"
    STALE_ROWS = "stale rows"
    SAME_EVERYWHERE = "digests"
    RACE_CONTROL = "race control"
    CATCH_UP = "catch-up"
    IN_DOUBT = "in doubt"
    CLIENTS = "clients"
    COPIED = "copied"
    SPACE = "I12"


@dataclass(frozen=True)
class Promise:
    """What this fault may cost, and no more."""

    screens: frozenset[Place] = frozenset()
    """Where the picture goes on as if nothing had happened."""
    writes_within: Wait | None = None
    """Longest interruption of decisions; None: they may stop for as long as the fault lasts."""
    clients_within: Wait | None = None
    """Longest interruption of what services decide, who look for the primary by themselves."""
    screens_back: Wait | None = None
    """Something of theirs is restarted: these pictures may stand once, for so long at most."""
    ingest_goes_on: bool = True
    """Relays are answered all through; False: the truck itself is what fails."""
    replays: bool = False
    """It leaves something to be written down late: a drill of a replay without one proves nothing."""
    copied: Place | None = None
    """Whose database is copied anew from the other's."""
    wal_mb: int = 0
    """No server's WAL takes more."""
    primary_stays: bool = False
    """No promotion anywhere."""
    lease_kept: bool = False
    """Nor could there have been one: the primary's lease never ran out."""
    forced: Place | None = None
    """Where a person forces a failover; nobody is promoted there before."""
    says_no_truck: frozenset[Place] = frozenset()
    """Where screens say that the truck cannot be reached."""
    warned_by: str = ""
    """Rule of the alert that every site shows before the first frame is refused; empty: none is refused."""
    log_breaks: bool = False
    """The truck's log itself is what fails: another takes over, and says what no copy has."""
    used_again: bool = False
    """Sequences of the log that breaks were used twice: mirrors that were not level then keep what each of them had."""
    link_kbit: int = 0
    """What each link of the truck's can carry while the regions catch up."""


ALWAYS = frozenset(Invariant) - {
    Invariant.HONEST,
    Invariant.GUARD,
    Invariant.STALE_ROWS,
    Invariant.RACE_CONTROL,
    Invariant.CATCH_UP,
    Invariant.IN_DOUBT,
    Invariant.CLIENTS,
    Invariant.COPIED,
    Invariant.SPACE,
}
"""Checked after every drill: no fault of ours may break them."""
EVERYWHERE = frozenset(Place)


@dataclass(frozen=True)
class Scenario:
    """One drill."""

    name: str
    numbers: tuple[int, ...]
    """Of the fault catalogue."""
    title: str
    purpose: str
    """What it does for whom."""
    steps: tuple[Step, ...]
    promise: Promise
    checks: frozenset[Invariant] = ALWAYS
    load: int = 1
    """How often a second each sensor reports: six make an hour's volume in ten minutes."""
    in_all: bool = True
    """Whether `ardoise drill run all` runs it: it is short, and takes no platform that is slower for it (clocks)."""

    @property
    def runbooks(self) -> tuple[str, ...]:
        """Pages that it follows, in their order."""
        return tuple(dict.fromkeys(step.runbook for step in self.steps if isinstance(step, Follow)))

    @property
    def lasts_s(self) -> float:
        """How long the steps hold it at least; what is waited for comes on top."""
        return sum(step.wait.seconds for step in self.steps if isinstance(step, Hold | Stays))
