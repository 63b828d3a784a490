import re
from pathlib import Path

import pytest
from ardoise.ingest.setup.event import load_event, stage_setup
from ardoise.ingest.setup.faults import SetupInvalid
from ardoise.ingest.setup.reference import EXAMPLE, reference
from ardoise.pb import setup_pb2

SMALL = """\
event: Small Tour
stages:
  - id: stage-1
    name: Stage 1
    start: 2026-07-04T12:30:00+02:00
    route: {file: road.csv, kilometre_zero_km: 1.0}
    features:
      - {kind: climb, name: Second, km: 6, length_km: 2.5, category: HC}
      - {kind: sprint, name: First, km: 3.25}
    jerseys:
      - {jersey: general, bib: 2}
    not_starting: [3]
teams:
  - {code: AAA, name: Team A, colour: "#A1B2C3"}
  - {code: "11", name: Team Eleven, colour: "#000000"}
riders:
  - {bib: 2, family_name: NO, team: AAA, nationality: NOR}
  - {bib: 1, family_name: UN, given_name: Ana, team: "11", nationality: FRA}
  - {bib: 3, family_name: TROIS, team: AAA, nationality: FRA}
trackers:
  - {tracker: 861234567890123, bib: 1, valid_until: 2026-07-04T12:00:00Z}
  - {tracker: 861234567890123, bib: 2, valid_from: 2026-07-04T12:00:00Z}
  - {tracker: 9, bib: 3}
"""


@pytest.fixture
def base_dir(tmp_path: Path) -> Path:
    road = "".join(f"{45 + step * 0.009},6.0,{400 + step}\n" for step in range(11))  # about 10 km
    (tmp_path / "road.csv").write_text("lat,lon,ele\n" + road)
    return tmp_path


def faults(text: str, base_dir: Path) -> list[str]:
    with pytest.raises(SetupInvalid) as invalid:
        load_event(text, base_dir, "small.yaml")
    return [str(fault) for fault in invalid.value.faults]


def test_a_sound_file_gives_the_stage_as_the_log_wants_it(base_dir: Path):
    setup = stage_setup(load_event(SMALL, base_dir), "stage-1")

    assert (setup.stage_id, setup.event_name, setup.stage_name) == ("stage-1", "Small Tour", "Stage 1")
    assert setup.planned_start_ms == 1_783_161_000_000
    assert setup.clock_source == setup_pb2.CLOCK_SOURCE_WALL
    assert [(team.code, team.colour) for team in setup.teams] == [("11", "#000000"), ("AAA", "#a1b2c3")]
    assert [rider.bib for rider in setup.riders] == [1, 2]
    assert list(setup.riders[1].jerseys) == [setup_pb2.JERSEY_GENERAL]
    assert setup.riders[1].family_name == "NO"
    assert [(one.tracker, one.bib) for one in setup.assignments] == [
        (861234567890123, 1),
        (861234567890123, 2),
    ]
    assert setup.assignments[0].valid_until_ms == setup.assignments[1].valid_from_ms == 1_783_166_400_000
    assert not setup.assignments[0].HasField("valid_from_ms")
    assert setup.route.distance_cm[0] == -100_000
    assert [(one.name, one.distance_cm, one.category) for one in setup.route.features] == [
        ("First", 325_000, ""),
        ("Second", 600_000, "HC"),
    ]
    assert re.fullmatch(r"[0-9a-f]{64}", setup.event_file_hash)


