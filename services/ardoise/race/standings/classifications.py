"""The classifications as they would stand now: before the stage, and what the stage adds so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ardoise.race.standings.field import Award, Classification, Contender, Field
from ardoise.race.standings.result import Placing

RIDERS_OF_A_TEAM = 3
"""A team's time is the sum of its best three (UCI 2.6.016)."""
LAST = 2**31
"""Where a rider stands who has no place today."""


@dataclass(frozen=True)
class Gain:
    """What a rider got at one point of the road."""

    award: Award
    place: int
    """From 1."""

    @property
    def points(self) -> int:
        return _nth(self.award.points, self.place)

    @property
    def bonus_s(self) -> int:
        return _nth(self.award.bonus_s, self.place)


@dataclass(frozen=True)
class TimeLine:
    """One line of a classification by time."""

    rank: int
    rank_before: int
    """0: none."""
    bib: int
    before_s: int
    today_s: int
    bonus_s: int
    """Taken off."""

    @property
    def time_s(self) -> int:
        return self.before_s + self.today_s - self.bonus_s


@dataclass(frozen=True)
class PointsLine:
    """One line of a classification by points."""

    rank: int
    rank_before: int
    """0: none."""
    bib: int
    before: int
    gains: tuple[Gain, ...]
    """Along the road."""

    @property
    def points(self) -> int:
        return self.before + sum(gain.points for gain in self.gains)


@dataclass(frozen=True)
class TeamLine:
    """One line of the team classification."""

    rank: int
    rank_before: int
    """0: none."""
    team_code: str
    before_s: int
    today_s: int
    bibs: tuple[int, ...]
    """Whose times they are."""

    @property
    def time_s(self) -> int:
        return self.before_s + self.today_s


def gains(awards: Sequence[Award], passages: Mapping[Award, Sequence[int]]) -> dict[int, tuple[Gain, ...]]:
    """What each rider (bib) got: `passages` are the bibs that passed the point of an award, first to last.

    A place keeps its points whoever has left the race since.
    """
    got: dict[int, tuple[Gain, ...]] = {}
    for award in awards:
        counted = max(len(award.points), len(award.bonus_s))
        for place, bib in enumerate(passages[award][:counted], start=1):
            got[bib] = (*got.get(bib, ()), Gain(award, place))
    return got


def general(
    field: Field, result: Sequence[Placing], got: Mapping[int, tuple[Gain, ...]], *, young: bool = False
) -> list[TimeLine]:
    """By time: those before the stage, plus today's, less bonuses (UCI 2.6.014); equal times by today's place.

    `young`: among the young riders alone. Riders without a place today are not in it.
    """
    among = [one for one in field.contenders if one.young or not young]
    before = _ranks_before([(one.bib, one.general_s) for one in among])
    today = {one.bib: one for one in result}
    lines = [
        TimeLine(
            0,
            before.get(one.bib, 0),
            one.bib,
            one.general_s,
            today[one.bib].time_s,
            sum(gain.bonus_s for gain in got.get(one.bib, ())),
        )
        for one in among
        if one.bib in today
    ]
    lines.sort(key=lambda line: (line.time_s, today[line.bib].place))
    return [_ranked(line, rank) for rank, line in enumerate(lines, start=1)]


def by_points(
    field: Field,
    classification: Classification,
    got: Mapping[int, tuple[Gain, ...]],
    general_ranks: Mapping[int, int],
    out: frozenset[int],
) -> list[PointsLine]:
    """Points or mountains (UCI 2.6.017): those before the stage, and today's; equal ones by general classification.

    `general_ranks`: by bib. Riders without points, or out of the race, are not in it.
    """

    def points_before(one: Contender) -> int:
        return one.points if classification is Classification.POINTS else one.mountains

    before = _ranks_before([(one.bib, -points_before(one)) for one in field.contenders if points_before(one)])
    lines = [
        PointsLine(
            0,
            before.get(one.bib, 0),
            one.bib,
            points_before(one),
            tuple(
                gain
                for gain in got.get(one.bib, ())
                if gain.award.classification is classification and gain.points
            ),
        )
        for one in field.contenders
        if one.bib not in out
    ]
    lines = [line for line in lines if line.points]
    lines.sort(key=lambda line: (-line.points, general_ranks.get(line.bib, LAST), line.bib))
    return [_ranked(line, rank) for rank, line in enumerate(lines, start=1)]


def teams(field: Field, result: Sequence[Placing]) -> list[TeamLine]:
    """Teams by the sum of each one's three best times, without bonuses (UCI 2.6.016).

    Equal ones by the sum of those riders' places, then by the best of them. A team of fewer than three is not in it,
    nor one that was not before.
    """
    team_of = {one.bib: one.team_code for one in field.contenders}
    best: dict[str, list[Placing]] = {}
    for placing in sorted(result, key=lambda one: (one.time_s, one.place)):
        if placing.bib in team_of:
            best.setdefault(team_of[placing.bib], []).append(placing)
    best = {
        code: riders[:RIDERS_OF_A_TEAM]
        for code, riders in best.items()
        if len(riders) >= RIDERS_OF_A_TEAM and (code in field.teams_s or not field.teams_s)
    }
    before = _ranks_before(list(field.teams_s.items()))
    lines = [
        TeamLine(
            0,
            before.get(code, 0),
            code,
            field.teams_s.get(code, 0),
            sum(one.time_s for one in riders),
            tuple(one.bib for one in riders),
        )
        for code, riders in best.items()
    ]
    places = {code: [one.place for one in riders] for code, riders in best.items()}
    lines.sort(key=lambda line: (line.time_s, sum(places[line.team_code]), min(places[line.team_code])))
    return [_ranked(line, rank) for rank, line in enumerate(lines, start=1)]


def _ranks_before[K](values: Sequence[tuple[K, int]]) -> dict[K, int]:
    """Ranks by value, the smallest first; none where nothing was ridden yet."""
    if not any(value for _, value in values):
        return {}
    ordered = sorted(values, key=lambda pair: pair[1])
    return {name: rank for rank, (name, _) in enumerate(ordered, start=1)}


def _ranked[L: (TimeLine, PointsLine, TeamLine)](line: L, rank: int) -> L:
    return replace(line, rank=rank)


def _nth(values: Sequence[int], place: int) -> int:
    return values[place - 1] if place <= len(values) else 0
