"""How a stage is judged: what the event file says, and where it says nothing, what most stage races do.

The scales are those of the Tour de France. UCI 2.6.017 to 2.6.019 leave points to the organiser and give the bonuses
at the finish.
"""

from collections.abc import Sequence

from ardoise.pb import setup_pb2
from ardoise.race.route import Feature, FeatureKind, Route

SPRINT_POINTS = (20, 17, 15, 13, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
CLIMB_POINTS = {
    "HC": (20, 15, 12, 10, 8, 6, 4, 2),
    "1": (10, 8, 6, 4, 2, 1),
    "2": (5, 3, 2, 1),
    "3": (2, 1),
    "4": (1,),
}
"""By category."""
FLAT_FINISH_POINTS = (50, 30, 20, 18, 16, 14, 12, 10, 8, 7, 6, 5, 4, 3, 2)
HILLY_FINISH_POINTS = (30, 25, 22, 19, 17, 15, 13, 11, 9, 7, 6, 5, 4, 3, 2)
SUMMIT_FINISH_POINTS = SPRINT_POINTS
FINISH_BONUS_S = (10, 6, 4)
LAST_KM_CM = 300_000
"""The rule of the last three kilometres (UCI 2.6.027)."""
SUMMIT_FINISH_CM = 50_000
"""A climb that ends so near the line makes a summit finish: there the rule does not apply."""


def is_summit_finish(features: Sequence[Feature], finish_cm: int) -> bool:
    """Whether a climb ends at the line."""
    return any(
        one.kind is FeatureKind.CLIMB and finish_cm - one.distance_cm <= SUMMIT_FINISH_CM for one in features
    )


def stage_rules(
    route: Route,
    *,
    bunch_sprint: bool = False,
    last_km_cm: int | None = None,
    finish_points: Sequence[int] | None = None,
    finish_bonus_s: Sequence[int] | None = None,
    feature_awards: Sequence[setup_pb2.Award] | None = None,
) -> setup_pb2.StageRules:
    """The rules of the stage; what is None is as it usually is."""
    summit_finish = is_summit_finish(route.features, route.finish_cm)
    if last_km_cm is None:
        last_km_cm = 0 if summit_finish else LAST_KM_CM
    if finish_points is None:
        rolling = SUMMIT_FINISH_POINTS if summit_finish else HILLY_FINISH_POINTS
        finish_points = FLAT_FINISH_POINTS if bunch_sprint else rolling
    if feature_awards is None:
        feature_awards = [award for one in route.features if (award := feature_award(one))]
    finish = setup_pb2.Award(
        name="Finish",
        distance_cm=route.finish_cm,
        classification=setup_pb2.POINTS_CLASSIFICATION_POINTS,
        points=finish_points,
        bonus_s=FINISH_BONUS_S if finish_bonus_s is None else finish_bonus_s,
    )
    awards = sorted([*feature_awards, finish], key=lambda award: award.distance_cm)
    return setup_pb2.StageRules(bunch_sprint=bunch_sprint, last_km_cm=last_km_cm, awards=awards)


def feature_award(
    feature: Feature, points: Sequence[int] | None = None, bonus_s: Sequence[int] = ()
) -> setup_pb2.Award | None:
    """What a place on the road is worth; None where it is worth nothing. `points` None: as usual."""
    climb = feature.kind is FeatureKind.CLIMB
    if points is None:
        sprint = SPRINT_POINTS if feature.kind is FeatureKind.SPRINT else ()
        points = CLIMB_POINTS.get(feature.category, ()) if climb else sprint
    if not points and not bonus_s:
        return None
    kind = setup_pb2.POINTS_CLASSIFICATION_MOUNTAINS if climb else setup_pb2.POINTS_CLASSIFICATION_POINTS
    return setup_pb2.Award(
        name=feature.name,
        distance_cm=feature.distance_cm,
        classification=kind,
        points=points,
        bonus_s=bonus_s,
    )
