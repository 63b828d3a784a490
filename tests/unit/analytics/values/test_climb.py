"""The climb in progress: 10 km of 6 per cent from kilometre 20."""

from tests.support.rider_values import Race


def test_before_it_the_foot_is_ahead_and_nothing_is_in_progress():
    Race().at(0, {1: 12_000.0}).has(
        next_climb_km=8.0, climb_to_top_km=None, climb_done_percent=None, climb_time_s=None
    )


def test_on_it():
    race = Race().at(0, {1: 19_900.0}).ride(20, 5.0).ride(800, 5.0, step_s=20).ride(60, 5.0)
    race.has(
        next_climb_km=None,
        climb_to_top_km=5.7,
        climb_done_percent=43,
        climb_gradient_left_percent=6.0,
        climb_time_s=860,
    )
    race.has(climb_ascent_left_m=342, within=3)
    # 4,300 m of 6 per cent in 860 s.
    race.has(climb_vam_m_per_h=1080, vam_5min_m_per_h=1080, within=15)
    race.has(climb_top_s=1140, within=12)


def test_a_vam_needs_a_minute_on_the_climb_and_a_foot_that_was_seen():
    race = Race().at(0, {1: 19_900.0}).ride(70, 5.0, step_s=10)
    race.has(climb_time_s=50, climb_vam_m_per_h=None)
    Race().at(0, {1: 21_000.0}).ride(100, 5.0, step_s=10).has(climb_time_s=None, climb_vam_m_per_h=None)


def test_behind_the_top_the_climb_is_over():
    race = Race().at(0, {1: 31_000.0}).ride(300, 15.0, step_s=10)
    race.has(climb_to_top_km=None, climb_top_s=None, climb_ascent_left_m=None)
    # 15 m/s down 5 per cent.
    race.has(vam_5min_m_per_h=-2700, within=5)
