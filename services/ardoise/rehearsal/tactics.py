"""What the riders want: who attacks and when, who lets them go, and when the peloton chases."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ardoise.rehearsal.riding import Column, Legs
from ardoise.rehearsal.terrain import Terrain

Index = NDArray[np.int64]

BREAK, CHASE, FAVOURITE = 1, 2, 3
BURST_S = 160.0
"""An attack goes all out for so long."""
CAUGHT_M = 12.0
LEAVES_ALONE_S = 240.0
"""The peloton sits up for so long once it has let a break go."""
PUNCTURE_S = 24.0
WAITS_FOR_CAR_S = 240.0
COMES_BACK_M = 2_500.0
"""Who sees the cars of the group ahead rides for it."""
GRUPPETTO = 12
WAITS_M = 700.0
"""The dropped wait for one another: together they make the time limit."""
CLIMBING = 0.03
FINAL_M = 13_000.0
ATTACK_FLAT = np.array([0.0, 0.85, 0.90, 0.95])
ATTACK_CLIMBING = np.array([0.0, 0.93, 0.97, 1.02])
"""Effort of those who attack (break, chase, favourites) once the first burst is over."""


@dataclass(frozen=True, eq=False)
class Bunches:
    """Riders who ride together, front to back. Bunches are numbered in the order of `leader`."""

    riders: Index
    """Racing riders, sorted by attack and then from the front."""
    of_rider: Index
    """Number of the bunch of each of them."""
    leader: Index
    """The first rider of each bunch."""
    size: Index
    rank: Index
    """Place of each rider in his bunch as it stands now: 0 is the front."""

    @classmethod
    def of(cls, at_m: Column, attack: Index, racing: NDArray[np.bool_], together_m: float) -> "Bunches":
        """Who rides with whom: neighbours within a few metres who are not attacking one another."""
        racers = np.flatnonzero(racing)
        riders = racers[np.lexsort((-at_m[racers], attack[racers]))]
        apart = (np.diff(at_m[riders]) < -together_m) | (np.diff(attack[riders]) != 0)
        of_rider = np.concatenate(([0], np.cumsum(apart)))
        first = np.concatenate(([0], np.flatnonzero(apart) + 1))
        size = np.diff(np.append(first, len(riders)))
        return cls(riders, of_rider, riders[first], size, np.arange(len(riders)) - first[of_rider])

    @property
    def shared_drag(self) -> Column:
        """Share of the air that those who take turns at the front meet on average."""
        return np.interp(self.size, [1, 2, 4, 8, 30, 150], [1.0, 0.88, 0.82, 0.77, 0.72, 0.68])

    def drafting(self) -> Column:
        """Share of the air that each rider meets in his place; by turns in front, so the first have the average."""
        sheltered = np.interp(self.rank, [0, 4, 12, 40], [0.85, 0.65, 0.52, 0.45])
        return np.where(
            self.size[self.of_rider] == 1, 1.0, np.minimum(self.shared_drag[self.of_rider], sheltered)
        )

    def spread(self, place: Column) -> Column:
        """Where in his bunch each rider wants to be, from 0 (front) towards 1, by his liking."""
        order = np.lexsort((place[self.riders], self.of_rider))
        wanted = np.empty(len(order), dtype=np.int64)
        wanted[order] = self.rank
        return wanted / self.size[self.of_rider]

    def mean(self, of_riders: Column) -> Column:
        """Mean of a value over the riders of each bunch."""
        return np.bincount(self.of_rider, of_riders[self.riders]) / self.size

    def members(self, bunch: int) -> Index:
        """Riders of one bunch."""
        return self.riders[self.of_rider == bunch]


class Tactics:
    """The plot of a stage, drawn once, and the decisions of every second."""

    def __init__(self, critical_wkg: Column, terrain: Terrain, random: np.random.Generator) -> None:
        count = len(critical_wkg)
        self.attack = np.zeros(count, dtype=np.int64)
        """0, or the attack that a rider is part of."""
        self.abandoned = np.zeros(count, dtype=bool)
        self._terrain = terrain
        self._since_s = {}
        by_strength = np.argsort(-critical_wkg)
        allowed = random.permutation(by_strength[count // 10 : count // 2])
        finish_m = terrain.finish_m
        self._planned = [
            (random.uniform(3_000, 7_000), BREAK, allowed[: random.integers(6, 10)]),
            (finish_m * random.uniform(0.22, 0.27), CHASE, allowed[10 : 10 + random.integers(3, 6)]),
            (finish_m - random.uniform(3_500, 7_500), FAVOURITE, by_strength[: random.integers(1, 3)]),
        ]
        """Where the peloton's front is when they go, the attack, its riders."""
        self._ambition_s = random.uniform(230.0, 330.0)
        """The lead that the peloton lets a break have."""
        self._late_s = random.uniform(-20.0, 100.0)
        """The lead that the peloton, for its chase, reckons it can still close on the last climb."""
        others = random.permutation(
            np.setdiff1d(np.arange(count), np.concatenate([p[2] for p in self._planned]))
        )
        self._punctures = dict(
            zip(others[:3].tolist(), random.uniform(0.15, 0.8, 3) * finish_m, strict=False)
        )
        self._gives_up = dict(
            zip(others[3:5].tolist(), random.uniform(0.3, 0.75, 2) * finish_m, strict=False)
        )
        self._stands_until_s: dict[int, float] = {}

    def standing(self, now_s: float) -> NDArray[np.bool_]:
        """Who stands at the roadside."""
        standing = np.zeros(len(self.attack), dtype=bool)
        standing[[rider for rider, until_s in self._stands_until_s.items() if now_s < until_s]] = True
        return standing

    def pace_wkg(
        self, bunches: Bunches, at_m: Column, gap_s: Column, legs: Legs, gradient: Column, now_s: float
    ) -> Column:
        """Power per kilogram at the front of each bunch; `gap_s`: of its first rider to the head of the race."""
        peloton = self._peloton(bunches)
        self._decide(bunches, peloton, at_m, now_s)
        leader, front_m = bunches.leader, at_m[bunches.leader]
        slope = gradient[leader]
        climbing = slope > CLIMBING
        # Those who pull are the stronger ones of the bunch.
        strength = bunches.mean(legs.critical_wkg) * np.where(bunches.size > 8, 1.04, 1.0)
        order = np.argsort(-front_m)
        ahead_m = np.full(len(front_m), np.inf)
        ahead_m[order[1:]] = front_m[order[:-1]] - front_m[order[1:]]
        behind_m = np.append(ahead_m[order[1:]], np.inf)[np.argsort(order)]

        in_front = np.where(climbing, 0.99, 0.90)
        comes_back = ~climbing & (ahead_m < COMES_BACK_M)
        behind = np.where(comes_back, 1.0, np.where(climbing, 0.84, 0.74))
        waits = (bunches.size < GRUPPETTO) & (behind_m < WAITS_M) & (climbing | ~comes_back)
        behind = np.where(waits, behind * 0.86, behind)
        share = np.where(front_m > front_m[peloton], in_front, behind)
        share[peloton] = self._peloton_share(front_m[peloton], gap_s[peloton], climbing[peloton], now_s)
        attack = self.attack[leader]
        since_s = now_s - np.array([self._since_s.get(number, -np.inf) for number in attack.tolist()])
        attacking = np.where(climbing, ATTACK_CLIMBING[attack], ATTACK_FLAT[attack])
        share = np.where(attack > 0, np.where(since_s < BURST_S, 1.22, attacking), share)
        return strength * share * np.where(slope < -0.02, 0.45, 1.0)

    def _peloton(self, bunches: Bunches) -> int:
        """The biggest bunch that attacks nobody."""
        attacking = self.attack[bunches.leader] != 0
        return int(np.argmax(np.where(attacking, 0, bunches.size)))

    def _peloton_share(self, front_m: float, lead_s: float, climbing: bool, now_s: float) -> float:
        """Effort at the front of the peloton: it lets the break have its lead, and wants it back in time."""
        to_go_m = self._terrain.finish_m - front_m
        if not self._since_s:
            return 0.80
        if to_go_m < FINAL_M:
            return float(np.interp(to_go_m, [0, FINAL_M], [1.10, 0.99])) if climbing else 0.94
        raced = front_m / self._terrain.finish_m
        allowed_s = (
            self._ambition_s * np.interp(raced, [0, 0.25, 0.55, 0.9], [0.7, 1.0, 0.95, 0.2]) + self._late_s
        )
        base = 0.94 if climbing else 0.76
        easing = now_s - self._since_s.get(BREAK, now_s) < LEAVES_ALONE_S
        share = 0.55 if easing else base + 0.06 * (lead_s - allowed_s) / 60.0
        return float(np.clip(share, base - 0.20, base + 0.09))

    def _decide(self, bunches: Bunches, peloton: int, at_m: Column, now_s: float) -> None:
        front_m = at_m[bunches.leader[peloton]]
        members = set(bunches.members(peloton).tolist())
        while self._planned and front_m >= self._planned[0][0]:
            _, attack, riders = self._planned.pop(0)
            going = [rider for rider in riders.tolist() if rider in members]
            if going:
                self.attack[going] = attack
                self._since_s[attack] = now_s
        for number, leader in enumerate(bunches.leader):
            attack = self.attack[leader]
            if attack and now_s - self._since_s[attack] > BURST_S and at_m[leader] < front_m + CAUGHT_M:
                self.attack[bunches.members(number)] = 0
        self._mishaps(at_m, now_s)

    def _mishaps(self, at_m: Column, now_s: float) -> None:
        for rider, where_m in list(self._punctures.items()):
            if at_m[rider] >= where_m:
                del self._punctures[rider]
                self._stands_until_s[rider] = now_s + PUNCTURE_S
        for rider, where_m in list(self._gives_up.items()):
            if at_m[rider] >= where_m:
                del self._gives_up[rider]
                self.abandoned[rider] = True
                self._stands_until_s[rider] = now_s + WAITS_FOR_CAR_S
