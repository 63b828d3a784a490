"""Where a rider is along the road, from fixes whose errors last and from a speed whose errors do not.

A receiver's error of position is still there half a minute later; its speed is measured apart, by the Doppler effect,
and good to 0.2 m/s. So the filter rides on with the speed, takes the receiver's lasting error east and north for
unknowns beside the place, and lets the fixes pull slowly: a Kalman filter of three states (Gauss-Markov errors, Brown
and Hwang, Introduction to Random Signals and Applied Kalman Filtering, chapter 5), of + - * / and sqrt alone.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

ERROR_M2 = 25.0
"""Variance of a receiver's lasting error along the road under the open sky: 5 m. Elsewhere it errs along the road as it
does across, where that shows."""
ERROR_LASTS_S = 30.0
LINE_M2 = 39.0
"""Variance of how far riders are from the line of the file: a road's width, and corners that the file cuts."""
ASIDE_M2, ASIDE_SIGMAS = 1_000.0, 2.0
"""Variance of how far to the side of the line a rider is, as one fix a second tells it: LINE_M2 that lasts for a dozen
seconds. What is further aside tells the less."""
RIDDEN_MS = 3_000
"""Over a longer interval speeds change unseen: a receiver that errs more than usual still knows the place better."""
WHITE_M2 = 4.0
"""Of what is new in each fix: the receiver's noise, and how well a place of the plane says where on the road it is."""
FIX_DOUBT_CM = 540
"""Standard deviation of a place that one fix alone tells: both together."""
CAUTIOUS_PERCENT = 75.0
"""Of its sigma the filter is off by so much where nothing is wrong: it is ready for more."""
ACROSS_OVER_S = 40.0
"""Under trees fixes lie far from the road: so long that is remembered."""
ROLLING_M2_PER_S = 0.06
"""How fast the place gets uncertain while the speed is known: its noise, and lines through corners."""
UNTOLD_M2_PER_S = 6.0
"""The same where the receiver's speed is not to be believed."""
SPEEDING_M2_PER_S3 = 0.2
"""What accelerations nobody saw add in an interval that is longer than a receiver's speed is old."""
UNSEEN_GAIN = 0.25
"""A speed that changed in an interval may have changed early or late: the place is off by so much of the change."""
SPEED_LAGS_S = 1.0
"""A receiver's speed is that of a second ago."""
WINDOW_CM = 400
"""The road's own error along it."""
MOST_ERROR_M = 45.0
"""A receiver that would err by more is not where it is believed to be: 3 sigma of 15 m, under trees and below rock."""
SLIPPING_MPS = 5.0
"""A speed that a receiver gives is wrong by no more: so fast at most a place follows fixes that it says nothing of."""
ASTRAY_SIGMAS, ASTRAY_M = 3.0, 5.0
"""A place further from the predicted one counts as no further, and makes what was believed doubtful instead: of the
receiver's error where its speed is known, for a bike does not leap."""


