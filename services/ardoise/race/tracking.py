"""Follows every rider along the road, fix by fix: what is used, what is set aside, who is lost and found."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ardoise.race.matching import (
    DIRECTION_FROM_M,
    DIRECTION_UNTIL_MS,
    FASTEST_MPS,
    FIELD_SIGMA_M,
    SLACK_M,
    WIDE_CORRIDOR_M,
    place_in_windows,
    seek,
)
from ardoise.race.passages import LONGEST_HOLE_MS, Passages
from ardoise.race.road import Road
from ardoise.race.stage import NOWHERE, Verdict

LONGEST_WINDOW_MS = 60_000
"""After a longer silence the rider is looked for on the whole road."""
HORIZON_MS = 75_000
"""So long a position is brought forward without a fix: the public feed has holes of 36 s, at times of 66 s."""
FASTEST_CM_PER_S = round(FASTEST_MPS * 100)
SLACK_CM = round(SLACK_M * 100)
BACKWARD_CM_PER_S = 500
FROZEN_FROM_MMPS = 3_000
FROZEN_FOR_MS = 30_000
"""After so long the rider may stand, whatever speed the receiver reports."""
BELIEVED_AFTER = 3
"""So many fixes in a row that agree with each other outweigh the one before them."""
FOUND_AFTER = 2
OFF_AFTER_MS = 12_000
"""A rider leaves the road when fixes off it go on for so long: one reflection off a cliff does not count."""
PENDING_MS = 120_000
SUSPECT_AFTER = 2
SUSPECT_BACK_CM = 1_500
SUSPECT_ACROSS_M = 40.0
DOUBT_SIGMA_CM = 20_000
DOUBT_REACH_CM = 35_000
"""Where a rider can really be who was followed up the wrong leg: not far."""
WRONG_LEG_CM = 3_000
GLIDE_CM = 40_000
"""A correction up to here is ridden down at a speed a bike can have; a larger one shows the rider anew."""
SILENT_AT_LINE_MS = 45_000
SILENT_AT_LINE_CM = 80_000
"""A rider last heard within 800 m of the line and then no more has crossed it: the public feed drops finishers."""
NEAR_LINE_M = 500.0
NEAR_LINE_CM = 20_000

_EVERYWHERE = (-(2**40), 2**40)


@dataclass(eq=False)
class Riders:
    """State of the riders, a column each, one element per rider. Times: ms since 1970, 0 none yet."""

    on_road: NDArray[np.bool_]
    fix_cm: NDArray[np.int64]
    """Point of the road at the last used fix."""
    fix_ms: NDArray[np.int64]
    speed_mmps: NDArray[np.int64]
    ridden_mmps: NDArray[np.int64]
    """Smoothed speed from positions alone: against receivers that report nonsense."""
    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]
    anchor_ms: NDArray[np.int64]
    """The direction of travel is from the last fix that was far enough from the one before it to tell:"""
    anchor_latitude_e7: NDArray[np.int64]
    anchor_longitude_e7: NDArray[np.int64]
    heard_ms: NDArray[np.int64]
    published_cm: NDArray[np.int64]
    placed_anew: NDArray[np.bool_]
    """The next tick shows the rider at a place that nothing before led to."""
    suspect: NDArray[np.int64]
    pending: NDArray[np.int64]
    """How many fixes set aside in a row agree with each other; the last of them:"""
    pending_ms: NDArray[np.int64]
    pending_latitude_e7: NDArray[np.int64]
    pending_longitude_e7: NDArray[np.int64]
    finish_ms: NDArray[np.int64]
    """Measured at the line."""

    @classmethod
    def none_yet(cls, count: int) -> "Riders":
        columns = {f.name: np.zeros(count, np.int64) for f in fields(cls)}
        return cls(**(columns | {name: np.zeros(count, bool) for name in ("on_road", "placed_anew")}))


class Tracking:
    """The riders on the road. `started_ms` and `field_cm` are the engine's to keep up to date."""

    def __init__(self, road: Road, riders: Riders, passages: Passages) -> None:
        self.road, self.riders, self.passages = road, riders, passages
        self.started_ms: int | None = None
        self.field_cm: int | None = None
        """Where the field is: the median of the riders on the road."""
        finish = np.array([(road.finish_cm - road.start_cm) // 500])
        self._line_x_m, self._line_y_m = float(road.x_m[finish][0]), float(road.y_m[finish][0])

    def follow(
        self,
        row: NDArray[np.int64],
        time_ms: NDArray[np.int64],
        latitude_e7: NDArray[np.int64],
        longitude_e7: NDArray[np.int64],
        speed_mmps: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Takes one new fix each of different riders: verdicts, distances (cm), jumps (m; 0 none)."""
        riders = self.riders
        verdict = np.zeros(len(row), np.int64)
        distance_cm = np.full(len(row), NOWHERE, np.int64)
        jump_m = np.zeros(len(row), np.int64)
        x_m, y_m = self.road.plane(latitude_e7, longitude_e7)
        riders.heard_ms[row] = np.maximum(riders.heard_ms[row], time_ms)
        since_ms = time_ms - riders.fix_ms[row]
        near = riders.on_road[row] & (since_ms <= LONGEST_WINDOW_MS)
        same = (latitude_e7 == riders.latitude_e7[row]) & (longitude_e7 == riders.longitude_e7[row])
        frozen = near & same & (speed_mmps >= FROZEN_FROM_MMPS) & (since_ms <= FROZEN_FOR_MS)
        verdict[frozen] = Verdict.FROZEN
        alone = ~near
        # Holes need wide windows: riders heard a second ago do not pay for them.
        for some in (near & ~frozen & (since_ms <= 3_000), near & ~frozen & (since_ms > 3_000)):
            which = np.flatnonzero(some)
            if not len(which):
                continue
            fix = (time_ms[which], latitude_e7[which], longitude_e7[which], speed_mmps[which])
            on_road, found_cm = self._advance(row[which], x_m[which], y_m[which], *fix)
            verdict[which[on_road]] = Verdict.USED
            distance_cm[which[on_road]] = found_cm[on_road]
            alone[which[~on_road]] = True
        for i in np.flatnonzero(alone).tolist():
            verdict[i], distance_cm[i], jump_m[i] = self._find(
                int(row[i]),
                int(time_ms[i]),
                (float(x_m[i]), float(y_m[i])),
                (int(latitude_e7[i]), int(longitude_e7[i])),
                int(speed_mmps[i]),
            )
        return verdict, distance_cm, jump_m

    def _advance(
        self,
        row: NDArray[np.int64],
        x_m: NDArray[np.float64],
        y_m: NDArray[np.float64],
        time_ms: NDArray[np.int64],
        latitude_e7: NDArray[np.int64],
        longitude_e7: NDArray[np.int64],
        device_mmps: NDArray[np.int64],
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Moves riders on from their last fix; which of them were near the road, and where."""
        riders, road = self.riders, self.road
        fix_cm, fix_ms, speed_mmps = riders.fix_cm[row], riders.fix_ms[row], riders.speed_mmps[row]
        since_ms = time_ms - fix_ms
        expected_cm = fix_cm + speed_mmps * since_ms // 10_000
        low_cm = np.maximum(fix_cm - SLACK_CM - BACKWARD_CM_PER_S * since_ms // 1000, road.start_cm)
        high_cm = np.minimum(fix_cm + SLACK_CM + FASTEST_CM_PER_S * since_ms // 1000, road.end_cm)
        sigma_cm = 800 + speed_mmps * since_ms // 50_000 + 15 * since_ms * since_ms // 1_000_000
        anchor_x_m, anchor_y_m = road.plane(riders.anchor_latitude_e7[row], riders.anchor_longitude_e7[row])
        east_m, north_m = x_m - anchor_x_m, y_m - anchor_y_m
        told = east_m * east_m + north_m * north_m >= DIRECTION_FROM_M * DIRECTION_FROM_M
        stale = time_ms - riders.anchor_ms[row] > DIRECTION_UNTIL_MS
        anew, told = told | stale, told & ~stale
        placed = place_in_windows(
            road, x_m, y_m, low_cm, high_cm, expected_cm, sigma_cm, east_m * told, north_m * told
        )
        used = placed.across_m <= WIDE_CORRIDOR_M
        # A receiver errs by metres whatever the interval: the shorter it is, the more the model counts.
        found_cm = expected_cm + (placed.distance_cm - expected_cm) * (since_ms + 500) // (since_ms + 1_500)
        ridden_mmps = np.clip((placed.distance_cm - fix_cm) * 10_000 // since_ms, 0, FASTEST_CM_PER_S * 10)
        ridden = riders.ridden_mmps[row]
        ridden = ridden + (ridden_mmps - ridden) * since_ms // (since_ms + 3_000)
        apart = np.abs(device_mmps - ridden)
        credible = (device_mmps >= 0) & (apart <= 6_000 + device_mmps * 3 // 10)
        change = np.where(
            credible,
            (device_mmps - speed_mmps) * since_ms // (since_ms + 1_000),
            (ridden_mmps - speed_mmps) * since_ms // (since_ms + 3_000),
        )
        doubtful = placed.against | (placed.distance_cm < fix_cm - SUSPECT_BACK_CM)
        doubtful |= placed.across_m > SUSPECT_ACROSS_M
        suspect = np.where(doubtful, riders.suspect[row] + 1, np.where(told, 0, riders.suspect[row]))
        row_u = row[used]
        self._record(row_u, fix_cm[used], fix_ms[used], found_cm[used], time_ms[used])
        riders.fix_cm[row_u], riders.fix_ms[row_u] = found_cm[used], time_ms[used]
        riders.speed_mmps[row_u] = np.clip(speed_mmps + change, 0, FASTEST_CM_PER_S * 10)[used]
        riders.ridden_mmps[row_u] = ridden[used]
        riders.latitude_e7[row_u], riders.longitude_e7[row_u] = latitude_e7[used], longitude_e7[used]
        riders.pending[row_u] = 0
        riders.suspect[row_u] = suspect[used]
        moved = row[used & anew]
        riders.anchor_ms[moved] = time_ms[used & anew]
        riders.anchor_latitude_e7[moved] = latitude_e7[used & anew]
        riders.anchor_longitude_e7[moved] = longitude_e7[used & anew]
        for i in np.flatnonzero(used & doubtful & (suspect >= SUSPECT_AFTER)).tolist():
            found_cm[i] = self._doubt(int(row[i]), int(time_ms[i]), i, x_m, y_m, east_m, north_m)
        return used, found_cm

    def _doubt(self, row: int, time_ms: int, i: int, x_m, y_m, east_m, north_m) -> int:
        """A rider who seems to ride backwards may be on another leg of the road: looks again."""
        riders = self.riders
        riders.suspect[row] = 0
        fix_cm = int(riders.fix_cm[row])
        displacement = (float(east_m[i]), float(north_m[i]))
        possible = (fix_cm - DOUBT_REACH_CM, fix_cm + DOUBT_REACH_CM)
        place_m = (float(x_m[i]), float(y_m[i]))
        found = seek(self.road, *place_m, displacement, fix_cm, DOUBT_SIGMA_CM, possible)
        if found is None or abs(found - fix_cm) < WRONG_LEG_CM:
            return fix_cm
        self._put(row, found, time_ms, int(riders.speed_mmps[row]))
        return found

    def _find(
        self,
        row: int,
        time_ms: int,
        place_m: tuple[float, float],
        place_e7: tuple[int, int],
        device_mmps: int,
    ) -> tuple[int, int, int]:
        """A rider who is not where the road goes on: finished, lost, back again, or a wrong fix."""
        riders = self.riders
        was_on_road, fix_cm, fix_ms = (
            bool(riders.on_road[row]),
            int(riders.fix_cm[row]),
            int(riders.fix_ms[row]),
        )
        since_ms = time_ms - fix_ms
        speed_mmps = device_mmps if 0 <= device_mmps <= FASTEST_CM_PER_S * 10 else int(riders.speed_mmps[row])
        if fix_ms:
            expected_cm = fix_cm + int(riders.speed_mmps[row]) * since_ms // 10_000
            sigma_cm = 10_000 + 3 * (expected_cm - fix_cm) // 10
            possible = (fix_cm - 30_000, fix_cm + FASTEST_CM_PER_S * since_ms // 1000 + 30_000)
        else:
            expected_cm = self.road.start_cm if self.field_cm is None else self.field_cm
            sigma_cm, possible = round(FIELD_SIGMA_M * 100), _EVERYWHERE
        if was_on_road and since_ms > LONGEST_WINDOW_MS:
            found = seek(self.road, *place_m, (0.0, 0.0), expected_cm, sigma_cm, possible)
            if found is not None and possible[0] <= found <= possible[1]:
                self._put(row, found, time_ms, speed_mmps, place_e7)
                return Verdict.USED, found, 0
        if was_on_road and self._rolled_out(row, time_ms, place_m, expected_cm):
            return Verdict.OUT_OF_RACE, NOWHERE, 0

        jumped_m = 0.0
        if was_on_road:
            last_m = self._plane(int(riders.latitude_e7[row]), int(riders.longitude_e7[row]))
            straight_m = _apart_m(place_m, last_m)
            if straight_m > FASTEST_MPS * since_ms / 1000 + SLACK_M + WIDE_CORRIDOR_M:
                jumped_m = straight_m
        before_m = self._plane(int(riders.pending_latitude_e7[row]), int(riders.pending_longitude_e7[row]))
        pause_ms = time_ms - int(riders.pending_ms[row])
        agrees = riders.pending[row] > 0 and 0 < pause_ms <= PENDING_MS
        agrees = agrees and _apart_m(place_m, before_m) <= FASTEST_MPS * pause_ms / 1000 + SLACK_M
        riders.pending[row] = riders.pending[row] + 1 if agrees else 1
        riders.pending_ms[row] = time_ms
        riders.pending_latitude_e7[row], riders.pending_longitude_e7[row] = place_e7

        displacement = (0.0, 0.0)
        if agrees and _apart_m(place_m, before_m) >= DIRECTION_FROM_M and pause_ms <= 3 * DIRECTION_UNTIL_MS:
            displacement = (place_m[0] - before_m[0], place_m[1] - before_m[1])
        found = seek(self.road, *place_m, displacement, expected_cm, sigma_cm, possible)
        enough = riders.pending[row] >= (BELIEVED_AFTER if was_on_road else FOUND_AFTER)
        if found is not None and enough:
            if device_mmps < 0:
                speed_mmps = min(
                    int(_apart_m(place_m, before_m) * 1_000_000) // pause_ms, FASTEST_CM_PER_S * 10
                )
            self._put(row, found, time_ms, speed_mmps, place_e7)
            return Verdict.USED, found, 0
        if not was_on_road:
            riders.latitude_e7[row], riders.longitude_e7[row] = place_e7
            return (Verdict.OFF_ROUTE if found is None else Verdict.UNCONFIRMED), NOWHERE, 0
        if found is None and enough and since_ms >= OFF_AFTER_MS:
            riders.on_road[row] = False
            riders.latitude_e7[row], riders.longitude_e7[row] = place_e7
        if jumped_m:
            return Verdict.JUMP, NOWHERE, 0 if agrees else int(jumped_m)
        return Verdict.OFF_ROUTE, NOWHERE, 0

    def _put(
        self, row: int, found_cm: int, time_ms: int, speed_mmps: int, place_e7: tuple[int, int] | None = None
    ) -> None:
        """Places a rider on the road anew."""
        riders = self.riders
        fix_cm, fix_ms = int(riders.fix_cm[row]), int(riders.fix_ms[row])
        if riders.on_road[row]:
            since_ms = time_ms - fix_ms
            if found_cm < fix_cm - WRONG_LEG_CM:
                self.passages.forget_beyond(row, found_cm)
            elif (
                since_ms <= LONGEST_HOLE_MS
                and found_cm - fix_cm <= FASTEST_CM_PER_S * since_ms // 1000 + SLACK_CM
            ):
                self._record(*(np.array([v]) for v in (row, fix_cm, fix_ms, found_cm, time_ms)))
            riders.placed_anew[row] = abs(found_cm - int(riders.published_cm[row])) > GLIDE_CM
        else:
            riders.placed_anew[row] = True
        riders.on_road[row] = True
        riders.fix_cm[row], riders.fix_ms[row] = found_cm, time_ms
        riders.speed_mmps[row] = riders.ridden_mmps[row] = speed_mmps
        riders.pending[row] = riders.suspect[row] = 0
        if place_e7 is not None:
            riders.latitude_e7[row], riders.longitude_e7[row] = place_e7
            riders.anchor_latitude_e7[row], riders.anchor_longitude_e7[row] = place_e7
            riders.anchor_ms[row] = time_ms

    def _record(self, row, from_cm, from_ms, to_cm, to_ms) -> None:
        """Writes passages, and the instant at which the line was crossed."""
        if self.started_ms is None:
            return
        raced = from_ms >= self.started_ms
        row, from_cm, from_ms, to_cm, to_ms = (c[raced] for c in (row, from_cm, from_ms, to_cm, to_ms))
        self.passages.record(row, from_cm, from_ms, to_cm, to_ms)
        line_cm = self.road.finish_cm
        crossed = (from_cm < line_cm) & (to_cm >= line_cm) & (self.riders.finish_ms[row] == 0)
        if crossed.any():
            row, from_cm, from_ms, to_cm, to_ms = (c[crossed] for c in (row, from_cm, from_ms, to_cm, to_ms))
            self.riders.finish_ms[row] = from_ms + (line_cm - from_cm) * (to_ms - from_ms) // (
                to_cm - from_cm
            )

    def _rolled_out(self, row: int, time_ms: int, place_m: tuple[float, float], expected_cm: int) -> bool:
        """Whether a fix off the road tells that the rider has crossed the line and left the finish straight."""
        line_cm, speed_mmps = self.road.finish_cm, int(self.riders.speed_mmps[row])
        if self.started_ms is None or expected_cm < line_cm - NEAR_LINE_CM or speed_mmps <= 0:
            return False
        if _apart_m(place_m, (self._line_x_m, self._line_y_m)) > NEAR_LINE_M:
            return False
        self._finish(row, min(self._line_ms(row), time_ms))
        return True

    def _finish(self, row: int, line_ms: int) -> None:
        """The rider crossed the line at this instant, unheard."""
        riders = self.riders
        if riders.finish_ms[row]:
            return
        riders.finish_ms[row] = line_ms
        last = (row, riders.fix_cm[row], riders.fix_ms[row], self.road.finish_cm, line_ms)
        self.passages.record(*(np.array([value], np.int64) for value in last))

    def finish_silent(self, tick_ms: int, out: NDArray[np.bool_]) -> None:
        """Riders (but those who are out) last heard just before the line and then no more have crossed it."""
        if self.started_ms is None:
            return
        riders, ahead_cm = self.riders, self.road.finish_cm - self.riders.fix_cm
        silent = riders.on_road & ~out & (tick_ms - riders.fix_ms > SILENT_AT_LINE_MS)
        silent &= (ahead_cm > 0) & (ahead_cm < SILENT_AT_LINE_CM) & (riders.speed_mmps > 0)
        for row in np.flatnonzero(silent).tolist():
            line_ms = self._line_ms(row)
            if line_ms <= tick_ms:
                self._finish(row, line_ms)

    def _line_ms(self, row: int) -> int:
        """When a rider reaches the line at the speed of the last fix (which must not be 0)."""
        riders = self.riders
        ahead_cm = self.road.finish_cm - int(riders.fix_cm[row])
        return int(riders.fix_ms[row]) + max(ahead_cm, 0) * 10_000 // int(riders.speed_mmps[row])

    def _plane(self, latitude_e7: int, longitude_e7: int) -> tuple[float, float]:
        x_m, y_m = self.road.plane(np.array([latitude_e7]), np.array([longitude_e7]))
        return float(x_m[0]), float(y_m[0])


def _apart_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = a[0] - b[0], a[1] - b[1]
    return float(np.sqrt(dx * dx + dy * dy))
