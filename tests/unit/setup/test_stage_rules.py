"""How a stage is judged, and the standings before it, from the event file."""

import re
from pathlib import Path

import pytest
from ardoise.ingest.setup.event import load_event, stage_setup
from ardoise.ingest.setup.faults import SetupInvalid
from ardoise.pb.setup_pb2 import POINTS_CLASSIFICATION_MOUNTAINS as MOUNTAINS
from ardoise.pb.setup_pb2 import POINTS_CLASSIFICATION_POINTS as POINTS
from ardoise.pb.setup_pb2 import StageSetup

EVENT = """\
event: Small Tour
stages:
  - id: stage-1
    name: Stage 1
    start: 2026-07-04T12:30:00+02:00
    route: {file: road.csv, finish_km: 9.5}
    features:
      - {kind: sprint, name: Pont, km: 2, bonus_s: [3, 2, 1]}
      - {kind: climb, name: Col, km: 6, category: 2}
      - {kind: climb, name: Bosse, km: 7}
      - {kind: feed, name: Bois, km: 8}
    not_starting: [3]
teams:
  - {code: AAA, name: Team A, colour: "#A1B2C3"}
riders:
  - {bib: 2, family_name: DEUX, team: AAA, nationality: NOR, young: true}
  - {bib: 1, family_name: UN, team: AAA, nationality: FRA}
  - {bib: 3, family_name: TROIS, team: AAA, nationality: FRA}
"""
BEFORE = """\
    before:
      - {bib: 2, general: "75:18:49", points: 10}
      - {bib: 1, general: "75:20:19", mountains: 7}
      - {bib: 3, general: "75:20:20"}
      - {team: AAA, general: "226:00:01"}
"""
CSV = "bib,team,general,points\n2,,1:00:00,10\n1,,1:00:05,\n,AAA,3:00:00,\n"


@pytest.fixture
def base_dir(tmp_path: Path) -> Path:
    road = "".join(f"{45 + step * 0.009},6.0\n" for step in range(11))  # about 10 km
    (tmp_path / "road.csv").write_text("lat,lon\n" + road)
    return tmp_path


def with_key(line: str) -> str:
    return EVENT.replace("    not_starting", f"    {line}\n    not_starting")


def setup_of(text: str, base_dir: Path) -> StageSetup:
    return stage_setup(load_event(text, base_dir, "small.yaml"), "stage-1")


def faults(text: str, base_dir: Path) -> list[str]:
    with pytest.raises(SetupInvalid) as invalid:
        load_event(text, base_dir, "small.yaml")
    return [str(fault) for fault in invalid.value.faults]


def test_without_a_word_a_stage_is_judged_as_most_are(base_dir: Path):
    rules = setup_of(EVENT, base_dir).rules
    pont, col, finish = rules.awards
    assert (rules.bunch_sprint, rules.last_km_cm) == (False, 300_000)
    assert (pont.name, pont.distance_cm, pont.classification) == ("Pont", 200_000, POINTS)
    assert (list(pont.points[:3]), pont.points[-1], list(pont.bonus_s)) == ([20, 17, 15], 1, [3, 2, 1])
    assert (col.name, col.classification, list(col.points), list(col.bonus_s)) == (
        "Col",
        MOUNTAINS,
        [5, 3, 2, 1],
        [],
    )
    assert (finish.distance_cm, finish.classification, list(finish.bonus_s)) == (950_000, POINTS, [10, 6, 4])
    assert list(finish.points[:3]) == [30, 25, 22]


def test_what_the_file_says_holds(base_dir: Path):
    text = with_key("bunch_sprint: true").replace("category: 2}", "category: 2, points: [9], bonus_s: [8]}")
    rules = setup_of(text, base_dir).rules
    assert rules.bunch_sprint
    assert (list(rules.awards[1].points), list(rules.awards[1].bonus_s)) == ([9], [8])
    assert list(rules.awards[-1].points[:3]) == [50, 30, 20]
    bare = with_key("three_km_rule_km: 4.5\n    finish_points: []\n    finish_bonus_s: []")
    rules = setup_of(bare, base_dir).rules
    assert rules.last_km_cm == 450_000
    assert (list(rules.awards[-1].points), list(rules.awards[-1].bonus_s)) == ([], [])


@pytest.mark.parametrize(("km", "last_km_cm", "winner"), [(9.5, 0, 20), (9.1, 0, 20), (8.9, 300_000, 30)])
def test_at_a_summit_finish_the_last_kilometres_are_no_refuge(
    base_dir: Path, km: float, last_km_cm: int, winner: int
):
    rules = setup_of(EVENT.replace("km: 6", f"km: {km}"), base_dir).rules
    assert rules.last_km_cm == last_km_cm
    assert next(award for award in rules.awards if award.name == "Finish").points[0] == winner


