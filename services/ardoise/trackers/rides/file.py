"""A file with a ride in it, by its ending."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ardoise.trackers.decoding import Fix
from ardoise.trackers.rides.fit import fit
from ardoise.trackers.rides.geojson import geojson
from ardoise.trackers.rides.points import Point, RideInvalid, fixes_of
from ardoise.trackers.rides.xml import gpx, tcx

MOST_BYTES = 32 * 1024 * 1024
"""A day at one fix a second, with all that a bike computer adds, takes 20 MB as GPX."""
FORMATS: dict[str, Callable[[bytes], Iterator[Point]]] = {
    ".gpx": gpx,
    ".tcx": tcx,
    ".fit": fit,
    ".geojson": geojson,
    ".json": geojson,
}


def read_ride(path: Path, device: str) -> tuple[Fix, ...]:
    """As `device` would send it, at least two fixes; `time_ms` UNKNOWN where the file has none. Raises RideInvalid."""
    parse = FORMATS.get(path.suffix.lower())
    if parse is None:
        raise RideInvalid(f"{path.name}: the ending says no format: there are {', '.join(FORMATS)}")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RideInvalid(f"{path.name}: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise RideInvalid(f"{path.name}: larger than {MOST_BYTES} bytes")
    try:
        return fixes_of(parse(content), device)
    except RideInvalid as error:
        raise RideInvalid(f"{path.name}: {error}") from None
