"""What the operators of both regions share: the accepted wish, the running operation, what came of those before. Pure.

It stands in the stretched etcd, so that the loss of a region with its operator leaves the other able to go on.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

MOST_HISTORY = 20
FAILBACK = "failback-"
"""What the id of an operation that nobody wished for begins with, and no wish's does."""
DRILL = "drill-"
"""What the id of a drill's request begins with: it moves the primary, and nobody's wish."""


class InEtcd:
    """A dataclass of plain values, as it stands there."""

    def to_json(self) -> str:
        """All of it."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises ValueError where it is none."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise ValueError(f"no {cls.__name__}: {text!r}") from error


@dataclass(frozen=True)
class Wish(InEtcd):
    """Somebody wants a region to be primary."""

    request_id: str
    """Chosen by who wishes: accepted once, ever."""
    primary: str
    accepted_loss: str = ""
    """Empty: planned, nothing may be lost. Else forced, and "Unknown" (anything) or a number of messages at most."""


class Kind(StrEnum):
    """What is done, or was seen to be done."""

    SWITCHOVER = "Switchover"
    """A wish, carried out as planned."""
    FAILBACK = "Failback"
    """The region that was wished for came back, and is made primary again."""
    FORCED_FAILOVER = "ForcedFailover"
    """A wish that accepts a loss."""
    FAILOVER = "Failover"
    """Patroni's own, or by other hands: it was seen, and nobody here began it."""


PLANNED = (Kind.SWITCHOVER, Kind.FAILBACK)


class Step(StrEnum):
    """What an operation does or waits for."""

    SWITCHING = "Switching"
    """`sites` moves the primary, as planned."""
    FORCING = "Forcing"
    """`sites` of the target makes its region primary."""
    REJOINING = "Rejoining"
    """The target is primary; the other region has to follow it with every decision."""


class Outcome(StrEnum):
    """What came of an operation."""

    MOVED = "Moved"
    """The target is primary."""
    STAYED = "Stayed"
    """The old primary is, still or again."""
    REFUSED = "Refused"
    """Nothing was begun."""


@dataclass(frozen=True)
class Done:
    """A step that is over."""

    step: Step
    finished_ms: int
    """Milliseconds since 1970, by the clock of the operator that saw it."""
    message: str = ""


@dataclass(frozen=True)
class Before:
    """The target as it was when the old primary was last seen to lead: what a change costs is counted from there."""

    watermarks: tuple[tuple[int, int], ...]
    """(epoch, sequence)."""
    logs: tuple[tuple[int, int, int], ...]
    """(epoch, first, last) that its mirrors held."""


@dataclass(frozen=True)
class Operation:
    """What is being done now."""

    id: str
    """Of a wish its request_id. Each side effect carries it."""
    kind: Kind
    source: str
    """The region that was primary; empty: none was seen."""
    target: str
    step: Step
    started_ms: int
    """Milliseconds since 1970."""
    timeline: int
    """Of the primary when it began; 0: none was seen."""
    accepted_loss: str = ""
    steps: tuple[Done, ...] = ()
    """Oldest first."""
    interrupted_ms: int | None = None
    """From the last write of the race to the old primary to the first to the new one; None: not known yet."""
    before: Before | None = None
    """None: nobody looked, or it has not moved yet."""


@dataclass(frozen=True)
class Loss:
    """What a change of the primary cost. None: nobody can tell yet."""

    messages: int | None = None
    """Of the log, that no site holds any more and the database has not."""
    intervals: tuple[tuple[int, int, int], ...] = ()
    """(epoch, first, last) of them."""
    replayed: int | None = None
    """Messages that the new primary's database had not, and that were derived again."""
    decisions: int | None = None
    """Rows that people wrote and only the old primary has."""


@dataclass(frozen=True)
class Ended:
    """A change of the primary that is over, or that came to nothing."""

    id: str
    kind: Kind
    source: str
    target: str
    outcome: Outcome
    reason: str
    started_ms: int
    finished_ms: int
    timeline: int
    """That it led to; 0: to none."""
    accepted_loss: str = ""
    interrupted_ms: int | None = None
    loss: Loss = Loss()
    before: Before | None = None
    """As long as the loss is not known."""
    timeline_before: int = 0
    """Of the old primary; 0: not known."""


@dataclass(frozen=True)
class Record:
    """All of it but the wish."""

    primary: str = ""
    """The newest region that was seen to be primary; empty: none ever was."""
    timeline: int = 0
    """Of its database then."""
    changed_ms: int = 0
    """When it was first seen there; 0: it was primary when anybody looked first."""
    settled: str = ""
    """The newest wish that needs nothing more: it was carried out, came to nothing, or was so already."""
    operation: Operation | None = None
    history: tuple[Ended, ...] = ()
    """Newest first, MOST_HISTORY at most."""

    def to_json(self) -> str:
        """As it stands in etcd."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Raises ValueError where it is none."""
        try:
            said = json.loads(text)
            operation = said.pop("operation")
            history = tuple(_ended(one) for one in said.pop("history"))
            return cls(**said, operation=_operation(operation) if operation else None, history=history)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"no record of operations: {text!r}") from error


def _operation(said: dict[str, Any]) -> Operation:
    steps = tuple(Done(**{**one, "step": Step(one["step"])}) for one in said.pop("steps"))
    told = {**said, "kind": Kind(said["kind"]), "step": Step(said["step"]), "before": _before(said["before"])}
    return Operation(**told, steps=steps)


def _ended(said: dict[str, Any]) -> Ended:
    loss = said.pop("loss")
    intervals = _tuples(loss.pop("intervals"))
    told = {**said, "kind": Kind(said["kind"]), "outcome": Outcome(said["outcome"])}
    return Ended(**{**told, "before": _before(said["before"])}, loss=Loss(**loss, intervals=intervals))


def _before(said: dict[str, Any] | None) -> Before | None:
    if said is None:
        return None
    return Before(_tuples(said["watermarks"]), _tuples(said["logs"]))


def _tuples(said: list[list[int]]) -> tuple[Any, ...]:
    return tuple(tuple(one) for one in said)