@pytest.mark.parametrize(
    ("written", "instead", "fault"),
    [
        ("bib: 3, family", "bib: 2, family", r"small.yaml:19: riders\[2\].bib: 2 is already that of riders\[0\]"),
        ("code: AAA", 'code: "11"', r"small.yaml:15: teams\[1\].code: 11 is already that of teams\[0\]"),
        ("team: AAA, nationality: NOR", "team: ABA, nationality: NOR", r":17: riders\[0\].team: no team has the code"),
        ("tracker: 9, bib: 3", "tracker: 9, bib: 4", r":23: trackers\[2\].bib: no rider has the bib 4"),
        ("general, bib: 2", "general, bib: 9", r":11: stages\[0\].jerseys\[0\].bib: no rider has the bib 9"),
        ("not_starting: [3]", "not_starting: [3, 8]", r":12: stages\[0\].not_starting\[1\]: no rider has the bib 8"),
        (", valid_from: 2026-07-04T12:00:00Z", "", r":22: trackers\[1\]: tracker 861234567890123 is on bibs 1 and 2"),
        ("km: 6,", "km: 9.5,", r":8: stages\[0\].features\[0\].km: Second at km 9.5 is not between"),
        ("kilometre_zero_km: 1.0", "kilometre_zero_km: 11", r":6: stages\[0\].route.kilometre_zero_km: the road ends"),
        ("kilometre_zero_km: 1.0", "finish_km: 10.5", r":6: stages\[0\].route.finish_km: the road ends 10.00 km"),
        ("road.csv", "road.gpx", r":6: stages\[0\].route.file: road.gpx: cannot be read"),
        ("kind: sprint,", "kind: sprint, category: 4,", r":9: .*category: a sprint has no category"),
        ("nationality: NOR", "nationality: Norway", r":17: riders\[0\].nationality: 'Norway': .* three capital"),
        ("nationality: NOR", "nationalty: NOR", r":17: riders\[0\].nationalty: unknown key. Did you mean nationality"),
        ("bib: 3, family", "bib: three, family", r":19: riders\[2\].bib: 'three': "),
        ("12:30:00+02:00", "12:30:00", r":5: stages\[0\].start: .* instant without a time zone"),
        ("    name: Stage 1\n", "", r":3: stages\[0\].name: missing. Add it: Name of the stage"),
        ("12:00:00Z}\n  - {tracker: 9", "12:00:00Z}\n  - {tracker: 9, tracker: 9", r":23: .*tracker: given twice"),
        ("event: Small Tour", "event: &a Small Tour", r"small.yaml:1: event: an anchor or alias"),
        ("event: Small Tour", "event: [Small Tour", r"small.yaml:\d+: not YAML"),
        ("event: Small Tour", "event: 1\n---\nevent: 2", r"small.yaml:\d: (a second document|.*)"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_what_to_do(
    base_dir: Path, written: str, instead: str, fault: str
):
    assert written in SMALL
    found = faults(SMALL.replace(written, instead, 1), base_dir)

    assert any(re.search(fault, one) for one in found), found
    assert all(len(one.split(". ")) > 1 for one in found), "every fault says what to do"


def test_all_faults_are_listed_at_once_and_none_twice(base_dir: Path):
    text = SMALL.replace("nationality: NOR", "nationality: Norway")
    text = text.replace("bib: 3, family", "bib: 1, family").replace("km: 6,", "km: 60,").replace("[3]", "[8]")
    text = text.replace("tracker: 9, bib: 3", "tracker: nine, bib: 3").replace("name: Team A,", "")

    found = faults(text, base_dir)

    assert [one.split(": ")[1] for one in found] == [
        "stages[0].features[0].km",
        "stages[0].not_starting[0]",
        "teams[0].name",
        "riders[0].nationality",
        "riders[2].bib",
        "trackers[2].tracker",
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "event: x", "- 1", "[" * 50_000, "a: " * 3, "\0", "%", "? {a: b}: c"]
)
def test_what_is_no_event_at_all_is_refused_as_a_fault(base_dir: Path, text: str):
    assert faults(text, base_dir)


def test_a_stage_that_the_event_does_not_have_is_named_with_those_it_has(base_dir: Path):
    with pytest.raises(SetupInvalid, match="The event has: stage-1"):
        stage_setup(load_event(SMALL, base_dir), "stage-2")


def test_the_reference_is_in_step_with_the_models(repository: Path):
    assert (repository / "docs/event-file.md").read_text(encoding="utf-8") == reference()


def test_the_example_of_the_reference_is_sound(tmp_path: Path):
    points = "".join(f"{45 + step * 0.01},6.0\n" for step in range(120))
    (tmp_path / "stage-1.gpx").write_text("lat,lon\n" + points)

    load_event(EXAMPLE.replace("file: stage-1.gpx", "file: stage-1.gpx\n      format: csv"), tmp_path)
