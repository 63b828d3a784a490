"""Where on the road a fix is: near it, and where the rider can have come from what was before.

A road passes the same place several times: hairpins 20 m apart, circuits, out and back. So a
candidate costs for its distance from the fix, for its distance from where the rider was expected,
and for a direction of travel against the road's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.race.road import STEP_CM, Road

CORRIDOR_M = 60.0
"""A rider who is not on the road yet is placed on it within this distance."""
WIDE_CORRIDOR_M = 120.0
"""A rider on the road stays on it within this one: published routes cut roundabouts and corners
(Carcassonne-Foix 2026: 99.5 % of the fixes within 60 m of the line, 99.8 % within 100 m)."""
FASTEST_MPS = 30.0
"""108 km/h; the fastest descents reach 100."""
SLACK_M = 40.0
"""Two receivers' errors and the road's own, along the road."""

ACROSS_SIGMA_M = 12.0
FAR_SIGMAS = 4.0
"""A fix further from the place expected than so many of its sigmas errs."""
ASTRAY_COST = 9.0
"""At most: a rider who was expected wrongly must not be held at a hairpin for ever."""
AGAINST_COST = 8.0
"""Cost of a leg that leads against the direction of travel."""
DIRECTION_FROM_M = 12.0
"""A shorter displacement says nothing about the direction."""
DIRECTION_UNTIL_MS = 12_000
"""A longer one may have gone round a hairpin."""
LEG_STEPS = 40
"""Grid points further apart along the road (200 m) are another leg."""
STRAIGHT_MS = 3_000
"""Over so long nobody rides much further along the road than straight across."""
IMPOSSIBLE_COST = 400.0


@dataclass(frozen=True)
class Placed:
    """Points of the road nearest to fixes, with how far the fixes are from it."""

    distance_cm: NDArray[np.int64]
    across_m: NDArray[np.float64]
    against: NDArray[np.bool_]
    """The road there leads against the displacement."""


def place_in_windows(
    road: Road,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    low_cm: NDArray[np.int64],
    high_cm: NDArray[np.int64],
    expected_cm: NDArray[np.int64],
    sigma_cm: NDArray[np.int64],
    east_m: NDArray[np.float64],
    north_m: NDArray[np.float64],
) -> Placed:
    """Places each fix in its own window of the road, from low to high.

    `expected_cm` with `sigma_cm`: where the rider should be; `east_m`, `north_m`: displacement
    since the fix before, 0 where it says nothing. All arrays have one element per fix.
    """
    last = len(road.x_m) - 1
    first = np.minimum(np.maximum((low_cm - road.start_cm) // STEP_CM, 0), last)
    end = np.minimum(np.maximum(-((road.start_cm - high_cm) // STEP_CM), first), last)
    index = first[:, None] + np.arange(int((end - first).max()) + 1)
    beyond = index > end[:, None]
    index = np.minimum(index, end[:, None])
    dx, dy = road.x_m[index] - x_m[:, None], road.y_m[index] - y_m[:, None]
    astray = (index * STEP_CM + (road.start_cm - expected_cm)[:, None]) / sigma_cm[:, None]
    heading = road.east[index] * east_m[:, None] + road.north[index] * north_m[:, None]
    # A fix that is far from where the rider can be errs, and says the less about where along the road.
    middle = np.minimum(np.maximum((expected_cm - road.start_cm) // STEP_CM, 0), last)
    east, north = road.x_m[middle] - x_m, road.y_m[middle] - y_m
    beyond_m = np.maximum(np.sqrt(east * east + north * north) - FAR_SIGMAS * sigma_cm / 100.0, 0.0)
    across_m2 = ACROSS_SIGMA_M * ACROSS_SIGMA_M + beyond_m * beyond_m
    cost = (dx * dx + dy * dy) / across_m2[:, None]
    cost = cost + np.minimum(astray * astray, ASTRAY_COST) + np.where(heading < 0.0, AGAINST_COST, 0.0)
    cost[beyond] = np.inf
    rows = np.arange(len(first))
    best = np.argmin(cost, axis=1)
    distance_cm, across_m = project(road, x_m, y_m, index[rows, best])
    return Placed(np.minimum(np.maximum(distance_cm, low_cm), high_cm), across_m, heading[rows, best] < 0.0)


def legs_near(
    road: Road, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Every leg of the road within CORRIDOR_M of each place: which place, distance_cm, across_m."""
    which, point = road.near(x_m, y_m)
    dx, dy = road.x_m[point] - x_m[which], road.y_m[point] - y_m[which]
    square = dx * dx + dy * dy
    near = square <= CORRIDOR_M * CORRIDOR_M
    which, point, square = which[near], point[near], square[near]
    joined = np.zeros(len(which) + 1, bool)
    joined[1:-1] = (which[1:] == which[:-1]) & (point[1:] == point[:-1] + 1)
    nearest = ~joined[:-1] | (square <= np.concatenate((square[:1], square[:-1])))
    nearest &= ~joined[1:] | (square < np.concatenate((square[1:], square[-1:])))
    which, point = which[nearest], point[nearest]
    return which, *project(road, x_m[which], y_m[which], point)


