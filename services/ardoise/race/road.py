"""The road as the engine rides it: a uniform grid in a plane, made from a Route by + - x / alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.race.route import Route

STEP_CM = 500
"""Spacing of the grid: finer than a receiver's error, coarse enough to search."""
METRES_PER_E7_DEGREE = 0.0111132
"""A degree of latitude at 45 degrees over 1e7; 0.5 % off at worst, and only across the road."""
CELL_M = 100.0
"""Side of a square of the index that finds the road near a place."""
GRADIENT_STEPS = 10
"""The gradient is taken over as many steps on each side: 100 m in all."""
SLOWER_UPHILL, FASTER_DOWNHILL = 14, 5
"""A rider of the same effort rides 1 / (1 + 14 gradient) of the speed uphill, 1 + 5 gradient of it downhill."""
STEEPEST_PERMILLE = 150
CLIMB_STEPS = 30
"""A climb is taken over 300 m in all: heights of a road are noisy."""
CLIMBS_AT_MOST_MMPS = 900
"""Upwards, 3,240 m/h: half as much again and more as the best climb."""
RUN_OUT_CM = 50_000
"""Road added straight on behind the last point: riders roll out behind the line, routes end at it."""
RUN_OUT_DIRECTION_CM = 5_000
"""The run-out goes on in the direction of so much road before the end."""

_CELL_ROW = 1 << 20


