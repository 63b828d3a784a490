"""Where riders are who turn up: first heard while the race is on, on a road that comes back to the same place.

Laps of a circuit look alike. So each leg near the fix is weighed: by how near it is, by the direction of travel, by
where the others are and by how far one can be after so long. Only a leg that is clearly the best is believed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.race.matching import ACROSS_SIGMA_M, AGAINST_COST, apart_m, legs_near
from ardoise.race.riders import Riders
from ardoise.race.rivals import MARGIN_COST, SAME_LEG_CM
from ardoise.race.road import Road

NEAR_OTHERS_M = 500
"""Riders are near others: half as likely so far from one as beside."""
HEARD_MS = 120_000
"""Others count who were heard since."""
USUAL_MMPS, USUAL_CM = 11_000, 50_000
"""A race is this fast from its start on, and begins so much further on or further back."""
PACE_SPREAD = 0.32
"""Half as fast, or twice, is two and a half times as much off as is usual (0.4, twice its square)."""
NOBODY_KNOWN = 2.0
"""So many riders' word the time since the start is worth; the less, the more of them are known."""
ANYWHERE = 1e-4
"""Where nobody is expected somebody may be all the same: nothing tells when trackers are switched on."""
_ONE = 1_000_000
SURE_DIRECTION_M = 40.0
"""No receiver's error moves so far: a direction over such a way counts twice."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where on the road one rider may be, one on each leg, from the likeliest on. `cost`: more than of the first."""

    distance_cm: NDArray[np.int64]
    across_m: NDArray[np.float64]
    cost: NDArray[np.float64]

    @property
    def decided(self) -> bool:
        """Whether there is one that is clearly likelier than those on other legs."""
        other = np.abs(self.distance_cm - self.distance_cm[:1]) >= SAME_LEG_CM
        return len(self.cost) > 0 and not (self.cost[other] < MARGIN_COST).any()


def places_of(
    road: Road,
    riders: Riders,
    time_ms: int,
    raced_ms: int,
    place_m: tuple[float, float],
    displacement_m: tuple[float, float],
) -> Places:
    """Within CORRIDOR_M of a fix. `raced_ms`: since the start; `displacement_m`: of late, 0 where it says nothing."""
    _, distance_cm, across_m = legs_near(road, *(np.array([metres]) for metres in place_m))
    cost = across_m * across_m / (2.0 * ACROSS_SIGMA_M * ACROSS_SIGMA_M)
    if len(distance_cm) > 1:
        against = road.along_m(distance_cm, *(np.array(metres) for metres in displacement_m)) < 0.0
        sure = apart_m(displacement_m, (0.0, 0.0)) >= SURE_DIRECTION_M
        cost = cost + np.where(against, AGAINST_COST if sure else AGAINST_COST / 2.0, 0.0)
        cost = cost - _logarithm(_likely(road, riders, time_ms, raced_ms, distance_cm))
    order = np.lexsort((distance_cm, cost))
    return Places(distance_cm[order], across_m[order], (cost - cost.min(initial=np.inf))[order])


def _likely(
    road: Road, riders: Riders, time_ms: int, raced_ms: int, distance_cm: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How likely a rider is at each of these places: as the others are, and as one is after so long."""
    counted = (
        riders.on_road & ~riders.driven & (riders.finish_ms == 0) & (time_ms - riders.fix_ms <= HEARD_MS)
    )
    others_cm = (
        riders.fix_cm[counted] + riders.speed_mmps[counted] * (time_ms - riders.fix_ms[counted]) // 10_000
    )
    away_m = (distance_cm[:, None] - others_cm) // 100
    square = NEAR_OTHERS_M * NEAR_OTHERS_M
    # Whole numbers: their sum does not depend on the order.
    beside = (_ONE * square // (square + away_m * away_m)).sum(axis=1) / _ONE
    pace = (distance_cm - road.start_cm + USUAL_CM) / (USUAL_MMPS * max(raced_ms, 0) // 10_000 + USUAL_CM)
    pace = np.maximum(pace, ANYWHERE)
    off = 1.0 + (pace - 1.0) * (pace - 1.0) / (pace * PACE_SPREAD)
    return beside + NOBODY_KNOWN / (1.0 + len(others_cm)) / (off * off) + ANYWHERE


def _logarithm(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """The natural one, to 0.06: the same on any CPU."""
    mantissa, exponent = np.frexp(value)
    return (exponent + 2.0 * mantissa - 2.0) * 0.6931