def project(
    road: Road, x_m: NDArray[np.float64], y_m: NDArray[np.float64], index: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Foot of the perpendicular on the two steps that meet at a grid point: distance_cm, across_m."""
    last = len(road.x_m) - 1
    results = []
    for begin in (np.minimum(np.maximum(index - 1, 0), last - 1), np.minimum(np.maximum(index, 0), last - 1)):
        ax, ay = road.x_m[begin], road.y_m[begin]
        bx, by = road.x_m[begin + 1] - ax, road.y_m[begin + 1] - ay
        px, py = x_m - ax, y_m - ay
        along = (px * bx + py * by) / np.maximum(bx * bx + by * by, 1e-9)
        along = np.minimum(np.maximum(along, 0.0), 1.0)
        dx, dy = px - along * bx, py - along * by
        cm = begin * STEP_CM + np.floor(along * STEP_CM + 0.5).astype(np.int64)
        results.append((dx * dx + dy * dy, cm + road.start_cm))
    (square_a, cm_a), (square_b, cm_b) = results
    nearer = square_b < square_a
    return np.where(nearer, cm_b, cm_a), np.sqrt(np.where(nearer, square_b, square_a))


def way_cm(
    along_cm: NDArray[np.int64],
    since_ms: NDArray[np.int64],
    east_m: NDArray[np.float64],
    north_m: NDArray[np.float64],
) -> NDArray[np.int64]:
    """How far riders got between two fixes: along the road, and over a short time no further than straight across.

    In the apex of a hairpin a metre of a receiver's error across the road is ten along it.
    """
    straight_cm = np.floor(np.sqrt(east_m * east_m + north_m * north_m) * 100.0).astype(np.int64)
    return np.where(since_ms <= STRAIGHT_MS, np.minimum(along_cm, straight_cm), along_cm)


def seek(
    road: Road,
    x_m: float,
    y_m: float,
    displacement_m: tuple[float, float],
    expected_cm: int,
    sigma_cm: int,
    possible_cm: tuple[int, int],
) -> int | None:
    """Finds a fix anywhere on the road: distance_cm, None where no road is within CORRIDOR_M.

    Between several legs decide the nearness, the direction of travel, `expected_cm`, and what the
    rider can have reached since the fix before (`possible_cm`), unless only another leg is near.
    """
    near = road.near(np.array([x_m]), np.array([y_m]))[1]
    if not len(near):
        return None
    distance_cm, across_m = project(road, np.full(len(near), x_m), np.full(len(near), y_m), near)
    inside = across_m <= CORRIDOR_M
    near, distance_cm, across_m = near[inside], distance_cm[inside], across_m[inside]
    if not len(near):
        return None
    heading = road.east[near] * displacement_m[0] + road.north[near] * displacement_m[1]
    astray = (distance_cm - expected_cm) / sigma_cm
    cost = across_m * across_m / (ACROSS_SIGMA_M * ACROSS_SIGMA_M) + astray * astray
    cost = cost + np.where(heading < 0.0, AGAINST_COST, 0.0)
    impossible = (distance_cm < possible_cm[0]) | (distance_cm > possible_cm[1])
    cost = cost + np.where(impossible, IMPOSSIBLE_COST, 0.0)
    return int(distance_cm[np.argmin(cost)])


def apart_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """How far two places of the plane are from each other."""
    dx, dy = a[0] - b[0], a[1] - b[1]
    return float(np.sqrt(dx * dx + dy * dy))
