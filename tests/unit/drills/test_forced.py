"""I7: a promotion into loss is found, and a forced one that does not say truly what it cost."""

from dataclasses import replace

import pytest
from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.rehearsal.drills import conditions
from ardoise.rehearsal.drills.evidence import Evidence, Forced
from ardoise.rehearsal.drills.history import (
    EtcdSeen,
    Event,
    History,
    Kind,
    Outcome,
    StatusSeen,
)
from ardoise.rehearsal.drills.probes.status import status_seen
from ardoise.rehearsal.drills.scenario import Invariant, Moment, Place

from tests.support.drilled import (
    CAST,
    PROMOTED_S,
    SCENARIO,
    Doctor,
    broken,
    checked,
    decision,
    rewritten,
    sequence_of,
)

FORCED = Invariant.FORCED
PROMISE = replace(SCENARIO.promise, forced=Place.STANDBY)
WHOLE = dict.fromkeys(("truck", "amsterdam", "london"), EtcdSeen(has_leader=True, votes=True, cluster_id="2"))
RECORD = Forced("london", 0, frozenset(), 0, watermark_before=20, mirror_before=sequence_of(28))


def status(
    at_s: float, *, forced: str = "", lost: int | None = None, decisions: int | None = None
) -> StatusSeen:
    return StatusSeen(at_s, "london", None, WHOLE, forced, lost, decisions)


def forced(record: Forced = RECORD) -> Doctor:
    """The drill that held, but London was forced."""

    def doctor(seen: History, found: Evidence) -> Evidence:
        seen.statuses += [
            status(20.0),
            status(28.5, forced="op-1"),
            status(36.0, forced="op-1", lost=0, decisions=0),
        ]
        return replace(found, forced=(record,))

    return doctor


def test_a_forced_failover_that_says_truly_what_it_cost_holds():
    assert checked(FORCED, forced(), PROMISE).against == []


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (replace(RECORD, watermark_before=21), "21 is on record"),
        (replace(RECORD, mirror_before=None), "None is on record"),
        (replace(RECORD, messages_lost=1, lost=frozenset({4})), "on record as lost and are in the log"),
        (
            replace(RECORD, decisions_lost=1),
            "1 decisions are on record as lost; 0 acknowledged ones are missing",
        ),
        (replace(RECORD, decisions_lost=None), "None decisions are on record"),
        (replace(RECORD, region="amsterdam"), "on record as forced: ['amsterdam']"),
    ],
)
def test_a_record_that_differs_from_what_the_drill_saw_is_found(record: Forced, says: str):
    broken(FORCED, forced(record), says, promise=PROMISE)


@pytest.mark.parametrize(("told_s", "holds"), [(19, False), (21, True), (23, True)])
def test_a_mirror_that_grew_while_it_was_forced_may_be_told_as_it_was_since_it_was_asked_for(
    told_s: int, holds: bool
):
    def doctor(seen: History, found: Evidence) -> Evidence:
        seen.events.append(Event(20.5, Kind.COMMAND, "ardoise sites break-glass london"))
        return forced(replace(RECORD, mirror_before=sequence_of(told_s)))(seen, found)

    assert checked(FORCED, doctor, PROMISE).holds is holds


def test_acknowledged_messages_that_are_gone_and_not_on_record_are_found():
    def doctor(seen: History, found: Evidence) -> Evidence:
        found = forced()(seen, found)
        del found.log[20], found.mirrors["london"][20]
        return found

    broken(FORCED, doctor, "1 acknowledged messages are gone, 0 are on record", promise=PROMISE)


def test_decisions_in_doubt_may_be_among_the_lost_ones():
    def doctor(seen: History, found: Evidence) -> Evidence:
        seen.decisions.append(decision(9.9, "amsterdam", Outcome.IN_DOUBT))
        return forced(replace(RECORD, decisions_lost=1))(seen, found)

    assert checked(FORCED, doctor, PROMISE).holds


def test_a_loss_that_was_told_before_anybody_could_know_is_found():
    def doctor(seen: History, found: Evidence) -> Evidence:
        found = forced()(seen, found)
        seen.statuses[:] = [status(28.5, forced="op-1", lost=0), *seen.statuses[2:]]
        return found

    broken(FORCED, doctor, "before anybody could know", promise=PROMISE)


