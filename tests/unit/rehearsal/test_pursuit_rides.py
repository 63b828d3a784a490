"""The rehearsed pursuits, and the scores that judge predictions on them."""

import numpy as np
import pytest
from ardoise.analytics.domain.pursuit import PursuitModel
from ardoise.rehearsal.pursuit import BURST_S, HOLE_S, Ride, ride
from ardoise.rehearsal.skill import ASKED_AT_KM, asked, crps, fit, reliability


@pytest.fixture(scope="module")
def rides() -> list[Ride]:
    return ride(range(40))


def test_a_seed_is_a_stage_whatever_its_companions(rides: list[Ride]):
    (alone,) = ride([7])
    assert alone.ahead_m.tobytes() == rides[7].ahead_m.tobytes()
    assert alone.measured_gap_s.tobytes() == rides[7].measured_gap_s.tobytes()
    assert alone.gap_at_line_s == rides[7].gap_at_line_s


def test_some_breaks_are_caught_and_some_arrive(rides: list[Ride]):
    caught = [one for one in rides if one.caught_to_go_m is not None]
    assert 8 < len(caught) < 32
    assert all(one.gap_at_line_s == 0 for one in caught)
    assert all(one.gap_at_line_s > 0 for one in rides if one.caught_to_go_m is None)


def test_riders_ride_as_fast_as_riders_do(rides: list[Ride]):
    for one in rides:
        mean_mps = np.diff(one.ahead_m).mean() / np.diff(one.time_s).mean()
        assert 6.0 < mean_mps < 17.0


def test_the_feed_is_silent_as_the_recorded_one_is(rides: list[Ride]):
    ages_s = rides[0].measured_age_s
    assert ages_s.max() == HOLE_S - 3.0
    assert (ages_s[: int(BURST_S / 3)] <= 3.0).all()


def test_forecasts_are_asked_for_before_the_catch_only(rides: list[Ride]):
    for one in asked(rides):
        assert one.to_go_km in ASKED_AT_KM
        assert one.to_go_km * 1000 > (one.ride.caught_to_go_m or 0)


def test_the_score_of_a_single_number_is_its_error():
    assert crps(np.array([30.0]), 12.0) == 18.0


def test_the_score_rewards_a_sharp_and_right_forecast():
    sharp, wide, wrong = np.linspace(9, 11, 99), np.linspace(-90, 110, 99), np.linspace(49, 51, 99)
    assert crps(sharp, 10.0) < crps(wide, 10.0) < crps(wrong, 10.0)


def test_the_score_equals_the_integral_that_defines_it():
    sample = np.array([1.0, 2.0, 4.0, 8.0])
    grid = np.arange(-5.0, 20.0, 0.001)
    below = (sample[:, None] <= grid).mean(axis=0)
    assert crps(sample, 3.0) == pytest.approx(np.sum((below - (grid >= 3.0)) ** 2) * 0.001, abs=0.01)


def test_reliability_counts_every_forecast_once():
    probabilities = np.array([0.0, 0.05, 0.5, 0.95, 1.0])
    rows = reliability(probabilities, np.array([0, 0, 1, 1, 1], dtype=bool))
    assert [(row.forecasts, row.frequency) for row in rows] == [(2, 0.0), (1, 1.0), (2, 1.0)]


def test_the_fit_finds_better_constants(rides: list[Ride]):
    bad = PursuitModel(margin_km=40.0, memory_km=2.0)
    before = fit(rides[:6], bad, rounds=0)[1]
    better, after = fit(rides[:6], bad, rounds=1)
    assert after < before
    assert better.prior_s_per_km == bad.prior_s_per_km
