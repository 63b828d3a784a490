"""How a rider moves."""

import numpy as np

from ardoise.analytics.values.scene import Scene
from ardoise.analytics.values.value import Column, Value

KMH_PER_MPS = 3.6
SMOOTHED_S, ACCELERATION_S, MINUTE_S = 5.0, 5.0, 60.0
STANDS_BELOW_MPS = 0.5

VALUES = (
    Value(
        "speed_kmh",
        "km/h",
        "Speed, smoothed",
        "mean over 5 s of the engine's filtered speed along the road",
        1,
    ),
    Value("acceleration_mps2", "m/s2", "Acceleration", "change of the engine's speed over the last 5 s", 2),
    Value(
        "speed_60s_kmh", "km/h", "Mean speed of the last minute", "mean over 60 s of the engine's speed", 1
    ),
    Value(
        "speed_1km_kmh",
        "km/h",
        "Mean speed of the last kilometre",
        "1 km / time since the place 1 km back",
        1,
    ),
    Value("speed_5km_kmh", "km/h", "Mean speed of the last 5 km", "5 km / time since the place 5 km back", 1),
    Value(
        "speed_20km_kmh", "km/h", "Mean speed of the last 20 km", "20 km / time since the place 20 km back", 1
    ),
    Value(
        "speed_race_kmh",
        "km/h",
        "Mean speed since kilometre 0",
        "distance / time since passing kilometre 0",
        1,
    ),
    Value("speed_max_kmh", "km/h", "Greatest speed while followed", "maximum of speed_kmh", 1),
    Value("distance_km", "km", "Distance from kilometre 0", "the engine's place along the road", 3),
    Value("standing_s", "s", "Time standing while followed", "seconds of the race below 0.5 m/s"),
    Value(
        "followed_s",
        "s",
        "Time of which sums while followed are made",
        "seconds of the race with signal that analytics saw",
    ),
    Value("data_age_s", "s", "Age of the last fix", "race time - device time of the fix", 1),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    second, memory, here_m = scene.second, scene.memory, scene.here_m
    speed_kmh = KMH_PER_MPS * memory.mean("speed_mps", SMOOTHED_S)
    km0_s = memory.marks.at(memory.marks.time_s, np.zeros_like(here_m))
    return {
        "speed_kmh": np.where(second.live, speed_kmh, np.nan),
        "acceleration_mps2": memory.change("speed_mps", ACCELERATION_S, ACCELERATION_S - 2),
        "speed_60s_kmh": np.where(second.live, KMH_PER_MPS * memory.mean("speed_mps", MINUTE_S), np.nan),
        **{f"speed_{km}km_kmh": _speed_over(scene, 1000.0 * km) for km in (1, 5, 20)},
        "speed_race_kmh": KMH_PER_MPS * _over(here_m, second.time_s - km0_s),
        "speed_max_kmh": KMH_PER_MPS * memory.fastest_mps,
        "distance_km": second.distance_m / 1000,
        "standing_s": memory.total("standing_s"),
        "followed_s": memory.sum["followed_s"],
        "data_age_s": np.maximum(second.time_s - second.fix_time_s, 0.0),
    }


def _speed_over(scene: Scene, way_m: float) -> Column:
    marks = scene.memory.marks
    then_s = marks.at(marks.time_s, scene.here_m - way_m)
    return KMH_PER_MPS * _over(np.full_like(then_s, way_m), scene.second.time_s - then_s)


def _over(way_m: Column, time_s: Column) -> Column:
    return way_m / np.where(time_s > 0, time_s, np.nan)
