"""The road here, ahead and left, on a stage of flat, 10 km of 6 per cent, 10 km down at 5 per cent, flat."""

from tests.support.rider_values import T0_MS, Race, stage


def test_halfway_up_the_climb():
    Race().at(0, {1: 25_000.0}).has(
        gradient_percent=6.0,
        gradient_next_km_percent=6.0,
        steepest_next_km_percent=6.0,
        elevation_m=400,
        heading_deg=90,
    )


def test_before_the_foot_the_next_kilometre_is_steeper_than_here():
    race = Race().at(0, {1: 19_500.0})
    race.has(gradient_percent=0.0)
    race.has(gradient_next_km_percent=3.0, steepest_next_km_percent=6.0, within=0.15)


def test_downhill_gradients_are_negative_and_the_steepest_is_the_least_of_it():
    Race().at(0, {1: 35_000.0}).has(gradient_percent=-5.0, steepest_next_km_percent=-5.0)


def test_what_is_climbed_and_what_is_left():
    race = Race().at(0, {1: 25_000.0})
    # The smoothing takes some metres off the top.
    race.has(ascent_done_m=300, ascent_left_m=300, descent_left_m=500, within=5)
    race.at(1, {1: 41_000.0}).has(ascent_done_m=600, ascent_left_m=0, descent_left_m=0, within=5)


def test_behind_the_turn_the_road_goes_north():
    Race().at(0, {1: 55_000.0}).has(heading_deg=0)


def test_without_elevation_there_is_no_gradient_and_still_a_way():
    race = Race(stage(elevation=False)).at(0, {1: 25_000.0}).ride(70)
    race.has(
        gradient_percent=None,
        gradient_next_km_percent=None,
        steepest_next_km_percent=None,
        elevation_m=None,
        ascent_done_m=None,
        ascent_left_m=None,
        descent_left_m=None,
        vam_5min_m_per_h=None,
        climb_gradient_left_percent=None,
        power_low_w=None,
        power_high_w=None,
        work_low_kj=None,
        work_high_kj=None,
    )
    race.has(to_go_km=34.3, climb_to_top_km=4.3, time_to_go_s=3430)


def test_features_are_those_ahead():
    race = Race().at(0, {1: 10_000.0})
    race.has(next_feature=0, next_feature_km=5.0, next_sprint_km=5.0, to_go_km=50.0)
    race.at(1, {1: 15_000.0}).has(next_feature=1, next_feature_km=15.0, next_sprint_km=None)
    race.at(2, {1: 46_000.0}).has(next_feature=None, next_feature_km=None, next_feature_s=None)


def test_on_the_flat_the_arrival_is_way_over_pace():
    race = Race().at(0, {1: 41_000.0}).ride(100, step_s=5)
    race.has(time_to_go_s=1800, arrival_time_ms=T0_MS + 1_900_000, next_feature_s=300, within=1.5)


def test_uphill_ahead_takes_longer_by_the_rule_of_equal_effort():
    race = Race().at(0, {1: 15_500.0}).ride(100, step_s=5)
    # 3.5 km flat, then 10 km of 6 per cent, each as long as 1 + 14 * 0.06 on the level.
    race.has(next_feature_s=(3_500 + 10_000 * 1.84) / 10, within=12)


def test_who_stands_has_no_arrival():
    Race().at(0, {1: 41_000.0}).ride(330, 0.0, step_s=5).has(time_to_go_s=None, arrival_time_ms=None)
