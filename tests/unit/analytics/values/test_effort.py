"""Power, work and effort as intervals; time in front."""

import pytest
from ardoise.race.weather import Weather

from tests.support.rider_values import HEAD, PELOTON, Race

CALM = Weather(0, 15.0, 0.0, 0.0, 1013.0, 50.0, 0.0)
GROUPS = [(HEAD, [1]), (PELOTON, [2, 3, 4, 5])]
WHERE = {1: 6_000.0, 2: 5_000.0, 3: 4_996.0, 4: 4_980.0, 5: 4_970.0}


def alone(at_m: float, mps: float, seconds: float = 40, weather: Weather | None = CALM) -> Race:
    return Race(weather=weather).at(0, {1: at_m}, mps).ride(seconds, mps)


def test_on_the_flat_the_interval_is_about_what_martin_gives():
    # By hand: 0.5 * 1.21 kg/m3 * 0.329 m2 * 10^3 + 78 kg * 9.81 * 0.005 * 10, bearings, over 0.976: 246 W.
    rider = alone(5_000.0, 10.0).values()
    assert rider.power_low_w < 246 < rider.power_high_w
    assert rider.power_low_w == pytest.approx(175, abs=25)
    assert rider.power_high_w == pytest.approx(320, abs=25)


def test_on_a_climb_the_power_by_weight_is_surer_than_the_power():
    # 5 m/s up 6 per cent: some 3.9 W/kg of rider, whatever the rider weighs.
    rider = alone(24_000.0, 5.0).values()
    assert 3.0 < rider.power_low_wpkg < 3.9 < rider.power_high_wpkg < 4.9
    by_weight = rider.power_high_wpkg / rider.power_low_wpkg
    assert by_weight < 0.9 * rider.power_high_w / rider.power_low_w


def test_downhill_the_interval_begins_at_0():
    rider = alone(32_000.0, 12.0).values()
    assert rider.power_low_w == 0
    assert rider.power_low_wpkg == 0
    assert rider.power_high_w > 0


def test_without_a_weather_report_the_interval_is_wider():
    known, unknown = alone(5_000.0, 10.0).values(), alone(5_000.0, 10.0, weather=None).values()
    assert unknown.power_low_w < known.power_low_w
    assert unknown.power_high_w > known.power_high_w


def test_a_headwind_costs_power():
    against = Weather(0, 15.0, 8.0, 90.0, 1013.0, 50.0, 0.0)
    assert (
        alone(5_000.0, 10.0, weather=against).values().power_high_w
        > alone(5_000.0, 10.0).values().power_high_w
    )


def test_speeding_up_costs_power():
    race = Race(weather=CALM).at(0, {1: 5_000.0}, 8.0)
    for second in range(40):
        race.ride(1, 8.0 + 0.05 * second)
    steady = alone(5_000.0, 9.0).values()
    assert race.values().power_low_w > steady.power_low_w


def test_powers_are_rounded_outwards_to_five_watts():
    rider = alone(5_000.0, 10.0).values()
    assert rider.power_low_w % 5 == 0
    assert rider.power_high_w % 5 == 0


def test_half_a_minute_is_needed():
    Race().at(0, {1: 5_000.0}).ride(15).has(power_low_w=None, power_high_w=None, power_low_wpkg=None)


def test_work_is_the_sum_of_the_power():
    race = alone(5_000.0, 10.0, seconds=100)
    rider = race.values()
    assert rider.work_low_kj == pytest.approx(0.1 * rider.power_low_w, abs=2)
    assert rider.work_high_kj == pytest.approx(0.1 * rider.power_high_w, abs=2)
    race.ride(50, 10.0)
    assert race.values().work_high_kj == pytest.approx(1.5 * rider.work_high_kj, abs=2)


def test_an_even_effort_is_one_hundred_and_a_harder_one_is_more():
    race = alone(1_000.0, 10.0, seconds=50)
    race.has(effort_low_percent=None, effort_high_percent=None)
    race.ride(600, 10.0, step_s=10).ride(40, 10.0).has(
        effort_low_percent=100, effort_high_percent=100, within=5
    )
    race.ride(40, 14.0)
    assert race.values().effort_low_percent > 180
    assert race.values().effort_high_percent >= race.values().effort_low_percent


def test_the_draft_is_what_was_published_for_such_a_group():
    race = Race().at(0, WHERE, groups=GROUPS)
    race.has(bib=1, drag_low_percent=100, drag_high_percent=100)
    race.has(bib=2, drag_low_percent=55, drag_high_percent=100)
    race.has(bib=5, drag_low_percent=55, drag_high_percent=86)
    race.has(bib=6, drag_low_percent=None, drag_high_percent=None)


def test_in_a_group_the_power_may_be_lower():
    race = Race(weather=CALM).at(0, WHERE, groups=GROUPS).ride(40)
    assert race.values(5).power_low_w < race.values(1).power_low_w
    assert race.values(5).power_high_w < race.values(1).power_high_w


def test_time_in_front_alone_and_ahead_is_added_up():
    race = Race().at(0, WHERE, groups=GROUPS).ride(20)
    race.has(bib=1, front_s=0, front_peloton_s=0, alone_s=20, breakaway_s=20)
    race.has(bib=2, front_s=20, front_peloton_s=20, alone_s=0, breakaway_s=0)
    # Four metres behind the first is in front, as well as a receiver can tell; thirty are not.
    race.has(bib=3, front_s=20)
    race.has(bib=5, front_s=0, front_peloton_s=0)
    race.ride(10, groups=[(HEAD, [2, 3]), (PELOTON, [4, 5])])
    race.has(bib=2, front_s=30, front_peloton_s=20, breakaway_s=10)
