"""What log, mirrors and database hold once everything is quiet: read, not asked for."""

from dataclasses import dataclass, field

from ardoise.rehearsal.drills.history import FixKey, FrameKey, Role


@dataclass(frozen=True)
class Message:
    """One message of the log, or of a mirror of it."""

    digest: bytes
    """Of subject and content: nats-server takes some headers of its own off what it mirrors (Nats-Expected-Stream)."""
    frame: FrameKey | None = None
    decision: str = ""
    """Its reason, where the message is a decision of race control's."""


@dataclass(frozen=True)
class FrameRow:
    """A row of `frame`, and what is beside it."""

    frame: FrameKey
    fixes: int
    rows: int
    """In `fix`."""
    ledger: int
    """In `fix_ledger`; a frame set aside counts whole."""


@dataclass(frozen=True)
class Written:
    """What the primary's tables hold of the drill's epoch, up to `Evidence.upto`."""

    watermark: int
    beyond_watermark: dict[str, int]
    """Rows of each table that lie past it; empty where there are none."""
    frames: dict[int, FrameRow]
    """By sequence."""
    set_aside: frozenset[int]
    """Sequences that could not be derived."""
    fixes: dict[FixKey, int]
    """How many rows each has."""
    digests: dict[int, str]
    """Of snapshots, by sequence."""
    decisions: dict[str, int]
    """The drill's own, by key: the timeline they were written on."""
    race_decisions: dict[int, str]
    """Race control's: the reason of each, by sequence."""


@dataclass(frozen=True)
class Server:
    """A database server at the end."""

    role: Role
    timeline: int | None


@dataclass(frozen=True)
class Counted:
    """Derived rows of the drill's epoch that a stale primary alone had, of one table."""

    rows: int
    first: int
    last: int


@dataclass(frozen=True)
class SetAside:
    """One report of a stale primary's rows."""

    timeline: int
    keys: frozenset[str]
    """Of the drill's own rows."""
    counted: dict[str, Counted]
    """By table."""


@dataclass(frozen=True)
class GivenUp:
    """What the log that took over says of the one before it."""

    kept: int
    """The last sequence that a copy still has."""
    lost: tuple[int, int] | None
    """First and last sequence of what no copy has; last 0: how far was acknowledged is not known."""

    def accounts_for(self, sequence: int) -> bool:
        """Whether it is said to be gone."""
        return self.lost is not None and self.lost[0] <= sequence <= (self.lost[1] or sequence)


@dataclass(frozen=True)
class Forced:
    """What the database says of a failover that a person forced during the drill."""

    region: str
    messages_lost: int | None
    lost: frozenset[int]
    """Sequences of the drill's log among them."""
    decisions_lost: int | None
    watermark_before: int | None
    mirror_before: int | None
    """Last sequence of the region's mirror."""


@dataclass(frozen=True)
class Evidence:
    """Everything that was read back of one log; of those before it in `earlier`."""

    upto: int
    """Last acknowledged sequence: what lies past it is not judged. Of a log that was given up, as far as it is kept."""
    log: dict[int, Message]
    """The truck's; of one that was given up, the longest mirror: the truck's is what broke."""
    mirrors: dict[str, dict[int, Message]]
    written: Written
    servers: dict[str, Server]
    set_aside: dict[str, list[SetAside]] = field(default_factory=dict)
    """By region: the reports that it wrote during the drill."""
    copied: frozenset[str] = frozenset()
    """Regions whose database was copied anew during the drill."""
    forced: tuple[Forced, ...] = ()
    missing: list[str] = field(default_factory=list)
    """What could not be read, with the reason: what depends on it is not held to be true."""
    epoch: int = 0
    given_up: GivenUp | None = None
    earlier: tuple["Evidence", ...] = ()
    """Of the logs that this one took over from, oldest first."""

    def at(self, sequence: int) -> list[Message]:
        """What the log has there; of one that was given up, what each mirror has: a number may have been used again."""
        copies = [self.log] if self.given_up is None else [self.log, *self.mirrors.values()]
        return [copy[sequence] for copy in copies if sequence in copy]

    @property
    def every(self) -> tuple["Evidence", ...]:
        """Of each log, oldest first."""
        return (*self.earlier, self)
