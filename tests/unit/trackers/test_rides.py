"""Rides from files: what each format says, what is refused, and when it is sent."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from ardoise.trackers.decoding import UNKNOWN, Fix
from ardoise.trackers.rides import file as ride_file
from ardoise.trackers.rides import points
from ardoise.trackers.rides.file import read_ride
from ardoise.trackers.rides.points import RideInvalid
from ardoise.trackers.rides.schedule import distance_m, schedule, timed

GPX = """<gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">
<trk><trkseg>
<trkpt lat="45.0" lon="6.0"><ele>1000</ele><time>2026-07-05T10:00:00Z</time><extensions><power>250</power>
<g:TrackPointExtension><g:hr>151</g:hr><g:cad>88</g:cad></g:TrackPointExtension></extensions></trkpt>
<trkpt lat="45.001" lon="6.0"><time>2026-07-05T10:00:01.500Z</time></trkpt>
<trkpt lat="45.002" lon="6.0"><time>2026-07-05T10:00:01Z</time></trkpt>
</trkseg></trk></gpx>"""
T0_MS = 1_783_245_600_000
PLACE = {"type": "LineString", "coordinates": [[6.0, 45.0, 1000], [6.0, 45.001]]}


@pytest.fixture
def ride(tmp_path: Path):
    def of(name: str, content: str | bytes) -> tuple[Fix, ...]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_ride(path, "k7m2")

    return of


def test_a_gpx_track_has_its_times_and_what_sensors_measured_and_no_step_back_in_time(ride):
    first, second = ride("a.GPX", GPX)
    assert first == Fix(
        "k7m2", T0_MS, 450_000_000, 60_000_000, heart_rate_bpm=151, power_w=250, cadence_rpm=88
    )
    assert (second.time_ms, second.heart_rate_bpm) == (T0_MS + 1_500, UNKNOWN)


@pytest.mark.parametrize(
    "document",
    [
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": PLACE,
                    "properties": {"coordTimes": ["2026-07-05T10:00:00Z", "2026-07-05T12:00:01+02:00"]},
                }
            ],
        },
        {
            "type": "Feature",
            "geometry": {"type": "MultiLineString", "coordinates": [PLACE["coordinates"]]},
            "properties": {"coordinateProperties": {"times": [["2026-07-05T10:00:00Z", T0_MS + 1_000]]}},
        },
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": place},
                    "properties": {"time": T0_MS + at * 1_000},
                }
                for at, place in enumerate(PLACE["coordinates"])
            ],
        },
    ],
    ids=["coordTimes", "coordinateProperties", "points"],
)
def test_geojson_has_its_times_beside_lines_or_on_points(ride, document):
    fixes = ride("a.geojson", json.dumps(document))
    assert [(fix.time_ms - T0_MS, fix.latitude_e7) for fix in fixes] == [
        (0, 450_000_000),
        (1_000, 450_010_000),
    ]


def test_a_line_without_times_is_ridden_at_the_speed_that_is_said_and_refused_without(ride):
    fixes = ride("a.json", json.dumps(PLACE))
    with pytest.raises(RideInvalid, match="--kmh"):
        timed(fixes, None)
    first, second = timed(fixes, 36.0)
    assert distance_m(first, second) == pytest.approx(111.2, abs=0.1)
    assert (first.time_ms, second.time_ms, second.speed_mmps) == (0, 11_119, 10_000)


def test_a_file_with_times_is_not_given_others(ride):
    with pytest.raises(RideInvalid, match="times of its own"):
        timed(ride("a.gpx", GPX), 30.0)


BOMB = """<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<gpx><name>&b;</name><rte><rtept lat="45" lon="6"/><rtept lat="46" lon="6"/></rte></gpx>"""
OUTSIDER = """<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<gpx><rte><rtept lat="45" lon="6"/><rtept lat="46" lon="6"/></rte></gpx>"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.gpx", BOMB),
        ("outsider.gpx", OUTSIDER),
        ("cut.gpx", GPX[:300]),
        ("nothing.gpx", ""),
        ("nothing.fit", b""),
        ("noise.fit", bytes(range(256)) * 8),
        ("deep.json", "[" * 100_000),
        ("list.json", "[1, 2]"),
        (
            "odd.geojson",
            '{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [1, null, [true, "x"]]}}',
        ),
        ("mars.gpx", '<gpx><rte><rtept lat="95" lon="6"/><rtept lat="96" lon="6"/></rte></gpx>'),
        ("one.gpx", '<gpx><rte><rtept lat="45" lon="6"/></rte></gpx>'),
        ("huge.json", '{"type": "LineString", "coordinates": [[1e999, 45], [6, -1e999]]}'),
        ("words.txt", "a ride"),
    ],
)
def test_what_is_no_ride_is_refused_by_its_name(ride, name: str, content: str | bytes):
    with pytest.raises(RideInvalid, match=name):
        ride(name, content)


def test_a_file_that_is_too_large_is_not_read_to_its_end(ride, monkeypatch):
    monkeypatch.setattr(ride_file, "MOST_BYTES", 100)
    with pytest.raises(RideInvalid, match="larger than 100 bytes"):
        ride("a.gpx", GPX)


def test_a_ride_has_so_many_points_and_no_more(ride, monkeypatch):
    monkeypatch.setattr(points, "MOST_POINTS", 2)
    with pytest.raises(RideInvalid, match="more than 2 points"):
        ride("a.gpx", GPX)


def test_real_rides_are_read_as_their_devices_recorded_them(shared_data: Path):
    tcx = read_ride(shared_data / "rides" / "ride-2min.tcx", "k7m2")
    fit = read_ride(shared_data / "rides" / "ride-36km.fit", "k7m2")
    for fixes, km, seconds in ((tcx, 0.9, 126), (fit, 36.3, 5_158)):
        whole_m = sum(distance_m(one, other) for one, other in pairwise(fixes))
        assert whole_m / 1000 == pytest.approx(km, rel=0.02)
        assert (fixes[-1].time_ms - fixes[0].time_ms) / 1000 == seconds
    assert (tcx[6].heart_rate_bpm, tcx[6].power_w, tcx[6].cadence_rpm) == (155, 113, 93)
    assert max(fix.heart_rate_bpm for fix in fit) > 150


def test_a_replay_at_twice_the_speed_says_the_times_at_which_it_is_sent_and_twice_the_speed():
    fixes = [Fix("k7m2", T0_MS + at, 450_000_000, 60_000_000, speed_mmps=8_000) for at in (0, 1_000, 5_000)]
    dues = list(schedule(fixes, 2.0, 1_800_000_000_000))
    assert [due.after_s for due in dues] == [0.0, 0.5, 2.5]
    assert [due.fix.time_ms - 1_800_000_000_000 for due in dues] == [0, 500, 2_500]
    assert {due.fix.speed_mmps for due in dues} == {16_000}


def test_a_speed_that_no_device_says_is_left_out_and_kept_times_are_kept():
    fixes = [Fix("k7m2", T0_MS + at, 450_000_000, 60_000_000, speed_mmps=8_000) for at in (0, 1_000)]
    assert {due.fix.speed_mmps for due in schedule(fixes, 100.0, T0_MS)} == {UNKNOWN}
    kept = list(schedule(fixes, 100.0, None))
    assert [due.fix for due in kept] == fixes
    assert kept[1].after_s == 0.01
