"""The standings of races that the engine derives, fix by fix."""

from collections.abc import Callable

import pytest
from ardoise.race.engine import RaceEngine
from ardoise.race.stage import Action, Decision, IncidentKind, RiderStatus
from ardoise.race.standings.derived import Standings, standings
from ardoise.race.standings.field import Award, Classification, Contender, Field, Rules
from ardoise.race.standings.result import OnRoad

from tests.support.ride import T0_MS, Run, stage_on, straight

LENGTH_CM = 200_000
ZONE = Rules(last_km_cm=100_000)
TRACKERS = range(9001, 9007)


def at(second: float) -> int:
    return T0_MS + round(second * 1000)


def now(run: Run, rules: Rules = ZONE, at_cm: int = LENGTH_CM, engine: RaceEngine | None = None) -> Standings:
    """The standings of the run's newest tick."""
    snapshot = run.snapshots[-1]
    gap_of_group = dict(zip(snapshot.groups.group_id.tolist(), snapshot.groups.gap_ms.tolist(), strict=True))
    columns = snapshot.riders
    riders = [
        OnRoad(bib, place, cm, None if (known := gap_of_group.get(group, gap)) < 0 else known)
        for bib, place, cm, gap, group in zip(
            *(
                c.tolist()
                for c in (columns.bib, columns.place, columns.distance_cm, columns.gap_ms, columns.group_id)
            ),
            strict=True,
        )
        if place
    ]
    out = frozenset(columns.bib[columns.status == RiderStatus.ABANDONED].tolist())
    field = Field(rules, tuple(Contender(bib, "A") for bib in run.engine.stage.bibs), {})
    return standings(engine or run.engine, field, riders, out, snapshot.race_time_ms, at_cm)


def times(found: Standings) -> dict[int, int]:
    return {line.bib: line.time_s - found.result[0].time_s for line in found.result}


def pace(*stops: tuple[int, float, float]) -> Callable[[float], list[float]]:
    """Six riders at 10 m/s, 3 m apart, the last two 300 m behind; `stops`: (bib, from second, for seconds).

    The first passes kilometre 0 after 5 s and crosses the line after 205.
    """
    starts = (-50.0, -53.0, -56.0, -59.0, -350.0, -353.0)

    def ride(second: float) -> list[float]:
        stood = {bib: min(max(second - since, 0.0), lasting) for bib, since, lasting in stops}
        return [start + 10 * (second - stood.get(bib, 0.0)) for bib, start in enumerate(starts, start=1)]

    return ride


def ridden(until: int, *stops: tuple[int, float, float]) -> Run:
    run = Run.of(stage_on(straight(2_400, kilometre_zero_cm=40_000), riders=6, signal_timeout_ms=120_000))
    run.ride(range(1, until), pace(*stops), TRACKERS)
    return run


def test_before_kilometre_zero_there_is_no_result() -> None:
    run = Run.of(stage_on(straight(2_000), riders=6), started=False)
    run.ride(range(1, 10), lambda _: [0] * 6, TRACKERS)
    found = now(run)
    assert (found.result, found.general, found.teams) == ([], [], [])


def test_on_the_road_a_group_has_one_time_and_the_next_its_gap() -> None:
    found = now(ridden(150))
    assert [line.bib for line in found.result] == [1, 2, 3, 4, 5, 6]
    assert not any(line.passed for line in found.result)
    assert found.result[0].time_s == pytest.approx(144, abs=1)
    assert times(found) == {1: 0, 2: 0, 3: 0, 4: 0, 5: pytest.approx(30, abs=2), 6: pytest.approx(30, abs=2)}


def test_at_the_line_measured_times_take_over_and_hold_afterwards() -> None:
    partly = now(ridden(225))
    assert [line.passed for line in partly.result] == [True] * 4 + [False] * 2
    assert times(partly)[5] == pytest.approx(30, abs=2)
    wholly = now(ridden(260))
    assert all(line.passed for line in wholly.result)
    assert times(wholly) == {1: 0, 2: 0, 3: 0, 4: 0, 5: pytest.approx(30, abs=1), 6: pytest.approx(30, abs=1)}
    assert wholly.result[0].time_s == pytest.approx(200, abs=1)


