"""What is measured of a run against the truth. Definitions with their units: docs/accuracy.md."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tests.accuracy.course import Course
from tests.accuracy.running import Placed, Shown
from tests.accuracy.truth import STEP_S, Truth

WARM_UP_S = 30.0
"""Riders have to be found first."""
FRESH_S = 10.0
"""A rider is heard while the newest fix that has arrived is not older: the public feed's are up to 8.6 s old."""
JUST_HEARD_S = 3.0
"""Legs are judged while the newest fix is not older: later it is the speed that was wrong, not the leg."""
WRONG_LEG_M = 60.0
WRONG_LEG_RATIO = 3.0
"""On another leg: further off along the road than the first, and so many times further than in the plane."""
FASTEST_MPS = 30.0
TELEPORT_SLACK_M = 1.0
FOUND_WITHIN_S = 5.0
EXCUSED_WITHIN_S = 15.0
"""A true change excuses one that is shown so much earlier or later."""
PLAIN_THRESHOLD_S = 4.0
SLOWEST_MPS = 3.0


@dataclass(frozen=True)
class Fault:
    """Something that must not be: where to look for it. `bib`: row + 1."""

    second: float
    bib: int
    metres: float


@dataclass(frozen=True, eq=False)
class Measured:
    """Of one scenario or several; errors signed, one element for each rider and tick."""

    distance_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    gap_s: NDArray[np.float64]
    within_s: NDArray[np.float64]
    """What is stated with each gap: nine in ten are to be right to so much."""
    judged: int
    """Rider-ticks with a true position."""
    shown: int
    heard: int
    """Of those judged, with a fix not older than FRESH_S."""
    heard_shown: int
    gap_known: int
    wrong_legs: list[Fault]
    wrong_laps: list[Fault]
    wrong_leg_fixes: int
    fixes_placed: int
    teleports: list[Fault]
    hours: float
    flicker: int
    """Changes of groups that are shown and that the truth does not have."""
    plain_flicker: int
    """The same of a plain threshold, fed the places that are shown."""
    events: int
    events_found: int

    @property
    def covered(self) -> int:
        """Of the gaps: how many are right to what is stated with them."""
        return int(np.count_nonzero(np.abs(self.gap_s) <= self.within_s))

    @property
    def flicker_per_hour(self) -> float:
        return self.flicker / self.hours

    @property
    def plain_flicker_per_hour(self) -> float:
        return self.plain_flicker / self.hours


def measure(course: Course, truth: Truth, shown: Shown, placed: Placed) -> Measured:
    """One run of one scenario."""
    shown = shown.until(truth.time_s[-1])
    true_m, true_mps = truth.at(truth.distance_m, shown.time_s), truth.at(truth.speed_mps, shown.time_s)
    true_gap_s = truth.at(truth.gap_s, shown.time_s)
    racing = truth.at(truth.racing.astype(float), shown.time_s) == 1.0
    in_race = (shown.time_s >= WARM_UP_S)[:, None] & ~np.isnan(true_m)
    judged = in_race & racing
    there = judged & ~np.isnan(shown.distance_m)
    age_s = shown.time_s[:, None] - shown.heard_s
    heard = judged & (age_s <= FRESH_S)
    off_m = shown.distance_m - true_m
    gap_off_s = (shown.gap_s - true_gap_s)[in_race]
    gap_known = ~np.isnan(gap_off_s)
    wrong, fresh = np.zeros_like(there), there & (age_s <= JUST_HEARD_S)
    wrong[fresh] = on_another_leg(course, shown.distance_m[fresh], true_m[fresh])
    speed_off_mps = (shown.speed_mps - np.abs(true_mps))[there]
    put = ~np.isnan(placed.placed_m) & ~np.isnan(placed.true_m) & (placed.time_s >= WARM_UP_S)
    put &= placed.true_m < truth.finish_m
    wrong_fix = on_another_leg(course, placed.placed_m[put], placed.true_m[put])
    wrong_legs = episodes(wrong, shown.time_s, off_m)
    half_lap_m = (course.lap_m or np.inf) / 2
    grouped = (shown.time_s >= WARM_UP_S) & ~(shown.time_s >= np.nanmin(truth.home_s, initial=np.inf))
    tick_s = shown.time_s[grouped]
    true_group = truth.group[np.rint(tick_s / STEP_S).astype(int)]
    shown_group = np.where(true_group >= 0, shown.group[grouped], -1)
    plain_m = np.where(true_group >= 0, shown.distance_m[grouped], np.nan)
    plain_group = plain_groups(plain_m, shown.speed_mps[grouped])
    found = events_found(true_group, shown_group, tick_s)
    return Measured(
        distance_m=off_m[there],
        speed_mps=speed_off_mps[~np.isnan(speed_off_mps)],
        gap_s=gap_off_s[gap_known],
        within_s=shown.gap_within_s[in_race][gap_known],
        judged=int(judged.sum()),
        shown=int(there.sum()),
        heard=int(heard.sum()),
        heard_shown=int((there & heard).sum()),
        gap_known=int((judged & ~np.isnan(shown.gap_s)).sum()),
        wrong_legs=wrong_legs,
        wrong_laps=[fault for fault in wrong_legs if abs(fault.metres) > half_lap_m],
        wrong_leg_fixes=int(wrong_fix.sum()),
        fixes_placed=int(put.sum()),
        teleports=teleports(np.where(in_race, shown.distance_m, np.nan), shown.time_s),
        hours=float(tick_s[-1] - tick_s[0]) / 3600 if len(tick_s) else 0.0,
        flicker=unexcused(shown_group, true_group, tick_s),
        plain_flicker=unexcused(plain_group, true_group, tick_s),
        events=len(found),
        events_found=sum(found),
    )


