"""How good predictions are, measured on rehearsed pursuits: scores, peers, calibration, and the fit itself."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from ardoise.analytics.domain.forecast import CatchForecast, forecast, pursuit_of
from ardoise.analytics.domain.pursuit import CHAPATTE_S_PER_KM, PursuitModel, foresee
from ardoise.analytics.domain.scenarios import normal
from ardoise.analytics.domain.view import GroupView, RaceView, Road
from ardoise.rehearsal.pursuit import STEP_S, Ride

ASKED_AT_KM = (60, 40, 25, 15, 10, 5)
"""Kilometres to go of the group ahead at which a forecast is asked for."""
HISTORY_S = 600.0
READ_EVERY_STEPS = 2


def crps(sample: np.ndarray, truth: float) -> float:
    """Continuous ranked probability score of an equally weighted sample, in its unit; 0 is perfect.

    E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007); of a single number it is the absolute error.
    """
    ordered = np.sort(sample)
    count = len(ordered)
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return float(np.mean(np.abs(ordered - truth)) - np.sum(ranks * ordered) / count**2)


def views(ride: Ride, until_step: int) -> list[RaceView]:
    """What the feed had shown of a ride in the minutes up to a step."""
    first = max(until_step - int(HISTORY_S / STEP_S), 0)
    steps = range(until_step, first - 1, -READ_EVERY_STEPS)
    return [_view(ride, step) for step in reversed(steps)]


def _view(ride: Ride, step: int) -> RaceView:
    age_s = float(ride.measured_age_s[step])
    fix = max(step - round(age_s / STEP_S), 0)
    ahead_m = float(ride.ahead_m[fix] + ride.ahead_mps[fix] * age_s)
    peloton_mps = float(ride.peloton_m[min(fix + 1, len(ride.peloton_m) - 1)] - ride.peloton_m[fix]) / STEP_S
    peloton_m = float(ride.peloton_m[fix] + peloton_mps * age_s)
    size = int(ride.size[step])
    ahead = GroupView(1, tuple(range(1, size + 1)), ahead_m, 0.0, float(ride.ahead_mps[fix]), age_s)
    field = tuple(range(100, 100 + ride.peloton_size))
    peloton = GroupView(2, field, peloton_m, float(ride.measured_gap_s[step]), peloton_mps, age_s)
    return RaceView(float(ride.time_s[step]), (ahead,), peloton)


def road_of(ride: Ride) -> Road:
    return Road(ride.road_m, ride.elevation_m, ride.finish_m)


@dataclass(frozen=True, slots=True)
class Asked:
    """One instant of one ride before the catch."""

    ride: Ride
    to_go_km: int
    history: list[RaceView]

    @property
    def gap_s(self) -> float:
        peloton = self.history[-1].peloton
        assert peloton is not None
        return peloton.gap_s

    @property
    def to_go_m(self) -> float:
        return self.ride.finish_m - self.history[-1].ahead[0].distance_m


def asked(rides: Iterable[Ride]) -> Iterator[Asked]:
    """The instants at which forecasts are judged: those that come before the catch."""
    for ride in rides:
        caught_to_go_m = ride.caught_to_go_m if ride.caught_to_go_m is not None else -1.0
        for to_go_km in ASKED_AT_KM:
            step = int(np.searchsorted(ride.ahead_m, ride.finish_m - 1000.0 * to_go_km))
            if 1000.0 * to_go_km > caught_to_go_m and step > 0:
                yield Asked(ride, to_go_km, views(ride, step))


def our_forecast(one: Asked, model: PursuitModel) -> CatchForecast:
    """What analytics would publish."""
    return forecast(one.history, road_of(one.ride), model).catches[0]


def our_sample(one: CatchForecast) -> np.ndarray:
    """The gap at the line (0: caught)."""
    return np.maximum(one.futures.gap_at_line_s, 0.0)


def bare_chapatte(one: Asked) -> np.ndarray:
    """A minute in ten kilometres, as a single number."""
    return np.maximum(_chapatte_s(one), 0.0)


@dataclass(frozen=True, slots=True)
class SpreadChapatte:
    """Chapatte's rule with a normal spread around it that grows with the distance to go."""

    sd_s_at_10_km: float
    exponent: float

    def sample(self, one: Asked) -> np.ndarray:
        """The gap at the line (0: caught)."""
        sd_s = self.sd_s_at_10_km * (one.to_go_m / 10_000.0) ** self.exponent
        return np.maximum(_chapatte_s(one) + sd_s * normal(1)[0], 0.0)

    @classmethod
    def calibrated(cls, questions: Sequence[Asked]) -> Self:
        """The spread with the least mean score on these: the strongest peer that the bare rule can be made."""
        tried = [
            cls(sd_s, exponent)
            for sd_s in (20.0, 40.0, 60.0, 80.0, 120.0)
            for exponent in (0.3, 0.6, 0.9, 1.2)
        ]
        return min(tried, key=lambda peer: mean_gap_score(questions, peer.sample))


