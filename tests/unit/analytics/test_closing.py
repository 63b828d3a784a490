"""The closing speed as it was seen."""

from dataclasses import replace

import numpy as np
import pytest
from ardoise.analytics.domain.closing import FEWEST_READINGS, WINDOW_S, observe
from ardoise.analytics.domain.view import GroupView, RaceView, Road

FLAT = Road(np.array([0.0, 200_000.0]), np.zeros(2), 200_000.0)
PELOTON_MPS = 12.5


def view(at_s: float, gap_s: float, *, age_s: float = 0.0, group_id: int = 1, noise: float = 0.0) -> RaceView:
    ahead = GroupView(group_id, (1, 2), 50_000.0 + PELOTON_MPS * (at_s + gap_s), 0.0, PELOTON_MPS, age_s)
    peloton = GroupView(
        9, tuple(range(10, 110)), 50_000.0 + PELOTON_MPS * at_s, gap_s + noise, PELOTON_MPS, age_s
    )
    return RaceView(at_s, (ahead,), peloton)


def closing(rate_s_per_km: float, seconds: int, every_s: int = 6, noise_s: float = 0.0) -> list[RaceView]:
    random = np.random.default_rng(7)
    return [
        view(at, 200.0 - rate_s_per_km * PELOTON_MPS * at / 1000, noise=noise_s * random.standard_normal())
        for at in range(0, seconds, every_s)
    ]


@pytest.mark.parametrize("rate", [6.0, 0.0, -4.0])
def test_a_steady_rate_is_found(rate: float):
    seen = observe(closing(rate, 300), 1, FLAT, 0.0)
    assert seen is not None
    assert seen.rate_s_per_km == pytest.approx(rate, abs=1e-6)


def test_noise_shows_in_the_error_and_the_error_is_honest():
    clean, noisy = (observe(closing(6.0, 300, noise_s=noise), 1, FLAT, 0.0) for noise in (0.0, 6.0))
    assert clean is not None
    assert noisy is not None
    assert noisy.error_s_per_km > clean.error_s_per_km
    assert abs(noisy.rate_s_per_km - 6.0) < 3 * noisy.error_s_per_km


def test_too_few_readings_say_nothing():
    assert observe(closing(6.0, 6 * (FEWEST_READINGS - 1)), 1, FLAT, 0.0) is None


def test_a_hole_of_the_feed_is_not_a_gap_that_stands_still():
    history = closing(6.0, 120)
    last_s, last_gap_s = history[-1].race_time_s, history[-1].peloton.gap_s
    silent = [view(last_s + age, last_gap_s, age_s=age) for age in range(1, 37)]
    before, after = observe(history, 1, FLAT, 0.0), observe(history + silent, 1, FLAT, 0.0)
    assert before is not None
    assert after is not None
    assert after.rate_s_per_km == pytest.approx(before.rate_s_per_km, abs=0.3)
    assert after.error_s_per_km > before.error_s_per_km


def test_what_happened_before_the_window_is_forgotten():
    turned = [
        *closing(-8.0, 300),
        *(view(300 + WINDOW_S + at, 150.0 - 0.075 * at) for at in range(0, 300, 6)),
    ]
    seen = observe(turned, 1, FLAT, 0.0)
    assert seen is not None
    assert seen.rate_s_per_km == pytest.approx(6.0, abs=0.1)


def test_another_group_is_not_looked_at():
    assert observe(closing(6.0, 300), 2, FLAT, 0.0) is None


def test_a_peloton_before_a_split_is_not_this_peloton():
    before = [replace(view, peloton=replace(view.peloton, group_id=8)) for view in closing(-20.0, 200)]
    after = [view(200.0 + at, 150.0 - 0.075 * at) for at in range(0, 120, 6)]
    seen = observe([*before, *after], 1, FLAT, 0.0)
    assert seen is not None
    assert seen.rate_s_per_km == pytest.approx(6.0, abs=1e-6)


def test_a_standing_peloton_gives_no_rate():
    ahead = GroupView(1, (1,), 60_000.0, 0.0, 0.0)
    standing = [
        RaceView(float(at), (ahead,), GroupView(9, (2, 3), 50_000.0, 100.0, 0.0)) for at in range(100)
    ]
    assert observe(standing, 1, FLAT, 0.0) is None


def test_climbing_counts_as_more_road():
    climb = Road(np.array([0.0, 200_000.0]), np.array([0.0, 16_000.0]), 200_000.0)
    flat, uphill = observe(closing(6.0, 300), 1, FLAT, 2.0), observe(closing(6.0, 300), 1, climb, 2.0)
    assert flat is not None
    assert uphill is not None
    assert uphill.rate_s_per_km == pytest.approx(flat.rate_s_per_km / 1.16, rel=1e-6)
