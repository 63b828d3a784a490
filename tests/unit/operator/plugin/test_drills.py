"""Drills: what is next, what was measured beside what it may be, and a run under a name of its own."""

import copy
from typing import Any

import pytest
from ardoise_operator.plugin.drills import (
    against_run,
    fresh_run_id,
    is_over,
    listing,
    next_run,
    report,
    run_news,
    run_plan,
)
from rich.console import Console, RenderableType

from tests.support.operator_pictures import NOW, TODAY
from tests.support.own_kinds import PRECHECK, STATUS, example_objects

NAME = "region-lost-weekly"


@pytest.fixture
def drill() -> dict[str, Any]:
    return copy.deepcopy({**example_objects()[NAME], "status": STATUS[NAME]})


def shown(what: RenderableType) -> str:
    console = Console(width=100, highlight=False)
    with console.capture() as captured:
        console.print(what)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def test_the_next_one_is_first_and_what_never_ran_says_so(drill: dict[str, Any]):
    suspended = copy.deepcopy(drill)
    suspended["metadata"]["name"], suspended["spec"]["suspend"] = "a", True
    new = {"metadata": {"name": "new"}, "spec": drill["spec"]}
    lines = [" ".join(line.split()) for line in shown(listing([new, suspended, drill], NOW)).splitlines()]
    assert lines == [
        "drill scenario next run last run verdict stood lost",
        f"{NAME} region-lost 12:00:00 12:00:00 failed 20.31 s 0 fixes",
        "a region-lost suspended 12:00:00 failed 20.31 s 0 fixes",
        "new region-lost Unknown never - - -",
    ]


def test_without_drills_it_says_what_to_apply():
    assert "there is no Drill: apply one" in shown(listing([], NOW))


def test_a_report_has_figures_beside_budgets_and_the_runs_before(drill: dict[str, Any]):
    drill["status"]["finishedAt"] = "2026-07-07T12:04:10Z"
    older = {**drill["status"]["history"][0], "finishedAt": "2026-07-07T12:03:00Z"}
    drill["status"]["history"] = [{**older, "runId": drill["status"]["runId"]}, older]
    assert [" ".join(line.split()) for line in shown(report(drill, NOW)).splitlines()] == [
        "run region-lost-weekly-3, region-lost",
        "verdict failed",
        "at the step await-promotion",
        "because decisions stood for 31 s, at most 25 s",
        "begun 12:00:00, took 4 min 10 s",
        "decisions stood 20.31 s, at most 25 s",
        "lost 0 fixes of 51200, at most 0",
        "written late 880 fixes",
        "report configmap/region-lost-weekly-3",
        "",
        "run before begun took verdict stood lost",
        "region-lost-weekly-2 12:00:00 3 min held Unknown Unknown fixes",
    ]


def test_a_run_that_is_not_over_has_no_verdict_yet(drill: dict[str, Any]):
    for field in ("verdict", "finishedAt", "measured"):
        del drill["status"][field]
    drill["status"]["phase"] = "Restoring"
    assert "verdict      restoring ..." in shown(report(drill, NOW))
    assert against_run(drill) == f"run region-lost-weekly-3 is not over: kubectl ardoise drill report {NAME}"


def test_what_never_ran_has_no_report(drill: dict[str, Any]):
    del drill["status"]
    assert shown(report(drill, NOW)).startswith(f"{NAME} has never run; next run: Unknown (30 3 * * 2,")
    assert against_run(drill) == ""


def test_a_run_that_is_over_keeps_no_other_back(drill: dict[str, Any]):
    assert against_run(drill) == ""


def test_a_new_run_bears_a_name_that_is_remembered_nowhere(drill: dict[str, Any]):
    assert fresh_run_id(drill, TODAY) == f"2026-07-07-{NAME}-1"
    drill["spec"]["runRequestId"] = f"2026-07-07-{NAME}-1"
    assert fresh_run_id(drill, TODAY) == f"2026-07-07-{NAME}-2"
    drill["status"]["runId"] = f"2026-07-07-{NAME}-2"
    drill["status"]["history"][0]["runId"] = f"2026-07-07-{NAME}-3"
    assert fresh_run_id(drill, TODAY) == f"2026-07-07-{NAME}-4"


def test_a_name_of_a_run_is_one_that_the_schema_takes(drill: dict[str, Any]):
    drill["metadata"]["name"] = "a.b-" * 63
    assert fresh_run_id(drill, TODAY).replace("-", "").isalnum()
    assert len(fresh_run_id(drill, TODAY)) <= 64


def test_a_plan_says_what_it_may_cost(drill: dict[str, Any]):
    text = " ".join(run_plan(drill))
    assert "region-lost on Replication race: something is broken on purpose, now" in text
    assert "25 s without decisions, and 0 fixes" in text
    drill["spec"].update(scenario=PRECHECK, budgets=None)
    assert run_plan(drill) == ["a precheck: nothing is broken, it says whether a drill could begin"]


def test_another_run_is_not_taken_for_this_one(drill: dict[str, Any]):
    assert run_news(drill["status"], "mine") == ""
    assert not is_over(drill["status"], "mine")
    drill["status"]["runId"] = "mine"
    assert run_news(drill["status"], "mine") == "finished"
    assert is_over(drill["status"], "mine")


def test_a_suspended_drill_has_no_next_run(drill: dict[str, Any]):
    drill["spec"]["suspend"] = True
    assert next_run(drill, NOW) == "suspended"
