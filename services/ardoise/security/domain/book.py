"""The alerts that this site knows of, and who has seen to them; what lists and watches are answered from."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from ardoise.security.domain.alert import Acknowledgement, Alert, Severity

# A stage with an attack on it raises tens of alerts; a thousand is weeks of them. Older ones are rows of the database.
MOST_ALERTS = 1000


@dataclass(slots=True)
class Entry:
    """An alert as it stands. `number` says when it was raised, `revision` when it last changed, in the book's order.

    `worst` is its severity as last recorded: the engine writes the alert itself.
    """

    alert: Alert
    number: int
    revision: int
    worst: Severity
    acknowledgement: Acknowledgement | None = None

    @property
    def open(self) -> bool:
        """Nobody has acknowledged it as bad as it is now: one that became worse is open again."""
        return self.acknowledgement is None or self.acknowledgement.severity < self.alert.severity


class AlertBook:
    """At most MOST_ALERTS: at the bound acknowledged ones go first, then the least severe, then the oldest."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._numbers = 0
        self.revision = 0

    def __len__(self) -> int:
        return len(self._entries)

    def record(self, alerts: Iterable[Alert]) -> None:
        """Takes up alerts that were raised or have grown."""
        for alert in alerts:
            self.revision += 1
            entry = self._entries.get(alert.alert_id)
            if entry is None:
                self._make_room()
                self._numbers += 1
                self._entries[alert.alert_id] = Entry(alert, self._numbers, self.revision, alert.severity)
            else:
                entry.alert, entry.revision, entry.worst = alert, self.revision, alert.severity

    def acknowledge(self, acknowledgement: Acknowledgement) -> Entry | None:
        """The alert with its acknowledgement; None where the book has no such alert.

        The first acknowledgement stands until the alert became worse than it was then.
        """
        entry = self._entries.get(acknowledgement.alert_id)
        if entry is not None:
            stands = entry.acknowledgement
            if stands is None or stands.severity < acknowledgement.severity:
                self.revision += 1
                entry.acknowledgement, entry.revision = acknowledgement, self.revision
        return entry

    def get(self, alert_id: str) -> Entry | None:
        """One alert."""
        return self._entries.get(alert_id)

    def page(self, size: int, before: int | None, *, open_only: bool) -> list[Entry]:
        """At most `size` alerts raised before the one with the number `before`, newest first."""
        entries = list(self._entries.values())
        if before is not None:
            entries = entries[: bisect_right(entries, before - 1, key=attrgetter("number"))]
        wanted = (entry for entry in reversed(entries) if entry.open or not open_only)
        return [entry for entry, _ in zip(wanted, range(size), strict=False)]

    def open_alerts(self) -> list[Entry]:
        """Every open alert, in the order of their last change."""
        return sorted((entry for entry in self._entries.values() if entry.open), key=attrgetter("revision"))

    def changed_since(self, revision: int) -> list[Entry]:
        """Every alert that changed after the revision, in the order of their last change: each once, as it is now."""
        changed = (entry for entry in self._entries.values() if entry.revision > revision)
        return sorted(changed, key=attrgetter("revision"))

    def alerts(self) -> list[Alert]:
        """Every alert, in the order in which they were raised."""
        return [entry.alert for entry in self._entries.values()]

    def _make_room(self) -> None:
        if len(self._entries) >= MOST_ALERTS:
            least = min(
                self._entries.values(), key=lambda entry: (entry.open, entry.alert.severity, entry.revision)
            )
            del self._entries[least.alert.alert_id]
