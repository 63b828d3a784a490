import gzip
import json
from pathlib import Path

import pytest
from ardoise.ingest.racecentre.recording import RecordingInvalid, parse_recording, read_recording
from ardoise.ingest.racecentre.stage import NoRoute
from ardoise.pb import setup_pb2
from hypothesis import example, given, settings
from hypothesis import strategies as st

REAL = Path(__file__).parents[4] / "shared/data/race/tour-2026-stage-04.json.gz"
TRACE = {
    "name": "Aval > Amont",
    "totalDistance": 10.0,
    "routePoints": [{"lat": 45.0 + step * 0.01, "lon": 6.0, "ele": 400 + step} for step in range(11)],
    "pointsOfInterest": [
        {"lat": 45.0, "lon": 6.0, "distanceTraveled": -1.1},
        {"lat": 45.01, "lon": 6.0001, "distanceTraveled": 0},
        {"lat": 45.1, "lon": 6.0, "distanceTraveled": 10.0},
    ],
}


def recorded(**rest: object) -> dict[str, object]:
    rider = {"Bib": 5, "Latitude": 45.02, "Longitude": 6.0, "kph": 30}
    text = json.dumps(
        {"bind": "telemetryCompetitor-2026", "data": {"TimeStamp": 1783420242, "Riders": [rider]}}
    )
    return {"version": 1, "rest": rest, "events": [{"dt": 0, "data": text}, {"dt": 6000, "data": text}]}


def test_a_trace_and_the_bibs_seen_are_enough_for_a_stage():
    setup = parse_recording(recorded(trace=TRACE)).setup()

    assert setup.stage_name == "Stage of 2026-07-07: Aval - Amont"
    assert [(rider.bib, rider.family_name) for rider in setup.riders] == [(5, "No. 5")]
    assert [(one.tracker, one.bib) for one in setup.assignments] == [(5, 5)]
    assert setup.clock_source == setup_pb2.CLOCK_SOURCE_FEED
    assert setup.route.distance_cm[1] == pytest.approx(0, abs=100)
    assert setup.route.finish_cm == setup.route.distance_cm[-1]
    assert setup.route.elevation_cm[0] == 40_000


def test_without_a_trace_the_error_says_how_to_give_the_route():
    with pytest.raises(NoRoute, match="SETUP="):
        parse_recording(recorded()).setup()


@pytest.mark.parametrize(
    "trace",
    [
        {},
        {"routePoints": "x"},
        {"routePoints": [{"lat": 1, "lon": 2}]},
        {"routePoints": [{"lat": "a"}, 7, None]},
    ],
)
def test_a_trace_that_is_no_road_is_refused(trace: object):
    with pytest.raises(NoRoute):
        parse_recording(recorded(trace=trace)).setup()


def test_climbs_and_sprints_stand_where_the_road_passes_them():
    checkpoint = {
        "0": {
            "length": 4.9,  # the road book's kilometre; by the road it is 5.0 of 10.0
            "latitude": 45.055,
            "longitude": 6.0,
            "checkpointSummits": [{"code": "1", "length": 2000, "summit": {"name": "Col Inventé"}}],
            "checkpointTypes": [{"type": "sprint"}],
        },
        "_id": "x",
    }
    setup = parse_recording(recorded(trace=TRACE, checkpoints=[checkpoint])).setup()

    climb, sprint = setup.route.features
    assert (climb.name, climb.category, climb.length_cm) == ("Col Inventé", "1", 200_000)
    assert climb.distance_cm == sprint.distance_cm == pytest.approx(500_000, abs=1_000)


