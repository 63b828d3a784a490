"""Between the contracts and the domain: a snapshot as the predictor sees it, a forecast as others read it."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from ardoise.analytics.domain.forecast import CatchForecast, Forecast, Reason
from ardoise.analytics.domain.pursuit import MODEL_VERSION
from ardoise.analytics.domain.view import GroupView, RaceView, Road
from ardoise.pb import analytics_pb2, common_pb2, race_pb2, setup_pb2

ROAD_STEP_M = 100.0
ELEVATION_SMOOTHED_STEPS = 5
"""Elevation of a recorded route is noisy to some metres: unsmoothed, noise adds up to climbs that are not there."""
TYPICAL_CLIMB_GRADIENT = 0.07
"""Of a categorised climb whose height is not on the route."""
PROBABILITY_DIGITS = 4
"""Sites with unlike CPUs differ in the last bits of an exponential: so many digits are the same everywhere."""


def road_of(route: setup_pb2.Route) -> Road:
    """The road in steps of ROAD_STEP_M from the start of the route (neutral zone included) to the line."""
    points_m = np.array(route.distance_cm, dtype=float) / 100.0
    finish_m = route.finish_cm / 100.0
    first_m = min(float(points_m[0]), 0.0) if len(points_m) else 0.0
    steps = max(int(np.ceil((finish_m - first_m) / ROAD_STEP_M)), 1)
    at_m = finish_m - ROAD_STEP_M * np.arange(steps, -1, -1.0)
    if len(route.elevation_cm) == len(points_m) > 0:
        elevation_m = _smoothed(np.interp(at_m, points_m, np.array(route.elevation_cm) / 100.0))
    else:
        elevation_m = _from_climbs(at_m, route.features)
    return Road(distance_m=at_m, elevation_m=elevation_m, finish_m=finish_m)


def _smoothed(elevation_m: np.ndarray) -> np.ndarray:
    half = ELEVATION_SMOOTHED_STEPS // 2
    padded = np.pad(elevation_m, half, mode="edge")
    return np.convolve(padded, np.full(ELEVATION_SMOOTHED_STEPS, 1 / ELEVATION_SMOOTHED_STEPS), mode="valid")


def _from_climbs(at_m: np.ndarray, features: Iterable[setup_pb2.Feature]) -> np.ndarray:
    """Heights of a route that has none: its categorised climbs, and flat road between them."""
    elevation_m = np.zeros_like(at_m)
    for feature in features:
        if feature.kind == setup_pb2.FEATURE_KIND_CLIMB:
            foot_m = (feature.distance_cm - feature.length_cm) / 100.0
            elevation_m += TYPICAL_CLIMB_GRADIENT * np.clip(at_m - foot_m, 0.0, feature.length_cm / 100.0)
    return elevation_m


def view_of(snapshot: race_pb2.Snapshot) -> RaceView:
    """The groups of a snapshot that are past kilometre 0 and not home yet, and who is home."""
    riders = {rider.bib: rider for rider in snapshot.riders}
    finished = {bib for bib, rider in riders.items() if rider.HasField("finish_time_ms")}
    ahead: list[GroupView] = []
    peloton: GroupView | None = None
    for group in snapshot.groups:
        on_the_road = [bib for bib in group.bibs if bib not in finished]
        if not on_the_road or group.distance_cm < 0 or not group.HasField("gap_ms"):
            continue
        view = GroupView(
            group_id=group.group_id,
            bibs=tuple(on_the_road),
            distance_m=group.distance_cm / 100.0,
            gap_s=group.gap_ms / 1000.0,
            speed_mps=group.speed_mmps / 1000.0,
            data_age_s=_data_age_s(
                snapshot.race_time_ms, [riders[bib] for bib in on_the_road if bib in riders]
            ),
        )
        if group.role == race_pb2.GROUP_ROLE_PELOTON:
            peloton = view
            break
        if group.role in (race_pb2.GROUP_ROLE_HEAD, race_pb2.GROUP_ROLE_CHASE):
            ahead.append(view)
    finish_times_s = sorted(riders[bib].finish_time_ms / 1000.0 for bib in finished)
    return RaceView(snapshot.race_time_ms / 1000.0, tuple(ahead), peloton, tuple(finish_times_s))


def _data_age_s(race_time_ms: int, riders: Sequence[race_pb2.RiderState]) -> float:
    """A group stands where the half of its riders that was heard last says: the age of the oldest of that half."""
    ages_ms = sorted(race_time_ms - rider.fix_time_ms for rider in riders if rider.HasField("fix_time_ms"))
    return max(ages_ms[(len(ages_ms) - 1) // 2], 0) / 1000.0 if ages_ms else 0.0


def prediction_id(name: common_pb2.SnapshotName, group_id: int | None = None) -> str:
    """The same at every site: a hash of (epoch, sequence, model, group)."""
    parts = (name.epoch, name.sequence, MODEL_VERSION, "" if group_id is None else group_id)
    return blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def prediction_set(snapshot: race_pb2.Snapshot, forecast: Forecast | None) -> analytics_pb2.PredictionSet:
    """What is published of a forecast; without one (the race is not on) it says only that."""
    result = analytics_pb2.PredictionSet(
        snapshot=snapshot.name, race_time_ms=snapshot.race_time_ms, model_version=MODEL_VERSION
    )
    if forecast is None:
        return result
    result.data_age_ms = round(1000 * forecast.data_age_s)
    result.catches.extend(_catch(snapshot.name, catch) for catch in forecast.catches)
    finish = forecast.finish_type
    if finish is not None:
        result.finish_type.CopyFrom(
            analytics_pb2.FinishTypePrediction(
                prediction_id=prediction_id(snapshot.name),
                solo=round(finish.solo, PROBABILITY_DIGITS),
                small_group=round(finish.small_group, PROBABILITY_DIGITS),
                bunch_sprint=round(finish.bunch_sprint, PROBABILITY_DIGITS),
                reasons=_reasons(forecast.finish_reasons),
            )
        )
    return result


def _catch(name: common_pb2.SnapshotName, catch: CatchForecast) -> analytics_pb2.CatchPrediction:
    return analytics_pb2.CatchPrediction(
        prediction_id=prediction_id(name, catch.group.group_id),
        group_id=catch.group.group_id,
        bibs=catch.group.bibs,
        gap_ms=round(1000 * catch.gap_s),
        to_go_cm=round(100 * catch.to_go_m),
        catch_probability=round(catch.catch_probability, PROBABILITY_DIGITS),
        catch_to_go_m=[round(metres) for metres in catch.catch_to_go_m],
        gap_at_line_s=[round(seconds, 1) for seconds in catch.gap_at_line_s],
        reasons=_reasons(catch.reasons),
    )


def _reasons(reasons: Iterable[Reason]) -> list[analytics_pb2.PredictionReason]:
    return [
        analytics_pb2.PredictionReason(code=reason.code, value=round(reason.value, 3), unit=reason.unit)
        for reason in reasons
    ]
