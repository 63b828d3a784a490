"""A forced failover: may it begin, what comes next wherever it was killed, and when its cost is known."""

from ardoise.pb.sites_pb2 import DatabaseRole, ForcedFailover, SiteReport
from ardoise.sites.forced import (
    UNKNOWN,
    Outlook,
    Seen,
    Step,
    describe,
    next_step,
    objections,
    others_that_answer,
    outlook,
    settle_decisions,
    settle_log,
)
from ardoise.sites.generation import Generation

from tests.unit.sites.test_status import EPOCH, HEALTHY, PRIMARY, STANDBY, SYNCHRONOUS, report, status_of

MINE = Generation(1, "op-1")


def alone(role: DatabaseRole | None = None, watermark: int = 90, log: int = 80) -> SiteReport:
    """London, whose member of etcd has no leader and hears nobody."""
    found = report("london", log, role, watermark)
    for member in found.etcd:
        member.healthy, member.answers = False, member.site == "london"
    return found


def operation(**fields) -> ForcedFailover:
    return ForcedFailover(request_id="op-1", region="london", generation=1, **fields)


def seen(
    generation: Generation | None = MINE, *, primary: bool = False, recorded: bool = False, leads: str = ""
) -> Seen:
    return Seen(generation, primary, recorded, leads)


def test_a_region_without_a_majority_may_be_forced_and_what_it_costs_is_unknown():
    status = status_of((alone(),))
    assert objections(status, "london", UNKNOWN) == []
    assert outlook(status, "london") == Outlook(None, None)
    assert "accept that, and not 0" in objections(status, "london", "0")[0]


def test_with_the_truck_there_the_log_is_known_and_decisions_are_not():
    status = status_of((report("truck", 100), alone()))
    assert outlook(status, "london") == Outlook(0, None)
    assert describe(outlook(status, "london")) == "0 messages of the log, decisions Unknown"


def test_it_is_not_forced_where_it_is_not_needed_or_is_somewhere_else():
    assert "planned switchover" in objections(status_of(HEALTHY), "london", UNKNOWN)[0]
    waiting = status_of((HEALTHY[0], report("london", 98, SYNCHRONOUS, 90)))
    assert "by itself" in objections(waiting, "london", UNKNOWN)[0]
    assert "only amsterdam itself" in objections(status_of((alone(),)), "amsterdam", UNKNOWN)[0]
    assert "no region" in objections(status_of((alone(),)), "truck", UNKNOWN)[0]
    assert "accepted loss" in objections(status_of((alone(),)), "london", "a bit")[0]


def test_with_a_majority_a_number_may_be_accepted_and_is_held_to():
    behind = report("london", 98, STANDBY, 90)
    status = status_of((report("truck", 100), behind))
    assert outlook(status, "london") == Outlook(0, decisions=True)
    behind.database.role = SYNCHRONOUS
    behind.logs.logs[0].first_sequence = 95
    truck = report("truck", 100)
    truck.logs.logs[0].first_sequence = 99
    status = status_of((truck, behind))
    assert outlook(status, "london") == Outlook(4, decisions=False)
    assert objections(status, "london", "4") == []
    assert "4 messages" in objections(status, "london", "3")[0]


def test_whoever_still_answers_is_named():
    status = status_of((report("truck", 100), alone()))
    assert list(others_that_answer(status)) == ["truck answers"]


def test_step_by_step():
    forced = operation()
    assert next_step(forced, seen(None)) is Step.REBUILD
    assert next_step(forced, seen(Generation())) is Step.REBUILD
    assert next_step(forced, seen()) is Step.PROMOTE
    assert next_step(forced, seen(primary=True)) is Step.RECORD
    assert next_step(forced, seen(primary=True, recorded=True)) is Step.AWAIT_LOG
    forced.messages_lost = 0
    assert next_step(forced, seen(primary=True, recorded=True)) is Step.AWAIT_DECISIONS
    forced.decisions_lost = 0
    assert next_step(forced, seen(primary=True)) is Step.RECORD
    assert next_step(forced, seen(primary=True, recorded=True)) is Step.OVER


