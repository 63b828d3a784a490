"""Other legs of the road on which a rider may be: each is followed beside the one that is believed, until it is beaten.

The road comes back to the same place: hairpins, laps, out and back. A leg that the rider can hardly have got to costs
more to begin with than one that a silence leaves open; from then on what counts is how well the fixes lie on it, and
that riders ride forward. A receiver's error lasts, so ten fixes in ten seconds say little more than one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.race.along import ERROR_M2, LINE_M2

MOST_RIVALS = 3
"""Of one rider. A circuit has more laps; those nearest to what is expected count."""
SLIP_COST, SLIP_M = 4.0, 10.0
"""A place may have slipped: e^-4 at once, and e^-1 more for each 10 m further along the road."""
JUMP_COST = 30.0
"""At most: of a leg that nothing leads to."""
BEATEN_COST = 34.0
"""So much worse than the leg that is believed, a leg is forgotten."""
SAME_LEG_CM = 3_000
"""Places of the road no further apart than this are of one leg."""
MARGIN_COST = 2.0
"""So much better than the leg that is believed, a leg is believed in its place."""
ACROSS_M2 = ERROR_M2 + LINE_M2
"""Variance of the way from a fix to the road that the rider is on: the receiver's error and that of the line."""
INDEPENDENT_S, FOLLOWING_S = 10.0, 3.0
"""Fixes so far apart in time say something of their own: of the way across the road, of the place along it."""
TURN_COST = 2.0
"""Of riding back from where the rider has all but stopped, or where fixes seem to turn."""
BACK_COST_PER_S = 0.02
"""Riders turn round for a bottle; for long they do not ride back."""
CONTRARY_COST_PER_S = 0.1
"""Of fixes that move against the direction in which the leg is ridden."""
MOST_ACROSS = 8.0
"""What a fix costs at most that is far from the road: under trees there are such for half a minute."""
ASTRAY_M2 = 25.0
"""Variance along the road that the filter does not know of: lines through corners, and the road's own error."""
MOST_ERRING = 8.0
"""What the receiver's error costs at most: less than what another leg does that nothing leads to."""
MOST_ASTRAY = 4.0
"""What a place far from the one expected costs at most."""


