"""What the probes of a drill saw, in their own clock: seconds since it began, of a clock that never jumps."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

type FrameKey = tuple[str, int, int]
"""Relay, boot id, frame number."""
type FixKey = tuple[int, int]
"""Tracker, device time in milliseconds since 1970."""


@dataclass(frozen=True)
class Acknowledged:
    """A frame, as ingest acknowledged it to its relay. A frame sent twice may be acknowledged twice."""

    at_s: float
    latency_s: float
    """Since it was sent on this connection."""
    frame: FrameKey
    epoch: int
    sequence: int
    fixes: tuple[FixKey, ...]
    """Without those that were refused."""


@dataclass(frozen=True)
class InRegion:
    """The second acknowledgement of a frame."""

    at_s: float
    epoch: int
    sequence: int


@dataclass(frozen=True)
class Refused:
    """A frame that ingest did not take, for want of room."""

    at_s: float
    frame: FrameKey


@dataclass(frozen=True)
class AlertSeen:
    """A site's security shows an alert that it did not show when the drill began."""

    at_s: float
    site: str
    rule: str


class Words(StrEnum):
    """What a screen says about its link."""

    LIVE = "live"
    LATE = "data late"
    NO_TRUCK = "no link to the truck"
    CATCHING_UP = "catching up"
    NO_RACE = "no link to the race"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True)
class ScreenSeen:
    """What a screen showed at one moment."""

    at_s: float
    site: str
    epoch: int
    race_time_ms: int
    """The tick on it, as far as it has one; else 0."""
    age_ms: int
    """Of the tick, by the probe's own clock."""
    words: Words
    """What the page says, by the clock that it goes by."""
    up_to_date_s: float | None = None
    """When it says that it will be up to date, in the drill's seconds; None: it does not say."""


class Role(StrEnum):
    """What a database server says of itself."""

    PRIMARY = "primary"
    STANDBY = "standby"
    AWAY = "away"


@dataclass(frozen=True)
class DatabaseSeen:
    """What a database server said of itself, in a session of the probe's own."""

    at_s: float
    site: str
    role: Role
    timeline: int | None = None
    watermark: int | None = None
    """None: unknown; 0: nothing of the epoch is written."""
    epoch: int = 0
    """Of the watermark; 0: nothing was told."""


class Outcome(StrEnum):
    """What a writer of decisions was told."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """Before it could be committed."""
    IN_DOUBT = "in doubt"


@dataclass(frozen=True)
class Decision:
    """One row that was to be committed on both regions."""

    key: str
    site: str
    """Of the server it was sent to."""
    began_s: float
    ended_s: float
    outcome: Outcome
    timeline: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class RaceDecision:
    """What a race operator asked for at a site, and what came of it."""

    at_s: float
    site: str
    action: str
    reason: str
    """As it stands in the log, where it does: no two have the same."""
    sequence: int = 0
    """Its place in the log; 0: it was refused."""
    detail: str = ""


@dataclass(frozen=True)
class DigestSeen:
    """A snapshot that a site gave out under a name."""

    at_s: float
    site: str
    name: tuple[str, int, int]
    """Engine version, epoch, sequence."""
    race_time_ms: int
    digest: str


@dataclass(frozen=True)
class PositionSeen:
    """How far a site's copy of the log goes; None: its server does not answer."""

    at_s: float
    site: str
    last_sequence: int | None
    size_bytes: int = 0
    """As its server counts them: with what it writes around each message."""


@dataclass(frozen=True)
class LeaseSeen:
    """Which of etcd's leases the primary holds its place by: another one was taken after the first had run out."""

    at_s: float
    revision: int


@dataclass(frozen=True)
class WalSeen:
    """How much the WAL of a region's server took on its disk."""

    at_s: float
    site: str
    size_bytes: int


@dataclass(frozen=True)
class EtcdSeen:
    """One member of etcd, as a site said."""

    has_leader: bool
    votes: bool
    cluster_id: str


