"""Which fixes the log has brought already: exact for the whole epoch, by (tracker, device time)."""

import numpy as np
from numpy.typing import NDArray

GROWTH_S = 3600
LONGEST_S = 24 * 3600
"""Seconds that the matrix may cover; device times outside it are kept one by one."""
EARLIEST_S = 600
"""The matrix begins so long before the first record: what relays had stored by then."""
MERGE_AT = 4096

_TIME_BITS = 43


class FixRegister:
    """A matrix [tracker, second] of the millisecond that came first in that second, plus one.

    Nearly every receiver reports once a second. What does not fit (a second fix in the same second,
    clocks that are years off) is a sorted list of keys.
    """

    def __init__(self, base_s: int) -> None:
        self._base_s = base_s - EARLIEST_S
        self._seconds = np.zeros((0, GROWTH_S), np.int16)
        self._others = np.empty(0, np.int64)
        self._recent: set[int] = set()

    def add(self, row: NDArray[np.int64], time_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these fixes are new; they are known from here on. Within the call, the first wins.

        `row`: small number of the tracker; `time_ms`: device time, at least 0.
        """
        new = np.zeros(len(row), bool)
        second = time_ms // 1000 - self._base_s
        inside = np.flatnonzero((second >= 0) & (second < LONGEST_S))
        fits = np.zeros(len(row), bool)
        if len(inside):
            self._grow(int(row[inside].max()) + 1, int(second[inside].max()) + 1)
            millisecond = (time_ms[inside] % 1000 + 1).astype(np.int16)
            place = row[inside], second[inside]
            _, first = np.unique(place[0] * LONGEST_S + place[1], return_index=True)
            empty = first[self._seconds[place][first] == 0]
            self._seconds[place[0][empty], place[1][empty]] = millisecond[empty]
            new[inside[empty]] = True
            fits[inside] = self._seconds[place] == millisecond
        other = np.flatnonzero(~fits)
        new[other] = self._add_others(row[other], time_ms[other])
        return new

    def state(self) -> dict[str, NDArray]:
        """Everything, as arrays, for a checkpoint."""
        self._merge()
        return {"base": np.array([self._base_s]), "seconds": self._seconds, "others": self._others}

    @classmethod
    def restored(cls, state: dict[str, NDArray]) -> "FixRegister":
        register = cls(0)
        register._base_s = int(state["base"][0])
        register._seconds, register._others = state["seconds"].copy(), state["others"].copy()
        return register

    def _grow(self, rows: int, seconds: int) -> None:
        have_rows, have_seconds = self._seconds.shape
        if rows <= have_rows and seconds <= have_seconds:
            return
        seconds = max(have_seconds, -(-seconds // GROWTH_S) * GROWTH_S)
        grown = np.zeros((max(-(-rows // 64) * 64, have_rows), seconds), np.int16)
        grown[:have_rows, :have_seconds] = self._seconds
        self._seconds = grown

    def _add_others(self, row: NDArray[np.int64], time_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The same for what the matrix has no room for; one by one, for a key may come twice."""
        key = (row << _TIME_BITS) | np.minimum(time_ms, (1 << _TIME_BITS) - 1)
        at = np.searchsorted(self._others, key)
        new = at == len(self._others)
        new[~new] = self._others[at[~new]] != key[~new]
        for i in np.flatnonzero(new).tolist():
            one = int(key[i])
            new[i] = one not in self._recent
            self._recent.add(one)
        if len(self._recent) >= MERGE_AT:
            self._merge()
        return new

    def _merge(self) -> None:
        recent = np.fromiter(self._recent, np.int64, len(self._recent))
        self._others = np.sort(np.concatenate((self._others, recent)))
        self._recent.clear()


def occurrences(key: NDArray[np.int64], among: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Splits the indices of `among` into turns within which no key comes twice, in order."""
    index = np.flatnonzero(among)
    if not len(index):
        return []
    order = np.argsort(key[index], kind="stable")
    ordered = key[index][order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    if first.all():
        return [index]
    position = np.arange(len(index))
    nth = np.empty(len(index), np.int64)
    nth[order] = position - np.maximum.accumulate(np.where(first, position, 0))
    return [index[nth == n] for n in range(int(nth.max()) + 1)]
