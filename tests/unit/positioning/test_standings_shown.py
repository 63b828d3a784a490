"""`ardoise race standings` for people."""

import re

import pytest
from ardoise.cli.standings import clock, moved, tables
from ardoise.pb.race_pb2 import GetStandingsResponse, TimeStanding
from ardoise.pb.setup_pb2 import StageSetup
from rich.console import Console

SETUP = StageSetup(
    route={"finish_cm": 11_860_000},
    teams=[{"code": "AVA", "name": "Avalanche Cycling"}],
    riders=[
        {"bib": 1, "family_name": "UN", "team_code": "AVA"},
        {"bib": 2, "family_name": "DEUX", "team_code": "AVA"},
    ],
)


def shown(found: GetStandingsResponse, most: int = 10) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        for table in tables(found, SETUP, most):
            console.print(table)
    return captured.get()


def test_who_gains_loses_is_on_the_road_or_credited_can_be_read():
    said = shown(
        GetStandingsResponse(
            distance_cm=11_860_000,
            result=[
                {"place": 1, "bib": 2, "time_s": 11_229, "passed": True},
                {"place": 2, "bib": 1, "time_s": 11_229, "passed": True, "credited": True},
                {"place": 3, "bib": 7, "time_s": 11_294, "gap_s": 65},
            ],
            general=[
                {"rank": 1, "rank_before": 3, "bib": 2, "time_s": 54_680, "bonus_s": 10},
                {"rank": 2, "rank_before": 1, "bib": 1, "time_s": 54_685, "gap_s": 5},
            ],
            mountains=[
                {"rank": 1, "bib": 1, "points": 30, "before": 10, "gains": [{"name": "Col", "points": 20}]}
            ],
            teams=[{"rank": 1, "team_code": "AVA", "time_s": 99, "bibs": [1, 2, 7]}],
        )
    )
    assert "Provisional result at the finish" in said
    assert re.search(r"^ *1 +DEUX \(AVA\) +3:07:09 *$", said, re.MULTILINE)
    assert re.search(r"^ *2 +UN \(AVA\) +3:07:09 +time of the group", said, re.MULTILINE)
    assert re.search(r"^ *3 +3:08:14 +\+1:05 +on the road", said, re.MULTILINE)
    assert re.search(r"^ *1 +\+2 +DEUX \(AVA\) +15:11:20 .* -10 *$", said, re.MULTILINE)
    assert re.search(r"^ *2 +-1 +UN \(AVA\) +15:11:25 +\+0:05 ", said, re.MULTILINE)
    assert re.search(r"^ *1 +UN \(AVA\) +30 +10 +Col 20", said, re.MULTILINE)
    assert re.search(r"^ *1 +Avalanche Cycling +0:01:39 +1, 2, 7", said, re.MULTILINE)
    assert "Points" not in said
    assert "Young" not in said


def test_at_a_point_of_the_road_it_says_which_and_no_more_lines_than_asked_for():
    result = [{"place": place, "bib": place, "time_s": 100 + place} for place in range(1, 30)]
    said = shown(GetStandingsResponse(distance_cm=8_910_000, result=result), 3)
    assert "at km 89.1" in said
    assert "0:01:43" in said
    assert "0:01:44" not in said


@pytest.mark.parametrize(
    ("rank", "before", "said"), [(4, 4, ""), (4, None, ""), (3, 10, "+7"), (10, 3, "-7")]
)
def test_ranks_won_and_lost(rank: int, before: int | None, said: str):
    assert moved(TimeStanding(rank=rank, rank_before=before)) == said


def test_a_long_time_keeps_its_hours():
    assert clock(78 * 3_600 + 42) == "78:00:42"
