"""The standings in the contract's words. No I/O."""

from collections.abc import Sequence

from ardoise.pb import common_pb2, race_pb2, setup_pb2
from ardoise.positioning.domain import Race
from ardoise.race.standings.classifications import PointsLine, TeamLine, TimeLine
from ardoise.race.standings.derived import standings
from ardoise.race.standings.field import Award, Classification, Contender, Field, Rules
from ardoise.race.standings.result import OnRoad, Placing


def standings_now(race: Race, at_cm: int) -> race_pb2.GetStandingsResponse:
    """The standings as far as the log was read, with the stage ending at `at_cm`; the race has its set-up."""
    shown = race.closed.message if race.closed else race_pb2.Snapshot()
    out = frozenset(rider.bib for rider in shown.riders if rider.status == common_pb2.RIDER_STATUS_ABANDONED)
    found = standings(race.engine, field_of(race.setup), on_road(shown), out, shown.race_time_ms, at_cm)
    return race_pb2.GetStandingsResponse(
        position=common_pb2.ResumeToken(epoch=race.epoch, sequence=race.sequence),
        race_time_ms=shown.race_time_ms,
        distance_cm=at_cm,
        result=_placings(found.result),
        general=_times(found.general),
        points=_points(found.points),
        mountains=_points(found.mountains),
        young=_times(found.young),
        teams=_teams(found.teams),
    )


def field_of(setup: setup_pb2.StageSetup) -> Field:
    """Who rides for what, in the rules' words."""
    before = {one.bib: one for one in setup.standings_before if one.WhichOneof("who") == "bib"}
    order = {bib: place for place, bib in enumerate(before)}
    nothing = setup_pb2.StandingBefore()
    riders = sorted(setup.riders, key=lambda rider: (order.get(rider.bib, len(order)), rider.bib))
    return Field(
        rules=Rules(
            bunch_sprint=setup.rules.bunch_sprint,
            last_km_cm=setup.rules.last_km_cm,
            awards=tuple(
                Award(
                    one.name,
                    one.distance_cm,
                    Classification(one.classification),
                    tuple(one.points),
                    tuple(one.bonus_s),
                )
                for one in setup.rules.awards
            ),
        ),
        contenders=tuple(
            Contender(
                rider.bib,
                rider.team_code,
                rider.young,
                before.get(rider.bib, nothing).general_s,
                before.get(rider.bib, nothing).points,
                before.get(rider.bib, nothing).mountains,
            )
            for rider in riders
        ),
        teams_s={
            one.team_code: one.general_s
            for one in setup.standings_before
            if one.WhichOneof("who") == "team_code"
        },
    )


def on_road(shown: race_pb2.Snapshot) -> tuple[OnRoad, ...]:
    """The riders with a place in a snapshot; those in a group have its gap: riders in a group have one time."""
    group_gap_ms = {group.group_id: group.gap_ms for group in shown.groups if group.HasField("gap_ms")}
    riders = []
    for rider in shown.riders:
        own_ms = rider.gap_ms if rider.HasField("gap_ms") else None
        if rider.place:
            gap_ms = group_gap_ms.get(rider.group_id, own_ms)
            riders.append(OnRoad(rider.bib, rider.place, rider.distance_cm, gap_ms))
    return tuple(riders)


def _placings(lines: Sequence[Placing]) -> list[race_pb2.Placing]:
    first_s = min((line.time_s for line in lines), default=0)
    return [
        race_pb2.Placing(
            place=line.place,
            bib=line.bib,
            time_s=line.time_s,
            gap_s=line.time_s - first_s,
            passed=line.passed,
            credited=line.credited,
        )
        for line in lines
    ]


def _times(lines: Sequence[TimeLine]) -> list[race_pb2.TimeStanding]:
    return [
        race_pb2.TimeStanding(
            rank=line.rank,
            rank_before=line.rank_before or None,
            bib=line.bib,
            time_s=line.time_s,
            gap_s=line.time_s - lines[0].time_s,
            before_s=line.before_s,
            today_s=line.today_s,
            bonus_s=line.bonus_s,
        )
        for line in lines
    ]


def _points(lines: Sequence[PointsLine]) -> list[race_pb2.PointsStanding]:
    return [
        race_pb2.PointsStanding(
            rank=line.rank,
            rank_before=line.rank_before or None,
            bib=line.bib,
            points=line.points,
            before=line.before,
            gains=[
                race_pb2.Gain(
                    name=gain.award.name,
                    distance_cm=gain.award.distance_cm,
                    place=gain.place,
                    points=gain.points,
                )
                for gain in line.gains
            ],
        )
        for line in lines
    ]


def _teams(lines: Sequence[TeamLine]) -> list[race_pb2.TeamStanding]:
    return [
        race_pb2.TeamStanding(
            rank=line.rank,
            rank_before=line.rank_before or None,
            team_code=line.team_code,
            time_s=line.time_s,
            gap_s=line.time_s - lines[0].time_s,
            before_s=line.before_s,
            today_s=line.today_s,
            bibs=line.bibs,
        )
        for line in lines
    ]
