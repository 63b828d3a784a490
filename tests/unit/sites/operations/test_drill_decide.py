"""What becomes of a Drill: begun once by who is primary, aborted, mended, and never too late."""

from dataclasses import replace

import pytest
from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.drill_decide import (
    GRACE_MS,
    LATEST_MS,
    Abort,
    AbortCondition,
    Begin,
    Delete,
    Drill,
    DrillSituation,
    JobState,
    MakeJob,
    Mend,
    Refuse,
    Rehearsed,
    decide_drill,
    left_over,
)
from ardoise.sites.operations.drill_runs import Asked, DrillVerdict, Result, Run, scheduled_id
from ardoise.sites.operations.drills import Claimed, DrillClaim, Underway

DUE_MS = 1782783000000
"""2026-06-30 at 03:30 in Amsterdam."""
DUE_ID = "weekly-20260630-0130"
HOUR_MS = 3_600_000
DRILL = Drill("uid-1", "weekly", "race", DUE_MS - 24 * HOUR_MS, deadline_s=1800, history_limit=3)
WELL = {"Protected": ("True", DUE_MS - HOUR_MS), "PrimaryUnobserved": ("False", DUE_MS - HOUR_MS)}
HERE = Rehearsed("amsterdam", WELL)
OBSERVED = replace(HERE, observe_only=True)
DUE = DrillSituation(DRILL, "amsterdam", DUE_MS + 1000, DUE_MS, HERE, Claimed({}))
IDLE = replace(DUE, due_ms=None)
MINE = DrillClaim("amsterdam", "uid-1", DUE_MS)
THEIRS = DrillClaim("london", "uid-9", DUE_MS)
RUNNING = Run("r-1", Asked.SCHEDULE, DUE_MS, DUE_MS, phase="Running", before={"Protected": "True"})


def underway(run_id: str, region: str = "amsterdam", until_ms: int = DUE_MS + HOUR_MS) -> Underway:
    return Underway(run_id, region, DUE_MS, until_ms)


def over(run_id: str, from_ms: int, to_ms: int | None = None) -> Run:
    ended = Result(DrillVerdict.HELD, from_ms, from_ms + 60_000 if to_ms is None else to_ms)
    return Run(run_id, Asked.SCHEDULE, from_ms, from_ms, result=ended)


def requesting(situation: DrillSituation = IDLE, **changes: object) -> DrillSituation:
    return replace(situation, drill=replace(DRILL, request="now-1"), **changes)


def kinds(situation: DrillSituation) -> list[type]:
    return [type(action) for action in decide_drill(situation).actions]


def goes_on(job: JobState, run: Run = RUNNING, **changes: object) -> DrillSituation:
    return replace(IDLE, runs=(run,), jobs={run.id: job}, now_ms=DUE_MS + 60_000, **changes)


def why_refused(situation: DrillSituation) -> str:
    (action,) = decide_drill(situation).actions
    assert isinstance(action, Refuse)
    assert action.run.result is not None
    assert action.run.result.verdict is DrillVerdict.REFUSED
    (why,) = action.run.result.reasons
    return why


def test_a_run_that_is_due_is_begun_with_what_was_so_before():
    decision = decide_drill(DUE)
    (begin,) = decision.actions
    assert isinstance(begin, Begin)
    assert (begin.run.id, begin.run.asked, begin.run.due_ms) == (DUE_ID, Asked.SCHEDULE, DUE_MS)
    assert begin.run.before == {"Protected": "True", "PrimaryUnobserved": "False"}
    assert begin.claim == MINE
    assert begin.until_ms == DUE_MS + 1_800_000 + GRACE_MS
    assert not begin.resumed
    assert (decision.ready.status, decision.ready.reason) == (Truth.TRUTH_YES, "Scheduled")


def test_both_regions_name_a_run_of_the_schedule_alike():
    assert scheduled_id("weekly", DUE_MS) == DUE_ID


