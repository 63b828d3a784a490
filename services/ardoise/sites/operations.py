"""What the operators of both regions share about wishes and operations, as it is told to who shows it."""

from dataclasses import dataclass
from typing import NamedTuple

from ardoise.pb.sites_pb2 import Truth


class Verdict(NamedTuple):
    """A condition: whether it is so, why in one word, and for people."""

    status: Truth
    reason: str
    message: str


@dataclass(frozen=True)
class Wish:
    """Somebody wants a region to be primary."""

    request_id: str
    primary: str
    accepted_loss: str | None = None
    """None: planned, nothing may be lost. Else "Unknown" (anything) or a number of messages at most."""


class Done(NamedTuple):
    """A step that is over."""

    step: str
    finished_ms: int
    message: str = ""


@dataclass(frozen=True)
class Operation:
    """What is being done now."""

    id: str
    kind: str
    source: str
    """The region that was primary; empty: none was seen."""
    target: str
    step: str
    started_ms: int
    steps: tuple[Done, ...] = ()
    """Oldest first."""


@dataclass(frozen=True)
class Ended:
    """An operation that is over, or a wish that was refused. None: nobody can tell yet."""

    id: str
    kind: str
    source: str
    target: str
    outcome: str
    reason: str
    started_ms: int
    finished_ms: int | None = None
    interrupted_ms: int | None = None
    accepted_loss: str | None = None
    lost_messages: int | None = None
    lost: tuple[tuple[int, int, int], ...] = ()
    """(epoch, first, last) of what no site holds any more."""
    replayed_messages: int | None = None
    lost_decisions: int | None = None


@dataclass(frozen=True)
class Told:
    """What is known of wishes and operations."""

    wish: Wish | None
    """The accepted one."""
    operation: Operation | None
    history: tuple[Ended, ...]
    """Newest first."""
    ready: Verdict
    """Whether what is wanted is what is."""
    diverged: Verdict
    """Whether the object says something else than what was accepted."""
    acting: bool | None
    """Whether this operator holds the lease. None: etcd has no majority, and nobody acts."""
