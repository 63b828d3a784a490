"""Finds other legs of the road on which riders may be, and follows them beside the one that is believed."""

import numpy as np
from numpy.typing import NDArray

from ardoise.race.along import MOST_ERROR_M, error_kept, window_cm
from ardoise.race.matching import WIDE_CORRIDOR_M, legs_near, place_in_windows
from ardoise.race.riders import Fix, Riders
from ardoise.race.rivals import (
    BEATEN_COST,
    JUMP_COST,
    SAME_LEG_CM,
    SLIP_COST,
    SLIP_M,
    TURN_COST,
    evidence,
)
from ardoise.race.road import Road

LOOK_EVERY_MS = 4_000
"""So often other legs near a rider are looked for;"""
LOOK_AFTER_MS = 3_000
"""and after each longer silence."""
ROLLING_MMPS = 1_500
"""Who is slower may be turning round."""
HALF_CM, HALF_CM_PER_S = 4_000, 500
"""A rival is looked for so far to either side of where it is expected."""


class Legs:
    """Of all riders."""

    def __init__(self, road: Road, riders: Riders) -> None:
        self._road, self._riders = road, riders

    def follow(self, fix: Fix, cost: NDArray[np.float64]) -> None:
        """Rides on with the other legs on which riders may be, and weighs them against the one that is believed."""
        rivals, road = self._riders.rivals, self._road
        which, nth = rivals.of(fix.row)
        if not len(which):
            return
        row, fix = fix.row[which], fix.of(which)
        onward = rivals.onward[row, nth]
        place_cm = rivals.cm[row, nth] + onward * fix.ridden_cm
        kept, (east, north) = error_kept(fix.since_ms), road.leads(place_cm)
        east_m, north_m = rivals.east_m[row, nth] * kept, rivals.north_m[row, nth] * kept
        error_m = east_m * east + north_m * north
        expected_cm = place_cm + np.floor(error_m * 100.0 + 0.5).astype(np.int64)
        half_cm = HALF_CM + HALF_CM_PER_S * fix.since_ms // 1000
        low_cm = np.minimum(np.maximum(expected_cm - half_cm, road.start_cm), road.end_cm)
        high_cm = np.minimum(np.maximum(expected_cm + half_cm, road.start_cm), road.end_cm)
        seen = place_in_windows(
            *(road, fix.x_m, fix.y_m, low_cm, high_cm, expected_cm, window_cm(fix.seen_m2)),
            *(onward * fix.east_m, onward * fix.north_m),
        )
        astray_cm = seen.distance_cm - expected_cm
        own = evidence(fix.since_ms, seen.across_m, astray_cm / 100.0, fix.seen_m2, seen.against, onward < 0)
        total = rivals.cost[row, nth] + own - cost[which]
        gone = (total > BEATEN_COST) | (seen.across_m > WIDE_CORRIDOR_M)
        # The leg that is believed may have come to the same place.
        same = np.abs(seen.distance_cm - self._riders.fix_cm[row]) < SAME_LEG_CM
        gone |= same & ((onward < 0) == self._riders.back[row])
        rivals.cost[row, nth] = np.where(gone, np.inf, total)
        # With the pulls of the believed leg: the same road is no better for being a rival's.
        rivals.cm[row, nth] = place_cm + np.floor(fix.pull * astray_cm).astype(np.int64)
        rivals.across_m[row, nth] = seen.across_m
        error_m = error_m + fix.error_pull * astray_cm / 100.0
        error_m = np.minimum(np.maximum(error_m, -MOST_ERROR_M), MOST_ERROR_M)
        left_m = north_m * east - east_m * north
        left_m = left_m + fix.aside_pull * (road.aside_m(seen.distance_cm, fix.x_m, fix.y_m) - left_m)
        rivals.east_m[row, nth] = error_m * east - left_m * north
        rivals.north_m[row, nth] = error_m * north + left_m * east

    def look_round(
        self,
        fix: Fix,
        cost: NDArray[np.float64],
        expected_cm: NDArray[np.int64],
    ) -> None:
        """Finds the other legs that are near, now and then, and whenever a silence leaves several open."""
        riders = self._riders
        # All of a frame at once: looking costs nearly the same for one rider and for many.
        due = fix.time_ms // LOOK_EVERY_MS > riders.looked_ms[fix.row] // LOOK_EVERY_MS
        due |= fix.since_ms > LOOK_AFTER_MS
        if not due.any():
            return
        fix, cost, expected_cm = fix.of(due), cost[due], expected_cm[due]
        riders.looked_ms[fix.row] = fix.time_ms
        which, distance_cm, across_m = legs_near(self._road, fix.x_m, fix.y_m)
        other = np.abs(distance_cm - riders.fix_cm[fix.row[which]]) >= SAME_LEG_CM
        which, distance_cm, across_m = which[other], distance_cm[other], across_m[other]
        if not len(which):
            return
        astray_m = (distance_cm - expected_cm[which]) / 100.0
        slipped = np.minimum(SLIP_COST + np.abs(astray_m) / SLIP_M, JUMP_COST)
        reached = np.minimum(astray_m * astray_m / (2.0 * fix.seen_m2[which]), slipped)
        still = np.zeros(len(which), bool)
        own = evidence(fix.since_ms[which], across_m, still * 0.0, fix.seen_m2[which], still, still)
        onward = np.ones(len(which), np.int64)
        row = fix.row[which]
        error_m = riders.east_m[row], riders.north_m[row]
        along_m = self._road.along_m(distance_cm, *error_m)
        place_cm = distance_cm - np.floor(along_m * 100.0 + 0.5).astype(np.int64)
        riders.rivals.meet(row, place_cm, *error_m, across_m, onward, reached + own - cost[which])

    def look_back(self, fix: Fix, against: NDArray[np.bool_]) -> None:
        """Who has all but stopped, or moves against the road, may have turned round."""
        # From fixes further apart nobody can tell a rider who has turned from one who has ridden round a hairpin.
        # Nor can one turn at speed: fixes that seem to move back tell it only where the receiver has no speed.
        turns = (fix.speed_mmps < ROLLING_MMPS) | (against & ~fix.told)
        turns &= fix.since_ms <= LOOK_AFTER_MS
        if not turns.any():
            return
        row = fix.row[turns]
        riders, cost = self._riders, np.full(len(row), TURN_COST)
        onward = np.where(riders.back[row], 1, -1)
        error_m = riders.east_m[row], riders.north_m[row]
        riders.rivals.meet(row, riders.fix_cm[row], *error_m, fix.across_m[turns], onward, cost)
