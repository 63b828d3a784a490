"""A stage as it is raced: one step after the other, all riders at once.

Riders who are close ride as one bunch: its front rides at the pace that its tactics ask for, the others
hold their place in its shelter for as long as their legs let them. So groups split on climbs, come
together on descents, and a gruppetto forms, without anybody being told to.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.pb import setup_pb2
from ardoise.rehearsal.riding import Column, Legs, power_wkg, speed_mps
from ardoise.rehearsal.tactics import Bunches, Tactics
from ardoise.rehearsal.terrain import Terrain

TOGETHER_M = 40.0
"""Riders closer than this on the road ride as one bunch."""
METRES_A_RIDER = 0.85
"""Length that one more rider adds to a bunch: two to three ride abreast."""
SEAT_SECONDS = 8.0
CLOSING_MPS = 2.5
DROPPING_MPS = 3.0
QUICKENING_MPS2 = 0.7
BRAKING_MPS2 = 3.0
NEUTRAL_MPS = 7.6
"""Behind the red car, until its flag drops at kilometre 0."""
LEAVING_M_AFTER_LINE = (60.0, 320.0)
HEAD_GRID_M = 5.0
STANDING_S = 30.0
"""The field stands for so long before it rolls."""


@dataclass(frozen=True)
class Truth:
    """Where everybody really is at one second. Columns in the order of the riders' bibs."""

    bibs: NDArray[np.int64]
    distance_m: Column
    """From kilometre 0."""
    speed_mps: Column
    gap_s: Column
    """Behind the head of the race at the same point of the road."""
    finished: NDArray[np.bool_]
    abandoned: NDArray[np.bool_]


