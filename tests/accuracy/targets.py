"""The figures to reach, and what there is: one table, in the order of issue 7."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.accuracy.crowd import Crowd
from tests.accuracy.peers import Beside
from tests.accuracy.recorded import WITHIN_S, RecordedStage
from tests.accuracy.results import Results


@dataclass(frozen=True)
class Target:
    """`measured`: None where there is nothing to measure (yet)."""

    name: str
    goal: str
    measured: Callable[[Results], float | None]
    holds: Callable[[float], bool]
    shown: str = "{:.2f}"

    def value(self, results: Results) -> str:
        """For people."""
        value = self.measured(results)
        return "-" if value is None else self.shown.format(value)

    def verdict(self, results: Results) -> str:
        """ "reached", "not yet", or "not measured"."""
        value = self.measured(results)
        if value is None:
            return "not measured"
        return "reached" if self.holds(value) else "not yet"


def _percentile(column: str, percent: float) -> Callable[[Results], float | None]:
    def measured(results: Results) -> float | None:
        return results.plain and float(np.percentile(np.abs(getattr(results.plain, column)), percent))

    return measured


def _share(part: str, whole: str, of: str) -> Callable[[Results], float | None]:
    def measured(results: Results) -> float | None:
        pool = getattr(results, of)
        return getattr(pool, part) / getattr(pool, whole) if pool and getattr(pool, whole) else None

    return measured


def _covered(of: str) -> Callable[[Results], float | None]:
    def measured(results: Results) -> float | None:
        pool = getattr(results, of)
        return pool.covered / len(pool.gap_s) if pool and len(pool.gap_s) else None

    return measured


def _count(faults: str) -> Callable[[Results], float | None]:
    return lambda results: results.all and float(len(getattr(results.all, faults)))


def _recorded(figure: Callable[[RecordedStage], float]) -> Callable[[Results], float | None]:
    return lambda results: results.recorded and float(figure(results.recorded))


def _times_leuven(beside: Beside | None) -> float | None:
    return beside and beside.sampled_leuven.us_a_fix / beside.engine.us_a_fix


def _times_shapely(beside: Beside | None) -> float | None:
    return beside and beside.engine.us_a_fix / beside.shapely.us_a_fix


def _followed(crowd: Crowd) -> float:
    """All that are followed; as many as a whole core has time for, where it has not for all."""
    return crowd.followed * min(1.0, 1.0 / crowd.cpu_s)


TARGETS = (
    Target("gap error, median, 1 Hz and 5 m", "0.2 s", _percentile("gap_s", 50), lambda v: v <= 0.2),
    Target("gap error, p99, 1 Hz and 5 m", "1 s", _percentile("gap_s", 99), lambda v: v <= 1.0),
    Target("distance error, p95, 1 Hz and 5 m", "6 m", _percentile("distance_m", 95), lambda v: v <= 6.0),
    Target("wrong legs, all scenarios", "0", _count("wrong_legs"), lambda v: v == 0, "{:.0f}"),
    Target("wrong laps, all scenarios", "0", _count("wrong_laps"), lambda v: v == 0, "{:.0f}"),
    Target("teleports, all scenarios", "0", _count("teleports"), lambda v: v == 0, "{:.0f}"),
    Target(
        "valid position while heard, all scenarios", "99 %", _share("heard_shown", "heard", "all"),
        lambda v: v >= 0.99, "{:.2%}",
    ),
    Target("stated 90 % intervals of gaps cover, 1 Hz and 5 m", "85-95 %", _covered("plain"),
           lambda v: 0.85 <= v <= 0.95, "{:.1%}"),
    Target("stated 90 % intervals of gaps cover, all scenarios", "85-95 %", _covered("all"),
           lambda v: 0.85 <= v <= 0.95, "{:.1%}"),
    Target("splits and merges found within 5 s, 1 Hz and 5 m", "98 %", _share("events_found", "events", "plain"),
           lambda v: v >= 0.98, "{:.0%}"),
    Target("flicker over that of a plain 4 s threshold, all scenarios", "0.1",
           _share("flicker", "plain_flicker", "all"), lambda v: v <= 0.1),
    Target("recorded stage: difference to the published gap, median", "0.6 s",
           _recorded(lambda r: np.median(np.abs(r.aligned_s))), lambda v: v <= 0.6),
    Target("recorded stage: within 2 s of it", "90 %",
           _recorded(lambda r: np.mean(np.abs(r.aligned_s) <= WITHIN_S)), lambda v: v >= 0.9, "{:.1%}"),
    Target("the same, the first group as it is, the others less their offset", "90 %",
           _recorded(lambda r: np.mean(np.abs(r.by_group_s) <= WITHIN_S)), lambda v: v >= 0.9, "{:.1%}"),
    Target("recorded stage: after a hole, half of the field within 2 s after, p95", "2 s",
           _recorded(lambda r: np.percentile(r.after_holes_s, 95, method="higher")), lambda v: v <= 2.0, "{:.0f} s"),
    Target("times the speed of leuvenmapmatching, 20,000 riders", "100",
           lambda r: r.crowd and _times_leuven(r.crowd.peers), lambda v: v >= 100, "{:.0f}"),
    Target("the same, 176 riders", "100", lambda r: _times_leuven(r.whole_field), lambda v: v >= 100, "{:.0f}"),
    Target("times the time of the nearest point in shapely, 20,000 riders", "4",
           lambda r: r.crowd and _times_shapely(r.crowd.peers), lambda v: v <= 4, "{:.1f}"),
    Target("the same, 176 riders", "4", lambda r: _times_shapely(r.whole_field), lambda v: v <= 4, "{:.1f}"),
    Target("riders at 1 Hz on one core", "20,000", lambda results: results.crowd and _followed(results.crowd),
           lambda v: v >= 20_000, "{:,.0f}"),
)  # fmt: skip
