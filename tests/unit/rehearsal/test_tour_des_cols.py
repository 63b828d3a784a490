from pathlib import Path

import numpy as np
import pytest
from ardoise.ingest.setup.event import Event, load_event, stage_setup
from ardoise.ingest.setup.route_file import parse_gpx
from ardoise.rehearsal.tour_des_cols import before, event_file, gpx, road


@pytest.fixture(scope="module")
def event(repository: Path) -> Event:
    directory = repository / "events/tour-des-cols"
    return load_event((directory / "event.yaml").read_text(encoding="utf-8"), directory, "event.yaml")


def test_the_files_in_the_tree_are_those_that_the_script_makes(repository: Path):
    directory = repository / "events/tour-des-cols"
    points, measured = road()
    kept, made = (
        parse_gpx(text) for text in ((directory / "stage-4.gpx").read_bytes(), gpx(points).encode())
    )

    assert (directory / "event.yaml").read_text(encoding="utf-8") == event_file(points, measured)
    assert (directory / "stage-4-before.csv").read_text(encoding="utf-8") == before()
    # To a metre, not to the bit: sines differ between CPUs.
    assert np.abs(kept.latitude_e7 - made.latitude_e7).max() < 100
    assert np.abs(kept.longitude_e7 - made.longitude_e7).max() < 100


def test_the_demo_has_176_riders_in_22_teams_each_with_a_tracker_of_his_own(event: Event):
    setup = stage_setup(event, "stage-4")

    assert len(setup.riders) == 176
    assert len(setup.teams) == 22
    assert len({(rider.family_name, rider.given_name) for rider in setup.riders}) == 176
    assert len({one.tracker for one in setup.assignments}) == 176


def test_the_jerseys_are_worn_by_who_leads_the_standings_before_the_stage(event: Event):
    setup = stage_setup(event, "stage-4")
    wearers = {jersey: rider.bib for rider in setup.riders for jersey in rider.jerseys}
    standings = [one for one in setup.standings_before if one.WhichOneof("who") == "bib"]
    young = {rider.bib for rider in setup.riders if rider.young}

    assert wearers == {
        1: min(standings, key=lambda one: one.general_s).bib,
        2: max(standings, key=lambda one: one.points).bib,
        3: max(standings, key=lambda one: one.mountains).bib,
        4: min((one for one in standings if one.bib in young), key=lambda one: one.general_s).bib,
    }


def test_its_passes_are_as_steep_as_passes_are(event: Event):
    route = event.routes["stage-4"]
    distance_m = route.distance_cm / 100
    every_100_m = np.interp(np.arange(0, route.finish_cm / 100, 100), distance_m, route.elevation_cm / 100)
    grades = np.diff(every_100_m) / 100

    assert 0.085 < grades.max() < 0.14
    assert grades.min() > -0.12
    for climb in (one for one in route.features if one.category):
        summit_m, length_m = climb.distance_cm / 100, climb.length_cm / 100
        foot_m, top_m = np.interp([summit_m - length_m, summit_m], distance_m, route.elevation_cm / 100)
        assert 0.055 < (top_m - foot_m) / length_m < 0.085


def test_the_road_bends_back_in_hairpins_and_never_meets_itself(event: Event):
    route = event.routes["stage-4"]
    distance_m = route.distance_cm / 100
    north = route.latitude_e7 * 0.0111132
    east = route.longitude_e7 * 0.0111132 * route.longitude_scale_e9 / 1e9
    along = np.arange(0, distance_m[-1], 20.0)
    north_m, east_m = np.interp(along, distance_m, north), np.interp(along, distance_m, east)
    heading = np.unwrap(np.arctan2(np.diff(east_m), np.diff(north_m)))

    turned_in_80_m = np.abs(heading[4:] - heading[:-4])
    assert (turned_in_80_m > np.radians(110)).sum() > 60
    for ahead in range(40, 400):  # 800 m to 8 km of road further on
        apart_m = np.hypot(north_m[ahead:] - north_m[:-ahead], east_m[ahead:] - east_m[:-ahead])
        assert apart_m.min() > 30
