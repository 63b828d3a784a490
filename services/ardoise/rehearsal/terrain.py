"""The road as a rider feels it: gradient, how fast one can take it, and where it is. Tables every 10 m."""

import numpy as np
from numpy.typing import NDArray

from ardoise.pb import setup_pb2

GRID_M = 10.0
GRADIENT_WINDOW = 7
"""Grid steps over which the gradient is taken: elevations of route files are rough."""
SIDEWAYS_MPS2 = 4.2
"""Cornering of a good descender on dry road."""
BRAKING_MPS2 = 2.2
FASTEST_MPS = 23.5
METRES_PER_E7 = 0.0111132

Column = NDArray[np.float64]


class Terrain:
    """Lookups by distance from kilometre 0, metres; vectorised over riders."""

    def __init__(self, route: setup_pb2.Route) -> None:
        self._distance_m = np.asarray(route.distance_cm, float) / 100
        self.start_m, self.end_m = float(self._distance_m[0]), float(self._distance_m[-1])
        self.finish_m = route.finish_cm / 100
        self._scale = route.longitude_scale_e9 / 1e9
        self._latitude_e7 = np.asarray(route.latitude_e7, float)
        self._longitude_e7 = np.asarray(route.longitude_e7, float)
        grid_m = np.arange(self.start_m, self.end_m, GRID_M)
        elevation_m = np.zeros_like(grid_m)
        if route.elevation_cm:
            elevation_m = np.interp(grid_m, self._distance_m, np.asarray(route.elevation_cm, float) / 100)
        smooth = np.ones(GRADIENT_WINDOW) / GRADIENT_WINDOW
        rise_m = np.gradient(elevation_m)
        padded = np.pad(rise_m, GRADIENT_WINDOW // 2, mode="edge")
        self._gradient = np.convolve(padded, smooth, mode="valid") / GRID_M
        self._limit_mps = self._corner_limits(grid_m)

    def gradient(self, at_m: Column) -> Column:
        """As a fraction."""
        return self._gradient[self._index(at_m)]

    def limit_mps(self, at_m: Column) -> Column:
        """The speed at which one can still take the next corner."""
        return self._limit_mps[self._index(at_m)]

    def place_e7(self, at_m: Column, right_m: Column | float = 0.0) -> tuple[Column, Column]:
        """Latitude and longitude, 1e-7 degree, `right_m` metres to the right of the line."""
        at_m = np.clip(at_m, self.start_m, self.end_m - 1.0)
        latitude = np.interp(at_m, self._distance_m, self._latitude_e7)
        longitude = np.interp(at_m, self._distance_m, self._longitude_e7)
        north = np.interp(at_m + 1.0, self._distance_m, self._latitude_e7) - latitude
        east = (np.interp(at_m + 1.0, self._distance_m, self._longitude_e7) - longitude) * self._scale
        length = np.maximum(np.hypot(north, east), 1e-9)
        sideways = right_m / METRES_PER_E7 / length
        return latitude - east * sideways, longitude + north * sideways / self._scale

    def offset_e7(self, north_m: Column, east_m: Column) -> tuple[Column, Column]:
        """Metres as differences of latitude and longitude, 1e-7 degree."""
        return north_m / METRES_PER_E7, east_m / METRES_PER_E7 / self._scale

    def plane_m(self, latitude_e7: Column, longitude_e7: Column) -> tuple[Column, Column]:
        """Places on a plane, metres northwards and eastwards, to tell how far two are apart."""
        return latitude_e7 * METRES_PER_E7, longitude_e7 * METRES_PER_E7 * self._scale

    def _index(self, at_m: Column) -> NDArray[np.int64]:
        index = ((at_m - self.start_m) / GRID_M).astype(np.int64)
        return np.clip(index, 0, len(self._gradient) - 1)

    def _corner_limits(self, grid_m: Column) -> Column:
        north_m, east_m = self.plane_m(
            np.interp(grid_m, self._distance_m, self._latitude_e7),
            np.interp(grid_m, self._distance_m, self._longitude_e7),
        )
        heading = np.unwrap(np.arctan2(np.diff(east_m), np.diff(north_m)))
        # Curvature over 30 m: a corner cut in a route file is not a corner on the road.
        turned = np.abs(heading[3:] - heading[:-3]) / (3 * GRID_M)
        curvature = np.pad(turned, (2, 2), mode="edge")
        limit = np.minimum(FASTEST_MPS, np.sqrt(SIDEWAYS_MPS2 / np.maximum(curvature, 1e-6)))
        for index in range(len(limit) - 2, -1, -1):
            limit[index] = min(limit[index], np.sqrt(limit[index + 1] ** 2 + 2 * BRAKING_MPS2 * GRID_M))
        return np.pad(limit, (0, max(0, len(grid_m) - len(limit))), mode="edge")
