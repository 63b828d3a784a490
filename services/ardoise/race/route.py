"""The road as data: points, distances from kilometre 0, finish, climbs and sprints.

`prepare_route` is run once, where a stage is set up. Its cosines and square roots end up in integer
tables that travel in the log with the stage: cosines differ between CPUs, tables do not.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

WGS84_SEMI_MAJOR_M = 6_378_137.0
WGS84_ECCENTRICITY_SQUARED = 0.00669437999014

LONGEST_STEP_M = 5_000.0
"""A longer straight line between two points is a hole in the file, not a road."""
LONGEST_ROUTE_M = 500_000.0
"""Milan-Sanremo, the longest race of a day, has 300 km."""
MOST_POINTS = 200_000


class RouteError(ValueError):
    """The points do not make a road; the message says which ones and why."""


class FeatureKind(IntEnum):
    """What stands on the road; the numbers are those of the contract (setup.proto)."""

    CLIMB = 1
    SPRINT = 2
    TIME_CHECK = 3
    FEED = 4


@dataclass(frozen=True)
class Feature:
    """A place on the road that means something to the race."""

    kind: FeatureKind
    name: str
    distance_cm: int
    """From kilometre 0; of a climb: its summit."""
    length_cm: int = 0
    category: str = ""


@dataclass(frozen=True, eq=False)
class Route:
    """The road of a stage. All arrays are of one length, int32, in the order of the road."""

    latitude_e7: NDArray[np.int32]
    longitude_e7: NDArray[np.int32]
    elevation_cm: NDArray[np.int32]
    """Above sea level; of length 0 where unknown."""
    distance_cm: NDArray[np.int32]
    """From kilometre 0: negative in the neutral zone, strictly growing."""
    finish_cm: int
    longitude_scale_e9: int
    """Length of a degree of longitude over that of a degree of latitude at the middle of the route."""
    features: tuple[Feature, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 of points, distances, finish and features, in hexadecimal."""
        digest = hashlib.sha256()
        for column in (self.latitude_e7, self.longitude_e7, self.elevation_cm, self.distance_cm):
            digest.update(len(column).to_bytes(4, "little"))
            digest.update(np.asarray(column, "<i4").tobytes())
        rest = [(int(f.kind), f.name, f.distance_cm, f.length_cm, f.category) for f in self.features]
        digest.update(repr((self.finish_cm, self.longitude_scale_e9, rest)).encode())
        return digest.hexdigest()


