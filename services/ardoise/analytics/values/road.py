"""The road where a rider is, and what of it is left."""

import numpy as np

from ardoise.analytics.values.scene import Scene, next_after, pick
from ardoise.analytics.values.value import Column, Value

GRADIENT_M = 50.0
"""To each side: the gradient of a place is that of 100 m around it, as in the engine."""
AHEAD_M, RAMP_M = 1000.0, 100.0
PACE_S, LEAST_PACE_S = 300.0, 60.0
SLOWEST_MPS = 1.0
"""Nobody who is slower is on the way to the line."""

VALUES = (
    Value("gradient_percent", "%", "Gradient here", "rise / way of the road's 100 m around the rider", 1),
    Value("gradient_next_km_percent", "%", "Gradient of the next kilometre", "rise / way of the next km", 1),
    Value(
        "steepest_next_km_percent",
        "%",
        "Steepest 100 m of the next kilometre",
        "greatest rise / way of 100 m",
        1,
    ),
    Value("elevation_m", "m", "Height above the sea", "elevation of the route, smoothed over 200 m"),
    Value("ascent_done_m", "m", "Ascent since kilometre 0", "sum of the rises of the smoothed elevation"),
    Value("ascent_left_m", "m", "Ascent left", "as above, from here to the line"),
    Value("descent_left_m", "m", "Descent left", "sum of the falls from here to the line"),
    Value("heading_deg", "deg", "Direction of the road", "clockwise from true north, over 40 m"),
    Value("to_go_km", "km", "Distance to the line", "finish - distance", 3),
    Value(
        "time_to_go_s",
        "s",
        "Estimated time to the line",
        "way to the line on the level / pace of the last 5 min on the level; a gradient g makes the way (1 + 14 g) "
        "times as long uphill, 1 / (1 + 5 g) times downhill",
    ),
    Value(
        "arrival_time_ms",
        "ms",
        "Estimated arrival, since 1970; once home: the arrival",
        "race time + time_to_go_s",
    ),
    Value(
        "next_feature",
        "",
        "The next of the route's features (climb, sprint, check), by number from 0",
        "the first ahead",
    ),
    Value("next_feature_km", "km", "Distance to the next feature", "feature - distance", 3),
    Value("next_feature_s", "s", "Estimated time to the next feature", "as time_to_go_s"),
    Value("next_sprint_km", "km", "Distance to the next intermediate sprint", "sprint - distance", 3),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    course, here_m, second = scene.course, scene.here_m, scene.second
    finish_m = np.full_like(here_m, course.finish_m)
    ahead_m = np.minimum(here_m + AHEAD_M, finish_m)
    ramps_m = np.minimum(
        here_m + np.arange(0.0, AHEAD_M - RAMP_M + 1, course.step_m)[:, None], finish_m - RAMP_M
    )
    east, north = course.at(course.east, here_m), course.at(course.north, here_m)
    feature = next_after(course.feature_m, here_m)
    feature_m = pick(course.feature_m, feature)
    to_go_s = seconds_to(scene, finish_m)
    arrival_s = np.where(
        np.isnan(second.finish_time_s), second.time_s + np.round(to_go_s), second.finish_time_s
    )
    return {
        "gradient_percent": 100 * course.gradient(here_m - GRADIENT_M, here_m + GRADIENT_M),
        "gradient_next_km_percent": 100 * course.gradient(here_m, ahead_m),
        "steepest_next_km_percent": 100 * course.gradient(ramps_m, ramps_m + RAMP_M).max(axis=0),
        "elevation_m": course.at(course.elevation_m, here_m),
        "ascent_done_m": np.maximum(course.between(course.ascent_m, np.zeros_like(here_m), here_m), 0.0),
        "ascent_left_m": course.between(course.ascent_m, here_m, finish_m),
        "descent_left_m": course.between(course.descent_m, here_m, finish_m),
        "heading_deg": np.degrees(np.arctan2(east, north)) % 360,
        "to_go_km": np.maximum(course.finish_m - here_m, 0.0) / 1000,
        "time_to_go_s": to_go_s,
        "arrival_time_ms": 1000 * arrival_s,
        "next_feature": np.where(np.isnan(feature_m), np.nan, feature),
        "next_feature_km": (feature_m - here_m) / 1000,
        "next_feature_s": seconds_to(scene, feature_m),
        "next_sprint_km": (pick(course.sprint_m, next_after(course.sprint_m, here_m)) - here_m) / 1000,
    }


def seconds_to(scene: Scene, to_m: Column) -> Column:
    """Estimated time to a point ahead, at the pace of the last minutes."""
    course = scene.course
    way_m = course.between(course.level_m, scene.here_m, to_m)
    pace_mps = scene.memory.change("level_m", PACE_S, LEAST_PACE_S)
    return np.maximum(way_m, 0.0) / np.where(pace_mps > SLOWEST_MPS, pace_mps, np.nan)
