"""The race as a function of the log: the same prefix gives the same bytes, on any CPU, however it was cut.

Nothing here asks a clock, draws a random number, sums floats or walks through a set: what a site
shows is what every other site shows.
"""

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from ardoise.race.checkpoint import CheckpointError, pack, under, unpack
from ardoise.race.chronicle import Chronicle
from ardoise.race.clocks import AHEAD_MS, MOST_AHEAD_MS, ahead_ms, hear
from ardoise.race.decisions import Decisions
from ardoise.race.groups import Groups
from ardoise.race.late import fill_in
from ardoise.race.passages import Passage, Passages, ninety_percent, of_both
from ardoise.race.picture import Picture
from ardoise.race.register import FixRegister, occurrences
from ardoise.race.riders import Riders
from ardoise.race.road import build_road
from ardoise.race.snapshot import Snapshot
from ardoise.race.stage import (
    NOWHERE,
    Action,
    Decision,
    EventKind,
    Fixes,
    Judgement,
    Oddity,
    OddityKind,
    RaceEvent,
    Stage,
    Trouble,
    Verdict,
)
from ardoise.race.trackers import Trackers
from ardoise.race.tracking import Tracking

ENGINE_VERSION = "8"
"""Raise it with every change that can change a number: snapshots are named by it."""

TICK_MS = 250
"""A fix waits for the next tick before anybody sees it: at one tick a second that alone would be half a second."""
CLOCK_BEHIND_MS = 24 * 3_600_000
"""Nothing is stored for longer than a stage."""
MOST_LIVE_FIXES = 8
"""Of one rider in one frame; when a relay brings a whole hole at once, the older ones fill it in."""
TWO_PLACES_M = 100.0
LATE_MS = 30_000
"""A fix that is older has been stored or held up."""