def test_the_standings_before_are_carried_in_their_order_for_those_who_start(base_dir: Path):
    setup = setup_of(with_key(BEFORE.strip()), base_dir)
    assert [
        (one.bib, one.team_code, one.general_s, one.points, one.mountains) for one in setup.standings_before
    ] == [
        (2, "", 271_129, 10, 0),
        (1, "", 271_219, 0, 7),
        (0, "AAA", 813_601, 0, 0),
    ]
    assert [(rider.bib, rider.young) for rider in setup.riders] == [(1, False), (2, True)]


def test_they_can_be_in_a_csv_file_beside_it(base_dir: Path):
    (base_dir / "before.csv").write_text(CSV)
    setup = setup_of(with_key("before_file: before.csv"), base_dir)
    assert [(one.WhichOneof("who"), one.general_s, one.points) for one in setup.standings_before] == [
        ("bib", 3_600, 10),
        ("bib", 3_605, 0),
        ("team_code", 10_800, 0),
    ]


@pytest.mark.parametrize(
    ("written", "instead", "fault"),
    [
        ("bib: 2, general", "bib: 7, general", r"small.yaml:13: stages\[0\].before\[0\].bib: no rider has the bib 7"),
        ("team: AAA, general", "team: AAB, general", r":16: .*before\[3\].team: no team has the code AAB"),
        ("bib: 1, general", "bib: 2, general", r":14: .*before\[1\].bib: 2 was there before"),
        ('{bib: 1, general: "75:20:19", ', "{bib: 1, ", r":12: stages\[0\].before: no general time for bib 1\."),
        ('"75:20:19"', '"75:20"', r":14: .*before\[1\].general: '75:20': .* in quotes"),
        ('"75:20:19"', "75:61:19", r":14: .*before\[1\].general"),
        ("bib: 2, general", "bib: 2, team: AAA, general", r":13: .*before\[0\]: .*neither bib nor team, or both"),
        ('general: "226:00:01"', "points: 3", r":16: .*before\[3\]: .*of a team there is the time"),
        ("    before:", "    before_file: x.csv\n    before:", r":13: stages\[0\].before: both before and before_file"),
    ],
)  # fmt: skip
def test_standings_that_cannot_be_are_refused_with_their_line(
    base_dir: Path, written: str, instead: str, fault: str
):
    text = with_key(BEFORE.strip())
    assert written in text
    found = faults(text.replace(written, instead, 1), base_dir)
    assert any(re.search(fault, one) for one in found), found


@pytest.mark.parametrize(
    ("csv", "fault"),
    [
        (CSV.replace("2,,1", "7,,1"), r"before.csv:2: bib: no rider has the bib 7. Correct it."),
        (CSV.replace("1,,1", "2,,1"), r"before.csv:3: bib: 2 was there before"),
        (CSV.replace("1:00:05", ""), r"before.csv:1: no general time for bib 1"),
        (CSV.replace("1:00:05", "1h5"), r"before.csv:3: general: '1h5': .*Columns: bib, team"),
        (CSV.replace("points", "pints"), r"before.csv:2: pints: .*Columns: bib, team, general, points"),
        (CSV.replace("1:00:00,10", "1:00:00,10,4"), r"before.csv:2: "),
        ("\0\xff", r"before.csv: "),
        (None, r"before.csv: cannot be read as CSV: No such file"),
    ],
)
def test_a_csv_file_that_cannot_be_is_refused_with_its_own_line(base_dir: Path, csv: str | None, fault: str):
    if csv is not None:
        (base_dir / "before.csv").write_text(csv, encoding="latin-1")
    found = faults(with_key("before_file: before.csv"), base_dir)
    assert any(re.match(fault, one) for one in found), found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (with_key("three_km_rule_km: 6"), r":12: stages\[0\].three_km_rule_km: '6'"),
        (with_key("three_km_rule_km: 3").replace("km: 7", "km: 9.5"), r":12: .*does not apply at a summit finish"),
        (with_key("bunch_sprint: true").replace("km: 7", "km: 9.5"), r":12: .*no stage for a bunch sprint"),
        (with_key("bunch_sprint: true\n    three_km_rule_km: 0"), r":13: .*where the last kilometres begin"),
        (EVENT.replace("name: Bois, km: 8", "name: Bois, km: 8, points: [1]"), r":11: .*nothing is won at a feed"),
        (EVENT.replace("bonus_s: [3, 2, 1]", "bonus_s: [3, -2]"), r":8: .*bonus_s"),
    ],
)  # fmt: skip
def test_rules_that_contradict_the_road_or_each_other_are_refused(base_dir: Path, text: str, fault: str):
    found = faults(text, base_dir)
    assert any(re.search(fault, one) for one in found), found