@dataclass(frozen=True, eq=False)
class Along:
    """What is believed of riders, one element each: the place, the receiver's error, and how sure both are.

    The error is one of the plane: it stays where it is when the road turns, and behind a hairpin it is the other way
    round. How far fixes lie from the road tells that part of it which the next bend turns along the road.
    """

    place_cm: NDArray[np.int64]
    east_m: NDArray[np.float64]
    """Of the receiver: its fixes are so much too far east."""
    north_m: NDArray[np.float64]
    place_m2: NDArray[np.float64]
    place_east_m2: NDArray[np.float64]
    """Covariances: of the place and the error east, and so on."""
    place_north_m2: NDArray[np.float64]
    east_m2: NDArray[np.float64]
    east_north_m2: NDArray[np.float64]
    north_m2: NDArray[np.float64]

    def of(self, which: NDArray[np.bool_]) -> "Along":
        """Of some of the riders."""
        return Along(*(getattr(self, field.name)[which] for field in fields(self)))

    def doubt_cm(self, across_m2: NDArray[np.float64]) -> NDArray[np.int64]:
        """Standard deviation of the place. `across_m2`: mean square of how far from the road the fixes lie."""
        trees = np.maximum(across_m2 / ERROR_M2, 1.0)
        return np.floor(np.sqrt(self.place_m2 * trees) * CAUTIOUS_PERCENT).astype(np.int64)

    def ridden_on(
        self,
        since_ms: NDArray[np.int64],
        before_mmps: NDArray[np.int64],
        speed_mmps: NDArray[np.int64],
        told: NDArray[np.bool_],
        lasting_m2: NDArray[np.float64],
    ) -> "Along":
        """What is believed after so long. `told`: the receiver gave the speed. Speeds below 0: back along the road.

        `lasting_m2`: variance of the receiver's lasting error, where the rider is.
        """
        since_s = since_ms / 1000.0
        rest_s = np.maximum(since_s - SPEED_LAGS_S, 0.0)
        speed_mps, gained_mps = speed_mmps / 1000.0, (speed_mmps - before_mmps) / 1000.0
        ridden_m = speed_mps * since_s - gained_mps * rest_s * rest_s / (2.0 * since_s)
        kept = error_kept(since_ms)
        kept2 = kept * kept
        lasts_m2 = np.where(since_ms <= RIDDEN_MS, lasting_m2, ERROR_M2)
        doubt_m2 = np.where(told, ROLLING_M2_PER_S, UNTOLD_M2_PER_S) * since_s
        unseen_m = UNSEEN_GAIN * gained_mps * rest_s
        doubt_m2 = doubt_m2 + SPEEDING_M2_PER_S3 * rest_s * rest_s * rest_s + unseen_m * unseen_m
        return Along(
            self.place_cm + _cm(ridden_m),
            self.east_m * kept,
            self.north_m * kept,
            self.place_m2 + doubt_m2,
            self.place_east_m2 * kept,
            self.place_north_m2 * kept,
            lasts_m2 + (self.east_m2 - lasts_m2) * kept2,
            self.east_north_m2 * kept2,
            lasts_m2 + (self.north_m2 - lasts_m2) * kept2,
        )

    def on(self, east: NDArray[np.float64], north: NDArray[np.float64]) -> "OnRoad":
        """The same where the road leads this way (a unit vector)."""
        shared_m2 = self.place_east_m2 * east + self.place_north_m2 * north
        with_east_m2 = self.east_m2 * east + self.east_north_m2 * north
        with_north_m2 = self.east_north_m2 * east + self.north_m2 * north
        return OnRoad(
            *(self, east, north, self.east_m * east + self.north_m * north, shared_m2),
            *(with_east_m2, with_north_m2, with_east_m2 * east + with_north_m2 * north),
        )


