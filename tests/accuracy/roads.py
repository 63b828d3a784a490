"""The roads: some made by formula, which are always there, and real ones from ../shared/data, where it is."""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
from ardoise.race.route import Route, prepare_route
from ardoise.rehearsal.tour_des_cols import road as tour_des_cols_road
from numpy.typing import NDArray

from tests.accuracy.course import Course
from tests.support.ride import road_of

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ROUTES = SHARED_DATA / "routes"
LAPS = 10
CHAMPS_ELYSEES_LOOP_KM = (44.92, 51.80)
"""Of tour-2015-stage-21: where the road closes."""


@cache
def ladder() -> Course:
    """A climb of 16 hairpins, legs of 240 m 20 m apart: 8 % all the way."""
    points = [(x, 0.0) for x in np.arange(-1_500, 0, 20.0)]
    for leg in range(17):
        there = leg % 2 == 0
        along = np.arange(0, 240, 10.0)
        points += [(x if there else 240 - x, leg * 20.0) for x in along]
        bend = np.linspace(-math.pi / 2, math.pi / 2, 7)[:-1]
        side = 240 if there else 0
        points += [
            (side + (1 if there else -1) * 10 * math.cos(a), leg * 20 + 10 + 10 * math.sin(a)) for a in bend
        ]
    east, north = points[-1]
    points += [(east + x, north + 10) for x in np.arange(20, 2_000, 20.0)]
    return Course("ladder", road_of(points, elevations_cm=_climbing(points, 0.08)))


@cache
def loop() -> Course:
    """Ten laps of a bent circuit of about 4 km that crosses itself."""
    angle = np.linspace(0, 2 * math.pi * LAPS, 400 * LAPS + 1)
    east, north = 700 * np.sin(angle) + 90 * np.sin(5 * angle), 480 * np.sin(2 * angle) + 150 * np.cos(angle)
    route = road_of(zip(east, north, strict=True))
    return Course("loop", route, lap_m=float(route.finish_cm) / 100 / LAPS)


@cache
def there_and_back() -> Course:
    """Six kilometres out, a turn of 12 m across, and back on the other side of the same road."""
    out = np.arange(0, 6_000, 20.0)
    bends = 120 * np.sin(out / 400)
    turn = [(6_000 + 6 * math.sin(a), bends[-1] + 6 * math.cos(a)) for a in np.linspace(0, math.pi, 7)]
    back = [(x, y - 3.0) for x, y in zip(out[::-1], bends[::-1], strict=True)]
    return Course("there-and-back", road_of([*zip(out, bends, strict=True), *turn, *back]))


@cache
def invented_cols() -> Course:
    """The demo's stage: three passes with hairpins."""
    return Course("tour-des-cols", tour_des_cols_road()[1])


@cache
def montvernier() -> Course:
    """Stage 18 of 2015, whole: the riders are on its last 17 km, with the Lacets de Montvernier."""
    return Course("tour-2015-stage-18", _gpx("tour-2015-stage-18"))


@cache
def alpe_d_huez() -> Course:
    """22 hairpins."""
    return Course("alpe-d-huez", _gpx("climb-alpe-d-huez"))


@cache
def champs_elysees() -> Course:
    """Ten laps of the circuit at the end of stage 21 of 2015, closed with a straight line."""
    whole = _gpx("tour-2015-stage-21")
    from_cm, to_cm = (km * 100_000 for km in CHAMPS_ELYSEES_LOOP_KM)
    inside = np.flatnonzero((whole.distance_cm >= from_cm) & (whole.distance_cm <= to_cm))
    points = np.concatenate([np.tile(inside, LAPS), inside[:1]])
    # The file has steps of 538 m: roads are as straight, but a route is measured by its points.
    route = prepare_route(whole.latitude_e7[points], whole.longitude_e7[points], whole.elevation_cm[points])
    return Course("champs-elysees-10-laps", route, lap_m=float(route.finish_cm) / 100 / LAPS)


def _climbing(points_m: list[tuple[float, float]], gradient: float) -> NDArray[np.int64]:
    """Elevations (cm) of a line that climbs by `gradient` from its first point on."""
    east, north = np.array(points_m).T
    along_m = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))))
    return np.rint(along_m * gradient * 100).astype(int)


def _gpx(name: str) -> Route:
    text = (ROUTES / f"{name}.gpx").read_text()
    found = re.findall(r'<trkpt lat="([-\d.]+)" lon="([-\d.]+)">\s*<ele>([-\d.]+)</ele>', text)
    latitude, longitude, elevation = np.array(found, float).T
    columns = (np.rint(column).astype(int) for column in (latitude * 1e7, longitude * 1e7, elevation * 100))
    return prepare_route(*columns)
