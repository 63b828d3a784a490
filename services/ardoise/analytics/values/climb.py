"""The climb in progress, and how fast a rider goes up. VAM: metres climbed an hour."""

import numpy as np

from ardoise.analytics.values.road import seconds_to
from ardoise.analytics.values.scene import Scene, next_after, pick
from ardoise.analytics.values.value import Column, Value

S_PER_H = 3600.0
LEAST_S = 60.0
"""A VAM of less time is the roughness of the route."""
VAM_S = 300.0

VALUES = (
    Value(
        "next_climb_km",
        "km",
        "Distance to the foot of the next climb",
        "foot - distance; foot = top - length",
        3,
    ),
    Value("climb_to_top_km", "km", "On a climb: distance to its top", "top - distance", 3),
    Value("climb_done_percent", "%", "On a climb: share of its length that is done", "ridden / length"),
    Value(
        "climb_gradient_left_percent", "%", "On a climb: gradient up to its top", "rise / way to the top", 1
    ),
    Value("climb_ascent_left_m", "m", "On a climb: height to its top", "elevation of the top - elevation"),
    Value("climb_time_s", "s", "On a climb: time on it", "race time - time of passing the foot"),
    Value(
        "climb_vam_m_per_h",
        "m/h",
        "On a climb: VAM since its foot",
        "height climbed / climb_time_s, from 60 s on",
    ),
    Value("climb_top_s", "s", "On a climb: estimated time to its top", "as time_to_go_s"),
    Value(
        "vam_5min_m_per_h", "m/h", "VAM of the last 5 minutes; falling negative", "change of elevation / time"
    ),
)


def columns(scene: Scene) -> dict[str, Column]:
    """The values above."""
    course, memory, here_m = scene.course, scene.memory, scene.here_m
    feet_m = np.sort(course.foot_m)
    climb = next_after(course.top_m, here_m)
    foot_m, top_m = pick(course.foot_m, climb), pick(course.top_m, climb)
    on_it = here_m >= foot_m
    foot_m, top_m = np.where(on_it, foot_m, np.nan), np.where(on_it, top_m, np.nan)
    time_s = scene.second.time_s - memory.marks.at(memory.marks.time_s, foot_m)
    climbed_m = course.between(course.elevation_m, foot_m, here_m)
    return {
        "next_climb_km": (pick(feet_m, next_after(feet_m, here_m)) - here_m) / 1000,
        "climb_to_top_km": (top_m - here_m) / 1000,
        "climb_done_percent": 100 * (here_m - foot_m) / (top_m - foot_m),
        "climb_gradient_left_percent": 100 * course.gradient(here_m, top_m),
        "climb_ascent_left_m": course.between(course.elevation_m, here_m, top_m),
        "climb_time_s": time_s,
        "climb_vam_m_per_h": S_PER_H * climbed_m / np.where(time_s >= LEAST_S, time_s, np.nan),
        "climb_top_s": seconds_to(scene, top_m),
        "vam_5min_m_per_h": S_PER_H * memory.change("elevation_m", VAM_S, VAM_S - 10),
    }