@pytest.mark.parametrize(("late_ms", "found"), [(LATEST_MS, [Begin]), (LATEST_MS + 1, [])])
def test_an_operator_that_is_late_begins_within_its_time_or_leaves_it_out(late_ms: int, found: list[type]):
    assert kinds(replace(DUE, now_ms=DUE_MS + late_ms)) == found


def test_what_was_due_before_the_object_was_made_is_not_begun():
    young = replace(DRILL, created_ms=DUE_MS + 1)
    assert kinds(replace(DUE, drill=young)) == []


def test_suspend_holds_back_the_schedule_and_no_request():
    suspended = replace(DUE, drill=replace(DRILL, suspended=True))
    assert kinds(suspended) == []
    assert decide_drill(suspended).ready.reason == "Suspended"
    (begin,) = decide_drill(replace(DUE, drill=replace(DRILL, suspended=True, request="now-1"))).actions
    assert isinstance(begin, Begin)
    assert (begin.run.id, begin.run.asked, begin.run.due_ms) == ("now-1", Asked.REQUEST, DUE_MS + 1000)


def test_a_run_of_the_schedule_is_left_out_while_another_of_the_object_goes_on():
    earlier = replace(RUNNING, due_ms=DUE_MS - 600_000, made_ms=DUE_MS - 600_000)
    assert kinds(replace(DUE, runs=(earlier,), jobs={"r-1": JobState.RUNS})) == []
    ended = over("r-1", DUE_MS - HOUR_MS, DUE_MS + 500)
    assert kinds(replace(DUE, runs=(ended,))) == []
    assert kinds(replace(DUE, runs=(over("r-1", DUE_MS - HOUR_MS, DUE_MS - 1),))) == [Begin]


def test_a_run_that_has_begun_is_not_begun_again():
    assert kinds(replace(DUE, runs=(over(DUE_ID, DUE_MS + 100, DUE_MS + 200),))) == []
    assert kinds(requesting(runs=(over("now-1", DUE_MS - HOUR_MS),))) == []


@pytest.mark.parametrize("busy", ["platform", "cluster"])
def test_while_another_drill_runs_anywhere_both_wait(busy: str):
    held = {
        "platform": {"claimed": Claimed({}, underway("other", "london"))},
        "cluster": {"others": ("other",)},
    }[busy]
    assert kinds(replace(DUE, **held)) == []
    decision = decide_drill(requesting(**held))
    assert (decision.actions, decision.waits) == ((), "now-1")
    nobodys = Claimed({}, underway("other", "london", until_ms=DUE_MS + 1000))
    assert kinds(replace(DUE, claimed=nobodys)) == [Begin]


def test_a_request_waits_for_a_run_of_its_own_object():
    situation = requesting(goes_on(JobState.RUNS))
    assert decide_drill(situation).actions == ()
    assert decide_drill(situation).waits == "now-1"


def test_a_request_comes_before_the_schedule_and_one_begins():
    (begin,) = decide_drill(requesting(DUE)).actions
    assert isinstance(begin, Begin)
    assert begin.run.id == "now-1"


def test_where_another_region_is_primary_the_schedule_is_not_run_and_a_request_is_refused():
    elsewhere = Rehearsed("london", WELL)
    decision = decide_drill(replace(DUE, rehearsed=elsewhere))
    assert decision.actions == ()
    assert (decision.ready.status, decision.ready.reason) == (Truth.TRUTH_NO, "RunsElsewhere")
    assert "london is primary" in decision.ready.message
    assert why_refused(requesting(rehearsed=elsewhere)).startswith("RunsElsewhere: london is primary")


def test_of_two_operators_the_one_whose_region_claimed_it_goes_on_and_the_other_does_not():
    claimed = Claimed({DUE_ID: THEIRS}, underway(DUE_ID, "london"))
    assert kinds(replace(DUE, claimed=claimed)) == []
    claimed = Claimed({DUE_ID: MINE}, underway(DUE_ID))
    (begin,) = decide_drill(replace(DUE, claimed=claimed)).actions
    assert isinstance(begin, Begin)
    assert begin.resumed