class RaceModel:
    """The race. `step` moves it; everything about it is decided by stage and seed."""

    def __init__(self, stage: setup_pb2.StageSetup, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.terrain = Terrain(stage.route)
        self.bibs = np.array([rider.bib for rider in stage.riders])
        count = len(self.bibs)
        critical = _critical_power(count, self._random)
        self._legs = Legs(critical, self._random.uniform(230.0, 330.0, count))
        self._place = self._random.permutation(count) / count
        """Where in a bunch he likes to ride: 0 at the front, 1 at the back."""
        self._at_m = self.terrain.start_m + 5.0 + (1 - self._place) * METRES_A_RIDER * count
        self._speed = np.zeros(count)
        self._leaves_m = self.terrain.finish_m + self._random.uniform(*LEAVING_M_AFTER_LINE, count)
        self._leaves_m = np.minimum(self._leaves_m, self.terrain.end_m - 5.0)
        self._home_s = np.full(count, np.nan)
        self.tactics = Tactics(critical, self.terrain, self._random)
        self.elapsed_s = 0.0
        self._flag_dropped = False
        cells = int((self.terrain.end_m - self.terrain.start_m) / HEAD_GRID_M) + 2
        self._head_s = np.full(cells, np.nan)
        self._head_cell = -1

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Who has crossed the line."""
        return ~np.isnan(self._home_s)

    @property
    def over(self) -> bool:
        """Everybody is home or has given up."""
        return bool((self.finished | self.tactics.abandoned).all())

    def step(self, seconds: float) -> None:
        """Races on for a short time; up to 4 s keep it stable."""
        self.elapsed_s += seconds
        if self.elapsed_s <= STANDING_S:
            return
        racing = ~self.finished & ~self.tactics.abandoned
        wished = np.zeros_like(self._speed)
        gradient = self.terrain.gradient(self._at_m)
        drafting = np.ones_like(wished)
        if racing.any():
            self._flag_dropped |= bool(self._at_m[racing].max() >= 0)
            bunches = Bunches.of(self._at_m, self.tactics.attack, racing, TOGETHER_M)
            wished, drafting = self._in_bunches(bunches, gradient, seconds)
        wished = np.where(
            self.finished, np.sqrt(np.maximum(self._leaves_m - self._at_m, 0) * 2 * 0.4), wished
        )
        stopped = self.tactics.standing(self.elapsed_s)
        wished = np.where(stopped, 0.0, wished)
        wished = np.where(self.tactics.abandoned, self._in_the_car(stopped, racing), wished)
        before_mps = self._speed
        lowest = np.maximum(before_mps - BRAKING_MPS2 * seconds, 0)
        self._speed = np.clip(wished, lowest, before_mps + QUICKENING_MPS2 * seconds)
        self._legs.spend(np.where(racing, power_wkg(self._speed, gradient, drafting), 0.0), seconds)
        before_m = self._at_m
        self._at_m = before_m + (before_mps + self._speed) / 2 * seconds
        self._cross_line(before_m, racing, seconds)
        self._follow_head(before_m, racing, seconds)

    def truth(self) -> Truth:
        """The race at this second."""
        gap_s = self._gap_s(self._at_m)
        line = self._head_s[int((self.terrain.finish_m - self.terrain.start_m) / HEAD_GRID_M)]
        gap_s = np.where(self.finished, self._home_s - line, gap_s)
        return Truth(
            bibs=self.bibs,
            distance_m=self._at_m.copy(),
            speed_mps=self._speed.copy(),
            gap_s=np.maximum(gap_s, 0.0),
            finished=self.finished,
            abandoned=self.tactics.abandoned.copy(),
        )

    def _gap_s(self, at_m: Column) -> Column:
        """How long ago the head of the race passed these points; 0 where it has not."""
        cell = np.clip((at_m - self.terrain.start_m) / HEAD_GRID_M, 0, len(self._head_s) - 1.001)
        low = cell.astype(int)
        head_s = self._head_s[low] + (self._head_s[low + 1] - self._head_s[low]) * (cell - low)
        return np.maximum(np.where(np.isnan(head_s), 0.0, self.elapsed_s - head_s), 0.0)

    def _in_bunches(self, bunches: Bunches, gradient: Column, seconds: float) -> tuple[Column, Column]:
        """The speed that each rider gets, and his share of the air."""
        front = bunches.leader
        limit = self.terrain.limit_mps(self._at_m)
        if self._flag_dropped:
            pace = self.tactics.pace_wkg(
                bunches, self._at_m, self._gap_s(self._at_m[front]), self._legs, gradient, self.elapsed_s
            )
            front_mps = speed_mps(pace, gradient[front], bunches.shared_drag, self._speed[front])
            front_mps = np.minimum(front_mps, limit[front])
        else:
            front_mps = np.full(len(front), NEUTRAL_MPS)
        front_mps = np.minimum(front_mps, self._speed[front] + QUICKENING_MPS2 * seconds)
        length_m = METRES_A_RIDER * bunches.size * np.clip(front_mps / 11.0, 0.6, 1.6)
        rank = bunches.spread(self._place)
        seat_m = self._at_m[front][bunches.of_rider] - rank * length_m[bunches.of_rider]
        closing = (seat_m - self._at_m[bunches.riders]) / SEAT_SECONDS
        wished = front_mps[bunches.of_rider] + np.clip(closing, -DROPPING_MPS, CLOSING_MPS)
        wished = np.clip(wished, 0.0, limit[bunches.riders] * 1.03)
        drafting = bunches.drafting()
        slope = gradient[bunches.riders]
        most = self._legs.most_wkg[bunches.riders]
        tired = power_wkg(wished, slope, drafting) > most
        if tired.any():
            now = self._speed[bunches.riders][tired]
            wished[tired] = np.minimum(
                wished[tired], speed_mps(most[tired], slope[tired], drafting[tired], now)
            )
        all_wished, all_drafting = np.zeros_like(self._speed), np.ones_like(self._speed)
        all_wished[bunches.riders], all_drafting[bunches.riders] = wished, drafting
        return all_wished, all_drafting

    def _in_the_car(self, stopped: NDArray[np.bool_], racing: NDArray[np.bool_]) -> Column:
        """A rider who gave up is driven on behind the race: his bike, and its tracker, on a car's roof."""
        tail_m = np.median(self._at_m[racing]) - 350.0 if racing.any() else self._at_m
        catching = np.clip((tail_m - self._at_m) / 20.0, 0.0, 15.0)
        return np.where(stopped, 0.0, np.minimum(catching, self.terrain.limit_mps(self._at_m)))

    def _cross_line(self, before_m: Column, racing: NDArray[np.bool_], seconds: float) -> None:
        crossed = racing & (before_m < self.terrain.finish_m) & (self._at_m >= self.terrain.finish_m)
        if crossed.any():
            moved_m = np.maximum(self._at_m[crossed] - before_m[crossed], 1e-6)
            share = (self._at_m[crossed] - self.terrain.finish_m) / moved_m
            self._home_s[crossed] = self.elapsed_s - share * seconds

    def _follow_head(self, before_m: Column, racing: NDArray[np.bool_], seconds: float) -> None:
        """Notes when the head of the race passed each point that it passed in this step."""
        if not racing.any():
            return
        head = int(np.argmax(np.where(racing, self._at_m, -np.inf)))
        cell = int((self._at_m[head] - self.terrain.start_m) / HEAD_GRID_M)
        if cell > self._head_cell:
            cells = np.arange(self._head_cell + 1, min(cell, len(self._head_s) - 1) + 1)
            moved_m = max(self._at_m[head] - before_m[head], 1e-6)
            past_m = self._at_m[head] - (self.terrain.start_m + cells * HEAD_GRID_M)
            self._head_s[cells] = self.elapsed_s - np.clip(past_m / moved_m, 0, 1) * seconds
            self._head_cell = int(cells[-1])


def _critical_power(count: int, random: np.random.Generator) -> Column:
    """Watts per kilogram: one climber in seven, one sprinter or big rouleur in three, all-rounders between."""
    kind = random.random(count)
    climbing = np.where(kind < 0.14, random.normal(6.05, 0.13, count), random.normal(5.55, 0.17, count))
    return np.where(kind > 0.66, random.normal(4.9, 0.17, count), climbing)
