"""Closes ticks: from what is known of each rider to the picture that everyone is shown."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ardoise.race.clocks import ahead_ms
from ardoise.race.decisions import Decisions
from ardoise.race.groups import Change, Grouping, Groups
from ardoise.race.passages import AGEING_PERCENT, Passages, ninety_percent, of_both
from ardoise.race.riders import Riders
from ardoise.race.rivals import SAME_LEG_CM
from ardoise.race.road import Road
from ardoise.race.snapshot import NONE, GroupColumns, RiderColumns, Snapshot
from ardoise.race.stage import EventKind, RaceState, RiderStatus, Stage, Trouble
from ardoise.race.tracking import FASTEST_CM_PER_S, HORIZON_MS

_SHOWN = np.isin(np.array(RiderStatus), (RiderStatus.RACING, RiderStatus.NEUTRAL, RiderStatus.STOPPED))
"""By status: whether the rider's position is known now."""
STANDS_BELOW_MMPS = 500
ROLLS_ABOVE_MMPS = 1_500
SLOWEST_FOR_GAPS_MMPS = 3_000
"""A time gap is made of a distance with at least this speed, or standing riders would be hours apart."""
TROUBLE_LASTS_MS = 10_000
"""So long after it was seen last it is shown."""
OTHER_LEG_RATIO = 2
"""Places so many times further apart along the road than straight across are on different legs of it."""


