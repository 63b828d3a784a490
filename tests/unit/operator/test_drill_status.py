"""What is shown of a Drill and told of it, from what its runs say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.drill_decide import AbortCondition, Rehearsed
from ardoise.sites.operations.drill_runs import Asked, DrillVerdict, Result, Run
from ardoise.sites.operations.situation import Verdict
from ardoise_operator.drills import drill_of, drill_status, rehearsed_of, unread_status
from ardoise_operator.events import Note, notes
from ardoise_operator.watching import Object

from tests.support.operator_looks import NOON, OBJECTS, conditions, faults, race, reports, sight, status

NOON_MS = 1783425600000
SPEC = OBJECTS["region-lost-weekly"]["spec"]
DRILL = Object("Drill", "weekly", "uid-1", 3, SPEC, {}, "2026-07-01T00:00:00Z")
NEXT = datetime(2026, 7, 14, 1, 30, tzinfo=UTC)
SCHEDULED = Verdict(Truth.TRUTH_YES, "Scheduled", "")
ELSEWHERE = Verdict(Truth.TRUTH_NO, "RunsElsewhere", "london is primary")
RUN = Run("r-1", Asked.SCHEDULE, NOON_MS, NOON_MS + 1000)
HELD = Result(
    DrillVerdict.HELD, NOON_MS + 2000, NOON_MS + 60_000, measured={"recoveryMilliseconds": 7, "lostFixes": 0}
)
DIED = Result(
    *(DrillVerdict.ABORTED, NOON_MS, NOON_MS + 9000, "Running", ("its Job is gone", "deployments/a is back")),
    mended=True,
)


def shown(*runs: Run, before: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    told = {"ready": SCHEDULED, "next_run": NEXT, **others}
    found = drill_status(DRILL, before or {}, NOON, list(runs), **told)
    assert faults("Drill", found) == []
    return found


def over(number: int, result: Result = HELD) -> Run:
    ended = replace(result, started_ms=NOON_MS + number * 1000, finished_ms=NOON_MS + number * 1000)
    return replace(RUN, id=f"r-{number}", result=ended)


def test_one_that_never_ran_waits_for_its_time():
    found = shown()
    assert (found["phase"], found["nextRunAt"]) == ("Waiting", "2026-07-14T01:30:00Z")
    assert {"runId", "verdict", "history", "startedAt"} & set(found) == set()
    assert conditions(found) == {"Ready": ("True", "Scheduled"), "OperationInProgress": ("False", "Idle")}


def test_one_that_is_suspended_is_due_never():
    suspended = replace(DRILL, spec={**SPEC, "suspend": True})
    assert "nextRunAt" not in drill_status(suspended, {}, NOON, [], SCHEDULED, next_run=NEXT)


def test_a_run_that_goes_on_has_a_phase_and_no_verdict():
    found = shown(RUN)
    assert (found["runId"], found["phase"], found["startedAt"]) == (
        "r-1",
        "Prechecking",
        "2026-07-07T12:00:01Z",
    )
    assert "verdict" not in found
    assert conditions(found)["OperationInProgress"] == ("True", "Schedule")
    assert shown(replace(RUN, phase="Judging", abort="x"))["reasons"] == ["x"]


def test_a_run_that_is_over_is_shown_whole_and_first_in_the_history():
    ended = replace(RUN, id="r-2", result=replace(HELD, reasons=("b",)), abort="a", reported=True)
    found = shown(over(1), ended, over(0))
    assert (found["phase"], found["verdict"], found["reasons"]) == ("Finished", "Held", ["a", "b"])
    assert found["measured"] == {"recoveryMilliseconds": 7, "lostFixes": 0}
    assert found["report"] == "configmap/drill-r-2"
    assert [one["runId"] for one in found["history"]] == ["r-2", "r-1", "r-0"]


def test_the_history_is_as_long_as_is_wanted():
    few = replace(DRILL, spec={**SPEC, "historyLimit": 2})
    found = drill_status(few, {}, NOON, [over(number) for number in range(5)], SCHEDULED)
    assert [one["runId"] for one in found["history"]] == ["r-4", "r-3"]


def test_a_request_that_waits_is_shown_before_the_run_that_is_over():
    found = shown(over(1), waits="now-1")
    assert (found["runId"], found["phase"]) == ("now-1", "Waiting")
    assert "verdict" not in found
    assert len(found["history"]) == 1


def test_more_than_a_status_holds_is_clipped():
    huge = replace(HELD, failed_step="s" * 1000, reasons=("r" * 2000,) * 40)
    assert len(shown(replace(RUN, result=huge))["reasons"]) == 32


def test_where_runs_are_not_shown_by_the_api_server_they_stay_as_they_were():
    before = shown(over(1))
    found = unread_status(DRILL, before, NOON, "403")
    assert faults("Drill", found) == []
    assert conditions(found) == {"Ready": ("Unknown", "RunsUnread"), "OperationInProgress": ("False", "Idle")}
    assert found["history"] == before["history"]
    assert faults("Drill", unread_status(DRILL, {}, NOON, "403")) == []
    assert notes("Drill", {}, unread_status(DRILL, {}, NOON, "403")) == []


def test_an_object_is_read_with_its_defaults():
    spec = {key: value for key, value in SPEC.items() if key not in ("deadlineSeconds", "historyLimit")}
    found = drill_of(replace(DRILL, spec={**spec, "runRequestId": "now-1"}))
    assert (found.deadline_s, found.history_limit, found.suspended, found.request) == (
        1800,
        10,
        False,
        "now-1",
    )
    assert found.aborts[0] == AbortCondition("PrimaryUnobserved", "True", 60)
    assert found.created_ms == 1782864000000


def test_a_replication_is_what_its_status_says():
    found = rehearsed_of({"mode": "Automatic"}, race(sight(status(reports()))))
    assert found.primary == "amsterdam"
    assert found.conditions["Protected"] == ("True", NOON_MS)
    assert rehearsed_of({"mode": "ObserveOnly"}, {"primary": "Unknown"}) == Rehearsed("", {}, True)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (HELD, [Note("Normal", "DrillEnded", "run r-1: Held; decisions stood for 7 ms, 0 fixes are lost")]),
        (
            replace(HELD, verdict=DrillVerdict.FAILED, measured=None, reasons=("31 s, at most 25 s",)),
            [Note("Warning", "DrillEnded", "run r-1: Failed. 31 s, at most 25 s")],
        ),
        (
            replace(HELD, verdict=DrillVerdict.REFUSED, measured=None, reasons=("a race is live",)),
            [Note("Warning", "DrillRefused", "run r-1: Refused. a race is live")],
        ),
        (
            DIED,
            [
                Note("Warning", "DrillMended", "run r-1: its Job is gone; deployments/a is back"),
                Note("Warning", "DrillEnded", "run r-1: Aborted. its Job is gone; deployments/a is back"),
            ],
        ),
    ],
    ids=["held", "failed", "refused", "mended"],
)
def test_a_run_is_told_when_it_begins_and_when_it_ends_and_not_again(result: Result, expected: list[Note]):
    waiting, running, ended = shown(), shown(RUN), shown(replace(RUN, result=result))
    begun = Note("Normal", "DrillBegun", "run r-1 has begun, asked for by Schedule")
    assert notes("Drill", {}, waiting) == []
    assert notes("Drill", {}, running) == [begun]
    assert notes("Drill", waiting, running) == [begun]
    assert notes("Drill", running, shown(replace(RUN, phase="Judging"), before=running)) == []
    assert notes("Drill", running, ended) == expected
    assert notes("Drill", ended, ended) == []
    # One that began and ended between two looks.
    assert notes("Drill", waiting, ended) == expected


def test_a_mended_run_is_told_of_once():
    mended = shown(over(1, DIED))
    assert notes("Drill", mended, mended) == []
    assert [one.reason for one in notes("Drill", mended, shown(over(1, DIED), over(2)))] == ["DrillEnded"]


def test_a_region_that_is_not_primary_warns_nobody_and_a_schedule_that_is_not_understood_does():
    (note,) = notes("Drill", shown(), shown(ready=ELSEWHERE))
    assert (note.type, note.reason) == ("Normal", "NotReady")
    unclear = Verdict(Truth.TRUTH_NO, "ScheduleNotUnderstood", "there is no time zone x")
    (note,) = notes("Drill", {}, shown(ready=unclear))
    assert (note.type, note.reason) == ("Warning", "NotReady")
