"""Follows every rider along the road, fix by fix: what is used, what is set aside, who is lost and found."""

import numpy as np
from numpy.typing import NDArray

from ardoise.race.along import ACROSS_OVER_S, FIX_DOUBT_CM, lasting_m2, placed, window_cm
from ardoise.race.finish_line import FinishLine
from ardoise.race.legs import ROLLING_MMPS, Legs
from ardoise.race.matching import (
    DIRECTION_FROM_M,
    DIRECTION_UNTIL_MS,
    FASTEST_MPS,
    SLACK_M,
    WIDE_CORRIDOR_M,
    apart_m,
    place_in_windows,
    seek,
    way_cm,
)
from ardoise.race.passages import LONGEST_HOLE_MS, Passages
from ardoise.race.riders import Fix, Riders
from ardoise.race.rivals import MARGIN_COST, SAME_LEG_CM, evidence
from ardoise.race.road import Road
from ardoise.race.stage import NO_SPEED, NOWHERE, Trouble, Verdict
from ardoise.race.turning_up import places_of

LONGEST_WINDOW_MS = 60_000
"""After a longer silence the rider is looked for on the whole road."""
HORIZON_MS = 75_000
"""So long a position is brought forward without a fix: the public feed has holes of 36 s, at times of 66 s."""
FASTEST_CM_PER_S = round(FASTEST_MPS * 100)
SLACK_CM = round(SLACK_M * 100)
BACKWARD_CM_PER_S = 500
FROZEN_FROM_MMPS = 3_000
STUCK_AFTER_MS = 5_000
"""A receiver's speed is seconds old: a place that it has repeated at speed for longer is not where one stops."""
BELIEVED_AFTER, BELIEVED_AFTER_MS = 3, 8_000
"""So many fixes in a row that agree with each other, over so long, outweigh the one before them."""
FOUND_AFTER = 2
OFF_AFTER_MS = 12_000
"""A rider leaves the road when fixes off it go on for so long: one reflection off a cliff does not count."""
PENDING_MS = 120_000
TURNED_CM_PER_S = 2_000
GLIDE_CM = 40_000
"""A correction up to here is ridden down at a speed a bike can have; a larger one shows the rider anew."""
DRIVEN_AFTER_MS, MOST_WEIGHED_MS = 20_000, 5_000
"""So long faster than a rider can; a hole in the fixes counts as no more."""


