"""Riders on roads for tests of the race: where they truly are, and what receivers make of it."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from ardoise.race.engine import RaceEngine
from ardoise.race.route import Route, prepare_route
from ardoise.race.snapshot import Snapshot
from ardoise.race.stage import Action, Assignment, Decision, Fixes, Judgement, Oddity, RaceEvent, Stage

T0_MS = 1_700_000_000_000
"""Log time at which the rides here begin; the first frames come a second later."""
# Of the ellipsoid at 45 degrees north.
_METRES_PER_DEGREE = 111_131.8
_METRES_PER_DEGREE_EAST = 78_846.8
_LATITUDE, _LONGITUDE = 45.0, 6.0


def road_of(points_m: Iterable[tuple[float, float]], **options: object) -> Route:
    """A route through points given in metres east and north of a place at 45 degrees north."""
    points = np.array(list(points_m))
    latitude = _LATITUDE + points[:, 1] / _METRES_PER_DEGREE
    longitude = _LONGITUDE + points[:, 0] / _METRES_PER_DEGREE_EAST
    elevations_cm = options.pop("elevations_cm", None)
    return prepare_route(
        np.rint(latitude * 1e7).astype(int), np.rint(longitude * 1e7).astype(int), elevations_cm, **options
    )


def straight(length_m: float = 10_000, **options: object) -> Route:
    """Eastwards."""
    return road_of([(x, 0.0) for x in np.linspace(0, length_m, int(length_m / 50) + 1)], **options)


def winding(length_m: float = 20_000, **options: object) -> Route:
    """Eastwards in bends of a hundred metres to either side."""
    return road_of(
        [(x, 100 * math.sin(x / 300)) for x in np.linspace(0, length_m, int(length_m / 20) + 1)], **options
    )


def hairpins(legs: int = 10, leg_m: float = 300, apart_m: float = 20) -> Route:
    """A ladder of legs to and fro, so close that one leg's fixes are near the next."""
    points = [(x, 0.0) for x in np.arange(-1_000, 0, 20.0)]
    for leg in range(legs):
        along = np.arange(0, leg_m, 10.0)
        points += [((x if leg % 2 == 0 else leg_m - x), leg * apart_m) for x in along]
        side = leg_m if leg % 2 == 0 else 0.0
        points += [(side, leg * apart_m + y) for y in np.arange(0, apart_m, 5.0)]
    end = points[-1]
    points += [(end[0] - x if legs % 2 == 0 else end[0] + x, end[1] + 20) for x in np.arange(0, 1_000, 20.0)]
    return road_of(points)


def circuit(laps: int = 4, radius_m: float = 500) -> Route:
    """The same circle again and again."""
    angles = np.linspace(0, 2 * math.pi * laps, 180 * laps + 1)
    return road_of([(radius_m * math.sin(a), radius_m * math.cos(a)) for a in angles])


def stage_on(route: Route, riders: int = 1, signal_timeout_ms: int = 15_000) -> Stage:
    """Bibs 1 to `riders`; bib n rides with tracker 9000 + n."""
    return Stage(
        "test",
        route,
        tuple(range(1, riders + 1)),
        tuple(Assignment(9000 + bib, bib) for bib in range(1, riders + 1)),
        signal_timeout_ms,
    )


def place(route: Route, distance_m: np.ndarray, noise_m: np.ndarray | float = 0.0) -> tuple:
    """Latitude and longitude (1e-7 degree) of points of the road, with an error east and north."""
    cm = np.asarray(distance_m, float) * 100
    beyond = np.maximum(cm - route.distance_cm[-1], 0)
    latitude = np.interp(cm, route.distance_cm, route.latitude_e7)
    longitude = np.interp(cm, route.distance_cm, route.longitude_e7)
    # Behind the last point the road goes on as it ended.
    step = (route.distance_cm[-1] - route.distance_cm[-2]).astype(float)
    latitude += beyond / step * (route.latitude_e7[-1] - route.latitude_e7[-2])
    longitude += beyond / step * (route.longitude_e7[-1] - route.longitude_e7[-2])
    error = np.broadcast_to(noise_m, (2, len(cm))) if np.ndim(noise_m) else np.zeros((2, len(cm)))
    latitude += error[0] / _METRES_PER_DEGREE * 1e7
    longitude += error[1] / _METRES_PER_DEGREE_EAST * 1e7
    return np.rint(latitude).astype(np.int64), np.rint(longitude).astype(np.int64)


