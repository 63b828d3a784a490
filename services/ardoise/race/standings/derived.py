"""The standings at a moment of the race, from what the engine knows and the picture shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ardoise.race.engine import RaceEngine
from ardoise.race.stage import IncidentKind
from ardoise.race.standings.classifications import (
    PointsLine,
    TeamLine,
    TimeLine,
    by_points,
    gains,
    general,
    teams,
)
from ardoise.race.standings.field import Classification, Field
from ardoise.race.standings.result import Moment, OnRoad, Placing, provisional, with_credits
from ardoise.race.standings.times import Incident, companies


@dataclass(frozen=True)
class Standings:
    """The result at a point of the road and the classifications with it, each from the first."""

    result: list[Placing]
    general: list[TimeLine]
    points: list[PointsLine]
    mountains: list[PointsLine]
    young: list[TimeLine]
    teams: list[TeamLine]


def standings(
    engine: RaceEngine,
    field: Field,
    riders: Sequence[OnRoad],
    out: frozenset[int],
    now_ms: int,
    at_cm: int,
) -> Standings:
    """The standings now, with the stage ending at `at_cm` (from kilometre 0): its finish, or a point before it.

    `riders`: those with a place, by place; `out`: bibs that have left the race; `now_ms`: of the picture that shows
    them. What is won behind `at_cm` does not count. Before the race has passed kilometre 0 there is no result, and so
    no classification by time.
    """
    finish_cm = engine.road.finish_cm
    start_ms = engine.kilometre_zero_ms()
    result: list[Placing] = []
    if start_ms is not None:
        moment = Moment(start_ms, now_ms, tuple(riders), out)
        at_finish = at_cm == finish_cm
        zone_from_cm = finish_cm - field.rules.last_km_cm
        bunch = _main_bunch(engine, zone_from_cm) if at_finish and field.rules.bunch_sprint else frozenset()
        result = provisional(moment, engine.passed(at_cm), at_cm, bunch)
        if at_finish and field.rules.last_km_cm:
            result = with_credits(result, _incidents(engine), zone_from_cm, out)
    counted = [award for award in field.rules.awards if award.distance_cm <= at_cm]
    passages = {award: [bib for bib, _ in engine.passed(award.distance_cm)] for award in counted}
    got = gains(counted, passages)
    overall = general(field, result, got)
    ranks = {line.bib: line.rank for line in overall}
    return Standings(
        result=result,
        general=overall,
        points=by_points(field, Classification.POINTS, got, ranks, out),
        mountains=by_points(field, Classification.MOUNTAINS, got, ranks, out),
        young=general(field, result, got, young=True),
        teams=teams(field, result),
    )


def _main_bunch(engine: RaceEngine, at_cm: int) -> frozenset[int]:
    """The largest group that passed a point; the first of equals."""
    return frozenset(max(companies(engine.passed(at_cm)), key=len, default=()))


def _incidents(engine: RaceEngine) -> list[Incident]:
    """Where each incident found its rider, and in whose company.

    The rider's group there is made of passages, not of the picture of that second: late fixes count, and riders who
    were behind have come by.
    """
    incidents = []
    for decision in engine.incidents():
        bib = decision.bib
        distance_cm, passed_ms = engine.track(bib)
        reached = np.flatnonzero(passed_ms <= decision.effective_time_ms)
        if len(reached):
            at_cm = int(distance_cm[reached[-1]])
            group = next((group for group in companies(engine.passed(at_cm)) if bib in group), [])
            company = tuple(other for other in group if other != bib)
            fall = decision.incident_kind == IncidentKind.FALL
            incidents.append(Incident(bib, fall, at_cm, company))
    return incidents
