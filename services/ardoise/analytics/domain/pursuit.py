"""Will the peloton catch the group ahead, where, and if not, by how much.

Robert Chapatte's rule: a peloton that chases takes back one minute in ten kilometres. It is the
prior here, not the forecast. In each of a fixed set of futures the peloton

- goes on for some kilometres at the rate at which it was seen to close in, as well as that is known,
- then either lets go, the likelier the more it would have to gain per kilometre, or chases
  with what it is able to gain: Chapatte's rate, moved by what was seen, by the sizes of both groups and by chance,
- but takes back no more than it needs to arrive some kilometres before the line: one that
  catches early only invites the next attack.

Roads are counted in hard kilometres (climbing counts extra: gaps grow and shrink with time ridden).
A larger gap is never more likely to be closed: in each future the catch is monotone in the gap.
"""

from dataclasses import dataclass

import numpy as np

from ardoise.analytics.domain import scenarios
from ardoise.analytics.domain.closing import Closing

MODEL_VERSION = "pursuit-1"
"""Names formula and constants together: other numbers, another version."""
CHAPATTE_S_PER_KM = 6.0
"""One minute in ten kilometres."""
UNSEEN_SHARE = 0.5
"""Share of the rate of a full chase that a peloton of which nothing is known is taken to ride at now."""
UNSEEN_S_PER_S = 0.07
"""Error of a gap for each second since it was read: four seconds a minute, what a peloton gains or loses."""
MARGIN_LOG_SD = 0.7
MOST_MARGIN = 0.7
"""Share of the road that is left that a peloton may want to keep for itself after the catch."""
AT_THE_LINE_KM = 0.01
ROUNDING_S = 1e-6
_BEFORE_GOAL = np.linspace(0.0, 1.0, 33)[1:, None]
_AFTER_GOAL = np.linspace(0.0, 1.0, 9)[1:, None]
TYPICAL_SIZE_RATIO = 0.05
"""Five riders in front of a hundred."""


@dataclass(frozen=True, slots=True)
class PursuitModel:
    """The model's constants.

    Fitted by `ardoise.rehearsal.skill.fit` in seven rounds on rehearsed stages 1000 to 1249, which no test uses,
    and rounded to two figures. The rate is not fitted: it is Chapatte's.
    """

    prior_s_per_km: float = CHAPATTE_S_PER_KM
    prior_sd_s_per_km: float = 1.1
    km_per_climbed_km: float = 1.4
    """Flat kilometres that a kilometre climbed counts for, besides its length."""
    size_exponent: float = 0.3
    """How ability falls as the group ahead grows against the peloton."""
    learns_from_seen: float = 0.14
    """Share of the rate seen above or below the usual that lasts to the line."""
    memory_km: float = 11.0
    """After so many kilometres what was seen has lost two thirds of its weight."""
    seen_sd_s_per_km: float = 3.9
    surprise_s_per_sqrt_km: float = 19.0
    climb_surprise: float = 5.2
    """How much the variance of the surprises grows with each kilometre climbed."""
    resolve_at_s_per_km: float = 10.0
    """Half of the pelotons let go where they would have to gain more than this."""
    resolve_per_s_per_km: float = 0.24
    idle_s_per_km: float = -0.3
    """Rate of a peloton that has let go."""
    idle_sd_s_per_km: float = 3.9
    margin_km: float = 9.5
    """Distance to the line at which pelotons that have the choice want the catch."""
    gap_sd_s: float = 4.5
    """Error of the gap itself: positions, and where a stretched group begins."""


@dataclass(frozen=True, slots=True)
class Pursuit:
    """What one forecast starts from. Kilometres are hard ones, from the peloton to the line."""

    gap_s: float
    to_go_km: float
    climbed_km: float
    group_size: int
    peloton_size: int
    data_age_s: float
    seen: Closing | None


@dataclass(frozen=True, slots=True)
class Futures:
    """One entry per future, shape (futures,).

    `gap_at_line_s`: negative where the group is caught: what its gap would have come to at the line.
    `catch_km`: hard kilometres that the peloton still rides until the catch; infinite where there is none.
    """

    gap_at_line_s: np.ndarray
    catch_km: np.ndarray

    @property
    def caught(self) -> np.ndarray:
        return np.isfinite(self.catch_km)

    def in_front_of(self, behind: "Futures") -> "Futures":
        """The same with a group between it and the peloton, which is met first: who falls back falls into that one."""
        return Futures(
            gap_at_line_s=np.maximum(self.gap_at_line_s, behind.gap_at_line_s),
            catch_km=np.maximum(self.catch_km, behind.catch_km),
        )


