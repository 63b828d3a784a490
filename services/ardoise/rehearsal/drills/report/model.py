"""The report of one drill, as it is kept. Instants are seconds since it began, unless their name says otherwise."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from ardoise.rehearsal.drills.history import Followed, Kind
from ardoise.rehearsal.drills.invariants.finding import Finding


class Verdict(StrEnum):
    """How a drill ended."""

    HELD = "held"
    FAILED = "failed"
    ABORTED = "aborted"
    REFUSED = "refused"


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fixes(_Kept):
    """What became of the fixes."""

    acknowledged: int = 0
    stored: int = 0
    replayed: int = 0
    """Written down late, when a recorder made good what an outage had left."""
    lost: int = 0
    doubled: int = 0


class CaughtUp(_Kept):
    """How a region caught up over a link of a known rate. Rates in kilobits of what messages hold, a second."""

    after_s: float
    """From the link's return to the first message."""
    lasted_s: float
    mirror_kbit: float
    live_kbit: float
    link_kbit: int
    share: float
    """Of the link's rate less the live race's."""


class Figures(_Kept):
    """What the drill measured. None: nothing was there to be measured."""

    writes_interrupted_s: float | None = None
    """Longest time without an acknowledged decision."""
    picture_interrupted_s: dict[str, float | None] = Field(default_factory=dict)
    """By site: the longest time between two seconds on its screen."""
    not_looking_s: float = 0.0
    """For how long in all the drill itself did not look, because its process was not let run."""
    acknowledged_p50_ms: float | None = None
    acknowledged_p99_ms: float | None = None
    frames: int = 0
    fixes: Fixes = Fixes()
    decisions: dict[str, int] = Field(default_factory=dict)
    """By outcome."""
    replayed_times: float | None = None
    """How many seconds of the race a recorder made good in a second, at least."""
    caught_up: dict[str, CaughtUp] = Field(default_factory=dict)
    """By site."""


class EventLine(_Kept):
    """Something that the drill did."""

    at_s: float
    kind: Kind
    text: str


class Span(_Kept):
    """A server's role, or a screen's words, from one instant to another."""

    from_s: float
    to_s: float
    what: str


class Timeline(_Kept):
    """What the picture is drawn from."""

    roles: dict[str, list[Span]] = Field(default_factory=dict)
    screens: dict[str, list[Span]] = Field(default_factory=dict)
    positions: dict[str, list[tuple[float, int]]] = Field(default_factory=dict)
    """Last sequence of each site's copy of the log, second by second."""
    watermark: list[tuple[float, int]] = Field(default_factory=list)
    """As the server had it that was primary then."""
    acknowledged: list[tuple[float, int, float]] = Field(default_factory=list)
    """Second, frames acknowledged in it, the slowest of them in milliseconds."""
    decisions: list[tuple[float, str]] = Field(default_factory=list)
    """When each ended, and how."""


class Report(_Kept):
    """One drill."""

    name: str
    numbers: tuple[int, ...]
    title: str
    purpose: str
    verdict: Verdict
    reasons: list[str]
    """Why it was refused or aborted, or what did not come in time."""
    seed: int
    began: datetime
    lasted_s: float
    cast: dict[str, str]
    versions: dict[str, str]
    findings: list[Finding] = Field(default_factory=list)
    figures: Figures = Figures()
    events: list[EventLine] = Field(default_factory=list)
    followed: list[Followed] = Field(default_factory=list)
    """Commands of runbooks."""
    timeline: Timeline = Timeline()

    @property
    def file_stem(self) -> str:
        """Name of its files."""
        return f"{self.began:%Y%m%dT%H%M%SZ}-{self.name}"
