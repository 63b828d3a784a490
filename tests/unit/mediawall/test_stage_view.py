"""A stage as a page gets it."""

import json

from ardoise.mediawall.domain.stage import MOST_PROFILE_POINTS, MOST_ROAD_POINTS, stage_view

from tests.browser import race_day


def test_a_stage_fits_a_page_and_keeps_its_distances():
    setup = race_day.stage()
    view = stage_view(race_day.EPOCH, setup)
    assert 100 < len(view["road"]["distance_m"]) <= MOST_ROAD_POINTS
    assert 50 < len(view["profile"]["distance_m"]) <= MOST_PROFILE_POINTS
    assert view["road"]["distance_m"][0] == -race_day.NEUTRAL_M
    assert view["road"]["distance_m"] == sorted(set(view["road"]["distance_m"]))
    assert view["finish_m"] == race_day.LENGTH_M
    assert len(json.dumps(view)) < 80_000


def test_riders_carry_their_jerseys_and_nothing_of_their_trackers():
    setup = race_day.stage()
    setup.assignments.add(tracker=987_654_321, bib=1)
    view = stage_view(race_day.EPOCH, setup)
    assert next(rider for rider in view["riders"] if rider["bib"] == 61)["jerseys"] == ["mountains"]
    assert "987654321" not in json.dumps(view)


def test_a_route_without_elevation_has_an_empty_profile():
    setup = race_day.stage()
    del setup.route.elevation_cm[:]
    assert stage_view(race_day.EPOCH, setup)["profile"] == {"distance_m": [], "elevation_m": []}
