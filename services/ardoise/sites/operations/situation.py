"""What a decision about the primary stands on. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.operations.record import Record, Wish
from ardoise.sites.switchover import COOL_DOWN_S, MOST_BEHIND, MOST_WAL_BEHIND_BYTES


class Mode(StrEnum):
    """What the operator does by itself."""

    AUTOMATIC = "Automatic"
    """Carries out wishes, and brings back the region that was wished for."""
    MANUAL = "Manual"
    """Carries out wishes."""
    OBSERVE_ONLY = "ObserveOnly"
    """Reports."""


@dataclass(frozen=True)
class Limits:
    """Over these a planned change is refused, or waits."""

    mirror_lag_messages: int = MOST_BEHIND
    wal_lag_bytes: int = MOST_WAL_BEHIND_BYTES
    cool_down_s: int = round(COOL_DOWN_S)
    failback_stabilisation_s: int = 300


class Refusal(StrEnum):
    """How an effect was answered that came to nothing."""

    NOT_BEGUN = "not begun"
    """Nothing was done."""
    CAME_TO_NOTHING = "came to nothing"
    """It was begun, and the old primary goes on."""


@dataclass(frozen=True)
class Answer:
    """What came back of an operation's side effect."""

    id: str
    """The operation's."""
    message: str
    refusal: Refusal | None = None
    """None: it was done."""
    hold_s: float = 0.0
    """For how long it need not be asked again."""


class Verdict(NamedTuple):
    """A condition: whether it is so, why in one word, and for people."""

    status: Truth
    reason: str
    message: str


@dataclass(frozen=True)
class Situation:
    """Everything that a decision stands on."""

    status: SitesStatus
    wish: Wish | None
    """The accepted one."""
    record: Record
    now_ms: int
    """Milliseconds since 1970."""
    mode: Mode = Mode.AUTOMATIC
    limits: Limits = field(default_factory=Limits)
    well_for_s: float | None = None
    """For how long everything has been well; None: it is not."""
    answer: Answer | None = None
    """To the newest side effect."""
    refused: str = ""
    """Why `sites` did not begin what it was asked for a moment ago; empty: it may be asked again."""
    led: SitesStatus | None = None
    """The newest look at which the remembered primary was seen to lead; None: this began to look after that."""
