"""Rides pursuits: a breakaway, a peloton that decides when to chase, and what a feed shows of it.

Made to judge predictions, so it shares no assumption with them: riders have power and lose it,
drafting is worth what the air takes, teams commit workers late, hesitate, give up. Nobody here
closes "a minute per ten kilometres". Widely drawn, one seed per stage, all stages ridden at once.

Sources of the orders of magnitude: road-load equation and drag areas after Martin et al. 1998;
drafting from Blocken et al. 2018 (peloton) and Olds 1998 (breakaways); the rhythm of the
readings, bursts of five 6 s apart and then a hole of 36 s, is that of the public feed of 2026.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

STEP_S = 3.0
ROAD_STEP_M = 250.0
SHORTEST_M, LONGEST_M = 70_000.0, 120_000.0
MOST_STEPS = int(6 * 3600 / STEP_S)
GRAVITY_MPS2 = 9.81
ROLLING = 0.0045
AIR_PER_KG = 0.5 * 1.15 * 0.32 / 78.0
"""Half the air's density times drag area, per kilogram of rider and bike."""
BURST_S, HOLE_S, FIX_EVERY_S = 24.0, 36.0, 6.0
NOISE_MEMORY = 0.6 * 0.8 ** np.arange(12)
LARGEST_BREAK = 10
FULLEST_RESERVE_JKG = 450.0
SLOWEST_MPS, FASTEST_MPS = 3.0, 22.0


@dataclass(frozen=True, slots=True)
class Ride:
    """One stage as it was ridden, sampled every `STEP_S` until the last group is home, and its truth.

    Arrays have shape (steps,). `size` is the riders ahead. `measured_gap_s` is frozen while the
    feed is silent, `measured_age_s` counts how long.
    """

    seed: int
    road_m: np.ndarray
    elevation_m: np.ndarray
    time_s: np.ndarray
    ahead_m: np.ndarray
    ahead_mps: np.ndarray
    peloton_m: np.ndarray
    size: np.ndarray
    peloton_size: int
    measured_gap_s: np.ndarray
    measured_age_s: np.ndarray
    caught_to_go_m: float | None
    gap_at_line_s: float
    """0 where the group was caught."""

    @property
    def finish_m(self) -> float:
        return float(self.road_m[-1])


def ride(seeds: Sequence[int]) -> list[Ride]:
    """Rides one stage per seed. The same seed gives the same stage, whatever its companions."""
    stages = [_Stage(seed) for seed in seeds]
    return _Pursuits(stages).run()