def prepare_route(
    latitudes_e7: ArrayLike,
    longitudes_e7: ArrayLike,
    elevations_cm: ArrayLike | None,
    *,
    kilometre_zero_cm: int = 0,
    finish_from_start_cm: int | None = None,
    features: Sequence[Feature] = (),
) -> Route:
    """Measures the line through the points and makes a Route of it.

    `latitudes_e7`, `longitudes_e7`: 1e-7 degree, WGS 84. `kilometre_zero_cm` and
    `finish_from_start_cm` are distances along the line from its first point; without the second the
    last point is the finish. Points that repeat the one before are dropped. `features` carry
    distances from kilometre 0 and come out sorted by them. Raises RouteError.
    """
    latitude_e7 = np.asarray(latitudes_e7, np.int64)
    longitude_e7 = np.asarray(longitudes_e7, np.int64)
    elevation_cm = np.asarray([] if elevations_cm is None else elevations_cm, np.int64)
    _check_columns(latitude_e7, longitude_e7, elevation_cm)

    along_cm = np.rint(np.cumsum(_steps_m(latitude_e7, longitude_e7)) * 100.0).astype(np.int64)
    along_cm = np.concatenate(([0], along_cm))
    kept = np.concatenate(([True], np.diff(along_cm) > 0))
    along_cm, latitude_e7, longitude_e7 = along_cm[kept], latitude_e7[kept], longitude_e7[kept]
    if elevation_cm.size:
        elevation_cm = elevation_cm[kept]
    length_cm = int(along_cm[-1])
    if len(along_cm) < 2:
        raise RouteError("all points of the route are the same place")
    if length_cm > LONGEST_ROUTE_M * 100:
        raise RouteError(f"the route is {length_cm // 100_000} km long, at most {LONGEST_ROUTE_M / 1000:.0f}")

    finish_from_start_cm = length_cm if finish_from_start_cm is None else finish_from_start_cm
    if not 0 <= kilometre_zero_cm < finish_from_start_cm <= length_cm:
        raise RouteError(
            f"kilometre 0 ({kilometre_zero_cm / 100:.0f} m) and finish ({finish_from_start_cm / 100:.0f} m) "
            f"must lie in this order on the route of {length_cm / 100:.0f} m"
        )
    for feature in features:
        if not -kilometre_zero_cm <= feature.distance_cm <= length_cm - kilometre_zero_cm:
            raise RouteError(
                f"{feature.name!r} at {feature.distance_cm / 100_000:.1f} km is not on the route"
            )

    middle = np.radians(float(np.sort(latitude_e7)[len(latitude_e7) // 2]) / 1e7)
    meridional_m, prime_vertical_m = _radii_m(middle)
    scale = float(prime_vertical_m * np.cos(middle) / meridional_m)
    return Route(
        latitude_e7=latitude_e7.astype(np.int32),
        longitude_e7=longitude_e7.astype(np.int32),
        elevation_cm=elevation_cm.astype(np.int32),
        distance_cm=(along_cm - kilometre_zero_cm).astype(np.int32),
        finish_cm=finish_from_start_cm - kilometre_zero_cm,
        longitude_scale_e9=round(scale * 1e9),
        features=tuple(sorted(features, key=lambda f: (f.distance_cm, int(f.kind), f.name))),
    )


def _check_columns(
    latitude_e7: NDArray[np.int64], longitude_e7: NDArray[np.int64], elevation_cm: NDArray[np.int64]
) -> None:
    if latitude_e7.ndim != 1 or latitude_e7.shape != longitude_e7.shape:
        raise RouteError(f"{latitude_e7.size} latitudes, {longitude_e7.size} longitudes")
    if elevation_cm.size and elevation_cm.shape != latitude_e7.shape:
        raise RouteError(f"{elevation_cm.size} elevations for {latitude_e7.size} points")
    if not 2 <= latitude_e7.size <= MOST_POINTS:
        raise RouteError(f"{latitude_e7.size} points, a route has 2 to {MOST_POINTS}")
    bad = (np.abs(latitude_e7) > 850_000_000) | (np.abs(longitude_e7) > 1_800_000_000)
    if bad.any():
        raise RouteError(f"point {int(np.argmax(bad)) + 1} is not a place where one can race")
    steps_m = _steps_m(latitude_e7, longitude_e7)
    if steps_m.max() > LONGEST_STEP_M:
        where = int(np.argmax(steps_m)) + 1
        raise RouteError(f"{steps_m.max():.0f} m from point {where} to the next: a hole in the route")


def _radii_m(latitude: NDArray[np.float64] | np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Radii of curvature of the ellipsoid along the meridian and across it."""
    w = 1.0 - WGS84_ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    prime_vertical_m = WGS84_SEMI_MAJOR_M / np.sqrt(w)
    return prime_vertical_m * (1.0 - WGS84_ECCENTRICITY_SQUARED) / w, prime_vertical_m


def _steps_m(latitude_e7: NDArray[np.int64], longitude_e7: NDArray[np.int64]) -> NDArray[np.float64]:
    """Length of each step on the ellipsoid; good to a millimetre for steps of kilometres."""
    middle = np.radians((latitude_e7[1:] + latitude_e7[:-1]) / 2e7)
    meridional_m, prime_vertical_m = _radii_m(middle)
    north_m = np.radians(np.diff(latitude_e7) / 1e7) * meridional_m
    east_m = np.radians(np.diff(longitude_e7) / 1e7) * prime_vertical_m * np.cos(middle)
    return np.sqrt(north_m * north_m + east_m * east_m)
