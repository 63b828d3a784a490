"""The race that is ridden on a course: seeded, and every move in it known.

Each rider is at a place D seconds after the field's schedule; D changes with attacks, splits and catches, and within a
group all the time. So who passed which place when is known to the millisecond, and speeds are those of the road.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.accuracy.course import Course
from tests.accuracy.truth import STEP_S, Truth

EPOCH_S = 110.0
"""Over so much of the schedule a move is carried out."""
MOVES = 2
SECONDS_A_RIDER = 0.25
LONGEST_GROUP_S = 6.0
GAPS_S = (6.5, 14.0)
"""From the last of a group to the first of the next."""
CHURN_S = 90.0
"""In about so much a rider's place in the group is another one."""
BODY_S = 6.0
"""Nobody stops or turns in an instant: places are averaged over so much (Hann)."""
BEFORE_S = 60.0


@dataclass(frozen=True)
class Pause:
    """A rider gets off for `seconds` at a place, or rides `back_m` back and comes again in that time."""

    rider: int
    at_m: float
    seconds: float
    back_m: float = 0.0


@dataclass(frozen=True)
class Fade:
    """A rider loses `seconds` in all, evenly between two instants of the schedule: dropped, lapped."""

    rider: int
    from_s: float
    to_s: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Ridden:
    """A race on a course. `right_m`: how far right of the line each rides; as Truth's tables."""

    course: Course
    truth: Truth
    right_m: NDArray[np.float64]

    def place_m(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres east and north of the course's first point."""
        return self.course.plane_m(self.truth.distance_m, self.right_m)


def ride(
    course: Course,
    *,
    seed: int,
    riders: int,
    start_m: float,
    seconds: float,
    pauses: Sequence[Pause] = (),
    fades: Sequence[Fade] = (),
) -> Ridden:
    """A race from `start_m` on, for so long."""
    random = np.random.default_rng(seed)
    time_s = np.arange(0.0, seconds + STEP_S, STEP_S)
    place_m, schedule_s = _schedule(course, start_m)
    behind_s = _behind(random, riders, schedule_s)
    for fade in fades:
        lost = np.clip((schedule_s - fade.from_s) / (fade.to_s - fade.from_s), 0.0, 1.0)
        behind_s[:, fade.rider] += fade.seconds * _eased(lost)
    wide_s = np.arange(-BODY_S, time_s[-1] + BODY_S + STEP_S / 2, STEP_S)
    distance_m = np.empty((len(wide_s), riders))
    for rider in range(riders):
        mine = [pause for pause in pauses if pause.rider == rider]
        distance_m[:, rider] = _distances(wide_s, place_m, schedule_s + behind_s[:, rider], mine)
    half = round(BODY_S / 2 / STEP_S)
    weights = np.hanning(2 * half + 3)[1:-1]
    for rider in range(riders):
        smooth = np.convolve(distance_m[:, rider], weights / weights.sum(), mode="same")
        distance_m[:, rider] = smooth
    margin = round(BODY_S / STEP_S)
    distance_m = distance_m[margin : margin + len(time_s)]
    right_m = 2.5 * np.tanh(_wandering(random, riders, time_s, CHURN_S))
    return Ridden(course, Truth(time_s, distance_m, course.finish_m), right_m)


def _schedule(course: Course, start_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places, and when the field's schedule is there; 0 at `start_m`."""
    pace = course.pace_mps
    step_s = np.diff(course.along_m) * 2 / (pace[1:] + pace[:-1])
    schedule_s = np.concatenate(([0.0], np.cumsum(step_s)))
    return course.along_m, schedule_s - np.interp(start_m, course.along_m, schedule_s)


def _distances(
    time_s: NDArray[np.float64],
    place_m: NDArray[np.float64],
    passed_s: NDArray[np.float64],
    pauses: Sequence[Pause],
) -> NDArray[np.float64]:
    """Where a rider is at these instants, who without pauses passes each place when `passed_s` says."""
    riding_s, away_m = time_s.copy(), np.zeros_like(time_s)
    for pause in sorted(pauses, key=lambda p: p.at_m):
        begins_s = np.interp(pause.at_m, place_m, passed_s)
        share = np.clip((riding_s - begins_s) / pause.seconds, 0.0, 1.0)
        away_m -= pause.back_m * (1 - np.cos(2 * np.pi * share)) / 2
        riding_s = riding_s - pause.seconds * share
    return np.interp(riding_s, passed_s, place_m) + away_m


def _behind(random: np.random.Generator, riders: int, schedule_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """D of each rider along the road: [place, rider]."""
    knots_s = np.arange(schedule_s[0] - EPOCH_S, schedule_s[-1] + EPOCH_S, EPOCH_S)
    groups = [np.arange(riders)]
    gaps_s: list[float] = []
    fronts = np.zeros((len(knots_s), riders))
    lengths = np.full((len(knots_s), riders), _length_s(riders))
    for knot in range(1, len(knots_s)):
        if knots_s[knot] > BEFORE_S:
            for _ in range(MOVES):
                groups, gaps_s = _move(random, groups, gaps_s)
        front_s = 0.0
        for nth, group in enumerate(groups):
            fronts[knot, group], lengths[knot, group] = front_s, _length_s(len(group))
            front_s += _length_s(len(group)) + (gaps_s[nth] if nth < len(gaps_s) else 0.0)
    # A place in the group: from the first (0) to the last (1), and never the same for long.
    place = 1 / (1 + np.exp(-1.7 * _wandering(random, riders, schedule_s, CHURN_S)))
    at = np.clip((schedule_s - knots_s[0]) / EPOCH_S, 0, len(knots_s) - 1.001)
    low, share = at.astype(int), _eased(at - at.astype(int))[:, None]
    behind_s = fronts[low] * (1 - share) + fronts[low + 1] * share
    return behind_s + place * (lengths[low] * (1 - share) + lengths[low + 1] * share)


def _move(
    random: np.random.Generator, groups: list[NDArray[np.int64]], gaps_s: list[float]
) -> tuple[list[NDArray[np.int64]], list[float]]:
    """What happens next: an attack, riders who are dropped, a catch, or nothing."""
    groups, gaps_s = list(groups), list(gaps_s)
    what = random.choice(["attack", "drop", "catch", "nothing"])
    if what == "catch" and gaps_s:
        nth = int(random.integers(len(gaps_s)))
        groups[nth : nth + 2] = [np.concatenate(groups[nth : nth + 2])]
        del gaps_s[nth]
    large = [nth for nth, group in enumerate(groups) if len(group) >= 4]
    if what in ("attack", "drop") and large and len(groups) < 6:
        nth = int(random.choice(large))
        shuffled = random.permutation(groups[nth])
        few = int(random.integers(1, max(len(shuffled) // 3, 1) + 1))
        cut = few if what == "attack" else len(shuffled) - few
        groups[nth : nth + 1] = [shuffled[:cut], shuffled[cut:]]
        gaps_s.insert(nth, float(random.uniform(*GAPS_S)))
    return groups, gaps_s


def _length_s(size: int) -> float:
    return min(SECONDS_A_RIDER * size, LONGEST_GROUP_S)


def _eased(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 without a jolt."""
    return share * share * (3 - 2 * share)


def _wandering(
    random: np.random.Generator, riders: int, time_s: NDArray[np.float64], knot_s: float
) -> NDArray[np.float64]:
    """A smooth random number of about unit size for each rider: [time, rider]."""
    knots = int((time_s[-1] - time_s[0]) / knot_s) + 3
    values = random.normal(0.0, 1.0, (knots, riders))
    at = (time_s - time_s[0]) / knot_s
    low = at.astype(int)
    share = _eased(at - low)[:, None]
    return values[low] * (1 - share) + values[low + 1] * share
