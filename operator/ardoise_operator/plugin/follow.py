"""What becomes of a wish, told line by line as it happens. Pure.

A wish that is not carried out at once is not gone: the operator carries it out as soon as nothing stands against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ardoise_operator.plugin.loss import cost
from ardoise_operator.plugin.picture import Object, Picture
from ardoise_operator.plugin.screen import steps
from ardoise_operator.plugin.wish import Wish
from ardoise_operator.plugin.words import (
    UNKNOWN,
    clean,
    clock,
    count,
    milliseconds,
    parsed,
    perhaps,
    phrase,
    span,
)


@dataclass(frozen=True)
class End:
    """Of a wish."""

    moved: bool
    """Whether the region that was wished for is primary."""
    lines: tuple[str, ...]
    """What came of it, for people."""


@dataclass
class Following:
    """Of one wish, from the moment it was written."""

    wish: Wish
    generation: int
    """Of the object with the wish in it."""
    _told: set[tuple[str, ...]] = field(default_factory=set)
    _waiting: str = ""

    def news(self, picture: Picture) -> list[str]:
        """What has happened since the last picture."""
        return [clean(line) for line in self._news(picture)]

    def _news(self, picture: Picture) -> Iterator[str]:
        if picture.status.get("acceptedRequestId") == self.wish.request_id and self._first("accepted"):
            yield f"{clock(picture.now, picture.now)}  accepted"
        running = self._operation(picture)
        if running is not None:
            if self._first("begun"):
                at = clock(parsed(running["startedAt"]), picture.now)
                yield f"{at}  begun: {phrase(running['type'])} to {running['to']}"
            yield from self._steps(running, picture)
        waiting = self._why_waiting(picture)
        if waiting and waiting != self._waiting:
            yield f"{clock(picture.now, picture.now)}  {waiting}"
        self._waiting = waiting

    def _steps(self, running: Object, picture: Picture) -> Iterator[str]:
        for number, (at, took, step, message) in enumerate(steps(running)):
            if self._first("step", str(number)):
                said = f": {message}" if message else ""
                yield f"{clock(at, picture.now)}  {phrase(step)}, done after {took}{said}"
        if self._first("step", "now", running["step"]):
            yield f"{clock(picture.now, picture.now)}  {phrase(running['step'])} ..."

    def _why_waiting(self, picture: Picture) -> str:
        """Empty: it goes on."""
        if picture.blind:
            return f"waits: {picture.blind}"
        ready = picture.conditions.get("Ready")
        if not picture.answers_to_spec or ready is None or ready.status == "True":
            return ""
        if self._operation(picture) is not None or self.end(picture) is not None:
            return ""
        return f"waits: {ready.message or phrase(ready.reason)}"

    def _operation(self, picture: Picture) -> Object | None:
        running = picture.operation
        return running if running is not None and running["id"] == self.wish.request_id else None

    def _first(self, *what: str) -> bool:
        """Whether this is told for the first time."""
        first = what not in self._told
        self._told.add(what)
        return first

    def end(self, picture: Picture) -> End | None:
        """What came of it; None: nothing yet."""
        ended = next((one for one in picture.history if one["id"] == self.wish.request_id), None)
        if ended is not None and self._operation(picture) is None:
            return _outcome(ended)
        if picture.spec["requestId"] != self.wish.request_id:
            if picture.generation <= self.generation:
                return None
            other = f"{picture.spec['primary']} ({picture.spec['requestId']})"
            return End(False, (f"somebody else wished for {other} meanwhile: kubectl ardoise status",))
        if not picture.answers_to_spec or picture.blind:
            return None
        diverged = picture.conditions.get("SpecDiverged")
        if diverged is not None and diverged.status == "True":
            return End(False, (f"not accepted: {clean(diverged.message)}",))
        accepted = picture.status.get("acceptedRequestId") == self.wish.request_id
        there = picture.primary == self.wish.region and picture.says("Ready") == "True"
        if accepted and there and picture.operation is None:
            return End(True, (f"{self.wish.region} is primary, as wished for; nothing had to be moved",))
        return None

    def so_far(self, picture: Picture | None) -> End:
        """Where nobody waits any longer: what goes on by itself, and how it is taken back."""
        again = "it goes on by itself; follow it: kubectl ardoise status -w"
        if picture is None:
            return End(False, (f"what has become of {self.wish.request_id} is Unknown: {again}",))
        accepted = picture.status.get("acceptedRequestId") == self.wish.request_id
        moved = accepted and picture.primary == self.wish.region and picture.moving is None
        running = self._operation(picture)
        if running is not None and moved:
            return End(
                True,
                (f"{self.wish.region} is primary; {running.get('from')} does not follow it yet: {again}",),
            )
        if running is not None:
            return End(
                moved,
                (f"{phrase(running['type'])} {running['id']} is at {phrase(running['step'])}: {again}",),
            )
        primary = picture.primary if picture.primary != UNKNOWN else picture.other(self.wish.region)
        return End(
            moved,
            (
                f"the wish {self.wish.request_id} stands, and is carried out as soon as nothing stands against it",
                f"follow it: kubectl ardoise status -w; take it back: kubectl ardoise switchover {primary}",
            ),
        )


def _outcome(ended: Object) -> End:
    moved = ended["outcome"] == "Moved"
    took = _took(ended)
    if not moved:
        reason = ended.get("reason") or "no reason is given"
        said = {"Stayed": f"{ended.get('from', UNKNOWN)} is primary still", "Refused": "nothing was begun"}
        return End(False, (clean(f"{said.get(ended['outcome'], UNKNOWN)}, after {took}: {reason}"),))
    stood = milliseconds(ended["writesInterruptedMilliseconds"])
    source = ended.get("from", UNKNOWN)
    follows = f", {source} follows" if source != UNKNOWN else ""
    lines = [
        f"{ended['to']} is primary{follows}: {took} in all, writes stood for {stood}",
        f"lost: {cost(ended)}; derived again: {count(ended.get('replayedMessages'), 'message')}",
    ]
    if UNKNOWN in (ended["lostMessages"], ended["lostDecisions"]):
        lines.append(
            "what is Unknown is written down as soon as those answer who can tell: kubectl ardoise status"
        )
    for lost in ended.get("lost", ()):
        lines.append(f"  of log {lost['epoch']}: {lost['firstSequence']} to {lost['lastSequence']}")
    return End(True, tuple(lines))


def _took(ended: Object) -> str:
    finished = perhaps(ended.get("finishedAt"))
    return span((finished - parsed(ended["startedAt"])).total_seconds()) if finished else UNKNOWN
