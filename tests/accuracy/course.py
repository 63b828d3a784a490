"""The road of a scenario: what the engine is given, and where wheels really go on it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ardoise.race.route import Route
from ardoise.rehearsal.riding import speed_mps
from numpy.typing import NDArray

Column = NDArray[np.float64]

GRID_M = 2.0
METRES_PER_E7 = 0.0111132
SMOOTHING_M = 6.0
"""Route files have corners, roads have none: 1 sigma of the rounding."""
RUN_OUT_M = 400.0
"""Road behind the last point of the file."""
GRADIENT_M = 120.0
SIDEWAYS_MPS2 = 4.2
BRAKING_MPS2 = 2.2
FASTEST_MPS = 22.0
SLOWEST_MPS = 2.5
POWER_WKG = 5.5
DRAFTING = 0.7


@dataclass(frozen=True, eq=False)
class Course:
    """A road by name. `lap_m`: length of a lap where the road is a circuit."""

    name: str
    route: Route
    lap_m: float | None = None

    @property
    def start_m(self) -> float:
        return float(self.route.distance_cm[0]) / 100

    @property
    def finish_m(self) -> float:
        return self.route.finish_cm / 100

    @cached_property
    def along_m(self) -> Column:
        """Distances from kilometre 0 of the points of the arrays below."""
        return np.arange(self.start_m, self.route.distance_cm[-1] / 100 + RUN_OUT_M, GRID_M)

    @cached_property
    def x_m(self) -> Column:
        """Metres east of the first point, along the line that wheels follow."""
        return self._line(self.route.longitude_e7) * self._scale

    @cached_property
    def y_m(self) -> Column:
        """Metres north of the first point."""
        return self._line(self.route.latitude_e7)

    @cached_property
    def pace_mps(self) -> Column:
        """How fast a field rides: by the gradient, and as slowly as the next corner asks for."""
        rise_m = np.zeros_like(self.along_m)
        if len(self.route.elevation_cm):
            rise_m = np.gradient(
                np.interp(self.along_m, self.route.distance_cm / 100, self.route.elevation_cm / 100)
            )
        gradient = np.clip(_smoothed(rise_m / GRID_M, GRADIENT_M / 2), -0.15, 0.15)
        power = np.full_like(gradient, POWER_WKG)
        pace = speed_mps(power, gradient, np.full_like(gradient, DRAFTING), np.full_like(gradient, 10.0))
        heading = np.unwrap(np.arctan2(np.gradient(self.y_m), np.gradient(self.x_m)))
        curvature = np.abs(np.gradient(_smoothed(heading, 10.0))) / GRID_M
        limit = np.minimum(FASTEST_MPS, np.sqrt(SIDEWAYS_MPS2 / np.maximum(curvature, 1e-6)))
        limit = np.maximum(np.minimum(pace, limit), SLOWEST_MPS)
        # Whoever goes faster than v_i^2 + 2 a d at d metres before a corner cannot brake any more.
        reserve = limit**2 + 2 * BRAKING_MPS2 * self.along_m
        pace = np.sqrt(np.minimum.accumulate(reserve[::-1])[::-1] - 2 * BRAKING_MPS2 * self.along_m)
        return _smoothed(pace, 15.0)

    def plane_m(self, at_m: NDArray, right_m: NDArray | float = 0.0) -> tuple[Column, Column]:
        """Metres east and north of the first point, `right_m` to the right of the line."""
        x_m, y_m = np.interp(at_m, self.along_m, self.x_m), np.interp(at_m, self.along_m, self.y_m)
        east, north = (np.interp(at_m, self.along_m, column) for column in self._direction)
        return x_m + north * right_m, y_m - east * right_m

    def degrees_e7(self, x_m: NDArray, y_m: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Latitude and longitude, 1e-7 degree, of a place in the plane."""
        latitude = np.rint(self.route.latitude_e7[0] + np.asarray(y_m) / METRES_PER_E7)
        longitude = np.rint(self.route.longitude_e7[0] + np.asarray(x_m) / METRES_PER_E7 / self._scale)
        return latitude.astype(np.int64), longitude.astype(np.int64)

    def from_degrees_e7(self, latitude_e7: NDArray, longitude_e7: NDArray) -> tuple[Column, Column]:
        """Metres east and north of the first point."""
        x_m = (np.asarray(longitude_e7) - int(self.route.longitude_e7[0])) * METRES_PER_E7 * self._scale
        return x_m, (np.asarray(latitude_e7) - int(self.route.latitude_e7[0])) * METRES_PER_E7

    @property
    def _scale(self) -> float:
        return self.route.longitude_scale_e9 / 1e9

    @cached_property
    def _direction(self) -> tuple[Column, Column]:
        east, north = np.gradient(self.x_m), np.gradient(self.y_m)
        length = np.maximum(np.hypot(east, north), 1e-9)
        return east / length, north / length

    def _line(self, degrees_e7: NDArray[np.int32]) -> Column:
        metres = (degrees_e7.astype(float) - degrees_e7[0]) * METRES_PER_E7
        known_m = self.route.distance_cm / 100
        line = np.interp(self.along_m, known_m, metres)
        beyond_m = np.maximum(self.along_m - known_m[-1], 0.0)
        slope = (metres[-1] - np.interp(known_m[-1] - 50.0, known_m, metres)) / 50.0
        return _smoothed(line + beyond_m * slope, SMOOTHING_M)


def _smoothed(column: Column, sigma_m: float) -> Column:
    """With a Gaussian of so many metres; the ends go on as they are."""
    reach = int(np.ceil(3 * sigma_m / GRID_M))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * GRID_M / sigma_m) ** 2)
    # Reflected through the end points, so that a straight line stays one.
    padded = np.pad(column, reach, mode="reflect", reflect_type="odd")
    return np.convolve(padded, weights / weights.sum(), mode="valid")