def pooled(parts: list[Measured]) -> Measured:
    """All of them as one."""
    columns = {}
    for name in Measured.__dataclass_fields__:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], np.ndarray):
            columns[name] = np.concatenate(values)
        elif isinstance(values[0], list):
            columns[name] = [one for value in values for one in value]
        else:
            columns[name] = sum(values)
    return Measured(**columns)


def on_another_leg(course: Course, at_m: NDArray, true_m: NDArray) -> NDArray[np.bool_]:
    """Whether places are on another leg of the road than the true ones: far along it, and near in the plane."""
    along_m = np.abs(at_m - true_m)
    far = along_m > WRONG_LEG_M
    result = np.zeros(len(at_m), bool)
    (x_m, y_m), (true_x_m, true_y_m) = course.plane_m(at_m[far]), course.plane_m(true_m[far])
    result[far] = along_m[far] > WRONG_LEG_RATIO * np.hypot(x_m - true_x_m, y_m - true_y_m)
    return result


def episodes(
    wrong: NDArray[np.bool_], time_s: NDArray[np.float64], off_m: NDArray[np.float64]
) -> list[Fault]:
    """Where each run of wrong ticks of one rider begins, with how far off it was at most."""
    found = []
    for rider in np.flatnonzero(wrong.any(axis=0)).tolist():
        edges = np.flatnonzero(np.diff(np.concatenate(([0], wrong[:, rider].astype(int), [0]))))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            worst = begin + int(np.argmax(np.abs(off_m[begin:end, rider])))
            found.append(Fault(float(time_s[begin]), rider + 1, float(off_m[worst, rider])))
    return sorted(found, key=lambda fault: (fault.second, fault.bib))


def teleports(distance_m: NDArray[np.float64], time_s: NDArray[np.float64]) -> list[Fault]:
    """Shown places further from the one shown before than a bike gets in that time, either way."""
    found = []
    for rider, column in enumerate(distance_m.T):
        shown = np.flatnonzero(~np.isnan(column))
        moved_m, took_s = np.diff(column[shown]), np.diff(time_s[shown])
        for nth in np.flatnonzero(np.abs(moved_m) > FASTEST_MPS * took_s + TELEPORT_SLACK_M).tolist():
            found.append(Fault(float(time_s[shown[nth + 1]]), rider + 1, float(moved_m[nth])))
    return sorted(found, key=lambda fault: (fault.second, fault.bib))


