"""The five classifications, by hand and by a day everybody remembers."""

from ardoise.race.standings.classifications import by_points, gains, general, teams
from ardoise.race.standings.field import Award, Classification, Contender, Field, Rules
from ardoise.race.standings.result import Moment, Placing, provisional

SPRINT = Award("Pont", 1_000, Classification.POINTS, (20, 17, 15), (3, 2, 1))
SUMMIT = Award("Col", 2_000, Classification.MOUNTAINS, (10, 8), ())
FINISH = Award("Finish", 9_000, Classification.POINTS, (50, 30, 20), (10, 6, 4))
NOBODY: frozenset[int] = frozenset()


def field(*contenders: Contender, teams_s: dict[str, int] | None = None) -> Field:
    return Field(Rules(awards=(SPRINT, SUMMIT, FINISH)), contenders, teams_s or {})


def result(**time_s: int) -> list[Placing]:
    """`b7=100`: bib 7 in 100 s; by place."""
    return [
        Placing(place, int(name[1:]), seconds, True)
        for place, (name, seconds) in enumerate(time_s.items(), 1)
    ]


def test_the_nineteenth_stage_of_2019_was_decided_at_the_iseran() -> None:
    """Stopped behind the summit; times were taken there. Standings before and after as published; the gaps are what
    lies between them."""
    leader_s = 75 * 3_600 + 18 * 60 + 49
    names = {1: "Alaphilippe", 2: "Bernal", 3: "Thomas", 4: "Kruijswijk", 5: "Buchmann"}
    before_s = {1: 0, 2: 90, 3: 95, 4: 107, 5: 134}
    iseran = Award("Col de l'Iseran", 8_900_000, Classification.MOUNTAINS, (), (8, 5, 2))
    contenders = tuple(Contender(bib, "T", general_s=leader_s + s) for bib, s in before_s.items())
    start_ms = 1_564_139_000_000
    first_ms = start_ms + (2 * 3_600 + 40 * 60 + 31) * 1000
    passages = [(2, first_ms), (11, first_ms + 13_000), (12, first_ms + 40_000)]
    passages += [(bib, first_ms + 50_000 + 200 * bib) for bib in (3, 4, 5)] + [(1, first_ms + 127_000)]
    placings = provisional(Moment(start_ms, first_ms + 900_000, (), NOBODY), passages, iseran.distance_cm)
    got = gains([iseran], {iseran: [bib for bib, _ in passages]})
    found = general(Field(Rules(awards=(iseran,)), contenders, {}), placings, got)
    assert found[0].time_s == 78 * 3_600 + 42
    assert [(line.rank, names[line.bib], line.time_s - found[0].time_s) for line in found] == [
        (1, "Bernal", 0),
        (2, "Alaphilippe", 45),
        (3, "Thomas", 63),
        (4, "Kruijswijk", 75),
        (5, "Buchmann", 102),
    ]
    assert [line.rank_before for line in found] == [2, 1, 3, 4, 5]


def test_general_is_the_time_before_and_todays_less_bonuses() -> None:
    riders = field(
        Contender(1, "A", general_s=1_000),
        Contender(2, "A", general_s=1_004),
        Contender(3, "A", general_s=1_050),
    )
    got = gains([SPRINT, FINISH], {SPRINT: [2, 3], FINISH: [2, 1]})
    [first, second] = general(riders, result(b2=500, b1=500), got)
    assert (first.bib, first.rank, first.rank_before, first.time_s) == (2, 1, 2, 1_004 + 500 - 3 - 10)
    assert (first.before_s, first.today_s, first.bonus_s) == (1_004, 500, 13)
    assert (second.bib, second.rank, second.rank_before, second.time_s) == (1, 2, 1, 1_494)


def test_equal_times_are_told_apart_by_todays_place_and_a_first_stage_has_no_rank_before() -> None:
    found = general(field(Contender(1, "A"), Contender(2, "A")), result(b2=500, b1=500), {})
    assert [(line.bib, line.rank, line.rank_before) for line in found] == [(2, 1, 0), (1, 2, 0)]


def test_equal_times_before_rank_as_the_file_lists_them() -> None:
    riders = field(Contender(9, "A", general_s=7), Contender(2, "A", general_s=7))
    assert [(one.bib, one.rank_before) for one in general(riders, result(b2=5, b9=5), {})] == [(2, 2), (9, 1)]