@dataclass(eq=False)
class Rivals:
    """Columns [rider, rival]."""

    cm: NDArray[np.int64]
    """Where the rider is if it is the right one, at the rider's last fix."""
    east_m: NDArray[np.float64]
    """Of the receiver, if it is the right one: its fixes are so much too far east."""
    north_m: NDArray[np.float64]
    across_m: NDArray[np.float64]
    """How far from it the last fix lies."""
    onward: NDArray[np.int64]
    """1: the rider rides on; -1: back."""
    since_cm: NDArray[np.int64]
    """Where it was met."""
    cost: NDArray[np.float64]
    """More than that of the leg that is believed; inf: no rival."""

    @classmethod
    def none_yet(cls, riders: int) -> "Rivals":
        shape = (riders, MOST_RIVALS)
        cm, onward, since_cm = (np.zeros(shape, np.int64) for _ in range(3))
        metres = (np.zeros(shape) for _ in range(3))
        return cls(cm, *metres, onward, since_cm, np.full(shape, np.inf))

    def forget(self, row: NDArray[np.int64]) -> None:
        """These riders have none any more."""
        self.cost[row] = np.inf

    def of(self, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices into `row`, and which of the rivals, of all that these riders have."""
        return np.nonzero(np.isfinite(self.cost[row]))

    def best(
        self,
        row: NDArray[np.int64],
        rivals_m: NDArray[np.float64],
        error_m: NDArray[np.float64],
        across_m: NDArray[np.float64],
        lasting_m2: NDArray[np.float64],
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Which of each rider's is the best, and its cost with that of the receiver's error.

        `rivals_m` [row, rival]: of it along theirs; `error_m` along and `across_m` across the leg that is believed.
        `lasting_m2`: variance of such errors.
        """
        errs = erring(rivals_m, self.across_m[row], lasting_m2[:, None])
        errs = errs - erring(error_m, across_m, lasting_m2)[:, None]
        cost = self.cost[row] + errs
        nth = np.argmin(cost, axis=1)
        return nth, cost[np.arange(len(row)), nth]

    def believe(
        self, row: int, nth: int, cm: int, error_m: tuple[float, float], across_m: float, onward: int
    ) -> None:
        """A rival is believed now; what was, at `cm`, ridden `onward`, is a rival in its place.

        `error_m`: the receiver's, east and north.
        """
        lead = self.cost[row, nth]
        self.cost[row] -= lead
        self.cm[row, nth], self.since_cm[row, nth], self.onward[row, nth] = cm, cm, onward
        self.cost[row, nth], self.across_m[row, nth] = -lead, across_m
        self.east_m[row, nth], self.north_m[row, nth] = error_m

    def meet(
        self,
        row: NDArray[np.int64],
        cm: NDArray[np.int64],
        east_m: NDArray[np.float64],
        north_m: NDArray[np.float64],
        across_m: NDArray[np.float64],
        onward: NDArray[np.int64],
        cost: NDArray[np.float64],
    ) -> None:
        """Takes legs in, an element each; of a rider's the best are followed, each once."""
        riders = np.unique(row)
        which, nth = self.of(riders)
        old = riders[which]
        row = np.concatenate((old, row))
        since_cm = np.concatenate((self.since_cm[old, nth], cm))
        cm = np.concatenate((self.cm[old, nth], cm))
        east_m = np.concatenate((self.east_m[old, nth], east_m))
        north_m = np.concatenate((self.north_m[old, nth], north_m))
        across_m = np.concatenate((self.across_m[old, nth], across_m))
        onward = np.concatenate((self.onward[old, nth], onward))
        cost = np.concatenate((self.cost[old, nth], cost))
        columns = (row, cm, east_m, north_m, across_m, onward, since_cm, cost)
        order = np.lexsort((cm, onward, row))
        row, cm, east_m, north_m, across_m, onward, since_cm, cost = columns = tuple(
            c[order] for c in columns
        )
        near = (row[1:] == row[:-1]) & (onward[1:] == onward[:-1]) & (cm[1:] - cm[:-1] < SAME_LEG_CM)
        # Of one leg the better: a silence opens what was all but beaten.
        worse = np.zeros(len(row), bool)
        worse[1:] |= near & (cost[1:] >= cost[:-1])
        worse[:-1] |= near & (cost[:-1] > cost[1:])
        order = np.flatnonzero(~worse)[np.lexsort((cm[~worse], cost[~worse], row[~worse]))]
        row, cm, east_m, north_m, across_m, onward, since_cm, cost = (column[order] for column in columns)
        nth = np.arange(len(row)) - np.searchsorted(row, row)
        kept = nth < MOST_RIVALS
        row, nth = row[kept], nth[kept]
        self.forget(riders)
        self.cm[row, nth], self.onward[row, nth] = cm[kept], onward[kept]
        self.since_cm[row, nth], self.cost[row, nth] = since_cm[kept], cost[kept]
        self.east_m[row, nth], self.north_m[row, nth] = east_m[kept], north_m[kept]
        self.across_m[row, nth] = across_m[kept]


def erring(
    error_m: NDArray[np.float64], across_m: NDArray[np.float64], lasting_m2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What it costs a leg that the receiver would have to err by so much now, along it and across."""
    errs = (error_m * error_m / lasting_m2 + across_m * across_m / (lasting_m2 + LINE_M2)) / 2.0
    return errs / (1.0 + errs / MOST_ERRING)


def evidence(
    since_ms: NDArray[np.int64],
    across_m: NDArray[np.float64],
    astray_m: NDArray[np.float64],
    seen_m2: NDArray[np.float64],
    contrary: NDArray[np.bool_],
    back: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """What a fix costs a leg. `contrary`: the fix has moved against the direction in which it is ridden."""
    since_s = since_ms / 1000.0
    astray = np.minimum(astray_m * astray_m / (2.0 * (seen_m2 + ASTRAY_M2)), MOST_ASTRAY)
    across = across_m * across_m / (2.0 * ACROSS_M2)
    lies = across / (1.0 + across / MOST_ACROSS)
    told = np.minimum(since_s / INDEPENDENT_S, 1.0) * lies + np.minimum(since_s / FOLLOWING_S, 1.0) * astray
    runs = np.where(contrary, CONTRARY_COST_PER_S, 0.0) + np.where(back, BACK_COST_PER_S, 0.0)
    return told + runs * since_s