def _chapatte_s(one: Asked) -> np.ndarray:
    return np.array([one.gap_s - CHAPATTE_S_PER_KM * one.to_go_m / 1000.0])


def gap_scores(questions: Sequence[Asked], sample: Callable[[Asked], np.ndarray]) -> np.ndarray:
    """CRPS of the predicted gap at the line, seconds, one for each question."""
    return np.array([crps(sample(one), one.ride.gap_at_line_s) for one in questions])


def mean_gap_score(questions: Sequence[Asked], sample: Callable[[Asked], np.ndarray]) -> float:
    return float(gap_scores(questions, sample).mean())


def bootstrap_difference(
    questions: Sequence[Asked], ours: np.ndarray, peer: np.ndarray, *, seed: int, draws: int = 2_000
) -> tuple[float, float]:
    """95 % interval of mean(ours) - mean(peer), seconds; negative: ours is better.

    Paired, and drawn by stage: the questions of one stage share its fate.
    """
    random = np.random.default_rng(seed)
    stages, stage_of = np.unique([one.ride.seed for one in questions], return_inverse=True)
    totals = np.bincount(stage_of, weights=ours - peer)
    counts = np.bincount(stage_of)
    drawn = random.integers(len(stages), size=(draws, len(stages)))
    means = totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Forecasts of like probability, and how often what they forecast came true."""

    forecasts: int
    mean_probability: float
    frequency: float


def reliability(probabilities: np.ndarray, came_true: np.ndarray, bins: int = 10) -> list[ReliabilityRow]:
    """One row for each tenth of the probability that was forecast at all."""
    bin_of = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        ReliabilityRow(int(here.sum()), float(probabilities[here].mean()), float(came_true[here].mean()))
        for number in range(bins)
        if (here := bin_of == number).any()
    ]


def fit(rides: Sequence[Ride], model: PursuitModel, rounds: int) -> tuple[PursuitModel, float]:
    """The constants with the least mean score on these rides, one at a time, and that score in seconds.

    The score of a forecast is the CRPS of the gap at the line, and that of the distance to go at the catch
    counted at Chapatte's rate. Coarse on purpose: finer constants would be about the rehearsal, not about racing.
    """
    questions = list(asked(rides))
    best, least = model, _mean_score(questions, model)
    step = 0.4
    for _ in range(rounds):
        before = least
        for constant in fields(model):
            if constant.name == "prior_s_per_km":
                continue
            for factor in (1 + step, 1 / (1 + step)):
                tried = replace(best, **{constant.name: getattr(best, constant.name) * factor})
                score = _mean_score(questions, tried)
                if score < least:
                    best, least = tried, score
        step *= 0.6 if before - least < 0.01 * before else 1.0
    return best, least


def _mean_score(questions: Sequence[Asked], model: PursuitModel) -> float:
    return float(np.mean([_score(question, model) for question in questions]))


def _score(question: Asked, model: PursuitModel) -> float:
    ride, road = question.ride, road_of(question.ride)
    pursuit = pursuit_of(question.history, question.history[-1].ahead[0], road, model)
    futures = foresee(pursuit, model)
    caught_m = ride.finish_m - (ride.caught_to_go_m or 0.0)
    truth_km = road.hard_km_between(caught_m, ride.finish_m, model.km_per_climbed_km)
    catch_km = np.maximum(pursuit.to_go_km - futures.catch_km, 0.0)
    gap_score = crps(np.maximum(futures.gap_at_line_s, 0.0), ride.gap_at_line_s)
    return gap_score + CHAPATTE_S_PER_KM * crps(catch_km, truth_km)
