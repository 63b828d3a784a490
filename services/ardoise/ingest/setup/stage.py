"""The messages of a stage's set-up that every source of one has to make."""

from ardoise.pb import setup_pb2
from ardoise.race.route import Route

DEFAULT_SIGNAL_TIMEOUT_MS = 60_000
"""The public feed has a hole of 36 s about every minute; a shorter limit would blink."""


def route_message(route: Route) -> setup_pb2.Route:
    """The road as it travels in the log."""
    return setup_pb2.Route(
        content_hash=route.content_hash,
        latitude_e7=route.latitude_e7.tolist(),
        longitude_e7=route.longitude_e7.tolist(),
        elevation_cm=route.elevation_cm.tolist(),
        distance_cm=route.distance_cm.tolist(),
        finish_cm=route.finish_cm,
        longitude_scale_e9=route.longitude_scale_e9,
        features=[
            setup_pb2.Feature(
                kind=int(feature.kind),
                name=feature.name,
                distance_cm=feature.distance_cm,
                length_cm=feature.length_cm,
                category=feature.category,
            )
            for feature in route.features
        ],
    )