class Tracking:
    """The riders on the road. `started_ms` is the engine's to keep up to date."""

    def __init__(self, road: Road, riders: Riders, passages: Passages) -> None:
        self.road, self.riders, self.passages = road, riders, passages
        self._legs, self.line = Legs(road, riders), FinishLine(road, riders, passages)
        self.started_ms: int | None = None

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
        at_speed = speed_mmps >= FROZEN_FROM_MMPS
        frozen = riders.on_road[row] & same & (at_speed | riders.stuck[row])
        riders.stuck[row] = frozen & (riders.stuck[row] | (since_ms >= STUCK_AFTER_MS))
        verdict[frozen] = Verdict.FROZEN
        alone = ~near & ~frozen
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
            fix = (
                int(row[i]),
                int(time_ms[i]),
                (float(x_m[i]), float(y_m[i])),
                (int(latitude_e7[i]), int(longitude_e7[i])),
                int(speed_mmps[i]),
            )
            if riders.fix_ms[row[i]]:
                verdict[i], distance_cm[i], jump_m[i] = self._find(*fix)
            else:
                verdict[i], distance_cm[i] = self._turn_up(*fix)
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
        since_ms, ridden = time_ms - fix_ms, riders.ridden_mmps[row]
        apart = np.abs(device_mmps - ridden)
        credible = (device_mmps >= 0) & (apart <= 6_000 + device_mmps * 3 // 10)
        now_mmps = np.where(credible, device_mmps, speed_mmps)
        onward = np.where(riders.back[row], -1, 1)
        believed = riders.along(row)
        seen_cm = believed.on(*road.leads(fix_cm)).seen_cm
        lasts_m2 = lasting_m2(riders.across_m2[row])
        along = believed.ridden_on(since_ms, onward * speed_mmps, onward * now_mmps, credible, lasts_m2)
        on_road = along.on(*road.leads(along.place_cm))
        expected_cm, seen_m2 = on_road.seen_cm, on_road.seen_m2
        back_cm_per_s = np.where(onward < 0, TURNED_CM_PER_S, BACKWARD_CM_PER_S)
        low_cm = np.maximum(fix_cm - SLACK_CM - back_cm_per_s * since_ms // 1000, road.start_cm)
        high_cm = np.minimum(fix_cm + SLACK_CM + FASTEST_CM_PER_S * since_ms // 1000, road.end_cm)
        sigma_cm = window_cm(seen_m2)
        anchor_x_m, anchor_y_m = road.plane(riders.anchor_latitude_e7[row], riders.anchor_longitude_e7[row])
        east_m, north_m = x_m - anchor_x_m, y_m - anchor_y_m
        told = east_m * east_m + north_m * north_m >= DIRECTION_FROM_M * DIRECTION_FROM_M
        stale = time_ms - riders.anchor_ms[row] > DIRECTION_UNTIL_MS
        anew, told = told | stale, told & ~stale
        east_m, north_m = east_m * told, north_m * told
        seen = place_in_windows(
            road, x_m, y_m, low_cm, high_cm, expected_cm, sigma_cm, onward * east_m, onward * north_m
        )
        used = seen.across_m <= WIDE_CORRIDOR_M
        aside_m = road.aside_m(seen.distance_cm, x_m, y_m)
        corrected = on_road.corrected(seen.distance_cm, aside_m, credible, since_ms)
        found_cm = np.minimum(np.maximum(corrected.place_cm, road.start_cm), road.end_cm)
        last_x_m, last_y_m = road.plane(riders.latitude_e7[row], riders.longitude_e7[row])
        along_cm = seen.distance_cm - seen_cm
        ridden_cm = way_cm(np.abs(along_cm), since_ms, x_m - last_x_m, y_m - last_y_m)
        ridden_mmps = np.minimum(ridden_cm * 10_000 // since_ms, FASTEST_CM_PER_S * 10)
        ridden = ridden + (ridden_mmps - ridden) * since_ms // (since_ms + 3_000)
        # Who stands does not ride on by as much as the receiver's error moves to and fro.
        sways = (along_cm < 0) & (onward > 0) & (ridden_mmps < ROLLING_MMPS)
        onward_mmps = np.where(sways, -ridden_mmps, ridden_mmps)
        change = np.where(
            credible,
            (device_mmps - speed_mmps) * since_ms // (since_ms + 1_000),
            (onward_mmps - speed_mmps) * since_ms // (since_ms + 3_000),
        )
        row_u, since_s, across_m2 = row[used], since_ms / 1000.0, riders.across_m2[row]
        more_m2 = seen.across_m * seen.across_m - across_m2
        across_m2 = across_m2 + more_m2 * since_s / (since_s + ACROSS_OVER_S)
        doubt_cm = corrected.doubt_cm(across_m2)
        self._record(row_u, fix_cm[used], fix_ms[used], found_cm[used], time_ms[used], doubt_cm[used])
        riders.believe(row_u, corrected.of(used))
        riders.fix_cm[row_u], riders.fix_ms[row_u] = found_cm[used], time_ms[used]
        riders.speed_mmps[row_u] = np.minimum(np.maximum(speed_mmps + change, 0), FASTEST_CM_PER_S * 10)[used]
        riders.ridden_mmps[row_u], riders.pending[row_u] = ridden[used], 0
        riders.latitude_e7[row_u], riders.longitude_e7[row_u] = latitude_e7[used], longitude_e7[used]
        riders.across_m2[row_u] = across_m2[used]
        self._weigh_speed(row_u, found_cm[used], since_ms[used])
        lies = ~credible & (device_mmps != NO_SPEED)
        riders.trouble[row[lies]], riders.trouble_ms[row[lies]] = Trouble.SPEED, time_ms[lies]
        moved = row[used & anew]
        riders.anchor_ms[moved] = time_ms[used & anew]
        riders.anchor_latitude_e7[moved] = latitude_e7[used & anew]
        riders.anchor_longitude_e7[moved] = longitude_e7[used & anew]

        astray_m = (seen.distance_cm - expected_cm) / 100.0
        least_mmps = np.where(device_mmps >= 0, np.minimum(device_mmps, now_mmps), now_mmps)
        cost = evidence(since_ms, seen.across_m, astray_m, seen_m2, seen.against, onward < 0)
        fix = Fix(
            *(row, x_m, y_m, time_ms, since_ms, east_m, north_m, least_mmps),
            onward * (along.place_cm - believed.place_cm),
            *(credible, seen.across_m, on_road.pull, on_road.error_pull, on_road.aside_pull),
            seen_m2,
        )
        self._legs.follow(fix.of(used), cost[used])
        self._legs.look_round(fix.of(used), cost[used], expected_cm[used])
        self._legs.look_back(fix.of(used), seen.against[used])
        return used, self._choose(fix, used, found_cm)

    def _weigh_speed(
        self, row: NDArray[np.int64], found_cm: NDArray[np.int64], since_ms: NDArray[np.int64]
    ) -> None:
        """Who climbs faster than a rider can, for long enough, is driven; until it has been otherwise for as long."""
        riders = self.riders
        slower_mmps = np.minimum(riders.ridden_mmps[row], riders.speed_mmps[row])
        too_fast = (slower_mmps > self.road.fastest_mmps(found_cm)) & ~riders.back[row]
        took_ms = np.minimum(since_ms, MOST_WEIGHED_MS)
        lasted_ms = np.maximum(riders.too_fast_ms[row] + np.where(too_fast, took_ms, -took_ms), 0)
        riders.too_fast_ms[row] = np.minimum(lasted_ms, 2 * DRIVEN_AFTER_MS)
        riders.driven[row] = np.where(riders.driven[row], lasted_ms > 0, lasted_ms >= DRIVEN_AFTER_MS)

    def _choose(self, fix: Fix, used: NDArray[np.bool_], found_cm: NDArray[np.int64]) -> NDArray[np.int64]:
        """Believes the rivals that are better than what was believed."""
        riders, rivals = self.riders, self.riders.rivals
        rows, lasts_m2 = fix.row, lasting_m2(riders.across_m2[fix.row])
        rivals_m = self.road.along_m(rivals.cm[rows], rivals.east_m[rows], rivals.north_m[rows])
        error_m = self.road.along_m(found_cm, riders.east_m[rows], riders.north_m[rows])
        nth, cost = rivals.best(rows, rivals_m, error_m, fix.across_m, lasts_m2)
        for i in np.flatnonzero(used & (cost < -MARGIN_COST)).tolist():
            row, which, back = int(fix.row[i]), int(nth[i]), bool(riders.back[fix.row[i]])
            found, turned = int(rivals.cm[row, which]), bool(rivals.onward[row, which] < 0)
            other_m = float(rivals.east_m[row, which]), float(rivals.north_m[row, which])
            if turned and not back:
                # What lies behind the place of the turn was passed.
                self.passages.forget_beyond(row, max(int(rivals.since_cm[row, which]), found))
            erred_m = float(riders.east_m[row]), float(riders.north_m[row])
            rivals.believe(row, which, int(found_cm[i]), erred_m, float(fix.across_m[i]), -1 if back else 1)
            found_cm[i] = found
            self._put(row, found, int(fix.time_ms[i]), int(riders.speed_mmps[row]), back=turned)
            riders.east_m[row], riders.north_m[row] = other_m
        elsewhere = np.abs(rivals.cm[fix.row, nth] - found_cm) >= SAME_LEG_CM
        riders.unsure[fix.row[used]] = (elsewhere & (cost < MARGIN_COST))[used]
        return found_cm

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
        was_on_road = bool(riders.on_road[row])
        fix_cm, fix_ms = int(riders.fix_cm[row]), int(riders.fix_ms[row])
        since_ms = time_ms - fix_ms
        speed_mmps = device_mmps if 0 <= device_mmps <= FASTEST_CM_PER_S * 10 else int(riders.speed_mmps[row])
        expected_cm = fix_cm + int(riders.speed_mmps[row]) * since_ms // 10_000
        sigma_cm = 10_000 + 3 * (expected_cm - fix_cm) // 10
        possible = (fix_cm - 30_000, fix_cm + FASTEST_CM_PER_S * since_ms // 1000 + 30_000)
        if was_on_road and since_ms > LONGEST_WINDOW_MS:
            found = seek(self.road, *place_m, (0.0, 0.0), expected_cm, sigma_cm, possible)
            if found is not None and possible[0] <= found <= possible[1]:
                self._put_anew(row, found, time_ms, speed_mmps, place_e7)
                return Verdict.USED, found, 0
        rolls = was_on_road and self.started_ms is not None
        if rolls and self.line.rolled_out(row, time_ms, place_m, expected_cm):
            return Verdict.OUT_OF_RACE, NOWHERE, 0

        jumped_m = 0.0
        if was_on_road:
            last_m = self._plane(int(riders.latitude_e7[row]), int(riders.longitude_e7[row]))
            straight_m = apart_m(place_m, last_m)
            if straight_m > FASTEST_MPS * since_ms / 1000 + SLACK_M + WIDE_CORRIDOR_M:
                jumped_m = straight_m
        agrees, before_m, pause_ms = self._set_aside(row, time_ms, place_m, place_e7)
        displacement = (0.0, 0.0)
        if agrees and apart_m(place_m, before_m) >= DIRECTION_FROM_M and pause_ms <= 3 * DIRECTION_UNTIL_MS:
            displacement = (place_m[0] - before_m[0], place_m[1] - before_m[1])
        found = seek(self.road, *place_m, displacement, expected_cm, sigma_cm, possible)
        enough = riders.pending[row] >= (BELIEVED_AFTER if was_on_road else FOUND_AFTER)
        if was_on_road:
            enough &= time_ms - riders.pending_since_ms[row] >= BELIEVED_AFTER_MS
        if found is not None and enough:
            if device_mmps < 0:
                speed_mmps = _speed_mmps(place_m, before_m, pause_ms)
            self._put_anew(row, found, time_ms, speed_mmps, place_e7)
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

    def _turn_up(
        self,
        row: int,
        time_ms: int,
        place_m: tuple[float, float],
        place_e7: tuple[int, int],
        device_mmps: int,
    ) -> tuple[int, int]:
        """A rider who was never on the road: nowhere on it before it is clear where."""
        riders = self.riders
        agrees, before_m, pause_ms = self._set_aside(row, time_ms, place_m, place_e7)
        if not agrees or time_ms - riders.anchor_ms[row] > DIRECTION_UNTIL_MS:
            riders.anchor_latitude_e7[row], riders.anchor_longitude_e7[row] = place_e7
            riders.anchor_ms[row] = time_ms
        anchor_m = self._plane(int(riders.anchor_latitude_e7[row]), int(riders.anchor_longitude_e7[row]))
        displacement_m = (place_m[0] - anchor_m[0], place_m[1] - anchor_m[1])
        if apart_m(place_m, anchor_m) < DIRECTION_FROM_M:
            displacement_m = (0.0, 0.0)
        raced_ms = 0 if self.started_ms is None else time_ms - self.started_ms
        places = places_of(self.road, riders, time_ms, raced_ms, place_m, displacement_m)
        if not (places.decided and riders.pending[row] >= FOUND_AFTER):
            riders.unsure[row] = len(places.cost) > 0 and not places.decided
            riders.latitude_e7[row], riders.longitude_e7[row] = place_e7
            return (Verdict.UNCONFIRMED if len(places.cost) else Verdict.OFF_ROUTE), NOWHERE
        told = 0 <= device_mmps <= FASTEST_CM_PER_S * 10
        found_cm = int(places.distance_cm[0])
        speed_mmps = device_mmps if told else _speed_mmps(place_m, before_m, pause_ms)
        self._put_anew(row, found_cm, time_ms, speed_mmps, place_e7)
        others = len(places.cost) - 1
        nothing, rows = np.zeros(others), np.full(others, row)
        rest = places.across_m[1:], np.ones(others, np.int64), places.cost[1:]
        riders.rivals.meet(rows, places.distance_cm[1:], nothing, nothing, *rest)
        return Verdict.USED, found_cm

    def _set_aside(
        self, row: int, time_ms: int, place_m: tuple[float, float], place_e7: tuple[int, int]
    ) -> tuple[bool, tuple[float, float], int]:
        """Keeps a fix for the next. Whether it agrees with the one kept before, where that was, how long ago (ms)."""
        riders = self.riders
        before_m = self._plane(int(riders.pending_latitude_e7[row]), int(riders.pending_longitude_e7[row]))
        pause_ms = time_ms - int(riders.pending_ms[row])
        agrees = riders.pending[row] > 0 and 0 < pause_ms <= PENDING_MS
        agrees = bool(agrees and apart_m(place_m, before_m) <= FASTEST_MPS * pause_ms / 1000 + SLACK_M)
        riders.pending[row] = riders.pending[row] + 1 if agrees else 1
        if not agrees:
            riders.pending_since_ms[row] = time_ms
        riders.pending_ms[row] = time_ms
        riders.pending_latitude_e7[row], riders.pending_longitude_e7[row] = place_e7
        return agrees, before_m, pause_ms

    def _put_anew(
        self, row: int, found_cm: int, time_ms: int, speed_mmps: int, place_e7: tuple[int, int]
    ) -> None:
        """Places a rider who was lost: what was believed beside it leads nowhere."""
        self.riders.rivals.forget(np.array([row]))
        self._put(row, found_cm, time_ms, speed_mmps)
        riders = self.riders
        riders.latitude_e7[row], riders.longitude_e7[row] = place_e7
        riders.anchor_latitude_e7[row], riders.anchor_longitude_e7[row] = place_e7
        riders.anchor_ms[row] = time_ms

    def _put(
        self,
        row: int,
        found_cm: int,
        time_ms: int,
        speed_mmps: int,
        *,
        back: bool = False,
    ) -> None:
        """Places a rider on the road anew."""
        riders = self.riders
        fix_cm, fix_ms = int(riders.fix_cm[row]), int(riders.fix_ms[row])
        if riders.on_road[row]:
            since_ms = time_ms - fix_ms
            if found_cm < fix_cm - SAME_LEG_CM and not back:
                self.passages.forget_beyond(row, found_cm)
            elif (
                since_ms <= LONGEST_HOLE_MS
                and found_cm - fix_cm <= FASTEST_CM_PER_S * since_ms // 1000 + SLACK_CM
            ):
                self._record(*(np.array([v]) for v in (row, fix_cm, fix_ms, found_cm, time_ms, FIX_DOUBT_CM)))
            riders.placed_anew[row] = abs(found_cm - int(riders.published_cm[row])) > GLIDE_CM
        else:
            riders.placed_anew[row] = True
        riders.on_road[row] = True
        place_cm = np.array([found_cm])
        riders.believe(np.array([row]), placed(place_cm, *self.road.leads(place_cm)))
        riders.fix_ms[row] = time_ms
        riders.speed_mmps[row] = riders.ridden_mmps[row] = speed_mmps
        riders.pending[row], riders.back[row], riders.unsure[row] = 0, back, False

    def _record(self, row, from_cm, from_ms, to_cm, to_ms, doubt_cm) -> None:
        """Writes passages, and the instant at which the line was crossed."""
        if self.started_ms is None:
            return
        raced = from_ms >= self.started_ms
        columns = (row, from_cm, from_ms, to_cm, to_ms, doubt_cm)
        row, from_cm, from_ms, to_cm, to_ms, doubt_cm = (c[raced] for c in columns)
        self.passages.record(row, from_cm, from_ms, to_cm, to_ms, doubt_cm)
        self.line.cross(row, from_cm, from_ms, to_cm, to_ms)

    def _plane(self, latitude_e7: int, longitude_e7: int) -> tuple[float, float]:
        x_m, y_m = self.road.plane(np.array([latitude_e7]), np.array([longitude_e7]))
        return float(x_m[0]), float(y_m[0])


def _speed_mmps(place_m: tuple[float, float], before_m: tuple[float, float], pause_ms: int) -> int:
    return min(int(apart_m(place_m, before_m) * 1_000_000) // pause_ms, FASTEST_CM_PER_S * 10)