def test_a_loss_that_stays_unknown_is_found():
    def doctor(seen: History, found: Evidence) -> Evidence:
        found = forced()(seen, found)
        del seen.statuses[-1]
        return found

    broken(FORCED, doctor, "Unknown to the end", promise=PROMISE)


def test_a_promotion_before_anybody_forced_it_is_found():
    def doctor(seen: History, found: Evidence) -> Evidence:
        found = forced()(seen, found)
        seen.statuses[1] = replace(seen.statuses[1], at_s=PROMOTED_S + 3)
        return found

    broken(FORCED, doctor, "before anybody forced it", promise=PROMISE)


def test_a_forced_failover_that_nobody_asked_for_is_found():
    broken(FORCED, forced(), "on record as forced: ['london'], forced were none")


def test_a_promotion_that_lost_a_decision_and_that_nobody_forced_is_found():
    def doctor(_: History, found: Evidence) -> Evidence:
        kept = dict(found.written.decisions)
        del kept["amsterdam-4"]
        return rewritten(found, decisions=kept)

    broken(FORCED, doctor, "decision amsterdam-4 was lost, and nobody forced a failover")


def moment(*statuses: StatusSeen) -> Moment:
    return Moment(History(statuses=list(statuses)), CAST, since_s=10.0, waiting_s=10.0)


def test_nobody_may_be_promoted_is_true_once_the_region_says_so_for_want_of_a_majority():
    until = conditions.promotion_blocked(Place.STANDBY)
    assert not until.holds(moment(status(12.0)))
    assert not until.holds(moment(replace(status(12.0), blocked="london: no synchronous member")))
    assert not until.holds(moment(replace(status(9.0), blocked="no majority of etcd: ...")))
    assert until.holds(moment(replace(status(12.0), blocked="no majority of etcd: ...")))


def test_the_loss_is_known_when_it_is_said_of_log_and_decisions():
    log, both = (conditions.loss_known(Place.STANDBY, decisions=flag) for flag in (False, True))
    assert not log.holds(moment(status(12.0, forced="op-1")))
    assert log.holds(moment(status(12.0, forced="op-1", lost=0)))
    assert not both.holds(moment(status(12.0, forced="op-1", lost=0)))
    assert both.holds(moment(status(12.0, forced="op-1", lost=0, decisions=0)))


@pytest.mark.parametrize(
    "member",
    [
        EtcdSeen(has_leader=True, votes=True, cluster_id="1"),
        EtcdSeen(has_leader=True, votes=False, cluster_id="2"),
        EtcdSeen(has_leader=False, votes=False, cluster_id=""),
    ],
    ids=["of the old cluster", "without a vote", "away"],
)
def test_etcd_is_whole_only_as_one_cluster_of_three_that_vote(member: EtcdSeen):
    both = [replace(status(12.0), site=site) for site in ("amsterdam", "london")]
    assert conditions.etcd_whole().holds(moment(*both))
    both[1] = replace(both[1], etcd={**WHOLE, "truck": member})
    assert not conditions.etcd_whole().holds(moment(*both))


def test_a_status_is_seen_as_it_was_said():
    said = SitesStatus(seen_from="london")
    said.conditions.add(type="PromotionBlocked", status=Truth.TRUTH_YES, message="no majority of etcd")
    london = said.sites.add(site="london").report
    london.etcd.add(site="truck", healthy=True, learner=True, cluster_id="2")
    said.forced.request_id, said.forced.messages_lost, said.forced.begun_ms = "op-1", 4, 1_000
    seen = status_seen(1.0, "london", said, since_ms=900)
    assert seen.blocked == "no majority of etcd"
    assert seen.etcd == {"truck": EtcdSeen(has_leader=True, votes=False, cluster_id="2")}
    assert (seen.forced, seen.messages_lost, seen.decisions_lost) == ("op-1", 4, None)
    assert status_seen(1.0, "london", said, since_ms=1_100).forced == "", "of an earlier drill"
