"""Points of a road as a file has them, and where a place lies along the line through them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ardoise.race.route import Feature, Route, prepare_route

METRES_PER_E7_OF_LATITUDE = 0.011132
FURTHEST_FROM_ROAD_M = 500.0
"""Kilometre 0 of a published trace lay 170 m beside it, on a step of 1.4 km."""


@dataclass(frozen=True, eq=False)
class RoadPoints:
    """A line of points in the order of the road; columns of one length."""

    latitude_e7: NDArray[np.int64]
    longitude_e7: NDArray[np.int64]
    elevation_cm: NDArray[np.int64] | None
    """None where the file has none."""

    @classmethod
    def of_degrees(
        cls, latitude: list[float], longitude: list[float], elevation_m: list[float | None]
    ) -> "RoadPoints":
        """Degrees and metres; a few missing elevations are filled in between their neighbours."""
        known = [index for index, value in enumerate(elevation_m) if value is not None]
        elevation_cm = None
        if len(known) * 2 > len(elevation_m):
            values = [elevation_m[index] for index in known]
            filled_m = np.interp(np.arange(len(elevation_m)), known, np.asarray(values, float))
            elevation_cm = np.rint(filled_m * 100).astype(np.int64)
        return cls(
            np.rint(np.asarray(latitude, float) * 1e7).astype(np.int64),
            np.rint(np.asarray(longitude, float) * 1e7).astype(np.int64),
            elevation_cm,
        )

    def route(
        self, kilometre_zero_cm: int, finish_from_start_cm: int | None, features: list[Feature]
    ) -> Route:
        """Measured by ardoise.race. Raises RouteError."""
        return prepare_route(
            self.latitude_e7,
            self.longitude_e7,
            self.elevation_cm,
            kilometre_zero_cm=kilometre_zero_cm,
            finish_from_start_cm=finish_from_start_cm,
            features=features,
        )


def trace_points(trace: Mapping[str, Any]) -> RoadPoints:
    """The line of a race centre's trace; points without a place are left out. Raises ValueError."""
    points = trace.get("routePoints")
    found = [_place(point) for point in points] if isinstance(points, list) else []
    usable = [place for place in found if place is not None]
    if len(usable) < 2:
        raise ValueError(f"the trace has {len(usable)} usable routePoints")
    latitude, longitude, elevation_m = (list(column) for column in zip(*usable, strict=True))
    return RoadPoints.of_degrees(latitude, longitude, elevation_m)


def _place(point: object) -> tuple[float, float, float | None] | None:
    if not isinstance(point, Mapping):
        return None
    latitude, longitude = finite(point.get("lat")), finite(point.get("lon"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude, finite(point.get("ele"))


def finite(value: object) -> float | None:
    """The finite number that a JSON value is, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


class PlaceFinder:
    """Finds how far along a measured road a place beside it lies.

    A road book gives a summit by its place and by its kilometre, and its kilometres are those of a car on
    the bends: 0.5 % more than the line through the published points. The place decides, the kilometre
    says on which lap.
    """

    def __init__(self, route: Route) -> None:
        """`route`: measured with kilometre 0 at its first point."""
        scale = route.longitude_scale_e9 / 1e9
        self._scale = scale
        self._points = np.column_stack((route.latitude_e7, route.longitude_e7 * scale)).astype(float)
        self._distance_cm = route.distance_cm.astype(float)

    def distance_cm(
        self, latitude: float, longitude: float, expected_cm: float, within_cm: float
    ) -> int | None:
        """Distance from the first point, centimetres, of the place of the road nearest to this one, among
        those at most `within_cm` from `expected_cm`; None where the road is over 500 m away from it."""
        place = np.array([latitude * 1e7, longitude * 1e7 * self._scale])
        start, step = self._points[:-1], np.diff(self._points, axis=0)
        share = ((place - start) * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-9)
        share = np.clip(share, 0.0, 1.0)
        along_cm = self._distance_cm[:-1] + share * np.diff(self._distance_cm)
        away_m = np.hypot(*(place - start - step * share[:, None]).T) * METRES_PER_E7_OF_LATITUDE
        away_m[np.abs(along_cm - expected_cm) > within_cm] = np.inf
        nearest = int(np.argmin(away_m))
        return None if away_m[nearest] > FURTHEST_FROM_ROAD_M else round(along_cm[nearest])
