"""What the engine has to tell besides snapshots: events and oddities, each with a name that every site gives it."""

from typing import Any

from ardoise.race.stage import EventKind, Oddity, OddityKind, RaceEvent

ODDITY_EVERY_MS = 10_000
"""One oddity of a kind and tracker in so much log time: a wrong clock is wrong in every fix."""
_MOST_M = 2**32 - 1


class Chronicle:
    """Collects events and oddities until they are taken; names are (sequence, ordinal)."""

    def __init__(self) -> None:
        self.sequence = 0
        """The last record applied."""
        self.log_time_ms = 0
        self._ordinal = 0
        self._told_ms: dict[str, int] = {}
        self._events: list[RaceEvent] = []
        self._oddities: list[Oddity] = []

    def begin(self, sequence: int) -> None:
        """What is told from here on comes of this record."""
        self.sequence, self._ordinal = sequence, 0

    def event(self, kind: EventKind, time_ms: int, **what: Any) -> None:
        """`what`: the other fields of RaceEvent."""
        self._events.append(RaceEvent(kind, self.sequence, self._next_ordinal(), time_ms, **what))

    def oddity(
        self,
        kind: OddityKind,
        relay_id: str,
        tracker: int,
        bib: int,
        *,
        distance_m: int = 0,
        clock_offset_ms: int = 0,
    ) -> None:
        """Unless the same was told a moment ago."""
        key = f"{int(kind)} {tracker}"
        if self.log_time_ms < self._told_ms.get(key, 0) + ODDITY_EVERY_MS:
            return
        self._told_ms[key] = self.log_time_ms
        name = (self.sequence, self._next_ordinal())
        about = (self.log_time_ms, relay_id, tracker, bib, min(distance_m, _MOST_M), clock_offset_ms)
        self._oddities.append(Oddity(kind, *name, *about))

    def take_events(self) -> list[RaceEvent]:
        """What happened since the last call."""
        taken, self._events = self._events, []
        return taken

    def take_oddities(self) -> list[Oddity]:
        """What was odd since the last call."""
        taken, self._oddities = self._oddities, []
        return taken

    def meta(self) -> dict[str, Any]:
        """For a checkpoint: everything but what has not been taken yet."""
        return {
            "sequence": self.sequence,
            "log_time_ms": self.log_time_ms,
            "ordinal": self._ordinal,
            "told_ms": self._told_ms,
        }

    def restore(self, meta: dict[str, Any]) -> None:
        self.sequence, self.log_time_ms = meta["sequence"], meta["log_time_ms"]
        self._ordinal, self._told_ms = meta["ordinal"], meta["told_ms"]

    def _next_ordinal(self) -> int:
        self._ordinal += 1
        return self._ordinal - 1
