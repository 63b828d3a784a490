"""What stands in a run's ConfigMap, and what is made of it where it is nonsense."""

import json
import re
from dataclasses import replace

import pytest
from ardoise.sites.operations.drill_runs import (
    MOST_NAME,
    Asked,
    DrillVerdict,
    Result,
    Run,
    data_of,
    label,
    run_name,
    run_of,
    scheduled_id,
)

NOON_MS = 1783425600000
RUN = Run("2026-07-07-weekly-1", Asked.REQUEST, NOON_MS, NOON_MS, before={"Protected": "True"})
BUDGETS = {"recoverySeconds": 25, "lostFixes": 0}
MEASURED = {"recoveryMilliseconds": 20310, "lostFixes": 0}
RESULT = {
    "verdict": "Held",
    "measured": MEASURED,
    "startedAt": "2026-07-07T12:00:05Z",
    "finishedAt": "2026-07-07T12:04:10.500+00:00",
}


def read(**data: str) -> Run:
    named = {key.replace("_", "."): text for key, text in data.items()}
    return run_of({**data_of(RUN, "region-lost", 1800, BUDGETS), **named}, NOON_MS, "7")


def test_what_begins_is_read_as_it_was_written():
    data = data_of(RUN, "region-lost", 1800, BUDGETS)
    assert json.loads(data["run"]) == {
        "runId": "2026-07-07-weekly-1",
        "scenario": "region-lost",
        "asked": "Request",
        "dueAt": "2026-07-07T12:00:00.000Z",
        "deadlineSeconds": 1800,
        "budgets": BUDGETS,
    }
    assert run_of(data, NOON_MS, "7") == replace(RUN, version="7")


def test_what_is_over_is_read_as_it_was_written():
    result = Result(DrillVerdict.ABORTED, NOON_MS, NOON_MS + 1, "Running", ("a", "b"), mended=True)
    found = run_of(data_of(replace(RUN, result=result), "region-lost", 1800, BUDGETS), NOON_MS, "7")
    assert found.result == result


def test_what_a_process_writes_is_read():
    found = read(
        phase="Restoring", stopped_json='{"deployments/a": 2}', result_json=json.dumps(RESULT), report_html=""
    )
    assert (found.phase, found.stopped, found.reported) == ("Restoring", {"deployments/a": 2}, True)
    assert found.result == Result(DrillVerdict.HELD, NOON_MS + 5000, NOON_MS + 250_500, measured=MEASURED)


def test_figures_that_are_none_are_unknown():
    result = {**RESULT, "measured": {"recoveryMilliseconds": 20310, "acknowledgedFixes": -1, "new": 3}}
    found = read(result_json=json.dumps(result)).result
    assert found is not None
    assert found.measured == {
        "recoveryMilliseconds": 20310,
        "lostFixes": "Unknown",
        "acknowledgedFixes": "Unknown",
    }


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"verdict": "Held"}', json.dumps({**RESULT, "verdict": "Well"}),
     json.dumps({**RESULT, "finishedAt": "2026-07-07T12:00:00"}), json.dumps({**RESULT, "measured": 3})],
)  # fmt: skip
def test_a_result_that_cannot_be_read_is_none(text: str):
    assert read(result_json=text).result is None


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"pods/a": 1}', '{"deployments/a": "1"}', '{"deployments/": 1}']
)
def test_what_was_stopped_and_cannot_be_read_is_not_taken_for_nothing(text: str):
    assert read(stopped_json=text).stopped is None
    assert read().stopped == {}


@pytest.mark.parametrize(
    "text", ["", "{", "{}", '{"runId": "a", "asked": "Me", "dueAt": "2026-07-07T12:00:00Z"}']
)
def test_a_config_map_that_is_no_runs_is_said_to_be_none(text: str):
    with pytest.raises(ValueError, match="no run of a drill"):
        read(run=text)


@pytest.mark.parametrize("run_id", ["a", "2026-07-07-weekly-1", "UPPER", "ends-", "-", "x" * 64, "X" * 64])
def test_a_name_is_one_that_the_cluster_takes_and_of_one_run_alone(run_id: str):
    name = run_name(run_id)
    assert re.fullmatch(r"drill-[a-z0-9-]*[a-z0-9]", name)
    assert len(name) <= MOST_NAME
    if name != f"drill-{run_id}":
        assert re.fullmatch(r".*-[0-9a-f]{8}", name)
    others = {run_name(other) for other in ("upper", "ends", "x" * 63, "x" * 57, "b", "x" * 58)}
    assert name not in others


def test_a_drills_name_becomes_a_label_and_a_run_of_its_schedule():
    assert label("region-lost-weekly") == "region-lost-weekly"
    assert re.fullmatch(r"a-b-[0-9a-f]{8}", label("a.b"))
    assert scheduled_id("weekly", NOON_MS) == "weekly-20260707-1200"
    long = {scheduled_id("x" * 70 + end, at) for end in ("a", "b") for at in (NOON_MS, NOON_MS + 60_000)}
    assert len(long) == 4
    assert all(len(one) <= 64 for one in long)


@pytest.mark.parametrize(
    ("measured", "why"),
    [
        (
            {"recoveryMilliseconds": 25_001, "lostFixes": 0},
            "recoveryMilliseconds is 25001, and may be 25000 at most",
        ),
        ({"recoveryMilliseconds": 1, "lostFixes": 1}, "lostFixes is 1, and may be 0 at most"),
        ({"recoveryMilliseconds": 1, "lostFixes": "Unknown"}, "lostFixes is Unknown, and may be 0 at most"),
    ],
)
def test_a_run_that_cost_more_than_it_may_has_failed(measured: dict[str, int | str], why: str):
    found = read(result_json=json.dumps({**RESULT, "measured": measured})).result
    assert found is not None
    assert (found.verdict, found.reasons) == (DrillVerdict.FAILED, (why,))


def test_what_breaks_nothing_has_no_budget():
    data = data_of(RUN, "precheck", 1800, {})
    held = json.dumps({key: value for key, value in RESULT.items() if key != "measured"})
    found = run_of({**data, "result.json": held}, NOON_MS, "7").result
    assert found is not None
    assert found.verdict is DrillVerdict.HELD
