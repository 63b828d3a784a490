"""What a user would do instead, on the same fixes: the nearest point of the road, and a matcher from PyPI."""

import logging
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from leuvenmapmatching.map.inmem import InMemMap
from leuvenmapmatching.matcher.distance import DistanceMatcher
from numpy.typing import NDArray

from tests.accuracy.course import Course
from tests.accuracy.measures import WARM_UP_S, on_another_leg
from tests.accuracy.running import Placed

SAMPLE_FIXES, SAMPLE_EACH = 300, 150
"""leuvenmapmatching takes milliseconds a fix: so many of each scenario, at most so many consecutive ones of a rider."""
MOST_DISTANCE_M = 60.0
LATTICE_WIDTH = 10

logging.getLogger("be.kuleuven.cs.dtai.mapmatching").setLevel(logging.ERROR)


@dataclass(frozen=True, eq=False)
class Answer:
    """What one of them made of some fixes: errors of those that it placed, m."""

    distance_m: NDArray[np.float64]
    wrong_legs: int
    fixes: int
    cpu_s: float

    @property
    def us_a_fix(self) -> float:
        """Processor time, microseconds."""
        return self.cpu_s / self.fixes * 1e6


@dataclass(frozen=True, eq=False)
class Beside:
    """The engine and its peers on the same fixes; `sampled_*`: on those that leuvenmapmatching was given."""

    engine: Answer
    shapely: Answer
    sampled_engine: Answer
    sampled_shapely: Answer
    sampled_leuven: Answer

    @staticmethod
    def pooled(parts: list["Beside"]) -> "Beside":
        """All of them as one."""
        return Beside(
            *(_pooled([getattr(part, name) for part in parts]) for name in Beside.__dataclass_fields__)
        )


def beside(course: Course, placed: Placed, cpu_s: float) -> Beside:
    """All of them on the fixes that the engine got, in `cpu_s` of its processor time."""
    nearest_m, nearest_s = _nearest(course, placed)
    each = len(placed.time_s)
    sample = _sample(placed)
    which = np.concatenate(sample)
    matched_m, matched_s = zip(*(_leuven(course, placed.only(part)) for part in sample), strict=True)
    some, share = placed.only(which), len(which) / each
    return Beside(
        engine=_answer(course, placed, placed.placed_m, cpu_s),
        shapely=_answer(course, placed, nearest_m, nearest_s),
        sampled_engine=_answer(course, some, some.placed_m, cpu_s * share),
        sampled_shapely=_answer(course, some, nearest_m[which], nearest_s * share),
        sampled_leuven=_answer(course, some, np.concatenate(matched_m), sum(matched_s)),
    )


def _nearest(course: Course, placed: Placed) -> tuple[NDArray[np.float64], float]:
    """The nearest point of all of the road, second by second as the fixes come; and the processor time, s.

    A tree of the segments: ten to a hundred times as fast as LineString.project on the whole line.
    """
    x_m, y_m = course.from_degrees_e7(course.route.latitude_e7, course.route.longitude_e7)
    points = np.column_stack((x_m, y_m))
    segments = shapely.linestrings(np.stack((points[:-1], points[1:]), axis=1))
    along_m, lengths_m = course.route.distance_cm / 100, np.hypot(*np.diff(points, axis=0).T)
    scale = np.diff(along_m) / np.maximum(lengths_m, 1e-9)
    tree = shapely.STRtree(segments)
    order = np.argsort(placed.time_s, kind="stable")
    edges = np.flatnonzero(np.diff(placed.time_s[order])) + 1
    found_m = np.empty(len(order))
    tree.nearest(shapely.points(points[:1]))
    began_s = time.process_time()
    for begin, end in pairwise((0, *edges.tolist(), len(order))):
        now = order[begin:end]
        fixes = shapely.points(*course.from_degrees_e7(placed.latitude_e7[now], placed.longitude_e7[now]))
        nearest = tree.nearest(fixes)
        found_m[now] = along_m[nearest] + shapely.line_locate_point(segments[nearest], fixes) * scale[nearest]
    return found_m, time.process_time() - began_s


def _leuven(course: Course, placed: Placed) -> tuple[NDArray[np.float64], float]:
    """Consecutive fixes of one rider, matched as a whole; from where no match goes on, begun anew."""
    x_m, y_m = course.from_degrees_e7(course.route.latitude_e7, course.route.longitude_e7)
    along_m, last = course.route.distance_cm / 100, len(x_m) - 1
    graph = {node: ((y_m[node], x_m[node]), [node + 1] if node < last else []) for node in range(last + 1)}
    fixes = course.from_degrees_e7(placed.latitude_e7, placed.longitude_e7)
    path = list(zip(fixes[1].tolist(), fixes[0].tolist(), strict=True))
    found_m = np.full(len(path), np.nan)
    road = InMemMap("road", use_latlon=False, graph=graph)
    began_s, begin = time.process_time(), 0
    while begin < len(path):
        matcher = DistanceMatcher(
            road,
            max_dist=MOST_DISTANCE_M,
            max_dist_init=MOST_DISTANCE_M,
            obs_noise=5.0,
            obs_noise_ne=10.0,
            dist_noise=5.0,
            min_prob_norm=0.001,
            non_emitting_states=True,
            max_lattice_width=LATTICE_WIDTH,
        )
        _, reached = matcher.match(path[begin:])
        for state in matcher.lattice_best:
            if state.is_emitting():
                edge = state.edge_m
                found_m[begin + state.obs] = along_m[edge.l1] + edge.ti * (
                    along_m[edge.l2] - along_m[edge.l1]
                )
        begin += reached + 1
    return found_m, time.process_time() - began_s


def _sample(placed: Placed) -> list[NDArray[np.int64]]:
    """Some riders' consecutive fixes, in the order of time, from the middle of the race."""
    found: list[NDArray[np.int64]] = []
    for rider in range(0, int(placed.rider.max()) + 1, 7):
        mine = np.flatnonzero(
            (placed.rider == rider) & ~np.isnan(placed.true_m) & (placed.time_s >= WARM_UP_S)
        )
        mine = mine[np.argsort(placed.time_s[mine], kind="stable")]
        each = min(SAMPLE_EACH, SAMPLE_FIXES - sum(map(len, found)))
        begin = max((len(mine) - each) // 2, 0)
        found.append(mine[begin : begin + each])
        if sum(map(len, found)) == SAMPLE_FIXES:
            break
    return found


def _answer(course: Course, placed: Placed, at_m: NDArray[np.float64], cpu_s: float) -> Answer:
    put = ~np.isnan(at_m) & ~np.isnan(placed.true_m) & (placed.true_m < course.finish_m)
    put &= placed.time_s >= WARM_UP_S
    wrong = on_another_leg(course, at_m[put], placed.true_m[put])
    return Answer(at_m[put] - placed.true_m[put], int(wrong.sum()), len(at_m), cpu_s)


def _pooled(answers: list[Answer]) -> Answer:
    return Answer(
        np.concatenate([answer.distance_m for answer in answers]),
        sum(answer.wrong_legs for answer in answers),
        sum(answer.fixes for answer in answers),
        sum(answer.cpu_s for answer in answers),
    )
