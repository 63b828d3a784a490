"""The demo's event, ridden to its first sprint and its first summit: standings as the contract says them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ardoise.chassis.log import LogEntry
from ardoise.ingest.setup.source import read_setup
from ardoise.pb import race_pb2, setup_pb2
from ardoise.pb.control_pb2 import Decision
from ardoise.pb.log_pb2 import LogRecord
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.positioning.domain import Race
from ardoise.positioning.standings import field_of, standings_now

T0_MS = 1_783_422_300_000
SPEED_MPS = 10.0
EVERY_S = 7
UNTIL_S = 3_500
"""By then the first are 2 km behind the first summit, at kilometre 32.66."""
BREAK = (57, 108, 31)
"""Three in front, 50 m apart; the others of the first 30 riders a minute behind them."""


@cache
def ridden(repository: Path) -> Race:
    setup = read_setup(repository / "events/tour-des-cols/event.yaml")
    bibs = sorted(rider.bib for rider in setup.riders)[:30]
    bibs = [*BREAK, *(bib for bib in bibs if bib not in BREAK)]
    behind_m = np.array([0.0, 50.0, 100.0] + [60 * SPEED_MPS + 2 * n for n in range(len(bibs) - 3)])
    race = Race(T0_MS)
    race.apply(LogEntry(1, LogRecord()))
    race.apply(LogEntry(2, LogRecord(stage_setup=setup)))
    race.apply(
        LogEntry(
            3,
            LogRecord(
                log_time_ms=T0_MS, decision=Decision(decision_id="s", effective_time_ms=T0_MS, start={})
            ),
        )
    )
    route = setup.route
    for number, second in enumerate(range(EVERY_S, UNTIL_S, EVERY_S)):
        along_cm = (SPEED_MPS * second - 200.0 - behind_m) * 100
        frame = TelemetryFrame(
            relay_id="moto-1",
            frame_number=number,
            base_time_ms=T0_MS + second * 1000,
            tracker=[860_000 + bib for bib in bibs],
            time_offset_ms=[0] * len(bibs),
            latitude_e7=np.rint(np.interp(along_cm, route.distance_cm, route.latitude_e7)).astype(int),
            longitude_e7=np.rint(np.interp(along_cm, route.distance_cm, route.longitude_e7)).astype(int),
        )
        race.apply(LogEntry(number + 4, LogRecord(log_time_ms=T0_MS + second * 1000, frame=frame)))
    return race


@pytest.fixture
def race(repository: Path) -> Race:
    return ridden(repository)


def before(race: Race) -> dict[int, setup_pb2.StandingBefore]:
    return {one.bib: one for one in race.setup.standings_before if one.bib}


def test_the_virtual_general_classification_is_before_and_now(race: Race):
    found = standings_now(race, race.engine.road.finish_cm)
    assert [line.bib for line in found.result[:3]] == list(BREAK)
    assert not any(line.passed or line.credited for line in found.result)
    assert found.result[3].gap_s == pytest.approx(60, abs=2)
    assert found.result[0].time_s == pytest.approx(UNTIL_S - 200 / SPEED_MPS, abs=12)
    line = next(line for line in found.general if line.bib == 31)
    assert (line.rank, line.rank_before, line.before_s) == (1, 2, before(race)[31].general_s)
    assert line.time_s == line.before_s + line.today_s
    leader = next(line for line in found.general if line.bib == 11)
    assert (leader.rank, leader.rank_before, leader.gap_s) == (2, 1, leader.time_s - line.time_s)
    assert [line.rank for line in found.general] == list(range(1, len(found.general) + 1))
    assert found.position.sequence == race.sequence


def test_points_and_mountains_are_those_of_the_first_who_passed(race: Race):
    found = standings_now(race, race.engine.road.finish_cm)
    points = {line.bib: line for line in found.points}
    gained = {gain.name: (gain.place, gain.points) for gain in points[57].gains}
    assert gained == {"Pont-sur-Mordane": (1, 20)}
    assert (points[57].points, points[57].rank, points[57].rank_before) == (108, 1, 1)
    [won] = next(line for line in found.mountains if line.bib == 108).gains
    assert (won.name, won.place, won.points, won.distance_cm) == ("Col des Marmottes", 2, 8, 3_266_000)
    mountains = {line.bib: line for line in found.mountains}
    assert mountains[31].points == before(race)[31].mountains + 6


def test_at_an_earlier_point_only_what_was_won_until_then_counts(race: Race):
    found = standings_now(race, 1_700_000)
    assert all(line.passed for line in found.result)
    assert found.distance_cm == 1_700_000
    assert found.result[3].gap_s == pytest.approx(60, abs=2)
    assert not any(line.gains for line in found.mountains)
    assert any(line.gains for line in found.points)


def test_young_riders_and_teams(race: Race):
    found = standings_now(race, race.engine.road.finish_cm)
    young = {rider.bib for rider in race.setup.riders if rider.young}
    assert {line.bib for line in found.young} == young & {line.bib for line in found.general}
    assert found.young[0].bib == 31
    # Thirty riders are on the road: four teams, of which each has three.
    assert {line.team_code for line in found.teams} == {"AVA", "BLC", "BRZ", "CHR"}
    for line in found.teams:
        assert len(line.bibs) == 3
        assert line.time_s == line.before_s + line.today_s
    assert [line.time_s for line in found.teams] == sorted(line.time_s for line in found.teams)


def test_a_restored_race_has_the_same_standings(race: Race):
    again = Race.restore(race.checkpoint())
    assert standings_now(again, again.engine.road.finish_cm) == standings_now(
        race, race.engine.road.finish_cm
    )


def test_a_set_up_without_rules_has_nothing_to_win():
    setup = setup_pb2.StageSetup()
    setup.riders.add(bib=4, team_code="A")
    field = field_of(setup)
    assert (field.rules.awards, field.rules.last_km_cm, field.teams_s) == ((), 0, {})
    assert [one.bib for one in field.contenders] == [4]


def test_before_the_first_tick_there_are_none(repository: Path):
    race = Race(T0_MS)
    race.apply(LogEntry(1, LogRecord()))
    race.apply(LogEntry(2, LogRecord(stage_setup=read_setup(repository / "events/tour-des-cols/event.yaml"))))
    found = standings_now(race, race.engine.road.finish_cm)
    assert isinstance(found, race_pb2.GetStandingsResponse)
    assert (len(found.result), len(found.general), found.race_time_ms) == (0, 0, 0)