def changes(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Splits and merges from each instant to the next, of riders who are in a group at both.

    A group that comes apart into n counts n - 1, one that is made of n counts n - 1.
    """
    before, after = group[:-1], group[1:]
    both = (before >= 0) & (after >= 0)
    cells = _distinct(np.where(both, before << 32 | after, -1))
    return 2 * cells - _distinct(np.where(both, before, -1)) - _distinct(np.where(both, after, -1))


def unexcused(group: NDArray[np.int64], true_group: NDArray[np.int64], time_s: NDArray[np.float64]) -> int:
    """Changes with no true one within EXCUSED_WITHIN_S; each true one excuses one."""
    shown_s, true_s = (np.repeat(time_s[1:], changes(table)).tolist() for table in (group, true_group))
    excused = nth = 0
    for at_s in shown_s:
        while nth < len(true_s) and true_s[nth] < at_s - EXCUSED_WITHIN_S:
            nth += 1
        if nth < len(true_s) and true_s[nth] <= at_s + EXCUSED_WITHIN_S:
            excused, nth = excused + 1, nth + 1
    return len(shown_s) - excused


def plain_groups(distance_m: NDArray[np.float64], speed_mps: NDArray[np.float64]) -> NDArray[np.int64]:
    """What a plain threshold makes of the same places: a new group where the way to the next is over 4 s."""
    order = np.argsort(np.where(np.isnan(distance_m), np.inf, -distance_m), axis=1, kind="stable")
    at_m = np.take_along_axis(distance_m, order, axis=1)
    mps = np.maximum(np.take_along_axis(speed_mps, order, axis=1), SLOWEST_MPS)
    apart_s = (at_m[:, :-1] - at_m[:, 1:]) / mps[:, 1:]
    number = np.cumsum(apart_s > PLAIN_THRESHOLD_S, axis=1)
    number = np.concatenate([np.zeros((len(number), 1), int), number], axis=1)
    result = np.empty_like(number)
    np.put_along_axis(result, order, number, axis=1)
    return np.where(np.isnan(distance_m), -1, result)


def events_found(
    true_group: NDArray[np.int64], shown_group: NDArray[np.int64], time_s: NDArray[np.float64]
) -> list[bool]:
    """For each true split and merge, whether it was shown within FOUND_WITHIN_S of its instant."""
    found = []
    for now in np.flatnonzero(changes(true_group)).tolist():
        before, after = true_group[now], true_group[now + 1]
        early = np.searchsorted(time_s, time_s[now + 1] - FOUND_WITHIN_S) - 1
        late = np.searchsorted(time_s, time_s[now + 1] + FOUND_WITHIN_S)
        if early < 0 or late >= len(time_s):
            continue
        for whole, parts, splits in ((before, after, True), (after, before, False)):
            for front, back in _neighbours(whole, parts):
                then, later = (_apart(shown_group[tick], front, back) for tick in (early, late))
                found.append(then is not splits and later is splits)
    return found


def _neighbours(whole: NDArray[np.int64], parts: NDArray[np.int64]) -> list[tuple[NDArray, NDArray]]:
    """Neighbouring parts (rows of riders) of each group of `whole` that is in parts."""
    both = (whole >= 0) & (parts >= 0)
    found = []
    for group in np.unique(whole[both]).tolist():
        members = both & (whole == group)
        rows = [np.flatnonzero(members & (parts == part)) for part in np.unique(parts[members]).tolist()]
        found += pairwise(rows)
    return found


def _apart(group: NDArray[np.int64], front: NDArray[np.int64], back: NDArray[np.int64]) -> bool | None:
    """Whether most of two sets of riders are shown in different groups; None where they are in none."""
    most = []
    for rows in (front, back):
        known = group[rows][group[rows] >= 0]
        if not len(known):
            return None
        values, counts = np.unique(known, return_counts=True)
        most.append(int(values[np.argmax(counts)]))
    return most[0] != most[1]


def _distinct(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many different numbers from 0 on are in each row."""
    ordered = np.sort(table, axis=1)
    new = np.concatenate([np.ones((len(ordered), 1), bool), ordered[:, 1:] != ordered[:, :-1]], axis=1)
    return (new & (ordered >= 0)).sum(axis=1)
