"""The provisional result at any moment and at any point."""

from ardoise.race.standings.result import Moment, OnRoad, Placing, provisional, with_credits
from ardoise.race.standings.times import Incident

START_MS = 1_700_000_000_000
FINISH_CM = 15_000_000


def at(seconds: float) -> int:
    return START_MS + round(seconds * 1000)


def moment(now_s: float, *riders: tuple[int, int, int | None], out: frozenset[int] = frozenset()) -> Moment:
    """Riders by place: (bib, distance_cm, gap_ms)."""
    on_road = tuple(OnRoad(bib, place, cm, gap) for place, (bib, cm, gap) in enumerate(riders, start=1))
    return Moment(START_MS, at(now_s), on_road, out)


def lines(result: list[Placing]) -> list[tuple[int, int, bool]]:
    assert [one.place for one in result] == list(range(1, len(result) + 1))
    return [(one.bib, one.time_s, one.passed) for one in result]


def test_before_anybody_is_home_the_head_of_the_race_is_there_now() -> None:
    riders = ((4, 9_000_000, 0), (5, 8_990_000, 0), (6, 8_500_000, 75_400))
    assert lines(provisional(moment(9_000, *riders), [], FINISH_CM)) == [
        (4, 9_000, False),
        (5, 9_000, False),
        (6, 9_075, False),
    ]


def test_finishers_come_first_by_time_and_the_others_with_the_winners_time_and_their_gap() -> None:
    riders = (
        (1, FINISH_CM, 0),
        (2, FINISH_CM, 3_000),
        (3, FINISH_CM - 20_000, 61_000),
        (4, 12_000_000, 600_000),
    )
    passages = [(1, at(12_000)), (2, at(12_003))]
    assert lines(provisional(moment(12_030, *riders), passages, FINISH_CM)) == [
        (1, 12_000, True),
        (2, 12_003, True),
        (3, 12_061, False),
        (4, 12_600, False),
    ]


def test_who_is_still_on_the_road_cannot_have_finished_before_now() -> None:
    riders = ((1, FINISH_CM, 0), (3, FINISH_CM - 20_000, 5_000))
    assert lines(provisional(moment(12_030, *riders), [(1, at(12_000))], FINISH_CM)) == [
        (1, 12_000, True),
        (3, 12_030, False),
    ]


def test_an_unknown_gap_is_that_of_the_rider_ahead() -> None:
    riders = ((1, 900, None), (2, 800, 4_000), (3, 700, None))
    assert lines(provisional(moment(100, *riders), [], FINISH_CM)) == [
        (1, 100, False),
        (2, 104, False),
        (3, 104, False),
    ]


def test_the_stage_can_end_at_a_summit_for_those_who_passed_it_and_those_who_have_not() -> None:
    riders = ((1, 9_000_000, 0), (2, 8_900_000, 20_000), (3, 8_000_000, 127_000), (4, 7_000_000, 400_000))
    # Rider 2 was not heard around the summit, and is behind it now.
    passages = [(1, at(9_000)), (3, at(9_127))]
    assert lines(provisional(moment(9_200, *riders), passages, 8_100_000)) == [
        (1, 9_000, True),
        (2, 9_020, False),
        (3, 9_127, True),
        (4, 9_400, False),
    ]


def test_who_has_left_the_race_is_in_no_result() -> None:
    riders = ((2, 900, 4_000),)
    passages = [(1, at(90)), (2, at(94))]
    assert lines(provisional(moment(100, *riders, out=frozenset({1})), passages, 800)) == [(2, 94, True)]


def test_the_three_second_rule_begins_with_the_first_of_the_main_bunch() -> None:
    riders = ((1, FINISH_CM, 0), (2, FINISH_CM, 2_000), (3, FINISH_CM, 4_000))
    passages = [(1, at(100)), (2, at(102)), (3, at(104))]
    bunched = provisional(moment(110, *riders), passages, FINISH_CM, frozenset({2, 3}))
    assert [one.time_s for one in bunched] == [100, 102, 102]
    assert [one.time_s for one in provisional(moment(110, *riders), passages, FINISH_CM)] == [100, 102, 104]


def test_a_credited_rider_keeps_the_place_and_a_fallen_one_who_cannot_go_on_is_last() -> None:
    result = [Placing(1, 1, 100, True), Placing(2, 2, 100, True), Placing(3, 3, 190, True)]
    incidents = [Incident(3, False, 900, (1, 2)), Incident(7, True, 900, (1,)), Incident(8, False, 900, (1,))]
    found = with_credits(result, incidents, 800, frozenset({7, 8}))
    assert [(one.place, one.bib, one.time_s, one.credited) for one in found] == [
        (1, 1, 100, False),
        (2, 2, 100, False),
        (3, 3, 100, True),
        (4, 7, 100, True),
    ]