def test_young_riders_are_ranked_among_themselves() -> None:
    riders = field(Contender(1, "A", general_s=10), Contender(2, "A", True, 30), Contender(3, "A", True, 20))
    found = general(riders, result(b2=5, b1=20, b3=20), {}, young=True)
    assert [(line.bib, line.rank, line.rank_before, line.time_s) for line in found] == [
        (2, 1, 2, 35),
        (3, 2, 1, 40),
    ]


def test_points_are_those_before_and_what_each_place_brought() -> None:
    riders = field(
        Contender(1, "A", points=100), Contender(2, "A", points=85), Contender(3, "A"), Contender(4, "A")
    )
    got = gains([SPRINT, SUMMIT], {SPRINT: [2, 1, 3, 4], SUMMIT: [3, 1, 2]})
    found = by_points(riders, Classification.POINTS, got, {1: 1, 2: 2}, NOBODY)
    assert [(line.bib, line.rank, line.rank_before, line.points) for line in found] == [
        (1, 1, 1, 117),
        (2, 2, 2, 105),
        (3, 3, 0, 15),
    ]
    assert [(gain.award.name, gain.place, gain.points) for gain in found[0].gains] == [("Pont", 2, 17)]
    mountains = by_points(riders, Classification.MOUNTAINS, got, {}, NOBODY)
    assert [(line.bib, line.points) for line in mountains] == [(3, 10), (1, 8)]


def test_a_bonus_alone_is_no_gain_of_points() -> None:
    bonus = Award("Bonus", 3_000, Classification.POINTS, (), (8, 5))
    riders = field(Contender(1, "A", points=9))
    [line] = by_points(riders, Classification.POINTS, gains([bonus], {bonus: [1]}), {}, NOBODY)
    assert (line.points, line.gains) == (9, ())


def test_equal_points_are_told_apart_by_the_general_classification() -> None:
    riders = field(Contender(1, "A", points=5), Contender(2, "A", points=5))
    found = by_points(riders, Classification.POINTS, {}, {1: 8, 2: 3}, NOBODY)
    assert [line.bib for line in found] == [2, 1]


def test_who_has_left_the_race_leaves_the_classification_and_nobody_moves_up_at_the_summit() -> None:
    riders = field(Contender(1, "A", mountains=40), Contender(2, "A"))
    got = gains([SUMMIT], {SUMMIT: [1, 2]})
    [only] = by_points(riders, Classification.MOUNTAINS, got, {}, frozenset({1}))
    assert (only.bib, only.points) == (2, 8)


def test_teams_have_the_sum_of_their_three_best_without_bonuses() -> None:
    riders = field(
        *(Contender(bib, "A") for bib in (1, 2, 3, 4)),
        *(Contender(bib, "B") for bib in (11, 12, 13)),
        *(Contender(bib, "C") for bib in (21, 22)),
        teams_s={"A": 3_100, "B": 3_000, "C": 2_000},
    )
    placings = result(b1=500, b11=500, b2=510, b3=520, b12=600, b13=620, b4=900, b21=900, b22=900)
    found = teams(riders, placings)
    assert [(line.team_code, line.rank, line.rank_before, line.time_s, line.bibs) for line in found] == [
        ("A", 1, 3, 3_100 + 1_530, (1, 2, 3)),
        ("B", 2, 2, 3_000 + 1_720, (11, 12, 13)),
    ]


def test_equal_teams_are_told_apart_by_places_then_by_the_best_rider() -> None:
    riders = field(*(Contender(bib, "AB"[bib > 10]) for bib in (1, 2, 3, 11, 12, 13)))
    assert [line.team_code for line in teams(riders, result(b11=9, b1=9, b2=9, b3=9, b12=9, b13=9))] == [
        "A",
        "B",
    ]
    same = result(b11=9, b1=9, b2=9, b3=9, b99=9, b98=9, b12=9, b13=9)  # 1 + 7 + 8 and 2 + 3 + 4
    assert [line.team_code for line in teams(riders, same)] == ["A", "B"]
    # The fifth has the time of a group ahead, after an incident: the best place decides, not the best time.
    level = [(1, 11, 10), (2, 12, 10), (3, 2, 10), (4, 3, 11), (5, 1, 9), (9, 13, 10)]
    placings = [Placing(place, bib, time_s, True) for place, bib, time_s in level]
    assert [line.team_code for line in teams(riders, placings)] == ["B", "A"]


def test_a_team_that_was_not_in_the_classification_before_is_not_now() -> None:
    riders = field(*(Contender(bib, "A") for bib in (1, 2, 3)), teams_s={"B": 3_000})
    assert teams(riders, result(b1=9, b2=9, b3=9)) == []