@dataclass(frozen=True, eq=False)
class OnRoad:
    """What is believed of riders where the road leads `east` and `north` (a unit vector)."""

    along: Along
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    error_m: NDArray[np.float64]
    """Of the receiver: its fixes are so much too far along the road."""
    shared_m2: NDArray[np.float64]
    with_east_m2: NDArray[np.float64]
    """Covariance of the error along the road with that east, and north."""
    with_north_m2: NDArray[np.float64]
    error_m2: NDArray[np.float64]

    @property
    def seen_cm(self) -> NDArray[np.int64]:
        """Where the receiver is expected to say that they are."""
        return self.along.place_cm + _cm(self.error_m)

    @property
    def seen_m2(self) -> NDArray[np.float64]:
        """Variance of that."""
        return self.along.place_m2 + 2.0 * self.shared_m2 + self.error_m2 + WHITE_M2

    @property
    def pull(self) -> NDArray[np.float64]:
        """How much of what a fix is off goes to the place."""
        return (self.along.place_m2 + self.shared_m2) / self.seen_m2

    @property
    def error_pull(self) -> NDArray[np.float64]:
        """And how much to the receiver's error."""
        return (self.shared_m2 + self.error_m2) / self.seen_m2

    @property
    def aside_pull(self) -> NDArray[np.float64]:
        """How much of how far aside a fix lies goes to the receiver's error across the road."""
        was = self.along
        left_m2 = was.east_m2 + was.north_m2 - self.error_m2
        return left_m2 / (left_m2 + ASIDE_M2)

    def corrected(
        self,
        seen_cm: NDArray[np.int64],
        aside_m: NDArray[np.float64],
        told: NDArray[np.bool_],
        since_ms: NDArray[np.int64],
    ) -> Along:
        """What is believed after fixes at these places of the road, so long after the ones before.

        `aside_m`: how far they lie to the left of it; `told`: the receiver gave the speed.
        """
        was = self.along
        off_m = (seen_cm - was.place_cm) / 100.0 - self.error_m
        most_m = ASTRAY_SIGMAS * np.sqrt(self.seen_m2) + ASTRAY_M
        beyond_m = np.maximum(np.abs(off_m) - most_m, 0.0)
        beyond_m2 = beyond_m * beyond_m
        of_place, of_error = np.where(told, 0.0, beyond_m2), np.where(told, beyond_m2, 0.0)
        seen_m2 = self.seen_m2 + beyond_m2
        with_place = was.place_m2 + of_place + self.shared_m2
        with_east = was.place_east_m2 + self.with_east_m2 + of_error * self.east
        with_north = was.place_north_m2 + self.with_north_m2 + of_error * self.north
        east_m = was.east_m + with_east / seen_m2 * off_m
        north_m = was.north_m + with_north / seen_m2 * off_m
        error_m = east_m * self.east + north_m * self.north
        rest_m = error_m - np.minimum(np.maximum(error_m, -MOST_ERROR_M), MOST_ERROR_M)
        east_m, north_m = east_m - rest_m * self.east, north_m - rest_m * self.north
        # Where the speed is known a bike does not leap, however its receiver errs: another leg may be the right one.
        slips_m = SLIPPING_MPS * since_ms / 1000.0
        rest_m = np.where(told, np.minimum(np.maximum(rest_m, -slips_m), slips_m), rest_m)
        place_m = with_place / seen_m2 * off_m + rest_m
        place_m2 = was.place_m2 + of_place - with_place * with_place / seen_m2 + rest_m * rest_m
        place_east_m2 = was.place_east_m2 - with_place * with_east / seen_m2
        place_north_m2 = was.place_north_m2 - with_place * with_north / seen_m2
        east_m2 = was.east_m2 + of_error * self.east * self.east - with_east * with_east / seen_m2
        both_m2 = was.east_north_m2 + of_error * self.east * self.north - with_east * with_north / seen_m2
        north_m2 = was.north_m2 + of_error * self.north * self.north - with_north * with_north / seen_m2

        # To the left of the road: what the receiver errs that way, and how far from the line the rider is.
        left_m = north_m * self.east - east_m * self.north
        with_place = place_north_m2 * self.east - place_east_m2 * self.north
        with_east = both_m2 * self.east - east_m2 * self.north
        with_north = north_m2 * self.east - both_m2 * self.north
        left_m2 = with_north * self.east - with_east * self.north
        off_m, seen_m2 = aside_m - left_m, left_m2 + ASIDE_M2
        beyond_m = np.maximum(np.abs(off_m) - ASIDE_SIGMAS * np.sqrt(seen_m2), 0.0)
        seen_m2 = seen_m2 + ASIDE_M2 * beyond_m * beyond_m
        return Along(
            was.place_cm + _cm(place_m + with_place / seen_m2 * off_m),
            east_m + with_east / seen_m2 * off_m,
            north_m + with_north / seen_m2 * off_m,
            place_m2 - with_place * with_place / seen_m2,
            place_east_m2 - with_place * with_east / seen_m2,
            place_north_m2 - with_place * with_north / seen_m2,
            east_m2 - with_east * with_east / seen_m2,
            both_m2 - with_east * with_north / seen_m2,
            north_m2 - with_north * with_north / seen_m2,
        )


def placed(
    place_cm: NDArray[np.int64],
    east: NDArray[np.float64],
    north: NDArray[np.float64],
) -> Along:
    """What is believed of riders of whom one fix is known: they are where it says, but for the receiver's error.

    `east`, `north`: where the road leads there.
    """
    nothing, error_m2 = np.zeros(len(place_cm)), np.full(len(place_cm), ERROR_M2)
    return Along(
        *(place_cm, nothing, nothing, error_m2 + WHITE_M2, -error_m2 * east, -error_m2 * north),
        *(error_m2, nothing, error_m2),
    )


def lasting_m2(across_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of receivers' lasting errors along the road. `across_m2`: mean square of how far from it fixes lie."""
    return np.maximum(across_m2 - LINE_M2, ERROR_M2)


def error_kept(since_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much of a receiver's error is left after so long."""
    return ERROR_LASTS_S / (ERROR_LASTS_S + since_ms / 1000.0)


def window_cm(seen_m2: NDArray[np.float64]) -> NDArray[np.int64]:
    """One sigma of where a fix is looked for, with the road's own error."""
    return WINDOW_CM + np.floor(np.sqrt(seen_m2) * 100.0).astype(np.int64)


def _cm(metres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(metres * 100.0 + 0.5).astype(np.int64)