def test_a_request_that_was_begun_elsewhere_is_refused_and_one_that_was_begun_here_is_not_begun_again():
    used = {"now-1": replace(THEIRS, due_ms=DUE_MS - HOUR_MS)}
    assert why_refused(requesting(claimed=Claimed(used))).startswith("AlreadyUsed: ")
    deleted_and_applied_again = {"now-1": replace(MINE, drill="uid-0")}
    for last in (None, underway("now-1")):
        claimed = Claimed(deleted_and_applied_again, last)
        assert why_refused(requesting(claimed=claimed)).startswith("AlreadyUsed: ")
    decision = decide_drill(requesting(claimed=Claimed({"now-1": MINE})))
    assert (decision.actions, decision.waits) == ((), "")


def test_what_was_claimed_and_not_made_is_made_a_moment_later_and_never_after_that():
    claimed = Claimed({"now-1": MINE}, underway("now-1"))
    (begin,) = decide_drill(requesting(claimed=claimed)).actions
    assert isinstance(begin, Begin)
    assert (begin.resumed, begin.run.due_ms) == (True, DUE_MS)
    assert kinds(requesting(claimed=claimed, now_ms=DUE_MS + LATEST_MS + 1)) == []


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"unclear": "schedule * * *: 3 fields"}, Truth.TRUTH_NO, "ScheduleNotUnderstood"),
        ({"rehearsed": None}, Truth.TRUTH_NO, "ReplicationMissing"),
        ({"off": "not in the values"}, Truth.TRUTH_NO, "NotSwitchedOn"),
        ({"rehearsed": Rehearsed("", WELL)}, Truth.TRUTH_UNSPECIFIED, "PrimaryUnobserved"),
        ({"rehearsed": OBSERVED}, Truth.TRUTH_NO, "ObserveOnly"),
        ({"claimed": None}, Truth.TRUTH_UNSPECIFIED, "NoMajority"),
    ],
)
def test_why_it_is_not_ready_is_one_word_each_and_the_schedule_is_not_run(
    changes: dict[str, object], status: int, reason: str
):
    situation = replace(DUE, **changes)
    if "unclear" in changes:
        situation = replace(situation, due_ms=None)
    decision = decide_drill(situation)
    assert (decision.ready.status, decision.ready.reason) == (status, reason)
    assert decision.actions == ()


def test_where_operators_only_observe_a_request_is_refused_and_what_goes_on_does():
    assert why_refused(requesting(rehearsed=OBSERVED)).startswith("ObserveOnly: ")
    assert kinds(goes_on(JobState.RUNS, rehearsed=OBSERVED)) == []
    assert kinds(goes_on(JobState.OVER, rehearsed=OBSERVED)) == [Mend]


def test_a_request_waits_where_nobody_can_tell_and_is_refused_where_drills_are_off():
    for unknown in ({"rehearsed": None}, {"rehearsed": Rehearsed("", WELL)}, {"claimed": None}):
        decision = decide_drill(requesting(**unknown))
        assert (decision.actions, decision.waits) == ((), "now-1")
    assert why_refused(requesting(off="not in the values")) == "NotSwitchedOn: not in the values"


def with_condition(kind: str, status: str, since_ms: int, for_s: int = 0) -> dict[str, object]:
    drill = replace(DRILL, aborts=(AbortCondition(kind, status, for_s),))
    return {"drill": drill, "rehearsed": Rehearsed("amsterdam", {**WELL, kind: (status, since_ms)})}


def test_a_condition_that_was_not_so_when_it_began_aborts_it():
    situation = goes_on(JobState.RUNS, **with_condition("Protected", "False", DUE_MS + 30_000))
    (abort,) = decide_drill(situation).actions
    assert abort == Abort(RUNNING, "Protected of race is False, and was not when it began")


def test_a_condition_that_was_so_when_it_began_aborts_nothing():
    begun = replace(RUNNING, before={"Protected": "False"})
    situation = goes_on(JobState.RUNS, begun, **with_condition("Protected", "False", DUE_MS - HOUR_MS))
    assert kinds(situation) == []


