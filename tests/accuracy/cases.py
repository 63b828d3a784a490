"""How a case is made: a race on a road, with one thing that makes it hard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.accuracy.course import Course
from tests.accuracy.nuisances import without_signal
from tests.accuracy.racing import Fade, Pause, Ridden, ride
from tests.accuracy.receivers import (
    FOREST_M,
    OPEN_SKY_M,
    Delivery,
    Relay,
    Reports,
    delivered,
    public_feed,
    received,
    three_relays,
)
from tests.accuracy.running import Order

SIGNAL_TIMEOUT_S, FEED_TIMEOUT_S = 20.0, 120.0
TUNNEL_S, TUNNEL_EVERY_S = 30.0, 300.0
LAPPED = 1.12
"""So many laps a rider loses who is dropped to the next one."""
FOREST_EVERY_M = 400.0


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario made: the race, what arrives of it, and what race control says."""

    ridden: Ridden
    deliveries: list[Delivery]
    trackers: list[int]
    signal_timeout_s: float = SIGNAL_TIMEOUT_S
    orders: Sequence[Order] = ()

    @property
    def riders(self) -> int:
        return self.ridden.truth.distance_m.shape[1]


@dataclass(frozen=True)
class Where:
    """Where on a road, and how long, a race is ridden. `seconds`: with nothing going wrong, and else."""

    course: Callable[[], Course]
    start_m: float
    seconds: float
    seconds_each: float
    real: bool = False
    riders: int = 24
    lapping_s: float = 0.0
    """On a circuit: how long a rider needs to be lapped."""


def raced(where: Where, seed: int, seconds: float | None = None, **moves: Sequence) -> Ridden:
    return ride(
        where.course(),
        seed=seed,
        riders=where.riders,
        start_m=where.start_m,
        seconds=seconds or where.seconds_each,
        **moves,
    )


def case(ridden: Ridden, reports: Reports, seed: int, relays: list[Relay] | None = None, **rest) -> Case:
    riders = reports.x_m.shape[1]
    arriving = delivered(ridden, reports, relays or three_relays(riders), seed + 2)
    return Case(ridden, arriving, rest.pop("trackers", reports.rider.tolist()), **rest)


def plain(where: Where, seed: int) -> Case:
    ridden = raced(where, seed, where.seconds)
    return case(ridden, received(ridden, seed + 1), seed)


def forest(where: Where, seed: int) -> Case:
    """By turns open and under trees below rock."""
    ridden = raced(where, seed)
    under = np.floor(ridden.truth.distance_m / FOREST_EVERY_M) % 2 == 1
    return case(ridden, received(ridden, seed + 1, np.where(under, FOREST_M, OPEN_SKY_M)), seed)


def tunnel(where: Where, seed: int) -> Case:
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    lap_m = ridden.course.lap_m
    middle_m = np.median(reports.true_m, axis=1)
    begin = np.arange(TUNNEL_EVERY_S / 2, len(middle_m) - TUNNEL_S, TUNNEL_EVERY_S).astype(int)
    stretches = list(zip(middle_m[begin], middle_m[begin + int(TUNNEL_S)], strict=True))
    if lap_m is not None:
        stretches = [(from_m % lap_m, from_m % lap_m + to_m - from_m) for from_m, to_m in stretches]
    without_signal(reports, stretches, lap_m)
    return case(ridden, reports, seed)


def pauses(where: Where, seed: int) -> Case:
    """Two stop for a minute, two ride back 300 m for a bottle."""
    course, third_m = where.course(), ridden_in(where, where.seconds_each / 3)
    at_m = where.start_m + third_m * np.array([1.0, 1.4, 1.2, 1.7])
    assert at_m[-1] < course.finish_m
    stops = [Pause(2, at_m[0], 60.0), Pause(9, at_m[1], 60.0)]
    stops += [Pause(5, at_m[2], 100.0, 300.0), Pause(12, at_m[3], 100.0, 300.0)]
    ridden = raced(where, seed, pauses=stops)
    return case(ridden, received(ridden, seed + 1), seed)


def feed(where: Where, seed: int) -> Case:
    ridden = raced(where, seed)
    reports = received(ridden, seed + 1)
    relays = public_feed(len(reports.second))
    return case(ridden, reports, seed, relays, signal_timeout_s=FEED_TIMEOUT_S)


def lapped(where: Where, seed: int) -> Case:
    course = where.course()
    seconds = where.lapping_s
    lap_s = course.lap_m / (ridden_in(where, seconds) / seconds)
    fades = [Fade(4, 100.0, seconds - 250.0, LAPPED * lap_s), Fade(11, 200.0, seconds - 200.0, lap_s)]
    ridden = raced(where, seed, seconds, fades=fades)
    return case(ridden, received(ridden, seed + 1), seed)


def ridden_in(where: Where, seconds: float) -> float:
    """Metres that the field covers in so long."""
    course = where.course()
    pace_mps, along_m = course.pace_mps, course.along_m
    passed_s = np.concatenate(([0.0], np.cumsum(np.diff(along_m) / pace_mps[1:])))
    begin_s = np.interp(where.start_m, along_m, passed_s)
    return float(np.interp(begin_s + seconds, passed_s, along_m)) - where.start_m
