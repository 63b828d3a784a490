"""All predictions of one second of the race."""

from dataclasses import replace

import numpy as np
import pytest
from ardoise.analytics.domain.forecast import Forecast, forecast
from ardoise.analytics.domain.pursuit import PursuitModel
from ardoise.analytics.domain.view import GroupView, RaceView, Road

ROAD = Road(np.arange(0.0, 160_001.0, 1000.0), np.zeros(161), 160_000.0)
MODEL = PursuitModel()
PELOTON = GroupView(9, tuple(range(100, 220)), 130_000.0, 90.0, 12.5)
CHASE = GroupView(2, (11, 12, 13), 130_500.0, 50.0, 12.5)
HEAD = GroupView(1, (1, 2), 131_100.0, 0.0, 12.5)


def seconds(*ahead: GroupView, peloton: GroupView | None = PELOTON, count: int = 120) -> list[RaceView]:
    return [
        RaceView(
            float(at),
            tuple(replace(group, distance_m=group.distance_m + 12.5 * (at - count)) for group in ahead),
            peloton and replace(peloton, distance_m=peloton.distance_m + 12.5 * (at - count)),
        )
        for at in range(count)
    ]


def predict(*ahead: GroupView, peloton: GroupView | None = PELOTON, count: int = 120) -> Forecast:
    return forecast(seconds(*ahead, peloton=peloton, count=count), ROAD, MODEL)


def test_every_group_ahead_of_the_peloton_has_a_prediction_from_the_front():
    result = predict(HEAD, CHASE)
    assert [catch.group.group_id for catch in result.catches] == [1, 2]
    assert [catch.gap_s for catch in result.catches] == [90.0, 40.0]


def test_the_peloton_meets_the_groups_in_the_order_of_the_road():
    rider = replace(HEAD, bibs=(1,), gap_s=0.0)
    thirty = replace(CHASE, bibs=tuple(range(10, 40)), gap_s=3.0)
    ahead, behind = predict(rider, thirty).catches
    assert ahead.catch_probability <= behind.catch_probability
    assert (ahead.futures.catch_km >= behind.futures.catch_km).all()
    (on_his_own,) = predict(rider).catches
    assert on_his_own.catch_probability > behind.catch_probability


def test_a_rider_just_ahead_of_thirty_does_not_win_alone_by_their_strength():
    rider = replace(HEAD, bibs=(1,), gap_s=0.0)
    thirty = replace(CHASE, bibs=tuple(range(10, 40)), gap_s=3.0)
    with_them, without = predict(rider, thirty).finish_type, predict(rider).finish_type
    assert with_them is not None
    assert without is not None
    assert with_them.solo == pytest.approx(without.solo, abs=0.1)


def test_percentiles_ascend_and_lie_on_the_road_ahead():
    (catch,) = predict(HEAD).catches
    assert list(catch.catch_to_go_m) == sorted(catch.catch_to_go_m)
    assert list(catch.gap_at_line_s) == sorted(catch.gap_at_line_s)
    assert 0 <= catch.catch_to_go_m[0] <= catch.catch_to_go_m[-1] <= catch.to_go_m


def test_the_reasons_are_the_figures_that_went_in():
    (catch,) = predict(replace(HEAD, data_age_s=25.0)).catches
    reasons = {reason.code: (reason.value, reason.unit) for reason in catch.reasons}
    assert reasons["chapatte"] == (15.0, "km")
    assert reasons["group_size"] == (2.0, "riders")
    assert reasons["stale"] == (25.0, "s")
    assert reasons["run_in"][1] == "km"
    assert "climb_ahead" not in reasons
    closing_speed, unit = reasons["closing_speed"]
    assert unit == "m/s"
    assert closing_speed == pytest.approx(0.0, abs=0.5)


def test_fresh_data_is_no_reason():
    (catch,) = predict(HEAD).catches
    assert "stale" not in {reason.code for reason in catch.reasons}


def test_the_data_is_as_old_as_the_oldest_group():
    assert predict(replace(HEAD, data_age_s=3.0), replace(CHASE, data_age_s=31.0)).data_age_s == 31.0


def test_without_a_peloton_nobody_can_be_caught_by_it():
    result = predict(HEAD, peloton=None)
    assert result.catches == ()
    assert result.finish_type is not None


def test_with_everybody_home_there_is_nothing_left_but_how_it_was_won():
    home = RaceView(5000.0, (), None, finish_times_s=(4990.0, 4993.0, 4993.2))
    result = forecast([home], ROAD, MODEL)
    assert result.catches == ()
    assert result.finish_type is not None
    assert result.finish_type.solo == 1.0


def test_before_anybody_is_on_the_road_nothing_is_said():
    result = forecast([RaceView(0.0, (), None)], ROAD, MODEL)
    assert result.catches == ()
    assert result.finish_type is None


def test_one_second_is_enough_for_a_prediction():
    (catch,) = predict(HEAD, count=1).catches
    assert "closing_speed" not in {reason.code for reason in catch.reasons}
    assert 0 < catch.catch_probability < 1


def test_a_peloton_together_in_the_last_kilometre_sprints():
    together = replace(PELOTON, distance_m=159_500.0, gap_s=0.0)
    finish = predict(peloton=together).finish_type
    assert finish is not None
    assert finish.bunch_sprint > 0.95


def test_a_break_that_cannot_be_caught_any_more_wins_in_its_size():
    peloton = replace(PELOTON, distance_m=155_000.0, gap_s=300.0)
    alone = predict(replace(HEAD, bibs=(1,), distance_m=159_000.0), peloton=peloton).finish_type
    five = predict(replace(HEAD, bibs=(1, 2, 3, 4, 5), distance_m=159_000.0), peloton=peloton).finish_type
    assert alone is not None
    assert five is not None
    assert alone.solo > 0.9
    assert five.small_group > 0.8


@pytest.mark.parametrize("ahead", [(), (HEAD,), (HEAD, CHASE)], ids=["none", "one", "two"])
def test_finish_types_add_up_to_one(ahead: tuple[GroupView, ...]):
    finish = predict(*ahead).finish_type
    assert finish is not None
    assert finish.solo + finish.small_group + finish.bunch_sprint == pytest.approx(1.0)