@pytest.mark.parametrize(("for_s", "found"), [(30, [Abort]), (31, [])])
def test_a_condition_aborts_once_it_has_been_so_for_its_time(for_s: int, found: list[type]):
    situation = goes_on(JobState.RUNS, **with_condition("Protected", "False", DUE_MS + 30_000, for_s))
    assert kinds(situation) == found


def test_an_abort_that_was_written_down_is_carried_out_though_the_condition_is_gone():
    aborted = replace(RUNNING, abort="Protected of race is False")
    assert kinds(goes_on(JobState.RUNS, aborted)) == [Abort]
    assert kinds(goes_on(JobState.SUSPENDED, aborted)) == []


@pytest.mark.parametrize("job", [JobState.ABSENT, JobState.OVER])
def test_a_run_whose_process_is_gone_without_a_result_is_mended(job: JobState):
    assert kinds(goes_on(job)) == [Mend]
    assert kinds(replace(goes_on(job), claimed=None, rehearsed=None)) == [Mend]


@pytest.mark.parametrize("job", [JobState.RUNS, JobState.SUSPENDED])
def test_a_run_whose_job_never_ends_is_mended_when_its_time_is_over(job: JobState):
    until_ms = DUE_MS + 1_800_000 + GRACE_MS
    aborted = replace(RUNNING, abort="x")
    assert Mend not in kinds(replace(goes_on(job, aborted), now_ms=until_ms))
    assert kinds(replace(goes_on(job, aborted), now_ms=until_ms + 1)) == [Mend]


def test_a_run_whose_job_was_not_made_yet_gets_it_in_time_and_else_is_closed():
    begun = replace(RUNNING, phase="")
    assert kinds(goes_on(JobState.ABSENT, begun)) == [MakeJob]
    assert kinds(replace(goes_on(JobState.ABSENT, begun), now_ms=DUE_MS + LATEST_MS + 1)) == [Mend]
    assert kinds(goes_on(JobState.ABSENT, replace(begun, abort="x"))) == [Mend]


def test_a_run_goes_on_though_another_region_is_primary_meanwhile():
    assert kinds(goes_on(JobState.RUNS, rehearsed=Rehearsed("london", WELL))) == []


def test_runs_beyond_the_limit_are_deleted_oldest_first_but_for_the_one_that_is_asked_for():
    runs = tuple(over(f"r-{number}", DUE_MS - number * HOUR_MS) for number in range(1, 6))
    actions = decide_drill(replace(IDLE, runs=runs)).actions
    assert actions == (Delete(runs[3]), Delete(runs[4]))
    kept = replace(IDLE, runs=runs, drill=replace(DRILL, request="r-5"))
    assert decide_drill(kept).actions == (Delete(runs[3]),)


def test_a_run_that_goes_on_is_none_of_those_that_are_kept():
    runs = tuple(over(f"r-{number}", DUE_MS - number * HOUR_MS) for number in range(2, 5))
    situation = goes_on(JobState.RUNS)
    assert kinds(replace(situation, runs=(RUNNING, *runs))) == []


def test_what_is_over_keeps_no_other_back_and_what_goes_on_does():
    claimed = Claimed({}, underway("r-1"))
    now_ms = DUE_MS + 60_000
    assert left_over(claimed, "amsterdam", now_ms, {"r-1": True})
    assert not left_over(claimed, "amsterdam", now_ms, {"r-1": False})
    assert not left_over(claimed, "london", now_ms, {"r-1": True})
    assert not left_over(Claimed({}), "amsterdam", now_ms, {})


def test_what_was_claimed_and_never_made_or_taken_away_is_given_up_in_time():
    claimed = Claimed({}, underway("r-1"))
    assert not left_over(claimed, "amsterdam", DUE_MS + LATEST_MS, {})
    assert left_over(claimed, "amsterdam", DUE_MS + LATEST_MS + 1, {})
