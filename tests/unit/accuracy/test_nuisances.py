"""What a nuisance does to a race and to what its trackers report: that, and nothing else."""

import numpy as np
import pytest

from tests.accuracy import nuisances
from tests.accuracy.course import Course
from tests.accuracy.racing import Ridden, ride
from tests.accuracy.receivers import Relay, delivered, public_feed, received
from tests.accuracy.recorded import RecordedStage
from tests.accuracy.truth import STEP_S
from tests.support.ride import winding

RIDERS, SECONDS = 5, 200


@pytest.fixture(scope="module")
def ridden() -> Ridden:
    return ride(
        Course("winding", winding(12_000)), seed=11, riders=RIDERS, start_m=1_000.0, seconds=float(SECONDS)
    )


def test_a_short_cut_has_no_truth_on_the_way_and_goes_on_behind_it(ridden: Ridden):
    cut = nuisances.short_cut(ridden, 2, 80.0, 400.0)
    column, before = cut.truth.distance_m[:, 2], ridden.truth.distance_m[:, 2]
    away = np.flatnonzero(np.isnan(column))
    assert away[0] == 80 / STEP_S
    assert (np.diff(away) == 1).all()
    assert abs(column[away[-1] + 1] - before[away[0]] - 400.0) < 5
    assert (np.delete(cut.truth.distance_m, 2, axis=1) == np.delete(ridden.truth.distance_m, 2, axis=1)).all()
    reports = received(cut, 1)
    nuisances.off_the_road(cut, reports, 2)
    assert not np.isnan(reports.x_m).any()
    assert not np.isnan(reports.speed_mps).any()


def test_a_spare_bike_is_on_the_car_until_the_change_and_the_old_one_after_it(ridden: Ridden):
    reports = received(ridden, 1)
    new = nuisances.spare_bike(ridden, reports, 1, 100)
    assert reports.rider.tolist() == [0, 1, 2, 3, 4, 1]
    true_x_m, true_y_m = (column[:: round(1 / STEP_S), 1] for column in ridden.place_m())
    away_m = np.hypot(reports.x_m - true_x_m[:, None], reports.y_m - true_y_m[:, None])[60:, [1, new]]
    with_rider, on_car = away_m[:40, 0], away_m[40:, 0]
    assert with_rider.max() < 25 < 200 < on_car.min()
    assert away_m[40:, 1].max() < 25 < 200 < away_m[:40, 1].min()
    assert np.isnan(reports.true_m[100:, 1]).all()
    assert np.isnan(reports.true_m[:100, new]).all()


def test_who_is_out_of_the_race_has_no_truth_any_more_and_is_nobodys_reference(ridden: Ridden):
    leader = int(np.argmax(ridden.truth.distance_m[-1]))
    out = nuisances.out_of_race(ridden, leader, 50.0)
    assert np.isnan(out.truth.distance_m[-1, leader])
    assert np.nanmin(out.truth.gap_s[-1]) < 0.2


def test_a_tunnel_is_silent_where_it_is_on_every_lap(ridden: Ridden):
    reports = received(ridden, 1)
    reports.sent[:] = True
    nuisances.without_signal(reports, [(200.0, 300.0)], lap_m=1_000.0)
    inside = (reports.true_m % 1_000 >= 200) & (reports.true_m % 1_000 <= 300)
    assert (reports.sent == ~inside).all()
    laps = np.unique(reports.true_m[inside] // 1_000)
    assert len(laps) > 1


def test_two_clocks_do_not_change_when_fixes_were_made(ridden: Ridden):
    reports = received(ridden, 1)
    nuisances.clocks_apart(reports, slice(0, None, 2), 3_000)
    found = delivered(ridden, reports, [Relay("moto-1", 100, 1.0)], 1)
    ahead_ms = found[10].fixes.time_ms - found[10].true_ms
    assert set(ahead_ms.tolist()) == {0, 3_000}
    assert found[10].arrives_ms == found[10].true_ms[0] + 100


def test_the_public_feed_brings_five_fixes_and_then_nothing_for_36_seconds(ridden: Ridden):
    found = delivered(ridden, received(ridden, 1), public_feed(SECONDS + 1), 1)
    apart_s = np.diff([delivery.arrives_ms for delivery in found]) // 1000
    assert apart_s[:10].tolist() == [6, 6, 6, 6, 36, 6, 6, 6, 6, 36]


def test_the_recorded_stage_is_judged_without_one_offset_a_frame_and_after_each_hole():
    second = np.array([0, 6, 12, 48, 54, 90])
    off_s = [np.array([1.0, 2.0, 3.0]), *[np.array([5.0, 5.0, 6.0])] * 2]
    off_s += [np.array([0.0, 9.0, 18.0]), np.array([4.0, 4.0, 5.0]), np.array([1.0, 1.0, 1.0])]
    published_s = [
        np.array([0.0, 60.0, 90.0]),
        *[np.array([30.0, 60.0, 90.0])] * 4,
        np.array([0.0, 1.0, 2.0]),
    ]
    offset_s = np.array([np.median(off) for off in off_s])
    stage = RecordedStage(second, off_s, published_s, offset_s, fixes=18, cpu_s=1.0)
    assert stage.aligned_s[:3].tolist() == [-1.0, 0.0, 1.0]
    assert stage.raw_s[:3].tolist() == [1.0, 2.0, 3.0]
    assert stage.by_group_s[:6].tolist() == [1.0, -0.5, 0.5, 0.0, 0.0, 1.0]
    assert stage.by_group_s[-3:].tolist() == [1.0, 1.0, 1.0]
    assert stage.after_holes_s.tolist() == [6.0, 0.0]