def foresee(pursuit: Pursuit, model: PursuitModel) -> Futures:
    """The futures of one pursuit, the same for the same input on any machine but for the last bits."""
    count = scenarios.COUNT
    if pursuit.gap_s <= 0.0:
        return Futures(np.zeros(count), np.zeros(count))
    if pursuit.to_go_km < AT_THE_LINE_KM:
        return Futures(np.full(count, pursuit.gap_s), np.full(count, np.inf))
    seen_z, able_z, surprise_z, gap_z, resolve_z, margin_z = scenarios.normal(6)
    road_km = pursuit.to_go_km
    gap_s = np.maximum(pursuit.gap_s + gap_z * _gap_sd_s(pursuit, model), 0.0)

    # What was seen, shrunk towards the prior by how badly it was seen.
    prior = model.prior_s_per_km * _size_factor(pursuit, model)
    trust, seen_rate, seen_error = _seen(pursuit, model)
    now = trust * seen_rate + (1 - trust) * UNSEEN_SHARE * prior + seen_z * seen_error
    lesson = trust * (seen_rate - UNSEEN_SHARE * prior)
    # What nobody can see coming adds up like a random walk, and more of it uphill.
    walk = (
        surprise_z * model.surprise_s_per_sqrt_km * np.sqrt(1.0 + model.climb_surprise * pursuit.climbed_km)
    )
    surprise = walk / np.sqrt(road_km)
    able = prior + model.learns_from_seen * lesson + able_z * model.prior_sd_s_per_km + surprise
    idle = np.minimum(model.idle_s_per_km + able_z * model.idle_sd_s_per_km + surprise, able)
    odds = model.resolve_per_s_per_km * (model.resolve_at_s_per_km + lesson - gap_s / road_km)
    able = np.where(resolve_z < odds, able, idle)

    # Closed after x km: now * m(x) + late * (x - m(x)), with m(x) = memory * (1 - exp(-x / memory)).
    goal_km = road_km - np.minimum(model.margin_km * np.exp(MARGIN_LOG_SD * margin_z), MOST_MARGIN * road_km)
    needed = (gap_s - now * _memory(goal_km, model)) / (goal_km - _memory(goal_km, model))
    late = np.minimum(able, np.maximum(needed, 0.0))
    at_km = np.concatenate([_BEFORE_GOAL * goal_km, goal_km + _AFTER_GOAL * (road_km - goal_km)])
    kept_km = _memory(at_km, model)
    catch_km = _first_catch(gap_s, now * kept_km + late * (at_km - kept_km), at_km)
    all_out = now * kept_km[-1] + np.maximum(able, late) * (road_km - kept_km[-1])
    caught = np.isfinite(catch_km)
    left_s = np.where(caught, np.minimum(gap_s - all_out, 0.0), np.maximum(gap_s - all_out, 0.0))
    return Futures(gap_at_line_s=left_s, catch_km=catch_km)


def _gap_sd_s(pursuit: Pursuit, model: PursuitModel) -> float:
    return float(np.hypot(model.gap_sd_s, UNSEEN_S_PER_S * pursuit.data_age_s))


def _size_factor(pursuit: Pursuit, model: PursuitModel) -> float:
    ratio = pursuit.group_size / max(pursuit.peloton_size, pursuit.group_size, 1)
    return float((ratio / TYPICAL_SIZE_RATIO) ** -model.size_exponent)


def _seen(pursuit: Pursuit, model: PursuitModel) -> tuple[float, float, float]:
    """Weight of the observation, its rate, and the error of the blend, in seconds per kilometre."""
    if pursuit.seen is None:
        return 0.0, 0.0, model.prior_sd_s_per_km
    prior_variance = model.prior_sd_s_per_km**2
    variance = pursuit.seen.error_s_per_km**2
    trust = prior_variance / (prior_variance + variance)
    return trust, pursuit.seen.rate_s_per_km, float(np.sqrt(trust * variance + model.seen_sd_s_per_km**2))


def _memory(km: np.ndarray, model: PursuitModel) -> np.ndarray:
    return model.memory_km * -np.expm1(-km / model.memory_km)


def _first_catch(gap_s: np.ndarray, closed_s: np.ndarray, at_km: np.ndarray) -> np.ndarray:
    """Kilometres until as much is closed as the gap was; `closed_s` and `at_km` have shape (points, futures)."""
    reached = closed_s >= gap_s - ROUNDING_S
    column = np.arange(len(gap_s))
    first = np.argmax(reached, axis=0)
    after_s, after_km = closed_s[first, column], at_km[first, column]
    before_s = np.where(first > 0, closed_s[first - 1, column], 0.0)
    before_km = np.where(first > 0, at_km[first - 1, column], 0.0)
    part = np.clip((gap_s - before_s) / np.maximum(after_s - before_s, ROUNDING_S), 0.0, 1.0)
    return np.where(reached.any(axis=0), before_km + part * (after_km - before_km), np.inf)