@dataclass(frozen=True)
class StatusSeen:
    """What a region's own sites service said of all sites."""

    at_s: float
    site: str
    blocked: str | None
    """Why nobody could be promoted; None: somebody could, or it was not known."""
    etcd: Mapping[str, EtcdSeen]
    """By site."""
    forced: str = ""
    """Id of the newest failover that was forced since the drill began; empty: none is known."""
    messages_lost: int | None = None
    decisions_lost: int | None = None


class Kind(StrEnum):
    """What an event of the drill is."""

    FAULT = "fault"
    MENDED = "mended"
    REACHED = "reached"
    NOTE = "note"
    """What it was told."""
    COMMAND = "command"
    """Of a runbook."""


@dataclass(frozen=True)
class Event:
    """What the drill itself did, or waited for."""

    at_s: float
    kind: Kind
    text: str


@dataclass(frozen=True)
class Followed:
    """A command of a runbook, and what came of it."""

    at_s: float
    runbook: str
    section: str
    command: str
    exit_code: int
    output: str
    missing: tuple[str, ...]
    """What the runbook says that is to be seen, and was not."""


@dataclass(frozen=True)
class Blind:
    """The drill's own loop stood still: what came meanwhile was seen after it."""

    from_s: float
    to_s: float


@dataclass
class History:
    """Everything seen. Probes append; nothing is ever changed or removed."""

    epoch: int = 0
    """The newest log of the drill's race."""
    given_up: list[int] = field(default_factory=list)
    """Logs of it before that one, oldest first."""
    load: int = 1
    """How many times a race's messages its log takes."""
    origin_utc_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    origin_monotonic_s: float = field(default_factory=time.monotonic)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    in_region: list[InRegion] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    alerts: list[AlertSeen] = field(default_factory=list)
    screens: list[ScreenSeen] = field(default_factory=list)
    database: list[DatabaseSeen] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    by_services: list[Decision] = field(default_factory=list)
    """Decided as services do, on whichever server is primary."""
    race_decisions: list[RaceDecision] = field(default_factory=list)
    digests: list[DigestSeen] = field(default_factory=list)
    positions: list[PositionSeen] = field(default_factory=list)
    leases: list[LeaseSeen] = field(default_factory=list)
    wal: list[WalSeen] = field(default_factory=list)
    statuses: list[StatusSeen] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    """Keys of rows that one server committed for itself, while the other could not have them."""
    poisoned: list[tuple[int, int]] = field(default_factory=list)
    """Epoch and sequence of messages that nobody can read."""
    blind: list[Blind] = field(default_factory=list)
    ended_s: float = 0.0
    """When the probes stopped looking; 0: they still do."""

    def now_s(self) -> float:
        """Seconds since the drill began."""
        return time.monotonic() - self.origin_monotonic_s

    def utc_ms(self, at_s: float) -> int:
        """The instant of `at_s`, milliseconds since 1970."""
        return self.origin_utc_ms + round(at_s * 1000)

    def goes_on_in(self, epoch: int) -> None:
        """A newer log has taken over."""
        self.given_up.append(self.epoch)
        self.epoch = epoch

    @property
    def epochs(self) -> tuple[int, ...]:
        """All logs of the drill's race, oldest first."""
        return (*self.given_up, self.epoch)

    def of(self, epoch: int) -> "History":
        """What was seen of one log alone."""
        return replace(
            self,
            epoch=epoch,
            given_up=[],
            acknowledged=[one for one in self.acknowledged if one.epoch == epoch],
            in_region=[one for one in self.in_region if one.epoch == epoch],
            database=[one for one in self.database if one.epoch in (0, epoch)],
            poisoned=[one for one in self.poisoned if one[0] == epoch],
        )

    def note(self, kind: Kind, text: str) -> None:
        """Something that the drill did, now."""
        self.events.append(Event(self.now_s(), kind, text))

    @property
    def faults_s(self) -> list[float]:
        """When something was broken, in order."""
        return [event.at_s for event in self.events if event.kind is Kind.FAULT]

    @property
    def changed_s(self) -> float:
        """When something was last broken or mended, or a runbook's command was done; 0: nothing was."""
        changes = (event.at_s for event in self.events if event.kind not in (Kind.REACHED, Kind.NOTE))
        return max(changes, default=0.0)
