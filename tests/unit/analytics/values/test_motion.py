"""How a rider moves, from places and speeds that are known."""

from ardoise.pb import common_pb2

from tests.support.rider_values import T0_MS, Race


def test_at_an_even_pace_every_speed_is_that_pace():
    race = Race().at(0, {1: 0.0}).ride(2000, step_s=25).ride(70)
    race.has(
        speed_kmh=36.0,
        speed_60s_kmh=36.0,
        speed_1km_kmh=36.0,
        speed_5km_kmh=36.0,
        speed_20km_kmh=36.0,
        speed_race_kmh=36.0,
        speed_max_kmh=36.0,
        acceleration_mps2=0.0,
    )
    race.has(distance_km=20.7, within=0.0005)


def test_the_speed_of_the_last_kilometre_forgets_the_one_before():
    race = Race().at(0, {1: 0.0}).ride(200, 10.0, step_s=10).ride(50, 20.0, step_s=5)
    race.has(speed_1km_kmh=72.0, speed_race_kmh=3.6 * 3000 / 250, speed_5km_kmh=None)


def test_a_rider_who_speeds_up_has_the_acceleration_of_the_last_five_seconds():
    race = Race().at(0, {1: 0.0})
    for second in range(1, 20):
        race.ride(1, 8.0 + 0.5 * max(second - 10, 0))
    race.has(acceleration_mps2=0.5, within=0.006)
    race.has(speed_kmh=3.6 * 11.5, speed_max_kmh=3.6 * 11.5)
    race.ride(30, 5.0)
    race.has(speed_kmh=18.0, speed_max_kmh=3.6 * 11.5)


def test_speeds_are_unknown_until_so_much_was_ridden():
    race = Race().at(0, {1: 4_321.0}).ride(50)
    race.has(speed_kmh=36.0, speed_60s_kmh=36.0, speed_1km_kmh=None, speed_5km_kmh=None, speed_race_kmh=None)
    Race().at(0, {1: 0.0}).has(speed_kmh=None, speed_max_kmh=None, acceleration_mps2=None)


def test_standing_is_added_up_while_the_race_is_on():
    race = Race().at(0, {1: 5_000.0}).ride(10).ride(30, 0.0).ride(5)
    race.has(standing_s=30, followed_s=45)
    race.ride(20, 0.0, state=common_pb2.RACE_STATE_NEUTRALISED)
    race.has(standing_s=30, followed_s=45)


def test_sums_of_a_rider_who_was_not_followed_are_unknown_and_not_0():
    Race().at(0, {1: 5_000.0}).has(standing_s=None, followed_s=0)


def test_no_sum_grows_over_a_silence_of_the_race():
    race = Race().at(0, {1: 5_000.0}).ride(10).at(100, {1: 6_000.0}).ride(5)
    race.has(followed_s=15)


def test_the_age_of_the_data_is_that_of_the_fix():
    Race().at(0, {1: 5_000.0}).has(data_age_s=1.5)


def test_a_rider_without_signal_keeps_place_and_distance_alone():
    lost = {1: common_pb2.RIDER_STATUS_NO_SIGNAL}
    race = Race().at(0, {1: 5_000.0, 2: 4_000.0}).ride(10).ride(1, status=lost)
    race.has(distance_km=5.11, place=1, data_age_s=1.5, speed_kmh=None, to_go_km=None, power_low_w=None)
    race.has(bib=2, speed_kmh=36.0)


def test_a_rider_who_is_home_has_the_arrival():
    race = Race().at(0, {1: 59_990.0, 2: 59_000.0}, groups=[(3, [1, 2])]).ride(1)
    race.at(
        2,
        {1: 60_000.0, 2: 59_020.0},
        groups=[(3, [2])],
        status={1: common_pb2.RIDER_STATUS_FINISHED},
        finished_s={1: 1.5},
    )
    race.has(arrival_time_ms=T0_MS + 1500, time_to_go_s=None, gap_s=0.0, place=1, group_number=None)
    race.has(bib=2, riders_ahead=1)