def test_teams_published_all_black_get_colours_that_differ():
    teams = [{"code": code, "_id": code.lower(), "name": code, "color": "#000000"} for code in ("AAA", "BBB")]
    riders = [{"bib": 1, "lastname": "UN", "$team": "team-2026:aaa", "nationality": "fra"}]
    setup = parse_recording(recorded(trace=TRACE, teams=teams, riders=riders)).setup()

    assert len({team.colour for team in setup.teams} - {"#000000"}) == 2
    assert setup.riders[0].team_code == "AAA"
    assert setup.riders[0].nationality == "FRA"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8bnot gzip",
        b"[]",
        b'{"events": [{"dt": "x", "data": 1}]}',
        b'{"events": []}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_recording_is_refused_by_name(tmp_path: Path, content: bytes):
    file = tmp_path / "stage.json.gz"
    file.write_bytes(content)

    with pytest.raises(RecordingInvalid, match=r"stage\.json\.gz"):
        read_recording(file)


def test_a_recording_may_be_packed_or_plain(tmp_path: Path):
    text = json.dumps(recorded(trace=TRACE)).encode()
    (tmp_path / "plain.json").write_bytes(text)
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(text))

    assert read_recording(tmp_path / "plain.json") == read_recording(tmp_path / "packed.json.gz")


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data is absent")
def test_the_real_recording_gives_the_stage_from_carcassonne_to_foix():
    recording = read_recording(REAL)
    setup = recording.setup()

    assert setup.stage_name == "Stage 4: Carcassonne - Foix"
    assert len(setup.riders) == 184
    assert len(setup.teams) == len({team.colour for team in setup.teams}) == 23
    assert setup.route.finish_cm == pytest.approx(18_187_000, rel=0.01)
    assert setup.route.distance_cm[0] == pytest.approx(-855_000, rel=0.01)
    assert [feature.category for feature in setup.route.features] == ["4", "3", "", "2", "2"]
    assert recording.first_event_at(setup.planned_start_ms) < len(recording.texts)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def shaped(*keys: str) -> st.SearchStrategy:
    """Lists of objects with the right keys and anything behind them."""
    return (
        st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(keys, json_values)), max_size=4)
        | json_values
    )


wild_checkpoints = st.lists(
    st.dictionaries(
        st.sampled_from(["0", "1"]),
        st.fixed_dictionaries(
            {},
            optional={
                "length": json_values,
                "latitude": json_values,
                "checkpointSummits": shaped("code", "length", "summit"),
                "checkpointTypes": shaped("type"),
            },
        ),
    ),
    max_size=2,
)


@settings(max_examples=150)
@example(
    riders=[],
    teams=[],
    stages={},
    checkpoints=[{"0": {"length": 0, "checkpointTypes": [{"type": []}]}}],
    points=[],
    total=None,
)
@example(riders=[], teams=[], stages={}, checkpoints=[], points=[], total=-1.6e299)
@example(
    riders=[],
    teams=[],
    stages={},
    checkpoints=[{"0": {"length": 1e300, "checkpointSummits": [{"code": "H", "length": 1e300}]}}],
    points=[{"distanceTraveled": 1e300}],
    total=None,
)
@example(
    riders=[],
    teams=[],
    stages={},
    checkpoints=[{"0": {"length": 10, "checkpointSummits": [{"code": "H", "length": 1e300}]}}],
    points=[],
    total=None,
)
@given(
    riders=shaped("bib", "lastname", "nationality", "$team"),
    teams=shaped("code", "_id", "name", "color"),
    stages=st.dictionaries(st.just("2026-07-07"), shaped("date", "stage", "startTime", "timezone"))
    | json_values,
    checkpoints=wild_checkpoints | json_values,
    points=shaped("lat", "lon", "distanceTraveled"),
    total=json_values,
)
def test_nothing_that_a_site_may_publish_brings_the_set_up_down(
    riders: object, teams: object, stages: object, checkpoints: object, points: object, total: object
):
    trace = TRACE | {"pointsOfInterest": points, "totalDistance": total}
    rest = {"trace": trace, "riders": riders, "teams": teams, "stages": stages, "checkpoints": checkpoints}
    try:
        setup = parse_recording(recorded(**rest)).setup()
    except NoRoute:
        return
    assert len(setup.SerializeToString()) < 100_000
    assert setup.riders
