"""What goes wrong on a race day besides noise. Each changes a race, or what its trackers report."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.accuracy.racing import Ridden
from tests.accuracy.receivers import Reports, received
from tests.accuracy.truth import STEP_S, Truth

CAR_BEHIND_S = 45.0
AMBULANCE_MPS = 18.0
HOMEWARDS_MPS = 12.0
CUT_MPS = 8.0
FROZEN_S = 25


def without_signal(reports: Reports, stretches_m: list[tuple[float, float]], lap_m: float | None) -> None:
    """Nothing is heard from these stretches of road, on every lap."""
    at_m = reports.true_m if lap_m is None else reports.true_m % lap_m
    for from_m, to_m in stretches_m:
        reports.sent &= ~((at_m >= from_m) & (at_m <= to_m))


def whole_field_silent(reports: Reports, every_s: int, for_s: int) -> None:
    reports.sent &= (reports.second % every_s < every_s - for_s)[:, None]


def frozen(reports: Reports, tracker: int, from_s: int) -> None:
    """The same place again and again, at speed."""
    seconds = slice(from_s, from_s + FROZEN_S)
    reports.x_m[seconds, tracker], reports.y_m[seconds, tracker] = (
        column[from_s, tracker] for column in (reports.x_m, reports.y_m)
    )


def jump(reports: Reports, tracker: int, from_s: int, fixes: int) -> None:
    """So many fixes a kilometre and a half away."""
    reports.x_m[from_s : from_s + fixes, tracker] += 800.0
    reports.y_m[from_s : from_s + fixes, tracker] += 1_300.0


def negative_speed(reports: Reports, trackers: slice) -> None:
    reports.speed_mps[:, trackers] = -1.0


def clocks_apart(reports: Reports, trackers: slice, by_ms: int) -> None:
    """These trackers' clocks are wrong."""
    reports.device_ms[:, trackers] += by_ms


def short_cut(ridden: Ridden, rider: int, from_s: float, cut_m: float) -> Ridden:
    """The rider leaves the road and comes back to it so much further on; off it there is no truth."""
    column = ridden.truth.distance_m[:, rider]
    leaves = round(from_s / STEP_S)
    to_m = column[leaves] + cut_m
    x_m, y_m = ridden.course.plane_m(np.array([column[leaves], to_m]))
    returns = leaves + round(float(np.hypot(x_m[1] - x_m[0], y_m[1] - y_m[0])) / CUT_MPS / STEP_S)
    # From there on as the rider would have ridden later: the schedule is the road's.
    would = int(np.searchsorted(column, to_m))
    late = np.minimum(would + np.arange(len(column) - returns), len(column) - 1)
    column = np.concatenate([column[:leaves], np.full(returns - leaves, np.nan), column[late]])
    return _with_distances(ridden, rider, column)


def off_the_road(ridden: Ridden, reports: Reports, rider: int) -> None:
    """Where the truth has no place for the rider on the way, the tracker goes straight across."""
    gone = np.isnan(reports.true_m[:, rider])
    there = np.flatnonzero(~gone)
    for column in (reports.x_m, reports.y_m):
        column[:, rider] = np.interp(np.arange(len(gone)), there, column[there, rider])
    # A receiver's speed is of two places: one of the two may be off the road.
    reports.speed_mps[np.isnan(reports.speed_mps)] = CUT_MPS


def out_of_race(ridden: Ridden, rider: int, from_s: float) -> Ridden:
    """From this instant the rider is no longer in the race."""
    column = ridden.truth.distance_m[:, rider].copy()
    column[round(from_s / STEP_S) :] = np.nan
    return _with_distances(ridden, rider, column)


def driven(whole: Ridden, reports: Reports, rider: int, from_s: int, mps: float) -> None:
    """From this second the rider's tracker goes along the road at this speed; backwards where it is negative."""
    begin_m = whole.truth.distance_m[round(from_s / STEP_S), rider]
    since_s = np.maximum(whole.truth.time_s - from_s, 0.0)
    course = whole.course
    at_m = np.clip(begin_m + mps * since_s, course.start_m, course.along_m[-1])
    _carry(reports, _vehicle(whole, at_m), rider, from_s)


def spare_bike(whole: Ridden, reports: Reports, rider: int, change_s: int) -> int:
    """Adds a tracker on a spare bike, on the roof of a car behind the field; at `change_s` the bikes change places.

    Returns the new tracker's column.
    """
    behind = round(CAR_BEHIND_S / STEP_S)
    middle_m = np.median(whole.truth.distance_m, axis=1)
    car_m = np.concatenate([np.repeat(middle_m[:1], behind), middle_m])[: len(middle_m)]
    car = _vehicle(whole, car_m)
    car.true_m[:] = np.nan
    bike = _column(reports, rider)
    for name in ("x_m", "y_m", "speed_mps", "device_ms", "sent", "true_m"):
        spare = np.concatenate([getattr(car, name)[:change_s], getattr(bike, name)[change_s:]])
        setattr(reports, name, np.concatenate([getattr(reports, name), spare], axis=1))
    reports.rider = np.append(reports.rider, rider)
    _carry(reports, car, rider, change_s)
    return reports.x_m.shape[1] - 1


def _carry(reports: Reports, vehicle: Reports, tracker: int, from_s: int) -> None:
    for name in ("x_m", "y_m", "speed_mps"):
        getattr(reports, name)[from_s:, tracker] = getattr(vehicle, name)[from_s:, 0]
    reports.true_m[from_s:, tracker] = np.nan


def _vehicle(ridden: Ridden, at_m: NDArray[np.float64]) -> Reports:
    """What a tracker reports that is carried along the road."""
    truth = Truth(ridden.truth.time_s, at_m[:, None], ridden.truth.finish_m)
    return received(Ridden(ridden.course, truth, np.full((len(at_m), 1), -1.0)), seed=len(at_m))


def _column(reports: Reports, tracker: int) -> Reports:
    names = ("x_m", "y_m", "speed_mps", "device_ms", "sent", "true_m")
    return replace(reports, **{name: getattr(reports, name)[:, [tracker]].copy() for name in names})


def _with_distances(ridden: Ridden, rider: int, column: NDArray[np.float64]) -> Ridden:
    distance_m = ridden.truth.distance_m.copy()
    distance_m[:, rider] = column
    return replace(ridden, truth=replace(ridden.truth, distance_m=distance_m))
