"""Place, group and gaps: two ahead, a peloton of three and one behind."""

from ardoise.pb import common_pb2

from tests.support.rider_values import CHASE, HEAD, PELOTON, Race

GROUPS = [(HEAD, [1]), (CHASE, [2]), (PELOTON, [3, 4, 5]), (4, [6])]
WHERE = {1: 12_000.0, 2: 11_800.0, 3: 11_000.0, 4: 10_990.0, 5: 10_980.0, 6: 10_000.0}


def test_a_rider_of_the_peloton():
    race = Race().at(0, WHERE, groups=GROUPS).ride(10)
    race.has(
        bib=4,
        place=4,
        riders_ahead=2,
        to_head_m=1010,
        gap_s=101.0,
        group_number=3,
        group_place=2,
        group_riders=3,
        group_teammates=2,
        group_front_m=10,
        group_s=10,
        gap_ahead_s=80.0,
        gap_behind_s=100.0,
        gap_peloton_s=0.0,
    )


def test_first_and_last_have_nobody_on_one_side():
    race = Race().at(0, WHERE, groups=GROUPS)
    race.has(bib=1, gap_s=0.0, gap_ahead_s=None, gap_behind_s=20.0, gap_peloton_s=100.0, to_head_m=0)
    race.has(bib=6, gap_ahead_s=100.0, gap_behind_s=None, gap_peloton_s=-100.0, riders_ahead=5)
    race.has(bib=1, group_teammates=0, riders_ahead=0, group_place=1)


def test_trends_are_what_a_minute_changes():
    race = Race()
    for second in range(0, 61, 5):
        gaps_s = {1: 0.0, 2: 20.0 + second / 10, 3: 100.0, 4: 101.0, 5: 102.0, 6: 200.0 - second / 5}
        race.at(
            second, {bib: at_m + 10 * second for bib, at_m in WHERE.items()}, groups=GROUPS, gaps_s=gaps_s
        )
    race.has(bib=2, gap_trend_s_per_min=6.0, gap_ahead_trend_s_per_min=6.0, gap_behind_trend_s_per_min=-6.0)
    race.has(bib=2, gap_peloton_trend_s_per_min=-6.0)
    race.has(bib=6, gap_trend_s_per_min=-12.0, gap_ahead_trend_s_per_min=-12.0)
    race.has(bib=6, gap_behind_trend_s_per_min=None, gap_peloton_trend_s_per_min=12.0)
    race.has(
        bib=4, gap_trend_s_per_min=0.0, gap_peloton_trend_s_per_min=0.0, gap_behind_trend_s_per_min=-12.0
    )


def test_a_trend_needs_a_minute():
    Race().at(0, WHERE, groups=GROUPS).ride(30, step_s=5).has(bib=2, gap_trend_s_per_min=None)


def test_the_time_in_a_group_begins_anew_in_another():
    race = Race().at(0, WHERE, groups=GROUPS).ride(10)
    race.ride(5, groups=[(HEAD, [1]), (CHASE, [2, 3]), (PELOTON, [4, 5]), (4, [6])])
    race.has(bib=3, group_s=4)
    race.has(bib=4, group_s=15)


def test_who_is_in_no_group_has_no_values_of_one():
    race = Race().at(0, WHERE, groups=[(PELOTON, [1, 2, 3, 4, 5])])
    race.has(bib=6, group_number=None, group_riders=None, gap_ahead_s=None, group_front_m=None, group_s=None)
    race.has(bib=6, group_teammates=None, gap_trend_s_per_min=None, riders_ahead=None, gap_behind_s=None)


def test_before_the_start_nobody_has_a_place():
    race = Race()
    race.at(0, {1: 0.0}, state=common_pb2.RACE_STATE_PREPARED)
    assert race.values().place == 1
    race.has(bib=2, place=None, distance_km=None, gap_s=None)