def test_what_is_done_is_not_done_again_whatever_came_after_it():
    done = operation(rebuilt_ms=1, promoted_ms=2)
    later = Generation(2, "op-2")
    for generation in (None, Generation(), MINE, later):
        for primary in (False, True):
            assert next_step(done, seen(generation, primary=primary)) not in (Step.REBUILD, Step.PROMOTE)
    assert next_step(operation(), seen(later)) is Step.OVER


def test_with_a_majority_etcd_is_left_alone():
    assert next_step(ForcedFailover(request_id="op-1"), seen(Generation())) is Step.PROMOTE


def test_where_the_old_primary_is_back_there_is_no_emergency_any_more():
    within = ForcedFailover(request_id="op-1")
    assert next_step(within, seen(Generation(), leads="amsterdam")) is Step.OVER
    # Two clusters of etcd, each with a primary: the later one stays.
    assert next_step(operation(), seen(leads="amsterdam")) is Step.PROMOTE
    assert next_step(operation(promoted_ms=1), seen(recorded=True, leads="amsterdam")) is Step.AWAIT_LOG


def settled(truck: SiteReport) -> ForcedFailover:
    forced = operation(begun_ms=EPOCH + 1_000)
    before = report("london", 20, SYNCHRONOUS, 30)
    forced.watermarks_before.CopyFrom(before.watermarks)
    forced.logs_before.CopyFrom(before.logs)
    settle_log(forced, truck)
    return forced


def test_the_loss_of_the_log_is_unknown_until_the_truck_answers_and_exact_then():
    assert not settled(SiteReport(site="truck")).HasField("messages_lost")
    forced = settled(report("truck", 100))
    assert (forced.messages_lost, forced.messages_replayed) == (0, 70)
    shrunk = report("truck", 100)
    shrunk.logs.logs[0].first_sequence = 41
    forced = settled(shrunk)
    assert (forced.messages_lost, forced.messages_replayed) == (10, 60)
    assert [(one.first_sequence, one.last_sequence) for one in forced.lost] == [(31, 40)]


def test_a_log_that_was_opened_since_is_none_that_could_be_lost():
    later = report("truck", 100)
    later.logs.logs.add(epoch=EPOCH + 2_000, first_sequence=500, last_sequence=600)
    assert settled(later).messages_lost == 0


def test_a_truck_that_lost_the_log_leaves_it_unknown():
    empty = report("truck", 100)
    del empty.logs.logs[:]
    assert not settled(empty).HasField("messages_lost")


def decisions(old: SiteReport) -> int | None:
    forced = operation(begun_ms=1_000, timeline_before=1)
    here = report("london", 100, PRIMARY, 90)
    here.database.timeline = 2
    settle_decisions(forced, here, old)
    return forced.decisions_lost if forced.HasField("decisions_lost") else None


def returned(timeline: int, role: DatabaseRole = STANDBY) -> SiteReport:
    found = report("amsterdam", 100, role, 90)
    found.database.timeline = timeline
    return found


def test_lost_decisions_are_known_once_the_old_primary_follows_the_new_timeline():
    assert decisions(returned(1)) is None
    assert decisions(returned(2, DatabaseRole.DATABASE_ROLE_STOPPED)) is None
    assert decisions(returned(2)) == 0
    old = returned(2)
    old.stale_rows.add(timeline=1, decisions=3, time_ms=2_000)
    old.stale_rows.add(timeline=1, decisions=8, time_ms=500)  # of an earlier failover
    assert decisions(old) == 3


def test_rows_of_a_clock_that_is_behind_are_not_taken_for_none():
    old = returned(2)
    old.stale_rows.add(timeline=1, decisions=3, time_ms=500)
    assert decisions(old) is None
    old = returned(2)
    old.stale_rows.add(timeline=7, decisions=3, time_ms=2_000)
    assert decisions(old) == 0, "of another change"


def test_rows_that_nobody_can_count_are_unknown_and_not_none():
    for timeline in (0, 1):
        old = returned(2)
        old.stale_rows.add(timeline=timeline, time_ms=2_000)
        assert decisions(old) is None
