"""How fast the peloton is closing on a group, as it was seen in the last minutes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ardoise.analytics.domain.view import RaceView, Road

WINDOW_S = 600.0
"""Nothing older counts: a chase is decided and organised within minutes."""
HALF_LIFE_S = 150.0
FEWEST_READINGS = 4
READING_SD_S = 2.0
"""Error of one measured gap: two GPS fixes along the road at racing speed, and how a group's front is found."""
INDEPENDENT_EVERY_S = 20.0
"""Errors of readings that are closer in time are the same error."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Seconds of gap lost per hard kilometre (positive: the peloton closes in), and how well that is known."""

    rate_s_per_km: float
    error_s_per_km: float
    seen_s: float


def observe(
    history: Sequence[RaceView], group_id: int, road: Road, km_per_climbed_km: float
) -> Closing | None:
    """Fits the gap over the road, the newest readings counting most. None: too little was seen.

    Another group that was the peloton before a split says nothing about this one. Readings that only
    repeat an older fix are left out: through a hole of the feed the gap stands still and the riders do not.
    """
    readings: dict[float, tuple[float, float]] = {}
    newest_s, chasers = history[-1].race_time_s, history[-1].peloton
    for view in history:
        if view.peloton is None or chasers is None or view.peloton.group_id != chasers.group_id:
            continue
        if newest_s - view.race_time_s > WINDOW_S:
            continue
        group = next((group for group in view.ahead if group.group_id == group_id), None)
        if group is None:
            continue
        age_s = max(group.data_age_s, view.peloton.data_age_s)
        measured_s = round(view.race_time_s - age_s, 1)
        at_m = view.peloton.distance_m - view.peloton.speed_mps * age_s
        readings.setdefault(measured_s, (at_m, view.peloton.gap_s - group.gap_s))
    if len(readings) < FEWEST_READINGS:
        return None
    time_s = np.array(list(readings))
    at_m, gap_s = np.array(list(readings.values())).T
    weight = np.exp2((time_s - newest_s) / HALF_LIFE_S)
    km = road.hard_km(at_m, km_per_climbed_km)
    centred = km - np.average(km, weights=weight)
    spread = float(np.sum(weight * centred**2))
    if spread <= 1e-4:
        return None
    slope = float(np.sum(weight * centred * gap_s) / spread)
    residual = gap_s - np.average(gap_s, weights=weight) - slope * centred
    variance = float(np.average(residual**2, weights=weight)) + READING_SD_S**2
    span_s = float(time_s.max() - time_s.min())
    repeats = max(len(time_s) * INDEPENDENT_EVERY_S / max(span_s, INDEPENDENT_EVERY_S), 1.0)
    error = float(np.sqrt(variance * repeats / spread))
    return Closing(rate_s_per_km=-slope, error_s_per_km=error, seen_s=span_s)
