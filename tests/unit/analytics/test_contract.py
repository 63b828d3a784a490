"""Snapshots in, prediction sets out."""

import numpy as np
import pytest
from ardoise.analytics.contract import prediction_id, prediction_set, road_of, view_of
from ardoise.pb import common_pb2, race_pb2, setup_pb2

NAME = common_pb2.SnapshotName(engine_version="1", epoch=5, sequence=9)
ROLES = {
    "head": race_pb2.GROUP_ROLE_HEAD,
    "chase": race_pb2.GROUP_ROLE_CHASE,
    "peloton": race_pb2.GROUP_ROLE_PELOTON,
    "dropped": race_pb2.GROUP_ROLE_DROPPED,
}


def race(
    *groups: tuple[str, list[int], int, int], finished: dict[int, int] | None = None
) -> race_pb2.Snapshot:
    """Groups as (role, bibs, distance_m, gap_s); riders are heard one second later for each bib."""
    result = race_pb2.Snapshot(name=NAME, race_time_ms=1_000_000, race_state=common_pb2.RACE_STATE_RACING)
    for number, (role, bibs, distance_m, gap_s) in enumerate(groups, 1):
        result.groups.add(
            group_id=number, role=ROLES[role], bibs=bibs, distance_cm=100 * distance_m, gap_ms=1000 * gap_s
        )
        for bib in bibs:
            result.riders.add(bib=bib, fix_time_ms=1_000_000 - 1000 * bib)
    for bib, at_s in (finished or {}).items():
        rider = next((rider for rider in result.riders if rider.bib == bib), None) or result.riders.add(
            bib=bib
        )
        rider.finish_time_ms = 1000 * at_s
    return result


def test_only_groups_between_the_head_and_the_peloton_are_ahead():
    view = view_of(
        race(
            ("head", [1], 900, 0),
            ("chase", [2, 3], 800, 9),
            ("peloton", [4, 5], 500, 40),
            ("dropped", [6], 1, 99),
        )
    )
    assert [group.group_id for group in view.ahead] == [1, 2]
    assert view.peloton is not None
    assert view.peloton.bibs == (4, 5)


def test_riders_who_are_home_race_no_more():
    view = view_of(
        race(
            ("head", [1], 900, 0),
            ("chase", [2, 3], 800, 9),
            ("peloton", [4], 500, 40),
            finished={1: 800, 2: 799},
        )
    )
    assert [group.bibs for group in view.ahead] == [(3,)]
    assert view.finish_times_s == (799.0, 800.0)


def test_a_group_whose_gap_is_unknown_is_left_out():
    snapshot = race(("head", [1], 900, 0), ("peloton", [4], 500, 40))
    snapshot.groups[1].ClearField("gap_ms")
    assert view_of(snapshot).peloton is None


def test_before_kilometre_zero_nobody_is_racing():
    view = view_of(race(("peloton", [1, 2], -300, 0)))
    assert view.peloton is None


def test_a_group_is_as_old_as_the_half_of_its_riders_heard_last():
    view = view_of(race(("peloton", [2, 4, 6, 60], 500, 0)))
    assert view.peloton is not None
    assert view.peloton.data_age_s == 4.0


def test_ids_differ_by_group_and_by_place_in_the_log_and_by_nothing_else():
    other_engine = common_pb2.SnapshotName(engine_version="2", epoch=5, sequence=9)
    assert prediction_id(NAME, 1) == prediction_id(other_engine, 1)
    later = common_pb2.SnapshotName(engine_version="1", epoch=5, sequence=10)
    ids = {prediction_id(NAME), prediction_id(NAME, 0), prediction_id(NAME, 1), prediction_id(later, 1)}
    assert len(ids) == 4
    assert prediction_id(NAME, 1) == "8631506dfc3b45246e31fc9b32cfd1fd"


def test_a_race_that_is_not_on_has_no_predictions():
    published = prediction_set(race(), None)
    assert published.snapshot == NAME
    assert not published.catches
    assert not published.HasField("finish_type")


def test_noise_of_the_elevation_is_no_climb():
    random = np.random.default_rng(1)
    route = setup_pb2.Route(
        distance_cm=range(0, 10_000_000, 2_000),
        elevation_cm=(10_000 + 100 * random.standard_normal(5_000)).astype(int).tolist(),
        finish_cm=9_998_000,
    )
    road = road_of(route)
    assert road.ascent_m(0, road.finish_m) < 500


def test_a_route_without_elevation_has_the_climbs_of_its_road_book():
    route = setup_pb2.Route(distance_cm=[-300_000, 0, 5_000_000], finish_cm=5_000_000)
    route.features.add(kind=setup_pb2.FEATURE_KIND_CLIMB, distance_cm=3_000_000, length_cm=1_000_000)
    route.features.add(kind=setup_pb2.FEATURE_KIND_SPRINT, distance_cm=1_000_000)
    road = road_of(route)
    assert road.finish_m == 50_000
    assert road.distance_m[0] <= -3_000
    assert road.ascent_m(0, 50_000) == pytest.approx(700)
    assert road.ascent_m(25_000, 50_000) == pytest.approx(350)
    assert road.uphill_ahead(10_000, 0.03) == pytest.approx((10.0, 20.0))
