import numpy as np
import pytest
from ardoise.race.road import build_road
from ardoise.race.route import Feature, FeatureKind, RouteError, prepare_route

from tests.support.ride import road_of


def test_a_degree_of_latitude_and_of_longitude_have_the_lengths_of_the_ellipsoid() -> None:
    # Vincenty: 1 degree of latitude from 45 N is 111,141.5 m; of longitude at 45 N 78,846.8 m.
    steps = np.linspace(0, 10_000_000, 101).astype(int)
    north = prepare_route(450_000_000 + steps, np.zeros(101, int), None)
    assert north.distance_cm[-1] == pytest.approx(11_114_150, rel=1e-4)
    east = prepare_route(np.full(101, 450_000_000), steps, None)
    assert east.distance_cm[-1] == pytest.approx(7_884_680, rel=1e-4)
    assert east.longitude_scale_e9 == pytest.approx(78_846.8 / 111_131.8 * 1e9, rel=1e-4)


def test_the_neutral_zone_has_negative_distances_and_the_finish_may_lie_before_the_end() -> None:
    route = prepare_route(
        [450_000_000, 450_100_000, 450_200_000],
        [0, 0, 0],
        [10_000, 20_000, 30_000],
        kilometre_zero_cm=50_000,
        finish_from_start_cm=200_000,
        features=[
            Feature(FeatureKind.SPRINT, "Village", 90_000),
            Feature(FeatureKind.CLIMB, "Col", 70_000, 30_000, "HC"),
        ],
    )
    assert route.distance_cm[0] == -50_000
    assert route.finish_cm == 150_000
    assert [f.name for f in route.features] == ["Col", "Village"]


def test_repeated_points_are_dropped_with_their_elevation() -> None:
    route = prepare_route([450_000_000, 450_000_000, 450_100_000], [0, 0, 0], [1, 2, 3])
    assert route.elevation_cm.tolist() == [1, 3]
    assert (np.diff(route.distance_cm) > 0).all()


def test_the_content_hash_follows_every_part_of_the_route() -> None:
    def build(**changes: object) -> str:
        parts = {"latitudes_e7": [450_000_000, 450_100_000], "longitudes_e7": [0, 0], "elevations_cm": [0, 1]}
        return prepare_route(**(parts | changes)).content_hash  # type: ignore[arg-type]

    hashes = {
        build(),
        build(latitudes_e7=[450_000_000, 450_100_001]),
        build(elevations_cm=[0, 2]),
        build(elevations_cm=None),
        build(kilometre_zero_cm=1),
        build(features=[Feature(FeatureKind.FEED, "Feed", 0)]),
    }
    assert len(hashes) == 6
    assert build() == build()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([450_000_000], [0], None), "1 points"),
        (([450_000_000, 450_100_000], [0], None), "2 latitudes, 1 longitudes"),
        (([450_000_000, 450_000_000], [0, 0], None), "same place"),
        (([450_000_000, 460_000_000], [0, 0], None), "a hole in the route"),
        (([450_000_000, 950_000_000], [0, 0], None), "point 2"),
        (([450_000_000, 450_100_000], [0, 0], [1]), "1 elevations"),
    ],
)
def test_what_is_not_a_road_is_refused_with_a_reason(arguments: tuple, says: str) -> None:
    with pytest.raises(RouteError, match=says):
        prepare_route(*arguments)


def test_kilometre_zero_finish_and_features_must_lie_on_the_route() -> None:
    points = ([450_000_000, 450_100_000], [0, 0], None)
    with pytest.raises(RouteError, match="in this order"):
        prepare_route(*points, kilometre_zero_cm=60_000, finish_from_start_cm=50_000)
    with pytest.raises(RouteError, match=r"'Col' at 9\.0 km"):
        prepare_route(*points, features=[Feature(FeatureKind.CLIMB, "Col", 900_000)])


def test_with_the_same_effort_one_gets_further_downhill_than_uphill():
    elevations_cm = [0] * 21 + [round(100 * 8 * n) for n in range(1, 21)]
    points = [(100.0 * n, 0.0) for n in range(41)]
    up = build_road(road_of(points, elevations_cm=elevations_cm))
    down = build_road(road_of(points, elevations_cm=elevations_cm[::-1]))
    level, climb, way = np.array([50_000]), np.array([190_000]), np.array([100_000])
    assert up.with_same_effort(level, way).tolist() == [150_000]
    assert 200_000 < up.with_same_effort(climb, way)[0] < 260_000
    # From the middle of a constant gradient there is nothing to gain or lose.
    assert abs(up.with_same_effort(np.array([250_000]), way)[0] - 350_000) < 1_000
    assert down.with_same_effort(np.array([190_000]), way)[0] < 290_000
