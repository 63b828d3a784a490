"""Points of a road from a file: GPX (tracks or routes), CSV, or the trace of a recording."""

import csv
import gzip
import io
import json
import math
import zlib
from pathlib import Path

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from ardoise.ingest.setup.models import RouteFormat
from ardoise.ingest.setup.road_line import RoadPoints, trace_points

MOST_BYTES = 64 * 1024 * 1024
"""Unpacked. A stage recorded at 1 Hz with extensions takes 5 MB, a recording of the feed 37 MB."""
FORMAT_OF_ENDING = {
    ".gpx": RouteFormat.GPX,
    ".csv": RouteFormat.CSV,
    ".json": RouteFormat.TRACE,
    ".gz": RouteFormat.TRACE,
}


class RouteFileInvalid(Exception):
    """The file holds no road; the message says why and, where it has lines, on which."""


def read_route_file(path: Path, file_format: RouteFormat | None) -> RoadPoints:
    """Raises RouteFileInvalid."""
    file_format = file_format or FORMAT_OF_ENDING.get(path.suffix.lower())
    if file_format is None:
        raise RouteFileInvalid(f"the ending {path.suffix!r} says no format: give gpx, csv or trace")
    content = _content(path)
    if file_format is RouteFormat.GPX:
        return parse_gpx(content)
    if file_format is RouteFormat.CSV:
        return parse_csv(content)
    return parse_trace(content)


def parse_gpx(content: bytes) -> RoadPoints:
    """The points of all tracks, in their order; without a track those of the first route."""
    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise RouteFileInvalid(f"not GPX: {error or type(error).__name__}") from error
    points = root.findall(".//{*}trkpt")
    if not points:
        first_route = root.find("{*}rte")
        points = [] if first_route is None else first_route.findall("{*}rtept")
    rows = [
        (str(number), point.get("lat"), point.get("lon"), point.findtext("{*}ele"))
        for number, point in enumerate(points, start=1)
    ]
    return _columns(rows, "point")


def parse_csv(content: bytes) -> RoadPoints:
    """Columns `lat`, `lon` and optionally `ele`, named in the first line; degrees and metres."""
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), skipinitialspace=True, strict=True)
        names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
        if not {"lat", "lon"} <= names.keys():
            raise RouteFileInvalid("the first line does not name the columns lat and lon (and ele, if known)")
        ele = names.get("ele", "")
        rows = [(str(reader.line_num), row[names["lat"]], row[names["lon"]], row.get(ele)) for row in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise RouteFileInvalid(f"not CSV: {error}") from error
    return _columns(rows, "line")


def parse_trace(content: bytes) -> RoadPoints:
    """A trace as the race centre publishes it, or a recording that holds one."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RouteFileInvalid(f"not JSON: {error}") from error
    if isinstance(document, dict) and isinstance(document.get("rest"), dict):
        document = document["rest"].get("trace")
    if not isinstance(document, dict):
        raise RouteFileInvalid("no trace with routePoints")
    try:
        return trace_points(document)
    except ValueError as error:
        raise RouteFileInvalid(str(error)) from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise RouteFileInvalid(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > MOST_BYTES:
        raise RouteFileInvalid(f"larger than {MOST_BYTES} bytes")
    return content


def _columns(rows: list[tuple[str, str | None, str | None, str | None]], unit: str) -> RoadPoints:
    latitude, longitude, elevation_m = [], [], []
    for number, lat_text, lon_text, ele_text in rows:
        lat, lon, ele = _number(lat_text), _number(lon_text), _number(ele_text)
        if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
            raise RouteFileInvalid(f"{unit} {number}: {lat_text}, {lon_text} is no place on earth")
        latitude.append(lat)
        longitude.append(lon)
        elevation_m.append(ele)
    if len(latitude) < 2:
        raise RouteFileInvalid(f"{len(latitude)} points: a road has at least two")
    return RoadPoints.of_degrees(latitude, longitude, elevation_m)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