class Picture:
    """What of the picture lasts from tick to tick, one element per rider where it is a column."""

    def __init__(
        self,
        stage: Stage,
        road: Road,
        riders: Riders,
        passages: Passages,
        groups: Groups,
        decisions: Decisions,
    ) -> None:
        self.stage, self.road, self.riders = stage, road, riders
        self.passages, self.groups, self.decisions = passages, groups, decisions
        count = len(stage.bibs)
        self.bib = np.array(stage.bibs, np.int64)
        self.tick_ms = 0
        self.kilometre_zero_ms: int | None = None
        """The tick at which the first rider was past kilometre 0."""
        self.race_state = RaceState.PREPARED
        self.status = np.zeros(count, np.int64)
        self.stands = np.zeros(count, bool)
        self.gap_ms = np.full(count, NONE, np.int64)
        self.gap_within_ms = np.full(count, NONE, np.int64)

    def close(
        self,
        epoch: int,
        sequence: int,
        tick_ms: int,
        started_ms: int | None,
        finish_ms: NDArray[np.int64],
        abandoned: NDArray[np.bool_],
    ) -> tuple[Snapshot, list[dict[str, Any]]]:
        """The snapshot at `tick_ms`, and what the events of this tick are made of."""
        since_ms, self.tick_ms = tick_ms - self.tick_ms, tick_ms
        riders = self.riders
        self.passages.count(riders.on_road & ~abandoned & ~riders.driven)
        strays = self._move(since_ms, started_ms, finish_ms)
        events = self._update_state(started_ms, finish_ms)
        status = self._statuses(finish_ms, abandoned)
        events += self._status_changes(status)
        shown = _SHOWN[status]
        silent = (status == RiderStatus.NO_SIGNAL) & riders.on_road & ~riders.driven
        placed = shown | (status == RiderStatus.FINISHED) | silent
        place = self._places(placed if started_ms is not None else np.zeros_like(placed), finish_ms)
        doubt_ms = self._doubts()
        leads = self.passages.leads(riders.fix_cm, riders.fix_ms, tick_ms)
        behind_ms, sigma_ms = self.passages.gap_ms(
            np.arange(len(self.bib)), riders.fix_cm, riders.fix_ms, doubt_ms, leads
        )
        self._update_gaps(finish_ms, placed, behind_ms, sigma_ms)
        grouped = shown if started_ms is not None else np.zeros_like(shown)
        grouping, changes = self._group(grouped, doubt_ms)
        for change in changes:
            events.append(
                {
                    "kind": EventKind.GROUP_MERGE if change.merged else EventKind.GROUP_SPLIT,
                    "bibs": tuple(self.bib[list(change.rows)].tolist()),
                    "distance_cm": int(riders.published_cm[list(change.rows)].max()),
                    "group_id": change.group_id,
                }
            )
        # Nobody is shown on a leg that is known to be wrong; place, gap and group are those of the fix, and stay.
        unsure = (shown & strays) | (riders.unsure & (shown | ~riders.on_road))
        columns = self._rider_columns(
            np.where(shown & strays, RiderStatus.OFF_ROUTE, status), place, finish_ms, unsure
        )
        snapshot = Snapshot(epoch, sequence, tick_ms, self.race_state, columns, self._group_columns(grouping))
        return snapshot, events

    def meta(self) -> dict[str, Any]:
        return {
            "tick_ms": self.tick_ms,
            "kilometre_zero_ms": self.kilometre_zero_ms,
            "race_state": int(self.race_state),
        }

    def arrays(self) -> dict[str, NDArray]:
        return {name: getattr(self, name) for name in ("status", "stands", "gap_ms", "gap_within_ms")}

    def restore(self, meta: dict[str, Any], arrays: dict[str, NDArray]) -> None:
        self.tick_ms, self.kilometre_zero_ms = meta["tick_ms"], meta["kilometre_zero_ms"]
        self.race_state = RaceState(meta["race_state"])
        for name, array in arrays.items():
            getattr(self, name)[:] = array

    def _move(self, since_ms: int, started_ms: int | None, finish_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Brings the published positions forward, back only with who has turned round, and never faster than a bike.

        Who strays: their published position was or is on another leg than they are. Unseen they go back as well.
        """
        riders, road = self.riders, self.road
        horizon_ms = min(HORIZON_MS, self.stage.signal_timeout_ms)
        age_ms = np.minimum(np.maximum(self.tick_ms - riders.fix_ms, 0), horizon_ms)
        back = riders.back
        way_cm = riders.speed_mmps * age_ms // 10_000
        back_cm = np.maximum(riders.fix_cm - way_cm, road.start_cm)
        target_cm = np.where(back, back_cm, road.with_same_effort(riders.fix_cm, way_cm))
        target_cm = np.minimum(target_cm, road.end_cm if started_ms is None else road.finish_cm)
        speed_mmps = np.where(self.tick_ms - riders.fix_ms <= HORIZON_MS, riders.speed_mmps, 0)
        least_cm = np.where(self.stands, 0, speed_mmps * since_ms * 35 // 1_000_000)
        most_cm = np.minimum(speed_mmps * 13 // 10 + 5_000, FASTEST_CM_PER_S * 10) * since_ms // 10_000
        ahead_cm = target_cm - riders.published_cm
        # Ahead of the target the rider is shown slower, not standing: nobody is frozen to be right.
        most_back_cm = -FASTEST_CM_PER_S * since_ms // 1000
        strays = self._on_another_leg(target_cm)
        least_cm = np.where(back | strays, most_back_cm, least_cm)
        most_cm = np.where(strays, -most_back_cm, most_cm)
        step_cm = np.minimum(np.maximum(ahead_cm, least_cm), most_cm)
        limit_cm = np.maximum(road.finish_cm, riders.published_cm)
        moved_cm = np.minimum(riders.published_cm + step_cm, limit_cm)
        moves = riders.on_road & (finish_ms == 0)
        # Who was without signal was shown as that, not here: back at once, not racing after themselves for minutes.
        anew = riders.placed_anew | (self.status == RiderStatus.NO_SIGNAL)
        moved_cm = np.where(anew, np.maximum(target_cm, road.start_cm), moved_cm)
        riders.published_cm[:] = np.where(moves, moved_cm, riders.published_cm)
        riders.published_cm[finish_ms > 0] = road.finish_cm
        return moves & (strays | self._on_another_leg(target_cm))

    def _on_another_leg(self, target_cm: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the published positions are near the targets across the road's legs, and far along them."""
        along_cm = np.abs(self.riders.published_cm - target_cm)
        straight_cm = self.road.straight_cm(self.riders.published_cm, target_cm)
        return (along_cm > SAME_LEG_CM) & (along_cm > OTHER_LEG_RATIO * straight_cm)

    def _update_state(self, started_ms: int | None, finish_ms: NDArray[np.int64]) -> list[dict[str, Any]]:
        riders = self.riders
        if started_ms is not None and self.kilometre_zero_ms is None:
            rolling = riders.on_road & (riders.fix_ms >= started_ms) & (finish_ms == 0)
            if (riders.fix_cm[rolling] >= 0).any():
                self.kilometre_zero_ms = self.tick_ms
        before, self.race_state = self.race_state, self.decisions.state(self.tick_ms, self.kilometre_zero_ms)
        if before == self.race_state:
            return []
        return [{"kind": EventKind.RACE_STATE, "race_state": self.race_state}]

    def _statuses(self, finish_ms: NDArray[np.int64], abandoned: NDArray[np.bool_]) -> NDArray[np.int64]:
        riders = self.riders
        self.stands = riders.speed_mmps < np.where(self.stands, ROLLS_ABOVE_MMPS, STANDS_BELOW_MMPS)
        heard_ms = np.where(riders.on_road, riders.fix_ms, riders.heard_ms)
        silent = self.tick_ms - heard_ms > self.stage.signal_timeout_ms
        waits = self.race_state in (RaceState.PREPARED, RaceState.NEUTRALISED)
        status = np.full(len(self.bib), RiderStatus.RACING, np.int64)
        status[self.stands] = RiderStatus.STOPPED
        status[(riders.published_cm < 0) | waits] = RiderStatus.NEUTRAL
        # Lost at one place and found at another: a second without a position, not a teleport.
        found_elsewhere = riders.placed_anew & _SHOWN[self.status]
        status[~riders.on_road | riders.driven | found_elsewhere] = RiderStatus.OFF_ROUTE
        status[silent] = RiderStatus.NO_SIGNAL
        status[riders.heard_ms == 0] = RiderStatus.UNKNOWN
        status[abandoned] = RiderStatus.ABANDONED
        status[finish_ms > 0] = RiderStatus.FINISHED
        riders.placed_anew[:] = False
        return status

    def _status_changes(self, status: NDArray[np.int64]) -> list[dict[str, Any]]:
        changed = (status != self.status) & (status != RiderStatus.FINISHED)
        if not changed.any():
            self.status = status
            return []
        self.status = status
        return [
            {
                "kind": EventKind.RIDER_STATUS,
                "rider_status": RiderStatus(new),
                "bibs": tuple(self.bib[changed & (status == new)].tolist()),
            }
            for new in np.unique(status[changed]).tolist()
        ]

    def _places(self, placed: NDArray[np.bool_], finish_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Finishers by time, then the others by distance."""
        place = np.zeros(len(self.bib), np.int64)
        rows = np.flatnonzero(placed)
        late = np.where(finish_ms > 0, finish_ms, 2**62)[rows]
        order = rows[np.lexsort((rows, -self.riders.published_cm[rows], late))]
        place[order] = np.arange(1, len(order) + 1)
        return place

    def _doubts(self) -> NDArray[np.int64]:
        """Standard deviation of when each rider is where, ms: of the place, and of what has changed since the fix."""
        riders = self.riders
        place_cm = riders.along(np.arange(len(self.bib))).doubt_cm(riders.across_m2)
        place_ms = place_cm * 10_000 // np.maximum(riders.speed_mmps, SLOWEST_FOR_GAPS_MMPS)
        age_ms = np.minimum(np.maximum(self.tick_ms - riders.fix_ms, 0), HORIZON_MS)
        return place_ms + age_ms * AGEING_PERCENT // 100

    def _update_gaps(
        self,
        finish_ms: NDArray[np.int64],
        placed: NDArray[np.bool_],
        behind_ms: NDArray[np.int64],
        sigma_ms: NDArray[np.int64],
    ) -> None:
        clock_ms = ahead_ms(self.riders)
        if self.race_state is RaceState.RACING:
            known = placed & (self.riders.fix_cm >= 0) & (behind_ms != NONE)
            self.gap_ms = np.where(known, behind_ms, NONE)
            # Two clocks that are as far ahead give the same gap as two that are right.
            apart_ms = np.abs(clock_ms - clock_ms[self.passages.first_at(self.riders.fix_cm)])
            self.gap_within_ms = np.where(known, ninety_percent(sigma_ms) + apart_ms, NONE)
        elif self.kilometre_zero_ms is None:
            self.gap_ms[:] = self.gap_within_ms[:] = NONE
        # Stopped or neutralised on the way: the gaps stand.
        finished = finish_ms > 0
        if finished.any():
            self.gap_ms[finished] = finish_ms[finished] - finish_ms[finished].min()
            home = np.flatnonzero(finished)
            line_ms = self.passages.doubt_at(self.road.finish_cm, home)
            winner = finish_ms[home].argmin()
            sigma_ms, apart_ms = (
                of_both(line_ms, line_ms[winner]),
                np.abs(clock_ms[home] - clock_ms[home[winner]]),
            )
            self.gap_within_ms[finished] = ninety_percent(sigma_ms) + apart_ms

    def _group(
        self,
        grouped: NDArray[np.bool_],
        doubt_ms: NDArray[np.int64],
    ) -> tuple[Grouping, list[Change]]:
        """Groups these riders by their time behind one ride."""
        riders, passages = self.riders, self.passages
        rows = np.flatnonzero(grouped)
        if len(rows):
            at_cm = riders.fix_cm[rows]
            behind_ms, unknown = passages.behind(rows, at_cm, riders.fix_ms[rows], passages.ride(at_cm))
            behind_ms = self._guessed(rows, np.where(unknown, NONE, np.maximum(behind_ms, 0)))
            order = np.lexsort((rows, -riders.published_cm[rows], behind_ms))
            rows, behind_ms = rows[order], behind_ms[order]
            return self.groups.update(rows, behind_ms, doubt_ms[rows])
        return self.groups.update(rows, rows, rows)

    def _guessed(self, rows: NDArray[np.int64], behind_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """The times behind the first; one that is not known follows from the way to the next rider with one.

        Not from the way to the front alone: once the first are home, the front of the road is minutes behind too.
        """
        from_front = np.argsort(-self.riders.published_cm[rows], kind="stable")
        at_cm, known_ms = self.riders.published_cm[rows][from_front], behind_ms[from_front]
        ahead = np.maximum.accumulate(np.where(known_ms == NONE, -1, np.arange(len(rows))))
        base_ms = np.where(ahead < 0, 0, known_ms[ahead])
        way_cm = at_cm[np.maximum(ahead, 0)] - at_cm
        speed_mmps = np.maximum(self.riders.speed_mmps[rows][from_front], SLOWEST_FOR_GAPS_MMPS)
        result = np.empty_like(behind_ms)
        result[from_front] = np.where(known_ms == NONE, base_ms + way_cm * 10_000 // speed_mmps, known_ms)
        return result

    def _rider_columns(
        self,
        status: NDArray[np.int64],
        place: NDArray[np.int64],
        finish_ms: NDArray[np.int64],
        unsure: NDArray[np.bool_],
    ) -> RiderColumns:
        riders = self.riders
        order = np.lexsort((self.bib, np.where(place > 0, place, 2**31)))
        latitude_e7, longitude_e7 = self.road.place(riders.published_cm)
        elsewhere = (~riders.on_road) & (finish_ms == 0)
        distance_cm = np.where(elsewhere, 0, riders.published_cm)
        columns = {
            "bib": self.bib,
            "status": status,
            "place": place,
            "distance_cm": distance_cm,
            "latitude_e7": np.where(elsewhere, riders.latitude_e7, latitude_e7),
            "longitude_e7": np.where(elsewhere, riders.longitude_e7, longitude_e7),
            "speed_mmps": np.where(finish_ms > 0, 0, riders.speed_mmps),
            "gradient_permille": np.where(elsewhere, 0, self.road.gradient(riders.published_cm)),
            "gap_ms": self.gap_ms,
            "gap_within_ms": self.gap_within_ms,
            "group_id": self.groups.of_rider,
            "fix_time_ms": np.where(riders.on_road, riders.fix_ms, riders.heard_ms),
            "finish_time_ms": finish_ms,
            "trouble": self._troubles(unsure),
        }
        return RiderColumns(**{name: column[order] for name, column in columns.items()})

    def _troubles(self, unsure: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What is wrong with each rider now (Trouble). `unsure`: which leg of the road it is."""
        riders = self.riders
        lately = self.tick_ms - riders.trouble_ms <= TROUBLE_LASTS_MS
        trouble = np.where(unsure, Trouble.LEG, np.where(lately, riders.trouble, Trouble.NONE))
        return np.where(riders.driven, Trouble.DRIVEN, trouble)

    def _group_columns(self, grouping: Grouping) -> GroupColumns:
        riders, rows = self.riders, grouping.order
        first = np.cumsum(grouping.size) - grouping.size
        which = np.repeat(np.arange(len(first)), grouping.size)
        distance_cm, gap_ms, speed_mmps = (np.empty(len(first), np.int64) for _ in range(3))
        if len(rows):
            distance_cm = np.maximum.reduceat(riders.published_cm[rows], first)
            # The first rider's gap; one that is not known (NONE) does not count.
            known_ms = np.where(self.gap_ms[rows] == NONE, 2**31, self.gap_ms[rows])
            gap_ms = np.minimum.reduceat(known_ms, first)
            gap_ms = np.where(gap_ms == 2**31, NONE, gap_ms)
            by_speed = rows[np.lexsort((riders.speed_mmps[rows], which))]
            speed_mmps = riders.speed_mmps[by_speed[first + (grouping.size - 1) // 2]]
        return GroupColumns(
            grouping.group_id,
            grouping.role,
            grouping.number,
            grouping.size,
            distance_cm,
            gap_ms,
            speed_mmps,
            self.bib[rows],
        )
