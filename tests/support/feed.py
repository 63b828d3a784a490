"""The recorded public feed of Carcassonne-Foix (Tour de France 2026), as stage and fixes."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
from ardoise.race.route import prepare_route
from ardoise.race.stage import Assignment, Fixes, Stage

RECORDING = "race/tour-2026-stage-04.json.gz"
KILOMETRE_ZERO_E7 = (432_006_200, 24_360_500)
PARKED_UNTIL_S = 3_400
"""The first hour is of parked bikes, 157 km away; then the riders are on the road."""


def recorded(shared_data: Path) -> tuple[Stage, list[dict[str, Any]]]:
    """The stage, and the feed's events: `TimeStamp` (s) and `Riders`."""
    recording = json.loads(gzip.decompress((shared_data / RECORDING).read_bytes()))
    feed = [json.loads(event["data"])["data"] for event in recording["events"]]
    bibs = np.array(sorted({rider["Bib"] for event in feed for rider in event["Riders"]}))
    return _stage(recording["rest"]["trace"]["routePoints"], bibs), feed


def feed_fixes(riders: list[dict[str, Any]], at_ms: int) -> Fixes:
    """One event of the feed: trackers are bibs."""
    kph = np.array([rider["kph"] for rider in riders])
    return Fixes(
        np.array([rider["Bib"] for rider in riders], np.uint64),
        np.full(len(riders), at_ms, np.int64),
        np.array([round(rider["Latitude"] * 1e7) for rider in riders], np.int64),
        np.array([round(rider["Longitude"] * 1e7) for rider in riders], np.int64),
        np.where(kph < 0, -1, np.rint(kph / 3.6 * 1000)).astype(np.int64),
    )


def _stage(points: list[dict[str, Any]], bibs: np.ndarray) -> Stage:
    latitude = np.array([round(point["lat"] * 1e7) for point in points])
    longitude = np.array([round(point["lon"] * 1e7) for point in points])
    elevation = [round(point["ele"] * 100) for point in points]
    whole = prepare_route(latitude, longitude, elevation)
    zero = np.argmin(np.hypot(latitude - KILOMETRE_ZERO_E7[0], longitude - KILOMETRE_ZERO_E7[1]))
    zero_cm = int(whole.distance_cm[zero])
    route = prepare_route(latitude, longitude, elevation, kilometre_zero_cm=zero_cm)
    assigned = tuple(Assignment(bib, bib) for bib in bibs.tolist())
    return Stage("4", route, tuple(bibs.tolist()), assigned, 120_000)
