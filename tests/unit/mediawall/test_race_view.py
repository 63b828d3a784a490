"""The state of the page and its changes."""

from typing import Any

import pytest
from ardoise.mediawall.domain.race import RIDER_COLUMNS, changes, race_view
from ardoise.pb import common_pb2

from tests.browser import race_day


def view(second: int, **more: Any):
    return race_view(race_day.snapshot(second, **more), race_day.predictions(second), heard_ms=1)


def by_bib(columns: dict[str, list]) -> dict[int, dict[str, Any]]:
    return {
        bib: {name: columns[name][index] for name in RIDER_COLUMNS}
        for index, bib in enumerate(columns["bib"])
    }


@pytest.mark.parametrize(("first", "then"), [(-5, 1), (9_000, 9_001), (9_000, 9_900), (13_700, 13_760)])
def test_a_page_that_applies_the_changes_shows_the_whole_state(first: int, then: int):
    before, after = view(first), view(then)
    page = before.whole()
    riders = by_bib(page["riders"])
    different = changes(before, after)
    riders |= by_bib(different.pop("riders"))
    page |= different
    expected = after.whole()
    assert riders == by_bib(expected.pop("riders"))
    page.pop("riders")
    assert page == expected


def test_riders_that_stand_are_not_sent_again():
    before, after = view(9_000), view(9_001)
    moved = changes(before, after)["riders"]["bib"]
    assert {race_day.ABANDONED, race_day.UNHEARD}.isdisjoint(moved)
    assert len(moved) > 150


def test_what_is_unknown_is_null_and_never_zero():
    riders = by_bib(view(9_000).whole()["riders"])
    unheard = riders[race_day.UNHEARD]
    assert unheard["status"] == "unheard"
    assert unheard["gap_ms"] is None
    assert unheard["fix_age_ms"] is None
    assert unheard["finish_ms"] is None


def test_a_device_clock_that_runs_ahead_makes_no_fix_newer_than_its_tick():
    snapshot = race_day.snapshot(9_000, feed_age_ms=-2_500)
    parts = race_view(snapshot, None, heard_ms=1).whole()
    assert parts["newest_fix_ms"] == snapshot.race_time_ms
    assert min(age for age in parts["riders"]["fix_age_ms"] if age is not None) == 0


def test_predictions_of_another_stage_are_not_shown_on_this_one():
    other = race_day.predictions(9_000, epoch=race_day.EPOCH + 1)
    assert race_view(race_day.snapshot(9_000), other, heard_ms=1).whole()["predictions"] is None


def test_every_state_and_status_of_the_contract_has_a_word():
    for state in common_pb2.RaceState.values():
        snapshot = race_day.snapshot(10)
        snapshot.race_state = state
        assert race_view(snapshot, None, heard_ms=1).whole()["race_state"]
    for status in common_pb2.RiderStatus.values():
        snapshot = race_day.snapshot(10)
        snapshot.riders[0].status = status
        shown = by_bib(race_view(snapshot, None, heard_ms=1).whole()["riders"])[snapshot.riders[0].bib]
        assert shown["status"] == common_pb2.RiderStatus.Name(status).removeprefix(
            "RIDER_STATUS_"
        ).lower().replace("unspecified", "unheard")


def test_weather_is_sent_once_and_again_when_it_gets_old():
    def with_weather(second: int, age_min: float):
        snapshot = race_day.snapshot(second)
        snapshot.weather.CopyFrom(race_day.weather(age_min))
        return race_view(snapshot, None, heard_ms=1)

    fresh, later, old = with_weather(9_000, 29), with_weather(9_001, 29), with_weather(9_060, 31)
    assert "weather" not in changes(fresh, later)
    assert later.whole()["weather"]["old"] is False
    assert changes(later, old)["weather"]["old"] is True
    assert view(9_000).whole()["weather"] is None