@dataclass(frozen=True, eq=False)
class Road:
    """The road every STEP_CM from its first point; all arrays have one element per grid point."""

    start_cm: int
    """Distance of the first grid point from kilometre 0."""
    finish_cm: int
    x_m: NDArray[np.float64]
    """East of the origin in the plane."""
    y_m: NDArray[np.float64]
    east: NDArray[np.float64]
    """Direction of the road, unit vector."""
    north: NDArray[np.float64]
    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]
    gradient_permille: NDArray[np.int64]
    climb_permille: NDArray[np.int64]
    """The same over the length of a climb."""
    level_cm: NDArray[np.int64]
    """How far one would get on the level with the effort of riding here from the first point."""
    origin_e7: tuple[int, int]
    longitude_scale: float
    cells: NDArray[np.int64]
    """Cell of each grid point, sorted; points gives their order."""
    points: NDArray[np.int64]

    @property
    def end_cm(self) -> int:
        return self.start_cm + (len(self.x_m) - 1) * STEP_CM

    def plane(
        self, latitude_e7: NDArray[np.int64], longitude_e7: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres east and north of the origin."""
        return _plane(latitude_e7, longitude_e7, self.origin_e7, self.longitude_scale)

    def place(self, distance_cm: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Latitude and longitude (1e-7 degree) of points of the road."""
        index, rest_cm = self._split(distance_cm)
        after = np.minimum(index + 1, len(self.x_m) - 1)
        return tuple(
            column[index] + (column[after] - column[index]) * rest_cm // STEP_CM
            for column in (self.latitude_e7, self.longitude_e7)
        )

    def leads(self, distance_cm: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Which way the road leads at points of it, east and north: unit vectors."""
        index = self._split(distance_cm)[0]
        return self.east[index], self.north[index]

    def along_m(
        self, distance_cm: NDArray[np.int64], east_m: NDArray[np.float64], north_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How much of a way in the plane leads along the road, at points of it."""
        east, north = self.leads(distance_cm)
        return east_m * east + north_m * north

    def aside_m(
        self, distance_cm: NDArray[np.int64], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How far places of the plane lie to the left of the road, at points of it."""
        index = self._split(distance_cm)[0]
        return (y_m - self.y_m[index]) * self.east[index] - (x_m - self.x_m[index]) * self.north[index]

    def straight_cm(self, one_cm: NDArray[np.int64], other_cm: NDArray[np.int64]) -> NDArray[np.int64]:
        """How far points of the road are from each other across country, to a grid step."""
        one, other = self._split(one_cm)[0], self._split(other_cm)[0]
        dx, dy = self.x_m[one] - self.x_m[other], self.y_m[one] - self.y_m[other]
        return np.floor(np.sqrt(dx * dx + dy * dy) * 100.0).astype(np.int64)

    def gradient(self, distance_cm: NDArray[np.int64]) -> NDArray[np.int64]:
        """Gradient at points of the road, per mille; 0 where the elevation is unknown."""
        return self.gradient_permille[self._split(distance_cm)[0]]

    def fastest_mmps(self, distance_cm: NDArray[np.int64]) -> NDArray[np.int64]:
        """What no rider keeps up at points of the road: uphill alone is it told from what a rider can."""
        up_permille = np.maximum(self.climb_permille[self._split(distance_cm)[0]], 1)
        return CLIMBS_AT_MOST_MMPS * 1000 // up_permille

    def with_same_effort(
        self, distance_cm: NDArray[np.int64], way_cm: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Where riders get to who would ride this way if the gradient stayed as it is at `distance_cm`."""
        index, rest_cm = self._split(distance_cm)
        after = np.minimum(index + 1, len(self.x_m) - 1)
        step_cm = np.maximum(self.level_cm[after] - self.level_cm[index], 1)
        level_cm = self.level_cm[index] + step_cm * rest_cm // STEP_CM + step_cm * way_cm // STEP_CM
        index = np.minimum(
            np.maximum(np.searchsorted(self.level_cm, level_cm, side="right") - 1, 0), len(self.x_m) - 2
        )
        step_cm = self.level_cm[index + 1] - self.level_cm[index]
        return self.start_cm + index * STEP_CM + (level_cm - self.level_cm[index]) * STEP_CM // step_cm

    def near(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Grid points in the square of 300 m around each place, in the order of the road: which place, which point."""
        column, row = np.floor(x_m / CELL_M).astype(np.int64), np.floor(y_m / CELL_M).astype(np.int64)
        # The three cells of one column have consecutive numbers.
        first = ((column + np.array([[-1], [0], [1]])) * _CELL_ROW + row - 1).ravel()
        low, high = np.searchsorted(self.cells, first), np.searchsorted(self.cells, first + 3)
        count = high - low
        which = np.repeat(np.tile(np.arange(len(x_m)), 3), count)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        point = self.points[np.repeat(low, count) + nth]
        order = np.lexsort((point, which))
        return which[order], point[order]

    def _split(self, distance_cm: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        along_cm = np.minimum(np.maximum(distance_cm, self.start_cm), self.end_cm) - self.start_cm
        return along_cm // STEP_CM, along_cm % STEP_CM


def build_road(route: Route) -> Road:
    """Resamples a route. Deterministic on any CPU: no function but the four operations and sqrt."""
    along_cm = route.distance_cm.astype(np.int64) - int(route.distance_cm[0])
    turn = int(np.searchsorted(along_cm, along_cm[-1] - RUN_OUT_DIRECTION_CM, side="right")) - 1
    turn = min(max(turn, 0), len(along_cm) - 2)
    run_cm = int(along_cm[-1] - along_cm[turn])
    along_cm = np.append(along_cm, along_cm[-1] + RUN_OUT_CM)
    grid_cm = np.arange(0, int(along_cm[-1]) + 1, STEP_CM, dtype=np.int64)
    after = np.minimum(np.maximum(np.searchsorted(along_cm, grid_cm, side="right"), 1), len(along_cm) - 1)
    rest_cm, length_cm = grid_cm - along_cm[after - 1], along_cm[after] - along_cm[after - 1]

    def resampled(column: NDArray[np.int32]) -> NDArray[np.int64]:
        wide = column.astype(np.int64)
        wide = np.append(wide, wide[-1] + (wide[-1] - wide[turn]) * RUN_OUT_CM // run_cm)
        return wide[after - 1] + (wide[after] - wide[after - 1]) * rest_cm // length_cm

    latitude_e7, longitude_e7 = resampled(route.latitude_e7), resampled(route.longitude_e7)
    origin_e7 = (int(latitude_e7[0]), int(longitude_e7[0]))
    scale = route.longitude_scale_e9 / 1e9
    x_m, y_m = _plane(latitude_e7, longitude_e7, origin_e7, scale)
    before, behind = np.maximum(np.arange(len(x_m)) - 1, 0), np.minimum(np.arange(len(x_m)) + 1, len(x_m) - 1)
    east, north = x_m[behind] - x_m[before], y_m[behind] - y_m[before]
    # Two points of a loop can coincide: a direction of length 0 then, which agrees with any.
    length = np.maximum(np.sqrt(east * east + north * north), 1e-9)
    cells = np.floor(x_m / CELL_M).astype(np.int64) * _CELL_ROW + np.floor(y_m / CELL_M).astype(np.int64)
    points = np.argsort(cells, kind="stable")
    known = len(route.elevation_cm)
    elevation_cm = resampled(route.elevation_cm) if known else np.zeros(len(x_m), np.int64)
    gradient = _gradient(elevation_cm, GRADIENT_STEPS)
    steep = np.minimum(np.maximum(gradient, -STEEPEST_PERMILLE), STEEPEST_PERMILLE)
    up, down = np.maximum(steep, 0), np.maximum(-steep, 0)
    step_cm = STEP_CM * (1000 + SLOWER_UPHILL * up) // (1000 + FASTER_DOWNHILL * down)
    return Road(
        start_cm=int(route.distance_cm[0]),
        finish_cm=route.finish_cm,
        x_m=x_m,
        y_m=y_m,
        east=east / length,
        north=north / length,
        latitude_e7=latitude_e7,
        longitude_e7=longitude_e7,
        gradient_permille=gradient,
        climb_permille=_gradient(elevation_cm, CLIMB_STEPS),
        level_cm=np.cumsum(step_cm) - step_cm[0],
        origin_e7=origin_e7,
        longitude_scale=scale,
        cells=cells[points],
        points=points,
    )


def _gradient(elevation_cm: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """Per mille, over so many steps on each side."""
    point = np.arange(len(elevation_cm))
    low, high = np.maximum(point - steps, 0), np.minimum(point + steps, len(elevation_cm) - 1)
    return (elevation_cm[high] - elevation_cm[low]) * 1000 // np.maximum((high - low) * STEP_CM, 1)


def _plane(
    latitude_e7: NDArray[np.int64], longitude_e7: NDArray[np.int64], origin_e7: tuple[int, int], scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x_m = (longitude_e7 - origin_e7[1]) * METRES_PER_E7_DEGREE * scale
    return x_m, (latitude_e7 - origin_e7[0]) * METRES_PER_E7_DEGREE
