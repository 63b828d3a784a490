"""What a page needs to know of a stage once: road, profile, features, teams, riders."""

from typing import Any

import numpy as np

from ardoise.mediawall.domain.simplify import simplify
from ardoise.pb import setup_pb2

MOST_ROAD_POINTS = 1_500
MOST_PROFILE_POINTS = 900
ROAD_TOLERANCE_M = 4.0
PROFILE_TOLERANCE_M = 1.5
# A profile is drawn about 25 times higher than it is long: without it every climb would count as flat.
PROFILE_EXAGGERATION = 25.0
METRES_PER_DEGREE = 111_320.0

FEATURES = {
    setup_pb2.FEATURE_KIND_CLIMB: "climb",
    setup_pb2.FEATURE_KIND_SPRINT: "sprint",
    setup_pb2.FEATURE_KIND_TIME_CHECK: "time_check",
    setup_pb2.FEATURE_KIND_FEED: "feed",
}
JERSEYS = {
    setup_pb2.JERSEY_GENERAL: "general",
    setup_pb2.JERSEY_POINTS: "points",
    setup_pb2.JERSEY_MOUNTAINS: "mountains",
    setup_pb2.JERSEY_YOUNG: "young",
}


def stage_view(epoch: int, setup: setup_pb2.StageSetup) -> dict[str, Any]:
    """The JSON of a stage. Distances in metres from kilometre 0, coordinates in degrees, elevation in metres."""
    route = setup.route
    return {
        "epoch": epoch,
        "stage_id": setup.stage_id,
        "event_name": setup.event_name,
        "stage_name": setup.stage_name,
        "planned_start_ms": setup.planned_start_ms,
        "clock": "feed" if setup.clock_source == setup_pb2.CLOCK_SOURCE_FEED else "wall",
        "finish_m": route.finish_cm / 100,
        "longitude_scale": round(route.longitude_scale_e9 / 1e9, 6),
        "road": _road(route),
        "profile": _profile(route),
        "features": [
            {
                "kind": FEATURES[feature.kind],
                "name": feature.name,
                "distance_m": feature.distance_cm / 100,
                "length_m": feature.length_cm / 100,
                "category": feature.category,
            }
            for feature in route.features
            if feature.kind in FEATURES
        ],
        "teams": [{"code": team.code, "name": team.name, "colour": team.colour} for team in setup.teams],
        "riders": [
            {
                "bib": rider.bib,
                "family_name": rider.family_name,
                "given_name": rider.given_name,
                "team": rider.team_code,
                "nationality": rider.nationality,
                "jerseys": [JERSEYS[jersey] for jersey in rider.jerseys if jersey in JERSEYS],
            }
            for rider in setup.riders
        ],
    }


def _road(route: setup_pb2.Route) -> dict[str, list[float]]:
    latitude = np.array(route.latitude_e7, dtype=np.float64) / 1e7
    longitude = np.array(route.longitude_e7, dtype=np.float64) / 1e7
    distance_m = np.array(route.distance_cm, dtype=np.float64) / 100
    scale = route.longitude_scale_e9 / 1e9
    kept = simplify(
        longitude * scale * METRES_PER_DEGREE,
        latitude * METRES_PER_DEGREE,
        MOST_ROAD_POINTS,
        ROAD_TOLERANCE_M,
    )
    return {
        "distance_m": np.round(distance_m[kept], 1).tolist(),
        "latitude": np.round(latitude[kept], 5).tolist(),
        "longitude": np.round(longitude[kept], 5).tolist(),
    }


def _profile(route: setup_pb2.Route) -> dict[str, list[float]]:
    elevation_m = np.array(route.elevation_cm, dtype=np.float64) / 100
    distance_m = np.array(route.distance_cm, dtype=np.float64) / 100
    if not len(elevation_m):
        return {"distance_m": [], "elevation_m": []}
    kept = simplify(distance_m / PROFILE_EXAGGERATION, elevation_m, MOST_PROFILE_POINTS, PROFILE_TOLERANCE_M)
    return {
        "distance_m": np.round(distance_m[kept], 1).tolist(),
        "elevation_m": np.round(elevation_m[kept], 1).tolist(),
    }
