"""GeoJSON (RFC 7946): lines with their times beside them as togeojson writes them, or points with a time each."""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from ardoise.trackers.rides.points import Point, RideInvalid, time_ms


def geojson(content: bytes) -> Iterator[Point]:
    """The points of all lines, or the features that are points. Raises RideInvalid."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RideInvalid(f"not JSON: {str(error)[:80]}") from None
    kind = _of(document, "type")
    if kind == "FeatureCollection":
        features = _list(_of(document, "features"))
    elif kind == "Feature":
        features = [document]
    elif isinstance(kind, str):
        features = [{"geometry": document}]
    else:
        raise RideInvalid("not GeoJSON: it has no type")
    for feature in features:
        yield from _points(feature)


def _points(feature: Any) -> Iterator[Point]:
    geometry, properties = _of(feature, "geometry"), _of(feature, "properties")
    kind, coordinates = _of(geometry, "type"), _list(_of(geometry, "coordinates"))
    times = _list(_of(properties, "coordTimes") or _of(_of(properties, "coordinateProperties"), "times"))
    if kind == "Point":
        yield _point(coordinates, _of(properties, "time") or _of(properties, "timestamp"))
    elif kind == "LineString":
        yield from _line(coordinates, times)
    elif kind == "MultiLineString":
        for line, of_it in zip_longest(coordinates, times):
            yield from _line(_list(line), _list(of_it))


def _line(coordinates: list[Any], times: list[Any]) -> Iterator[Point]:
    times = times if len(times) == len(coordinates) else [None] * len(coordinates)
    for place, at in zip(coordinates, times, strict=True):
        yield _point(_list(place), at)


def _point(place: list[Any], at: Any) -> Point:
    longitude, latitude = (_number(value) for value in (*place, None, None)[:2])
    if isinstance(at, int | float) and not isinstance(at, bool):
        milliseconds = round(at) if abs(at) < 2**52 else None
        return Point(latitude, longitude, milliseconds)
    return Point(latitude, longitude, time_ms(at) if isinstance(at, str) else None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= 360 else None


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
