"""Will the peloton catch them: limits, order, and the same answer every time."""

from dataclasses import replace

import numpy as np
import pytest
from ardoise.analytics.domain import scenarios
from ardoise.analytics.domain.closing import Closing
from ardoise.analytics.domain.pursuit import Futures, Pursuit, PursuitModel, foresee
from hypothesis import given
from hypothesis import strategies as st

MODEL = PursuitModel()
BREAK = Pursuit(
    gap_s=120.0, to_go_km=25.0, climbed_km=0.1, group_size=4, peloton_size=120, data_age_s=2.0, seen=None
)

pursuits = st.builds(
    Pursuit,
    gap_s=st.floats(-30, 1500),
    to_go_km=st.floats(0, 250),
    climbed_km=st.floats(0, 5),
    group_size=st.integers(1, 60),
    peloton_size=st.integers(1, 180),
    data_age_s=st.floats(0, 600),
    seen=st.none()
    | st.builds(
        Closing,
        rate_s_per_km=st.floats(-60, 60),
        error_s_per_km=st.floats(0.05, 50),
        seen_s=st.floats(30, 600),
    ),
)


def caught(pursuit: Pursuit) -> float:
    return float(foresee(pursuit, MODEL).caught.mean())


def test_a_group_without_a_gap_is_caught_where_it_is():
    futures = foresee(replace(BREAK, gap_s=0.0), MODEL)
    assert futures.caught.all()
    assert not futures.catch_km.any()


def test_a_group_with_no_road_left_is_not_caught():
    futures = foresee(replace(BREAK, to_go_km=0.0), MODEL)
    assert not futures.caught.any()
    assert set(futures.gap_at_line_s) == {BREAK.gap_s}


def test_chapattes_minute_in_ten_kilometres_divides_the_likely_from_the_unlikely():
    assert caught(replace(BREAK, gap_s=60.0, to_go_km=30.0)) > 0.8
    assert caught(replace(BREAK, gap_s=180.0, to_go_km=10.0)) < 0.05


def test_a_break_that_is_drawing_away_is_less_likely_caught_than_one_that_is_coming_back():
    away = replace(BREAK, seen=Closing(rate_s_per_km=-6.0, error_s_per_km=0.5, seen_s=300.0))
    back = replace(BREAK, seen=Closing(rate_s_per_km=8.0, error_s_per_km=0.5, seen_s=300.0))
    assert caught(away) < caught(BREAK) < caught(back)


def test_what_was_seen_badly_changes_little():
    seen_badly = replace(BREAK, seen=Closing(rate_s_per_km=40.0, error_s_per_km=100.0, seen_s=40.0))
    assert caught(seen_badly) == pytest.approx(caught(BREAK), abs=0.05)


def test_a_rider_alone_is_caught_more_often_than_ten():
    assert caught(replace(BREAK, group_size=1)) > caught(replace(BREAK, group_size=10))


def test_a_small_peloton_catches_less_often():
    assert caught(replace(BREAK, peloton_size=20)) < caught(BREAK)


@pytest.mark.parametrize(
    "harder",
    [{"to_go_km": 60.0}, {"climbed_km": 1.5}, {"data_age_s": 400.0}],
    ids=["more road", "more climbing", "older data"],
)
def test_uncertainty_grows(harder: dict[str, float]):
    def width(pursuit: Pursuit) -> float:
        low, high = np.quantile(foresee(pursuit, MODEL).gap_at_line_s, (0.1, 0.9))
        return high - low

    assert width(replace(BREAK, **harder)) > 1.02 * width(BREAK)


@given(pursuit=pursuits, more_s=st.floats(0.1, 600))
def test_a_larger_gap_is_never_more_likely_closed(pursuit: Pursuit, more_s: float):
    wider = foresee(replace(pursuit, gap_s=pursuit.gap_s + more_s), MODEL)
    assert not (wider.caught & ~foresee(pursuit, MODEL).caught).any()


@given(pursuit=pursuits)
def test_futures_are_numbers_and_agree_with_themselves(pursuit: Pursuit):
    futures = foresee(pursuit, MODEL)
    assert np.isfinite(futures.gap_at_line_s).all()
    assert (futures.gap_at_line_s[futures.caught] <= 0).all()
    assert (futures.gap_at_line_s[~futures.caught] >= 0).all()
    assert (futures.catch_km[futures.caught] <= pursuit.to_go_km + 1e-9).all()
    assert (futures.catch_km >= 0).all()


def test_the_same_pursuit_has_the_same_futures():
    def fresh() -> Futures:
        scenarios.uniform.cache_clear()
        scenarios.normal.cache_clear()
        return foresee(BREAK, MODEL)

    first, second = fresh(), fresh()
    assert first.gap_at_line_s.tobytes() == second.gap_at_line_s.tobytes()
    assert first.catch_km.tobytes() == second.catch_km.tobytes()


def test_futures_are_spread_as_evenly_as_a_normal_distribution_is():
    deviates = scenarios.normal(6)
    assert np.allclose(deviates.mean(axis=1), 0.0, atol=0.03)
    assert np.allclose(deviates.std(axis=1), 1.0, atol=0.03)
    assert np.abs(np.corrcoef(deviates) - np.eye(6)).max() < 0.1
