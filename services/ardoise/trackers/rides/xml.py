"""GPX and TCX: https://www.topografix.com/GPX/1/1 and Garmin's TrainingCenterDatabase v2, with their extensions."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from ardoise.trackers.rides.points import Point, RideInvalid, number, time_ms


def gpx(content: bytes) -> Iterator[Point]:
    """The points of all tracks; without a track those of the first route. Raises RideInvalid."""
    root = _parsed(content, "GPX")
    points = root.findall(".//{*}trkpt")
    if not points:
        route = root.find("{*}rte")
        points = [] if route is None else route.findall("{*}rtept")
    for point in points:
        said = _said(point)
        yield Point(
            number(point.get("lat")),
            number(point.get("lon")),
            time_ms(said.get("time")),
            number(said.get("speed")),
            heart_rate_bpm=number(said.get("hr") or said.get("heartrate")),
            power_w=number(said.get("power") or said.get("powerinwatts")),
            cadence_rpm=number(said.get("cad") or said.get("cadence")),
        )


def tcx(content: bytes) -> Iterator[Point]:
    """The points of all laps. Raises RideInvalid."""
    for point in _parsed(content, "TCX").findall(".//{*}Trackpoint"):
        said = _said(point)
        yield Point(
            number(said.get("latitudedegrees")),
            number(said.get("longitudedegrees")),
            time_ms(said.get("time")),
            number(said.get("speed")),
            heart_rate_bpm=number(point.findtext("{*}HeartRateBpm/{*}Value")),
            power_w=number(said.get("watts")),
            cadence_rpm=number(said.get("cadence")),
        )


def _parsed(content: bytes, name: str) -> Element:
    """Entities are refused: a few lines of them become gigabytes, or somebody else's file."""
    try:
        return fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise RideInvalid(f"not {name}: {error or type(error).__name__}") from None


def _said(point: Element) -> dict[str, str]:
    """Texts below it by the local name of their element, in lower case: extensions are nested as each maker likes."""
    return {one.tag.rpartition("}")[2].lower(): one.text for one in point.iter() if one.text}