def test_at_a_point_of_the_road_the_standings_are_those_of_the_passages_there() -> None:
    run = ridden(260)
    climb = Award("Col", 100_000, Classification.MOUNTAINS, (10, 8), (3,))
    finish = Award("Finish", LENGTH_CM, Classification.POINTS, (50,), (10,))
    rules = Rules(awards=(climb, finish))
    there = now(run, rules, at_cm=100_000)
    assert there.result[0].time_s == pytest.approx(100, abs=1)
    assert times(there)[5] == pytest.approx(30, abs=1)
    assert [(line.bib, line.points) for line in there.mountains] == [(1, 10), (2, 8)]
    assert there.points == []
    assert there.general[0].bonus_s == 3
    assert now(run, rules).general[0].bonus_s == 13
    assert [line.bib for line in now(run, rules, at_cm=80_000).mountains] == []


def incident(run: Run, bib: int, second: float, kind: IncidentKind = IncidentKind.PUNCTURE) -> Decision:
    decision = Decision(f"i{bib}", Action.INCIDENT, at(second), bib=bib, incident_kind=kind)
    run.decide(run.snapshots[-1].race_time_ms / 1000 - T0_MS / 1000 + 2, decision)
    return decision


def test_a_puncture_in_the_last_kilometres_costs_no_time_once_it_is_recorded() -> None:
    # After 125 s 809 m are to go. Recorded minutes later, when the picture of that second is gone.
    run = ridden(280, (4, 125.0, 45.0))
    assert times(now(run))[4] == pytest.approx(45, abs=2)
    incident(run, 4, 126)
    found = now(run)
    assert times(found)[4] == 0
    assert [line.bib for line in found.result] == [1, 2, 3, 5, 6, 4]
    assert [line.bib for line in found.result if line.credited] == [4]
    restored = RaceEngine.restore(run.engine.stage, run.engine.checkpoint())
    assert now(run, engine=restored) == found
    run.decide(300, Decision("u", Action.UNDO, at(300), undone_id="i4"))
    assert times(now(run))[4] == pytest.approx(45, abs=2)


@pytest.mark.parametrize("rules", [Rules(last_km_cm=50_000), Rules()])
def test_outside_the_zone_and_on_a_summit_finish_it_does(rules: Rules) -> None:
    run = ridden(280, (4, 125.0, 45.0))
    incident(run, 4, 126)
    assert times(now(run, rules))[4] == pytest.approx(45, abs=2)


def test_who_falls_there_and_cannot_go_on_is_last_with_the_time_of_the_group() -> None:
    run = ridden(260, (2, 125.0, 9_000.0))
    incident(run, 2, 126, IncidentKind.FALL)
    run.decide(270, Decision("a", Action.ABANDON, at(270), bib=2))
    run.beat(272)
    found = now(run)
    assert [line.bib for line in found.result] == [1, 3, 4, 5, 6, 2]
    assert (times(found)[2], found.result[-1].credited) == (0, True)


def test_in_a_bunch_sprint_the_main_bunch_is_who_is_together_where_the_last_kilometres_begin() -> None:
    # Rider 4 lets a gap of two seconds open in the last two hundred metres.
    run = ridden(260, (4, 190.0, 2.0))
    assert times(now(run))[4] == pytest.approx(2, abs=1)
    assert times(now(run))[4] > 0
    assert times(now(run, Rules(bunch_sprint=True, last_km_cm=100_000)))[4] == 0


def test_places_at_a_sprint_stay_when_one_leaves_the_race() -> None:
    run = ridden(150)
    run.decide(151, Decision("a", Action.ABANDON, at(151), bib=1))
    run.beat(153)
    sprint = Award("Pont", 100_000, Classification.POINTS, (20, 17, 15), ())
    assert [(line.bib, line.points) for line in now(run, Rules(awards=(sprint,))).points] == [
        (2, 17),
        (3, 15),
    ]
    assert 1 not in times(now(run))
