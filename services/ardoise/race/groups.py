"""Who rides together: by time along the road, with identities that last and names as on television."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ardoise.race.passages import of_both

SPLIT_MS = 4_000
MERGE_MS = 2_000
"""Between the two a gap leaves things as they are."""
SURE, USUAL_MS = 5, 1_200
"""Where the times of two neighbours are less sure than usual, a split takes SURE sigmas of the rest more."""
PELOTON_LEAD_PERCENT = 120
"""Another group becomes the peloton when it is so much larger."""
GRUPPETTO_FROM = 12
"""Riders in the last large group behind the peloton."""


class GroupRole(IntEnum):
    """What a group is called; the numbers are those of race.proto."""

    HEAD = 1
    CHASE = 2
    PELOTON = 3
    DROPPED = 4
    GRUPPETTO = 5


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups from the front."""

    group_id: NDArray[np.int64]
    role: NDArray[np.int64]
    number: NDArray[np.int64]
    """Which of its role, from the front, from 1."""
    size: NDArray[np.int64]
    order: NDArray[np.int64]
    """Rows of the grouped riders from the front, group by group."""


@dataclass(frozen=True)
class Change:
    """Riders (rows) who left a group, or who joined it."""

    merged: bool
    group_id: int
    rows: tuple[int, ...]


class Groups:
    """Keeps the groups from tick to tick. `of_rider`: each rider's group, 0 for none."""

    def __init__(self, riders: int) -> None:
        self.of_rider = np.zeros(riders, np.int64)
        self.next_id = 1
        self.peloton_id = 0

    def update(
        self, rows: NDArray[np.int64], behind_ms: NDArray[np.int64], doubt_ms: NDArray[np.int64]
    ) -> tuple[Grouping, list[Change]]:
        """Groups these riders, given from the front with their times behind the first (ascending) and their sigma."""
        if not len(rows):
            self.of_rider[:] = 0
            empty = np.empty(0, np.int64)
            return Grouping(empty, empty, empty, empty, empty), []
        before = self.of_rider[rows]
        apart_ms = np.diff(behind_ms)
        together = (before[1:] == before[:-1]) & (before[1:] != 0)
        spread_ms = of_both(doubt_ms[1:], doubt_ms[:-1])
        split_ms = SPLIT_MS + SURE * np.maximum(spread_ms - USUAL_MS, 0)
        cut = apart_ms > np.where(together, split_ms, MERGE_MS)
        cluster = np.concatenate(([0], np.cumsum(cut)))
        size = np.bincount(cluster)
        group_id, changes = before[np.cumsum(size) - size], []
        if (before != group_id[cluster]).any() or _repeats(group_id) or not group_id.all():
            group_id = self._identities(cluster, before, len(size))
            changes = self._changes(rows, before, cluster, group_id)
        self.of_rider[:] = 0
        self.of_rider[rows] = group_id[cluster]
        role, number = self._names(group_id, size)
        return Grouping(group_id, role, number, size, rows), changes

    def _identities(
        self, cluster: NDArray[np.int64], before: NDArray[np.int64], count: int
    ) -> NDArray[np.int64]:
        """The largest overlap keeps the identity; the front and the older group win a tie."""
        known = before != 0
        pairs, shared = np.unique(before[known] * count + cluster[known], return_counts=True)
        group_id = np.zeros(count, np.int64)
        kept: set[int] = set()
        for i in np.lexsort((pairs, pairs % count, -shared)).tolist():
            old, new = divmod(int(pairs[i]), count)
            if not group_id[new] and old not in kept:
                group_id[new] = old
                kept.add(old)
        for new in np.flatnonzero(group_id == 0).tolist():
            group_id[new] = self.next_id
            self.next_id += 1
        return group_id

    def _changes(
        self,
        rows: NDArray[np.int64],
        before: NDArray[np.int64],
        cluster: NDArray[np.int64],
        group_id: NDArray[np.int64],
    ) -> list[Change]:
        now = group_id[cluster]
        moved = (before != 0) & (before != now)
        changes = []
        present = set(now.tolist())
        for old, new in sorted({(int(b), int(n)) for b, n in zip(before[moved], now[moved], strict=True)}):
            who = tuple(rows[moved & (before == old) & (now == new)].tolist())
            # Riders who left a group that is still there split it; a group that is gone was joined.
            joined_existing = bool((before[now == new] == new).any())
            if joined_existing:
                changes.append(Change(True, new, who))
            if not joined_existing and old in present:
                changes.append(Change(False, old, who))
        return changes

    def _names(self, group_id: NDArray[np.int64], size: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        largest = int(np.argmax(size))
        peloton = np.flatnonzero(group_id == self.peloton_id)
        if not len(peloton) or size[largest] * 100 > size[peloton[0]] * PELOTON_LEAD_PERCENT:
            self.peloton_id = int(group_id[largest])
        peloton = int(np.flatnonzero(group_id == self.peloton_id)[0])
        place = np.arange(len(size))
        role = np.where(place < peloton, GroupRole.CHASE, GroupRole.DROPPED).astype(np.int64)
        role[0] = GroupRole.HEAD
        role[peloton] = GroupRole.PELOTON
        large = np.flatnonzero((place > peloton) & (size >= GRUPPETTO_FROM))
        if len(large):
            role[large[-1]] = GroupRole.GRUPPETTO
        number = np.ones(len(size), np.int64)
        for kind in (GroupRole.CHASE, GroupRole.DROPPED):
            number[role == kind] = np.arange(1, int((role == kind).sum()) + 1)
        return role, number


def _repeats(numbers: NDArray[np.int64]) -> bool:
    ordered = np.sort(numbers)
    return bool((ordered[1:] == ordered[:-1]).any())