def fixes(
    route: Route,
    trackers: Iterable[int],
    time_ms: int | Iterable[int],
    distance_m: Iterable[float],
    speed_mps: float | None = None,
    noise_m: np.ndarray | float = 0.0,
) -> Fixes:
    """One fix of each tracker."""
    tracker = np.array(list(trackers), np.uint64)
    latitude_e7, longitude_e7 = place(route, np.array(list(distance_m)), noise_m)
    time = np.broadcast_to(np.array(time_ms, np.int64), tracker.shape).copy()
    speed = -1 if speed_mps is None else round(speed_mps * 1000)
    return Fixes(tracker, time, latitude_e7, longitude_e7, np.full(len(tracker), speed, np.int64))


def joined(*parts: Fixes) -> Fixes:
    """One frame of several."""
    names = ("tracker", "time_ms", "latitude_e7", "longitude_e7", "speed_mmps")
    return Fixes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


START = Decision("start", Action.START, T0_MS)


@dataclass
class Run:
    """An engine and what came out of it; `second` counts log time from T0_MS."""

    engine: RaceEngine
    sequence: int = 2
    snapshots: list[Snapshot] = field(default_factory=list)
    events: list[RaceEvent] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)

    @classmethod
    def of(cls, stage: Stage, *, started: bool = True) -> "Run":
        run = cls(RaceEngine(stage, T0_MS))
        run.engine.advance(2, T0_MS)
        if started:
            run.decide(0.0, START)
        return run

    def frame(self, second: float, frame: Fixes, relay: str = "moto-1") -> Judgement:
        self._advance(second)
        judgement = self.engine.frame(relay, frame)
        self._take()
        return judgement

    def decide(self, second: float, decision: Decision) -> None:
        self._advance(second)
        self.engine.decide(decision)
        self._take()

    def beat(self, second: float) -> None:
        self._advance(second)
        self._take()

    def ride(
        self,
        seconds: Iterable[float],
        distance_m: Callable[[float], Iterable[float]],
        trackers: Iterable[int],
        *,
        noise: np.random.Generator | None = None,
        sigma_m: float = 4.0,
        speed_mps: float | None = None,
    ) -> None:
        """Frames of all trackers at these seconds, heard at once."""
        route, trackers = self.engine.stage.route, list(trackers)
        for second in seconds:
            error = 0.0 if noise is None else noise.normal(0, sigma_m, (2, len(trackers)))
            at_ms = T0_MS + round(second * 1000)
            self.frame(second, fixes(route, trackers, at_ms, distance_m(second), speed_mps, error))

    def column(self, bib: int, name: str) -> np.ndarray:
        """A rider's column over all snapshots."""
        found = [int(getattr(s.riders, name)[s.riders.bib == bib][0]) for s in self.snapshots]
        return np.array(found)

    def last(self, bib: int, name: str) -> int:
        """A rider's value in the last snapshot."""
        riders = self.snapshots[-1].riders
        return int(getattr(riders, name)[riders.bib == bib][0])

    def _advance(self, second: float) -> None:
        self.sequence += 1
        snapshot = self.engine.advance(self.sequence, T0_MS + round(second * 1000))
        if snapshot is not None:
            self.snapshots.append(snapshot)
        self._take()

    def _take(self) -> None:
        self.events += self.engine.take_events()
        self.oddities += self.engine.take_oddities()
