import gzip
import json
from pathlib import Path

import pytest
from ardoise.ingest.setup.models import RouteFormat
from ardoise.ingest.setup.route_file import (
    RouteFileInvalid,
    parse_csv,
    parse_gpx,
    parse_trace,
    read_route_file,
)

BOMB = b"""<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><gpx><name>&b;</name></gpx>"""


def gpx(body: str) -> bytes:
    return f'<gpx xmlns="http://www.topografix.com/GPX/1/1">{body}</gpx>'.encode()


def test_all_segments_of_all_tracks_make_one_road():
    points = parse_gpx(
        gpx(
            '<trk><trkseg><trkpt lat="45" lon="6"><ele>400</ele></trkpt></trkseg>'
            '<trkseg><trkpt lat="45.1" lon="6"><ele>420.5</ele></trkpt></trkseg></trk>'
            '<trk><trkseg><trkpt lat="45.2" lon="6.1"><ele>430</ele></trkpt></trkseg></trk>'
        )
    )

    assert points.latitude_e7.tolist() == [450_000_000, 451_000_000, 452_000_000]
    assert points.elevation_cm is not None
    assert points.elevation_cm.tolist() == [40_000, 42_050, 43_000]


def test_a_planned_route_without_elevation_is_a_road():
    points = parse_gpx(gpx('<rte><rtept lat="45" lon="6"/><rtept lat="45.1" lon="-6.5"/></rte>'))

    assert points.longitude_e7.tolist() == [60_000_000, -65_000_000]
    assert points.elevation_cm is None


def test_a_missing_elevation_is_filled_in_between_its_neighbours():
    points = parse_csv(b"lat,lon,ele\n45,6,400\n45.1,6,\n45.2,6,410\n")

    assert points.elevation_cm is not None
    assert points.elevation_cm.tolist() == [40_000, 40_500, 41_000]


def test_a_csv_may_have_its_columns_in_any_order_and_a_mark_from_a_spreadsheet():
    points = parse_csv("\ufeffName, Lon, Lat\nstart, 6, 45\nend, 6.1, 45.1\n".encode())

    assert points.latitude_e7.tolist() == [450_000_000, 451_000_000]


def test_a_trace_is_read_alone_or_out_of_its_recording(tmp_path: Path):
    trace = {"routePoints": [{"lat": 45, "lon": 6}, {"lat": 45.1, "lon": 6}]}
    packed = tmp_path / "stage.json.gz"
    packed.write_bytes(gzip.compress(json.dumps({"rest": {"trace": trace}, "events": []}).encode()))

    alone = parse_trace(json.dumps(trace).encode())

    assert read_route_file(packed, None).latitude_e7.tolist() == alone.latitude_e7.tolist()


@pytest.mark.parametrize(
    ("parse", "content"),
    [
        (parse_gpx, b""),
        (parse_gpx, b"<gpx"),
        (parse_gpx, BOMB),
        (parse_gpx, gpx("")),
        (parse_gpx, gpx('<trk><trkseg><trkpt lat="45" lon="6"/></trkseg></trk>')),
        (parse_gpx, gpx('<rte><rtept lat="95" lon="6"/><rtept lat="45" lon="6"/></rte>')),
        (parse_gpx, gpx('<rte><rtept lat="nan" lon="6"/><rtept lat="45" lon="6"/></rte>')),
        (parse_csv, b""),
        (parse_csv, b"\xff\xfe"),
        (parse_csv, b"x,y\n1,2\n3,4\n"),
        (parse_csv, b"lat,lon\n45\n46\n"),
        (parse_trace, b"{}"),
        (parse_trace, b"[" * 100_000),
        (parse_trace, b'{"routePoints": [{"lat": 1e999, "lon": 2}, 7]}'),
    ],
)
def test_what_is_no_road_is_refused(parse: object, content: bytes):
    with pytest.raises(RouteFileInvalid):
        parse(content)


def test_an_ending_that_says_nothing_needs_the_format(tmp_path: Path):
    file = tmp_path / "road.txt"
    file.write_text("lat,lon\n45,6\n45.1,6\n")

    with pytest.raises(RouteFileInvalid, match="gpx, csv or trace"):
        read_route_file(file, None)
    assert len(read_route_file(file, RouteFormat.CSV).latitude_e7) == 2


@pytest.mark.parametrize(
    ("name", "length_km"),
    [
        ("tour-2015-stage-12.gpx", 195.0),
        ("tour-2015-stage-18.gpx", 186.5),
        ("tour-2015-stage-21.gpx", 54.1),
        ("climb-alpe-d-huez.gpx", 13.8),
        ("climb-tourmalet.gpx", 17.2),
    ],
)
def test_real_roads_have_their_known_length(shared_data: Path, name: str, length_km: float):
    route = read_route_file(shared_data / "routes" / name, None).route(0, None, [])

    assert route.distance_cm[-1] / 100_000 == pytest.approx(length_km, rel=0.03)
    assert len(route.elevation_cm) == len(route.distance_cm)
