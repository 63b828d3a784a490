"""Counts what falls into a stretch of time, exactly, and remembers no more than it takes to decide."""

from collections import OrderedDict
from typing import NamedTuple

from ardoise.security.domain.alert import Evidence, Origin


class Entry(NamedTuple):
    """Occurrences under one key: how many, and the newest of them with its origin."""

    count: int
    evidence: Evidence
    origin: Origin


class Window:
    """The newest occurrences about one subject, at most `threshold` entries.

    Keeping only the newest is exact: once the limit is reached the answer is yes, and what an entry left out
    would have added is older than everything kept.
    """

    __slots__ = ("entries", "total")

    def __init__(self, entries: list[tuple[int, Entry]] | None = None) -> None:
        self.entries: OrderedDict[int, Entry] = OrderedDict(entries or ())
        self.total = sum(entry.count for entry in self.entries.values())

    def add(self, key: int | None, entry: Entry, window_ms: int, threshold: int) -> bool:
        """Whether `threshold` is reached: by different keys, or, where key is None, by occurrences."""
        self._forget_until(entry.evidence.time_ms - window_ms)
        distinct = key is not None
        if key is None:
            key = next(reversed(self.entries), -1) + 1
        before = self.entries.pop(key, None)
        self.total += entry.count
        self.entries[key] = entry._replace(count=entry.count + before.count) if before else entry
        if len(self.entries) > threshold:
            self._forget_oldest()
        return (len(self.entries) if distinct else self.total) >= threshold

    def clear(self) -> None:
        """Starts over."""
        self.entries.clear()
        self.total = 0

    def _forget_until(self, time_ms: int) -> None:
        while self.entries and next(iter(self.entries.values())).evidence.time_ms <= time_ms:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, entry = self.entries.popitem(last=False)
        self.total -= entry.count
