"""All predictions from one second of the race and the minutes before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ardoise.analytics.domain import scenarios
from ardoise.analytics.domain.closing import observe
from ardoise.analytics.domain.finish import FinishType, decided, finish_type
from ardoise.analytics.domain.pursuit import CHAPATTE_S_PER_KM, Futures, Pursuit, PursuitModel, foresee
from ardoise.analytics.domain.view import GroupView, RaceView, Road

QUANTILES = (0.1, 0.5, 0.9)
STALE_S = 10.0
"""From this age on the data is named among the reasons: two bursts of the public feed were missed."""
CLIMB_GRADIENT = 0.03


@dataclass(frozen=True, slots=True)
class Reason:
    """A figure that weighs in a prediction; codes and units as in the contract."""

    code: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class CatchForecast:
    """One group ahead of the peloton. Quantiles are the 10th, 50th and 90th percentiles.

    `catch_to_go_m` is empty where no future has a catch. `gap_at_line_s` is negative where the group would
    have been caught. `futures` is what all of it was read from.
    """

    group: GroupView
    gap_s: float
    to_go_m: float
    catch_probability: float
    catch_to_go_m: tuple[float, ...]
    gap_at_line_s: tuple[float, ...]
    reasons: tuple[Reason, ...]
    futures: Futures


@dataclass(frozen=True, slots=True)
class Forecast:
    """All predictions of one second, the group in front first."""

    race_time_s: float
    data_age_s: float
    catches: tuple[CatchForecast, ...]
    finish_type: FinishType | None
    finish_reasons: tuple[Reason, ...]


def forecast(history: Sequence[RaceView], road: Road, model: PursuitModel) -> Forecast:
    """`history`: seconds of the race, ascending, the last of them the one to predict from; at least one."""
    now = history[-1]
    pursuits = [pursuit_of(history, group, road, model) for group in now.ahead if now.peloton is not None]
    alone = [foresee(pursuit, model) for pursuit in pursuits]
    # From the back: the peloton meets the groups in the order of the road.
    in_order = list(accumulate(reversed(alone), lambda behind, ahead: ahead.in_front_of(behind)))[::-1]
    catches = tuple(
        _catch(group, now.peloton, pursuit, futures, road, model)
        for group, pursuit, futures in zip(now.ahead, pursuits, in_order, strict=False)
    )
    groups = [*now.ahead, *([now.peloton] if now.peloton else [])]
    return Forecast(
        race_time_s=now.race_time_s,
        data_age_s=max((group.data_age_s for group in groups), default=0.0),
        catches=catches,
        finish_type=_finish(now, alone, road),
        finish_reasons=_finish_reasons(groups, road),
    )


def pursuit_of(history: Sequence[RaceView], group: GroupView, road: Road, model: PursuitModel) -> Pursuit:
    """What the forecast for one group ahead starts from; the last view of the history has a peloton."""
    peloton = history[-1].peloton
    assert peloton is not None
    start_m = min(peloton.distance_m, road.finish_m)
    left = road.to_go_m(group.distance_m) > 0
    return Pursuit(
        gap_s=peloton.gap_s - group.gap_s,
        to_go_km=road.hard_km_between(start_m, road.finish_m, model.km_per_climbed_km) if left else 0.0,
        climbed_km=road.ascent_m(start_m, road.finish_m) / 1000.0,
        group_size=group.size,
        peloton_size=peloton.size,
        data_age_s=max(group.data_age_s, peloton.data_age_s),
        seen=observe(history, group.group_id, road, model.km_per_climbed_km),
    )


def _catch(
    group: GroupView,
    peloton: GroupView,
    pursuit: Pursuit,
    futures: Futures,
    road: Road,
    model: PursuitModel,
) -> CatchForecast:
    start_m, to_go_m = min(peloton.distance_m, road.finish_m), road.to_go_m(group.distance_m)
    catch_to_go_m: tuple[float, ...] = ()
    if futures.caught.any():
        # Descending: who is caught early has far to go, and the percentiles are of the distance to go.
        at_km = np.quantile(futures.catch_km[futures.caught], QUANTILES)[::-1]
        at_m = road.at_hard_km(start_m, at_km, model.km_per_climbed_km)
        # Nobody is caught behind where they already are.
        catch_to_go_m = tuple(float(m) for m in np.clip(road.finish_m - at_m, 0.0, to_go_m))
    reasons = [Reason("chapatte", max(pursuit.gap_s, 0.0) / CHAPATTE_S_PER_KM, "km")]
    if pursuit.seen is not None:
        hardness = road.hard_km_between(start_m - 1000.0, start_m, model.km_per_climbed_km)
        closing_mps = pursuit.seen.rate_s_per_km * hardness / 1000.0 * peloton.speed_mps**2
        reasons.append(Reason("closing_speed", closing_mps, "m/s"))
    reasons += _road_reasons(group.distance_m, road)
    reasons.append(Reason("group_size", float(group.size), "riders"))
    if pursuit.data_age_s >= STALE_S:
        reasons.append(Reason("stale", pursuit.data_age_s, "s"))
    return CatchForecast(
        group=group,
        gap_s=pursuit.gap_s,
        to_go_m=to_go_m,
        catch_probability=float(np.mean(futures.caught)),
        catch_to_go_m=catch_to_go_m,
        gap_at_line_s=tuple(float(s) for s in np.quantile(futures.gap_at_line_s, QUANTILES)),
        reasons=tuple(reasons),
        futures=futures,
    )


def _road_reasons(distance_m: float, road: Road) -> list[Reason]:
    uphill_km, run_in_km = road.uphill_ahead(distance_m, CLIMB_GRADIENT)
    reasons = [Reason("climb_ahead", uphill_km, "km")] if uphill_km > 0 else []
    return [*reasons, Reason("run_in", run_in_km, "km")]


def _finish(now: RaceView, alone: Sequence[Futures], road: Road) -> FinishType | None:
    """`alone`: the futures of each group ahead as if there were no other. Who would be caught on their own
    but for the group behind them is in that group by then: it is the one that arrives."""
    known = decided(now.finish_times_s, now.race_time_s)
    if known is not None:
        return known
    groups = [*now.ahead, *([now.peloton] if now.peloton else [])]
    if not groups:
        return None
    front: list[tuple[int, float]] = []
    left = np.ones(scenarios.COUNT, bool)
    for group, futures in zip(now.ahead, alone, strict=False):
        front.append((group.size, float(np.mean(left & ~futures.caught))))
        left = left & futures.caught
    # The peloton, or, with none known, whoever is in front.
    front.append((now.peloton.size if now.peloton else groups[0].size, float(np.mean(left))))
    to_go_m = road.to_go_m(groups[0].distance_m)
    return finish_type(front, to_go_m / 1000.0, road.ascent_m(groups[0].distance_m, road.finish_m))


def _finish_reasons(groups: Sequence[GroupView], road: Road) -> tuple[Reason, ...]:
    if not groups:
        return ()
    return (Reason("group_size", float(groups[0].size), "riders"), *_road_reasons(groups[0].distance_m, road))
