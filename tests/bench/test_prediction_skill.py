"""Are the predictions better than the rule of thumb that everybody knows? On 200 stages that the fit never saw."""

from collections.abc import Sequence

import numpy as np
import pytest
from ardoise.analytics.domain.forecast import CatchForecast
from ardoise.analytics.domain.pursuit import PursuitModel
from ardoise.rehearsal.pursuit import ride
from ardoise.rehearsal.skill import (
    ASKED_AT_KM,
    Asked,
    SpreadChapatte,
    asked,
    bare_chapatte,
    bootstrap_difference,
    crps,
    gap_scores,
    our_forecast,
    our_sample,
    reliability,
)

STAGES = range(200)
"""The model was fitted on 1000 to 1249."""
SPREAD_FITTED_ON = range(1000, 1060)
BETTER_THAN_BARE = 0.75
"""Our mean score against bare Chapatte's, at most."""
BETTER_THAN_SPREAD = 0.95
WORST_CALIBRATION_ERROR = 0.08


@pytest.fixture(scope="module")
def questions() -> list[Asked]:
    return list(asked(ride(STAGES)))


@pytest.fixture(scope="module")
def forecasts(questions: list[Asked]) -> list[CatchForecast]:
    return [our_forecast(one, PursuitModel()) for one in questions]


@pytest.fixture(scope="module")
def ours(questions: list[Asked], forecasts: list[CatchForecast]) -> np.ndarray:
    return np.array(
        [
            crps(our_sample(one), question.ride.gap_at_line_s)
            for one, question in zip(forecasts, questions, strict=True)
        ]
    )


def compare(
    name: str, questions: Sequence[Asked], ours: np.ndarray, peer: np.ndarray, capsys: pytest.CaptureFixture
) -> tuple[float, float]:
    """Prints the mean scores and gives their ratio and the upper end of the interval of their difference."""
    low, high = bootstrap_difference(questions, ours, peer, seed=20260704)
    to_go_km = np.array([one.to_go_km for one in questions])
    with capsys.disabled():
        print(f"\nCRPS of the gap at the line, s: ours {ours.mean():.1f}, {name} {peer.mean():.1f}", end="")
        print(f"; difference {low:.1f} to {high:.1f} (95 %, paired, by stage)")
        for at in ASKED_AT_KM:
            there = to_go_km == at
            print(f"  {at:3d} km to go: {ours[there].mean():6.1f} {peer[there].mean():6.1f}  ({there.sum()})")
    return float(ours.mean() / peer.mean()), high


def test_predictions_beat_bare_chapatte(
    questions: list[Asked], ours: np.ndarray, capsys: pytest.CaptureFixture
):
    ratio, high = compare("bare Chapatte", questions, ours, gap_scores(questions, bare_chapatte), capsys)
    assert ratio < BETTER_THAN_BARE
    assert high < 0


def test_predictions_beat_chapatte_with_a_calibrated_spread(
    questions: list[Asked], ours: np.ndarray, capsys: pytest.CaptureFixture
):
    peer = SpreadChapatte.calibrated(list(asked(ride(SPREAD_FITTED_ON))))
    name = f"Chapatte with a spread of {peer.sd_s_at_10_km:.0f} s * (km / 10)^{peer.exponent}"
    ratio, high = compare(name, questions, ours, gap_scores(questions, peer.sample), capsys)
    assert ratio < BETTER_THAN_SPREAD
    assert high < 0


def test_a_catch_that_is_called_likely_happens_that_often(
    questions: list[Asked], forecasts: list[CatchForecast], capsys: pytest.CaptureFixture
):
    probabilities = np.array([one.catch_probability for one in forecasts])
    caught = np.array([one.ride.caught_to_go_m is not None for one in questions])
    rows = reliability(probabilities, caught)
    with capsys.disabled():
        print("\ncatch probability: forecast, came true, forecasts")
        for row in rows:
            print(f"  {row.mean_probability:5.2f} {row.frequency:5.2f} {row.forecasts:5d}")
    error = sum(row.forecasts * abs(row.mean_probability - row.frequency) for row in rows) / len(questions)
    assert error < WORST_CALIBRATION_ERROR


def test_eight_catches_in_ten_lie_between_the_published_percentiles(
    questions: list[Asked], forecasts: list[CatchForecast]
):
    inside = [
        one.catch_to_go_m[0] <= question.ride.caught_to_go_m <= one.catch_to_go_m[-1]
        for one, question in zip(forecasts, questions, strict=True)
        if question.ride.caught_to_go_m is not None and one.catch_to_go_m
    ]
    assert 0.7 < np.mean(inside) < 0.9