class RaceEngine:
    """One epoch's race. Records are applied in log order: `advance` first, then what the record holds."""

    def __init__(self, stage: Stage, epoch: int) -> None:
        self.stage, self.epoch = stage, epoch
        self.road = build_road(stage.route)
        self._bib = np.array(stage.bibs, np.int64)
        self._chronicle = Chronicle()
        self._trackers = Trackers(stage)
        self._decisions = Decisions()
        self._register: FixRegister | None = None
        """Begun by the first frame: a stage may be loaded days before."""

    @property
    def sequence(self) -> int:
        """The last record applied."""
        return self._chronicle.sequence

    @property
    def log_time_ms(self) -> int:
        """Log time, ms since 1970; 0: none yet."""
        return self._chronicle.log_time_ms

    def advance(self, sequence: int, log_time_ms: int) -> Snapshot | None:
        """Must be called for every record before its content is applied. Closes the last tick
        that the record's log time is past, if that is a new one; the snapshot is named by the record before.

        Log time 0: none yet. The clock of a recording begins with its first frame.
        """
        snapshot = None
        if self.log_time_ms:
            self._chronicle.log_time_ms = max(self.log_time_ms, log_time_ms)
            tick_ms = (self.log_time_ms - 1) // TICK_MS * TICK_MS
            if tick_ms > self._picture.tick_ms:
                snapshot = self._close(tick_ms)
        elif log_time_ms > 0:
            self._begin(log_time_ms)
        self._chronicle.begin(sequence)
        return snapshot

    def frame(self, relay_id: str, fixes: Fixes) -> Judgement:
        """Applies the telemetry of the record that `advance` was told of, which has a log time."""
        count = len(fixes)
        verdict = np.zeros(count, np.uint8)
        distance_cm = np.full(count, NOWHERE, np.int64)
        tracker = self._trackers.rows(fixes.tracker)
        if self._register is None:
            self._register = FixRegister(self.log_time_ms // 1000)
        rider = self._trackers.riders(tracker, fixes.time_ms)
        offset_ms = fixes.time_ms - self.log_time_ms
        ahead = offset_ms > MOST_AHEAD_MS
        wrong = ahead | (offset_ms < -CLOCK_BEHIND_MS)
        # What is still to come was not heard: it comes then, once the clock is right.
        counted = (tracker >= 0) & ~ahead
        new = np.ones(count, bool)
        new[counted] = self._register.add(tracker[counted], np.maximum(fixes.time_ms[counted], 0))
        verdict[rider < 0] = Verdict.UNASSIGNED
        verdict[wrong] = Verdict.CLOCK_WRONG
        verdict[~new] = Verdict.DUPLICATE
        for i in np.flatnonzero(new & wrong).tolist():
            self._odd(OddityKind.CLOCK, relay_id, fixes, i, rider, clock_offset_ms=int(offset_ms[i]))
        self._two_places(relay_id, fixes, rider, np.flatnonzero(~new & (rider >= 0)))
        finished_before = self._riders.finish_ms.copy()
        late = []
        for turn in self._turns(rider, fixes.time_ms, np.flatnonzero(verdict == 0), late):
            row, time_ms = rider[turn], fixes.time_ms[turn]
            out = self._out[row]
            # Of riders on the road only what was used counts: a jump into the future must not make the rest late.
            newest_ms = np.where(self._riders.on_road, self._riders.fix_ms, self._riders.heard_ms)
            behind = time_ms <= newest_ms[row]
            late.extend(turn[behind].tolist())
            verdict[turn[out & ~behind]] = Verdict.OUT_OF_RACE
            turn = turn[~out & ~behind]
            if len(turn):
                verdict[turn], distance_cm[turn] = self._follow(relay_id, fixes, rider, turn)
        verdict[late] = Verdict.LATE
        self._doubt(rider, verdict, offset_ms)
        self._fill_in(fixes, rider, np.array(late, np.int64), distance_cm)
        self._finishes(finished_before)
        bib = np.where(rider >= 0, self._bib[rider], 0)
        return Judgement(verdict, bib.astype(np.int32), distance_cm.astype(np.int32))

    def decide(self, decision: Decision) -> None:
        """Applies race control's decision of the record that `advance` was told of."""
        self._decisions.take(decision)
        if decision.action in (Action.ASSIGN, Action.UNDO):
            self._trackers.assign(self._decisions.holding)
        if self.log_time_ms:
            self._refresh(self.log_time_ms)

    def passages_at(self, distance_cm: int) -> list[Passage]:
        """The riders in the race that passed a point, first to last."""
        rows, passed_ms = self._passed(distance_cm)
        if not len(rows):
            return []
        if distance_cm != self.road.finish_cm:
            counted = self._passages.counted[rows]
            rows, passed_ms = rows[counted], passed_ms[counted]
        doubt_ms = self._passages.doubt_at(distance_cm, rows)
        clock_ms = ahead_ms(self._riders)[rows]
        within_ms = ninety_percent(of_both(doubt_ms, doubt_ms[:1])) + np.abs(clock_ms - clock_ms[:1])
        columns = (self._bib[rows], passed_ms, passed_ms - passed_ms[:1], within_ms)
        return [Passage(*one) for one in zip(*(column.tolist() for column in columns), strict=True)]

    def track(self, bib: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Points of the road (cm) that a rider passed and when (ms since 1970). KeyError: no such rider."""
        if bib not in self.stage.bibs:
            raise KeyError(bib)
        if not self.log_time_ms:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return self._passages.track(self.stage.bibs.index(bib))

    def passed(self, distance_cm: int) -> list[tuple[int, int]]:
        """(bib, ms since 1970) of all that passed a point in this race, first to last; who has left it since too."""
        rows, passed_ms = self._passed(distance_cm)
        return list(zip(self._bib[rows].tolist(), passed_ms.tolist(), strict=True))

    def kilometre_zero_ms(self) -> int | None:
        """When the race passed kilometre 0, ms since 1970; None: not yet."""
        if not self.log_time_ms or self._picture.kilometre_zero_ms is None:
            return None
        passed = self.passed(0)
        return passed[0][1] if passed else self._picture.kilometre_zero_ms

    def incidents(self) -> list[Decision]:
        """The incidents of the stage's riders that race control has recorded so far."""
        return [d for d in self._decisions.incidents(self.log_time_ms) if d.bib in self.stage.bibs]

    def take_events(self) -> list[RaceEvent]:
        """What happened since the last call."""
        return self._chronicle.take_events()

    def take_oddities(self) -> list[Oddity]:
        """What was odd since the last call."""
        return self._chronicle.take_oddities()

    def checkpoint(self) -> bytes:
        """Everything but events and oddities not taken yet. Only once there is a log time."""
        meta = {
            "version": ENGINE_VERSION,
            "stage": self.stage.route.content_hash,
            "epoch": self.epoch,
            "chronicle": self._chronicle.meta(),
            "refreshed_ms": self._refreshed_ms,
            "base_ms": self._passages.base_ms,
            "started_ms": self._tracking.started_ms,
            "trackers": self._trackers.numbers,
            "decisions": [asdict(decision) for decision in self._decisions.taken],
            "picture": self._picture.meta(),
            "next_group_id": self._groups.next_id,
            "peloton_id": self._groups.peloton_id,
        }
        arrays = {f"riders.{name}": array for name, array in self._riders.arrays().items()}
        if self._register is not None:
            arrays |= {f"register.{name}": array for name, array in self._register.state().items()}
        arrays |= {f"picture.{name}": array for name, array in self._picture.arrays().items()}
        arrays |= {f"passages.{name}": array for name, array in self._passages.arrays().items()}
        arrays["groups.of_rider"] = self._groups.of_rider
        return pack(meta, arrays)

    @classmethod
    def restore(cls, stage: Stage, content: bytes) -> "RaceEngine":
        """Run on, it gives the same bytes as the one that was saved. Raises CheckpointError."""
        meta, arrays = unpack(content)
        if meta["version"] != ENGINE_VERSION or meta["stage"] != stage.route.content_hash:
            raise CheckpointError(f"of engine {meta['version']!r}, or of another stage")
        engine = cls(stage, meta["epoch"])
        engine._begin(meta["base_ms"] + CLOCK_BEHIND_MS)
        engine._chronicle.restore(meta["chronicle"])
        engine._trackers.restore(meta["trackers"])
        for taken in meta["decisions"]:
            engine._decisions.take(Decision(**(taken | {"action": Action(taken["action"])})))
        engine._trackers.assign(engine._decisions.holding)
        engine._riders.restore(under("riders.", arrays))
        if register := under("register.", arrays):
            engine._register = FixRegister.restored(register)
        engine._picture.restore(meta["picture"], under("picture.", arrays))
        engine._passages.restore(under("passages.", arrays))
        engine._groups.of_rider[:] = arrays["groups.of_rider"]
        engine._groups.next_id, engine._groups.peloton_id = meta["next_group_id"], meta["peloton_id"]
        engine._tracking.started_ms = meta["started_ms"]
        engine._refresh(meta["refreshed_ms"])
        return engine

    def _begin(self, log_time_ms: int) -> None:
        """The first record says which time it is: tables count from there."""
        self._chronicle.log_time_ms = log_time_ms
        riders = len(self.stage.bibs)
        self._passages = Passages(riders, self.road.start_cm, self.road.end_cm, log_time_ms - CLOCK_BEHIND_MS)
        self._riders = Riders.none_yet(riders)
        self._tracking = Tracking(self.road, self._riders, self._passages)
        self._groups = Groups(riders)
        self._picture = Picture(
            self.stage, self.road, self._riders, self._passages, self._groups, self._decisions
        )
        self._picture.tick_ms = (log_time_ms - 1) // TICK_MS * TICK_MS
        self._refresh(log_time_ms)

    def _refresh(self, time_ms: int) -> None:
        """Derives from the decisions what holds at this instant."""
        self._refreshed_ms = time_ms
        started_ms = self._decisions.start_ms(time_ms)
        if started_ms != self._tracking.started_ms:
            self._tracking.started_ms = started_ms
            self._picture.kilometre_zero_ms = None
            if started_ms is not None:
                self._passages.forget_before(started_ms)
        abandoned = self._decisions.abandoned(time_ms)
        self._abandoned = np.array([bib in abandoned for bib in self.stage.bibs], bool)
        self._out = self._abandoned | (self._results() > 0)

    def _results(self) -> NDArray[np.int64]:
        """Instants at the line: as measured, unless race control corrected them."""
        finish_ms = self._riders.finish_ms.copy()
        for bib, corrected_ms in self._decisions.corrections.items():
            finish_ms[self._bib == bib] = corrected_ms or 0
        return finish_ms

    def _passed(self, distance_cm: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of who passed a point, and when (ms since 1970), first to last; at the line as results say."""
        if not self.log_time_ms:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        if distance_cm != self.road.finish_cm:
            return self._passages.at(distance_cm)
        finish_ms = self._results()
        rows = np.flatnonzero(finish_ms > 0)
        rows = rows[np.lexsort((rows, finish_ms[rows]))]
        return rows, finish_ms[rows]

    def _turns(
        self, rider: NDArray[np.int64], time_ms: NDArray[np.int64], index: NDArray[np.int64], late: list[int]
    ) -> list[NDArray[np.int64]]:
        """Indices of fixes in turns, one of a rider in each, in the order of device time."""
        index = index[np.lexsort((index, time_ms[index], rider[index]))]
        turns = occurrences(rider[index], np.ones(len(index), bool))
        if len(turns) <= MOST_LIVE_FIXES:
            return [index[turn] for turn in turns]
        # Counted from each rider's last fix: the older ones of a whole hole are late.
        backward = index[::-1]
        turns = [backward[turn] for turn in occurrences(rider[backward], np.ones(len(index), bool))]
        for turn in turns[MOST_LIVE_FIXES:]:
            late.extend(turn.tolist())
        return turns[:MOST_LIVE_FIXES][::-1]

    def _follow(
        self, relay_id: str, fixes: Fixes, rider: NDArray[np.int64], turn: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        verdict, distance_cm, jump_m = self._tracking.follow(
            rider[turn],
            fixes.time_ms[turn],
            fixes.latitude_e7[turn],
            fixes.longitude_e7[turn],
            fixes.speed_mmps[turn],
        )
        for i in np.flatnonzero(verdict == Verdict.FROZEN).tolist():
            self._odd(OddityKind.FROZEN, relay_id, fixes, int(turn[i]), rider)
        for i in np.flatnonzero(jump_m).tolist():
            self._odd(OddityKind.JUMP, relay_id, fixes, int(turn[i]), rider, distance_m=int(jump_m[i]))
        return verdict, distance_cm

    def _fill_in(
        self, fixes: Fixes, rider: NDArray[np.int64], late: NDArray[np.int64], distance_cm: NDArray[np.int64]
    ) -> None:
        riders, started_ms = self._riders, self._tracking.started_ms
        if started_ms is None or not len(late):
            return
        time_ms, row = fixes.time_ms[late], rider[late]
        placeable = (time_ms >= started_ms) & (time_ms < riders.fix_ms[row]) & riders.on_road[row]
        late = late[placeable]
        late = late[np.lexsort((late, fixes.time_ms[late], rider[late]))]
        for row in np.unique(rider[late]).tolist():
            own = late[rider[late] == row]
            distance_cm[own] = fill_in(
                self.road,
                self._passages,
                row,
                (int(riders.fix_cm[row]), int(riders.fix_ms[row])),
                fixes.time_ms[own],
                fixes.latitude_e7[own],
                fixes.longitude_e7[own],
            )

    def _doubt(
        self, rider: NDArray[np.int64], verdict: NDArray[np.uint8], offset_ms: NDArray[np.int64]
    ) -> None:
        """Says of riders what is wrong with their new fixes; a clock that is wrong makes all else doubtful."""
        new = (rider >= 0) & (verdict != Verdict.DUPLICATE)
        believed = new & (verdict != Verdict.CLOCK_WRONG)
        hear(self._riders, rider[believed], offset_ms[believed])
        self._trouble(rider[new & (offset_ms < -LATE_MS)], Trouble.LATE)
        self._trouble(rider[verdict == Verdict.JUMP], Trouble.JUMP)
        self._trouble(rider[verdict == Verdict.FROZEN], Trouble.FROZEN)
        self._trouble(rider[new & ((offset_ms > AHEAD_MS) | (offset_ms < -CLOCK_BEHIND_MS))], Trouble.CLOCK)

    def _trouble(self, row: NDArray[np.int64], trouble: Trouble) -> None:
        self._riders.trouble[row], self._riders.trouble_ms[row] = trouble, self.log_time_ms

    def _two_places(
        self, relay_id: str, fixes: Fixes, rider: NDArray[np.int64], index: NDArray[np.int64]
    ) -> None:
        """The same tracker and second again, but elsewhere: one of the two is an impostor."""
        index = index[self._riders.fix_ms[rider[index]] == fixes.time_ms[index]]
        row = rider[index]
        x_m, y_m = self.road.plane(fixes.latitude_e7[index], fixes.longitude_e7[index])
        there_x_m, there_y_m = self.road.plane(self._riders.latitude_e7[row], self._riders.longitude_e7[row])
        dx, dy = x_m - there_x_m, y_m - there_y_m
        apart_m = np.sqrt(dx * dx + dy * dy)
        self._trouble(row[apart_m > TWO_PLACES_M], Trouble.TWO_PLACES)
        for i in np.flatnonzero(apart_m > TWO_PLACES_M).tolist():
            self._odd(
                OddityKind.TWO_PLACES, relay_id, fixes, int(index[i]), rider, distance_m=int(apart_m[i])
            )

    def _odd(
        self, kind: OddityKind, relay_id: str, fixes: Fixes, index: int, rider: NDArray[np.int64], **what: int
    ) -> None:
        bib = int(self._bib[rider[index]]) if rider[index] >= 0 else 0
        self._chronicle.oddity(kind, relay_id, int(fixes.tracker[index]), bib, **what)

    def _finishes(self, before_ms: NDArray[np.int64]) -> None:
        """Tells of riders who crossed the line since `before_ms`."""
        new = np.flatnonzero((before_ms == 0) & (self._riders.finish_ms > 0))
        for row in new[np.lexsort((new, self._riders.finish_ms[new]))].tolist():
            line_ms, bib = int(self._riders.finish_ms[row]), int(self._bib[row])
            self._chronicle.event(EventKind.FINISH, line_ms, bibs=(bib,), distance_cm=self.road.finish_cm)
        if len(new):
            self._out = self._abandoned | (self._results() > 0)

    def _close(self, tick_ms: int) -> Snapshot:
        self._refresh(tick_ms)
        finished_before = self._riders.finish_ms.copy()
        if self._tracking.started_ms is not None:
            self._tracking.line.finish_silent(tick_ms, self._out)
        self._finishes(finished_before)
        snapshot, happened = self._picture.close(
            self.epoch, self.sequence, tick_ms, self._tracking.started_ms, self._results(), self._abandoned
        )
        for event in happened:
            self._chronicle.event(time_ms=tick_ms, **event)
        return snapshot