class _Stage:
    """What fate draws before the start."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed, 0x9E37])
        self.seed = seed
        self.length_m = ROAD_STEP_M * round(random.uniform(SHORTEST_M, LONGEST_M) / ROAD_STEP_M)
        self.road_m = np.arange(0.0, self.length_m + 1.0, ROAD_STEP_M)
        self.gradient = self._terrain(random)
        self.wind_mps = random.normal(0.0, 2.0)
        self.size = int(np.ceil(random.uniform(0.0, 1.0) ** 1.6 * LARGEST_BREAK))
        self.peloton_size = int(random.integers(35, 160))
        self.gap_s = random.lognormal(np.log(200.0), 0.7)
        # The break: watts per kilogram that it can hold, what it has above them, how it spends it.
        self.ahead_wkg = random.normal(4.45, 0.3)
        self.reserve_jkg = random.uniform(150.0, 420.0)
        self.spares_until_m = random.uniform(5_000.0, 60_000.0)
        self.pace_before = random.uniform(0.86, 1.02)
        self.pace_after = random.uniform(0.98, 1.14)
        self.hesitates_per_s = random.gamma(1.2, 1 / 9_000.0)
        self.attack_to_go_m = random.uniform(1_500.0, 30_000.0) if random.uniform() < 0.45 else -1.0
        self.attackers = int(random.integers(1, 3))
        self.attack_boost = random.uniform(1.02, 1.2)
        # The peloton: who wants the stage, how it judges the gap, how hard its workers can ride.
        self.interest = random.beta(1.6, 0.8)
        self.workers = int(random.integers(3, 19))
        self.worker_wkg = random.normal(4.9, 0.3)
        self.tempo_wkg = random.normal(3.95, 0.25)
        self.leash_s = random.uniform(90.0, 600.0)
        self.belief_s_per_min = random.lognormal(np.log(4.5), 0.35)
        self.arrives_before_s = random.uniform(0.0, 1_200.0)
        self.patience_s = random.uniform(600.0, 3_600.0)
        self.ramp_s = random.uniform(60.0, 420.0)
        self.gc_fight = random.uniform(0.0, 0.9) if random.uniform() < 0.6 else 0.0
        self.noise_s = random.uniform(0.5, 4.0)
        self.gusts = random.standard_normal((3, MOST_STEPS))
        self.chances = random.uniform(size=(2, MOST_STEPS))

    def _terrain(self, random: np.random.Generator) -> np.ndarray:
        """Gradient of each road step: flats, rollers, climbs with their descents."""
        hilliness = random.uniform()
        gradient = np.zeros(len(self.road_m))
        at = 0
        while at < len(gradient):
            if random.uniform() < 0.55 * hilliness:
                length, slope = int(random.uniform(8, 60)), random.uniform(0.035, 0.09)
                gradient[at : at + length] = slope
                down = int(length * random.uniform(0.6, 1.4))
                gradient[at + length : at + length + down] = -slope * random.uniform(0.5, 0.9)
                at += length + down
            else:
                length = int(random.uniform(10, 80))
                end = min(at + length, len(gradient))
                gradient[at:end] = 0.012 * hilliness * random.standard_normal(end - at)
                at += length
        return gradient


class _Pursuits:
    """All stages at once: arrays of shape (stages,), stepped through time."""

    def __init__(self, stages: list[_Stage]) -> None:
        self.stages = stages
        self.rows = np.arange(len(stages))
        longest = max(len(stage.gradient) for stage in stages)
        self.gradient = np.zeros((len(stages), longest))
        for row, stage in enumerate(stages):
            self.gradient[row, : len(stage.gradient)] = stage.gradient
        self.last_step = np.array([len(stage.gradient) - 1 for stage in stages])
        self.gusts = np.stack([stage.gusts for stage in stages], axis=-1)
        self.chances = np.stack([stage.chances for stage in stages], axis=-1)
        drawn = [name for name, value in vars(stages[0]).items() if isinstance(value, int | float)]
        self.drawn = SimpleNamespace(
            **{name: np.array([getattr(stage, name) for stage in stages], dtype=float) for name in drawn}
        )
        # The break.
        self.ahead_m = 12.0 * self.drawn.gap_s
        self.ahead_mps = np.full(len(stages), 12.0)
        self.size = self.drawn.size.copy()
        self.reserve = self.drawn.reserve_jkg.copy()
        self.hesitation_s = np.zeros(len(stages))
        self.attacked = np.zeros(len(stages), dtype=bool)
        # The peloton.
        self.peloton_m = np.zeros(len(stages))
        self.peloton_mps = np.full(len(stages), 12.0)
        self.commitment, self.chased_s = np.zeros((2, len(stages)))
        self.morale = np.ones(len(stages))
        self.form = np.zeros((2, len(stages)))

    def run(self) -> list[Ride]:
        track = []
        for step in range(MOST_STEPS):
            track.append((self.ahead_m, self.ahead_mps, self.peloton_m, self.size))
            if np.all(self.peloton_m >= self.drawn.length_m):
                break
            self.form = 0.995 * self.form + 0.0045 * self.gusts[:2, step]
            gap_s = (self.ahead_m - self.peloton_m) / np.maximum(self.peloton_mps, 5.0)
            ahead_mps = self._ride_ahead(self.chances[0, step])
            self.peloton_mps = self._ride_behind(gap_s, self.chances[1, step])
            self.ahead_mps = ahead_mps
            self.ahead_m = self.ahead_m + STEP_S * self.ahead_mps
            self.peloton_m = self.peloton_m + STEP_S * self.peloton_mps
        columns = [np.array(column) for column in zip(*track, strict=True)]
        return [_ridden(stage, *(c[:, row] for c in columns)) for row, stage in enumerate(self.stages)]

    def _ride_ahead(self, chance: np.ndarray) -> np.ndarray:
        """The break spares itself, then spends; it hesitates the more the nearer the line, and may be split."""
        drawn, to_go = self.drawn, self.drawn.length_m - self.ahead_m
        together = self.size > 1
        hesitates = chance < drawn.hesitates_per_s * STEP_S * (1 + 2 * (to_go < 10_000))
        self.hesitation_s = np.where(hesitates & together, 120.0, np.maximum(self.hesitation_s - STEP_S, 0.0))
        strikes = (to_go < drawn.attack_to_go_m) & ~self.attacked & together
        self.size = np.where(strikes, np.minimum(drawn.attackers, self.size - 1), self.size)
        self.attacked = self.attacked | strikes
        pace = np.where(to_go > drawn.spares_until_m, drawn.pace_before, drawn.pace_after)
        pace = (
            pace
            * np.where(self.attacked, drawn.attack_boost, 1.0)
            * np.where(self.hesitation_s > 0, 0.88, 1.0)
        )
        fresh = np.clip(self.reserve / 60.0, 0.0, 1.0)
        wkg = (
            drawn.ahead_wkg
            * (pace * fresh + 0.93 * np.minimum(pace, 1.0) * (1 - fresh))
            * np.exp(self.form[0])
        )
        self.reserve = np.clip(
            self.reserve - 0.25 * STEP_S * (wkg - drawn.ahead_wkg), 0.0, FULLEST_RESERVE_JKG
        )
        return self._drive(self.ahead_mps, wkg, self.ahead_m, 1 / self.size + (1 - 1 / self.size) * 0.64)

    def _ride_behind(self, gap_s: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """The peloton waits while it believes it has time, works, and stops when that leads nowhere."""
        drawn, to_go = self.drawn, np.maximum(self.drawn.length_m - self.peloton_m, 0.0)
        left_s = to_go / 12.0
        late = gap_s / drawn.belief_s_per_min * 60.0 > left_s - drawn.arrives_before_s
        wants = (late & (drawn.interest > 0.25)) | (gap_s > drawn.leash_s)
        too_early = (gap_s < 35.0) & (left_s > 1_800.0)
        hopeless = (gap_s > 0.16 * left_s + 20.0) & (self.chased_s > drawn.patience_s) & (chance < 0.006)
        self.morale = np.where(hopeless, self.morale * drawn.interest, self.morale)
        goal = np.where(wants & ~too_early, self.morale * (0.35 + 0.65 * drawn.interest), 0.0)
        self.commitment = self.commitment + np.clip(goal - self.commitment, -1.5, 1.0) * STEP_S / drawn.ramp_s
        self.chased_s = np.where(self.commitment > 0.3, self.chased_s + STEP_S, 0.0)
        leaders_fight = drawn.gc_fight * (self._slope(self.peloton_m) > 0.03) * (to_go < 35_000.0)
        push = np.maximum(self.commitment, leaders_fight)
        wkg = (drawn.tempo_wkg + push * (drawn.worker_wkg - drawn.tempo_wkg)) * np.exp(self.form[1])
        finale = 0.25 * drawn.interest * (to_go < 5_000.0)
        workers = 2.0 + self.commitment * drawn.workers
        return self._drive(
            self.peloton_mps, wkg + finale, self.peloton_m, 1 / workers + (1 - 1 / workers) * 0.55
        )

    def _slope(self, at_m: np.ndarray) -> np.ndarray:
        index = np.clip(at_m / ROAD_STEP_M, 0, self.last_step).astype(int)
        return self.gradient[self.rows, index]

    def _drive(self, mps: np.ndarray, wkg: np.ndarray, at_m: np.ndarray, drag: np.ndarray) -> np.ndarray:
        """Speed one step later, with that power per kilogram; `drag` 1.0 is a rider alone in the wind."""
        through_air = mps + self.drawn.wind_mps
        resistance = GRAVITY_MPS2 * (ROLLING + self._slope(at_m)) + AIR_PER_KG * drag * through_air * np.abs(
            through_air
        )
        thrust = wkg / np.maximum(mps, 2.0) - resistance
        return np.clip(mps + STEP_S * np.clip(thrust, -0.5, 0.5), SLOWEST_MPS, FASTEST_MPS)


def _ridden(
    stage: _Stage, ahead_m: np.ndarray, ahead_mps: np.ndarray, peloton_m: np.ndarray, size: np.ndarray
) -> Ride:
    """Cuts a ride off where the peloton is home, finds its truth, and measures it as the feed would."""
    end = int(np.argmax(peloton_m >= stage.length_m)) + 1
    ahead_m, ahead_mps, peloton_m, size = ahead_m[:end], ahead_mps[:end], peloton_m[:end], size[:end]
    time_s = STEP_S * np.arange(end)
    met = np.flatnonzero((peloton_m >= ahead_m) & (ahead_m < stage.length_m))
    caught_to_go_m = stage.length_m - float(ahead_m[met[0]]) if len(met) else None
    gap_at_line_s = 0.0
    if caught_to_go_m is None:
        passages = [float(np.interp(stage.length_m, metres, time_s)) for metres in (ahead_m, peloton_m)]
        gap_at_line_s = passages[1] - passages[0]
    # The gap at the same point of the road; the start of the ride has no such point yet.
    true_gap_s = np.where(
        peloton_m < ahead_m[0], (ahead_m - peloton_m) / 12.0, time_s - np.interp(peloton_m, ahead_m, time_s)
    )
    in_minute_s = time_s % (BURST_S + HOLE_S)
    fix_s = time_s - in_minute_s + np.minimum(in_minute_s // FIX_EVERY_S * FIX_EVERY_S, BURST_S)
    fix = (fix_s / STEP_S).astype(int)
    return Ride(
        seed=stage.seed,
        road_m=stage.road_m,
        elevation_m=np.concatenate([[0.0], np.cumsum(stage.gradient[:-1] * ROAD_STEP_M)]),
        time_s=time_s,
        ahead_m=ahead_m,
        ahead_mps=ahead_mps,
        peloton_m=peloton_m,
        size=size.astype(int),
        peloton_size=stage.peloton_size,
        measured_gap_s=(true_gap_s + _autocorrelated(stage.gusts[2, :end]) * stage.noise_s)[fix],
        measured_age_s=time_s - fix_s,
        caught_to_go_m=caught_to_go_m,
        gap_at_line_s=gap_at_line_s,
    )


def _autocorrelated(white: np.ndarray) -> np.ndarray:
    """Noise of variance 1 that forgets itself within about a quarter of a minute."""
    return np.convolve(white, NOISE_MEMORY)[: len(white)]
