"""Which tracker is on whose bike, when: bikes change, and the old one rides on, on a car roof."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ardoise.race.stage import Action, Assignment, Decision, Stage

MOST_OTHERS = 4096
"""Trackers that the stage did not plan, and race control may assign; ingest lets no others pass, and a log that names
more has something else wrong."""

NOBODY = -1
_VARIES = -2
_BEGINNING, _END = -(2**62), 2**62


class Trackers:
    """Rows of trackers in the order in which the log names them, and their riders over time.

    A rider is given as a row: the index of the bib in the stage's bibs.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rider_of_bib = {bib: row for row, bib in enumerate(stage.bibs)}
        self.numbers: list[int] = []
        self._row_of_number: dict[int, int] = {}
        self.assign(())

    def assign(self, decisions: Sequence[Decision]) -> None:
        """Derives all assignments anew from the stage and the decisions that hold, in their order."""
        spans = spans_of(self._stage.assignments, decisions)
        self._spans: dict[int, list[tuple[int, int, int]]] = {}
        for span in spans:
            row = self._row(span.tracker)
            rider = self._rider_of_bib.get(span.bib, NOBODY)
            if row is None or rider == NOBODY:
                continue
            first = _BEGINNING if span.valid_from_ms is None else span.valid_from_ms
            end = _END if span.valid_until_ms is None else span.valid_until_ms
            self._spans.setdefault(row, []).append((first, end, rider))
        self._index()

    def rows(self, tracker: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Row of each tracker; NOBODY for one that would be one too many."""
        at = np.minimum(np.searchsorted(self._sorted, tracker), max(len(self._sorted) - 1, 0))
        known = self._sorted[at] == tracker if len(self._sorted) else np.zeros(len(tracker), bool)
        if not known.all():
            for number in tracker[~known].tolist():
                self._row(number)
            self._index()
            at = np.minimum(np.searchsorted(self._sorted, tracker), len(self._sorted) - 1)
            known = self._sorted[at] == tracker
        return np.where(known, self._sorted_rows[at], NOBODY)

    def riders(self, row: NDArray[np.int64], time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rider whose bike carried the tracker at that device time, NOBODY for none."""
        rider = np.where(row >= 0, self._always[row], NOBODY)
        for i in np.flatnonzero(rider == _VARIES).tolist():
            rider[i] = NOBODY
            for first, end, candidate in self._spans[int(row[i])]:
                if first <= time_ms[i] < end:
                    rider[i] = candidate
        return rider

    def restore(self, numbers: Sequence[int]) -> None:
        """Gives the trackers of a checkpoint their rows again."""
        for number in numbers:
            self._row(number)
        self._index()

    def _row(self, number: int) -> int | None:
        row = self._row_of_number.get(number)
        if row is None and len(self.numbers) < len(self._stage.assignments) + MOST_OTHERS:
            row = self._row_of_number[number] = len(self.numbers)
            self.numbers.append(number)
        return row

    def _index(self) -> None:
        numbers = np.array(self.numbers, np.uint64)
        self._sorted_rows = np.argsort(numbers, kind="stable")
        self._sorted = numbers[self._sorted_rows]
        # One element more: row NOBODY reads the last.
        self._always = np.full(len(self.numbers) + 1, NOBODY, np.int64)
        for row, spans in self._spans.items():
            always = len(spans) == 1 and spans[0][:2] == (_BEGINNING, _END)
            self._always[row] = spans[0][2] if always else _VARIES


def spans_of(planned: Sequence[Assignment], decisions: Sequence[Decision]) -> list[Assignment]:
    """Who rides with which tracker when: as planned, then by race control's decisions, in their order."""
    spans = list(planned)
    for decision in decisions:
        if decision.action is Action.ASSIGN:
            spans = _reassigned(spans, decision)
    return spans


def _reassigned(spans: list[Assignment], decision: Decision) -> list[Assignment]:
    """From the effective second on the tracker is the rider's alone, and the rider's only one."""
    at_ms, kept = decision.effective_time_ms, []
    for span in spans:
        concerned = span.tracker == decision.tracker or (decision.bib and span.bib == decision.bib)
        if not concerned or (span.valid_until_ms is not None and span.valid_until_ms <= at_ms):
            kept.append(span)
        elif span.valid_from_ms is None or span.valid_from_ms < at_ms:
            kept.append(Assignment(span.tracker, span.bib, span.valid_from_ms, at_ms))
    if decision.bib:
        kept.append(Assignment(decision.tracker, decision.bib, at_ms, None))
    return kept
