"""What clients of the database are told, of a drill that held: each thing doctored is found."""

from dataclasses import replace

import pytest
from ardoise.rehearsal.drills.conditions import WAITING_S, decisions_wait, sends_away, services_decide
from ardoise.rehearsal.drills.evidence import Evidence, SetAside
from ardoise.rehearsal.drills.history import Decision, History, Outcome
from ardoise.rehearsal.drills.invariants.clients import clients, in_doubt
from ardoise.rehearsal.drills.invariants.copies import copied
from ardoise.rehearsal.drills.invariants.finding import Finding
from ardoise.rehearsal.drills.scenario import Moment, Place, Promise
from ardoise.rehearsal.drills.waits import Wait

from tests.support.drilled import (
    CAST,
    LOST_S,
    PROMOTED_S,
    REGIONS,
    SECONDS,
    decision,
    evidence,
    history,
    rewritten,
)

PROMISE = Promise(clients_within=Wait.CLIENTS_MOVED)
WARNING = "canceling wait for synchronous replication due to user request"


def by_service(
    second: float, site: str, outcome: Outcome = Outcome.ACKNOWLEDGED, detail: str = ""
) -> Decision:
    return replace(decision(second, site, outcome), key=f"service-{second}", detail=detail)


def seen() -> History:
    """Services decide where the primary is; a commit on either session waits at LOST_S and is broken off; one client
    stays with Amsterdam after London was promoted."""
    made = history()
    made.by_services += [
        by_service(second, "amsterdam" if second < LOST_S else "london")
        for second in range(SECONDS)
        if not LOST_S <= second < PROMOTED_S
    ]
    made.by_services.append(by_service(LOST_S, "", Outcome.IN_DOUBT, f"one region has it: {WARNING}"))
    made.decisions.append(replace(decision(LOST_S, "amsterdam", Outcome.IN_DOUBT), detail=WARNING))
    made.decisions.append(decision(PROMOTED_S + 5, "amsterdam", Outcome.REFUSED))
    return made


def found(of: History) -> Evidence:
    kept = {one.key: one.timeline for one in of.by_services if one.outcome is Outcome.ACKNOWLEDGED}
    gone = frozenset({f"service-{LOST_S}", f"amsterdam-{LOST_S}"})
    whole = evidence(of)
    return replace(
        rewritten(whole, decisions={**whole.written.decisions, **kept}),
        set_aside={"amsterdam": [SetAside(1, gone, {})]},
    )


def falls(finding: Finding, says: str) -> None:
    assert not finding.holds
    assert says in " | ".join(finding.against), finding.against


def test_both_hold_over_a_drill_that_held():
    of = seen()
    for check in (in_doubt, clients):
        finding = check(of, found(of), PROMISE, CAST)
        assert finding.holds, finding.against


@pytest.mark.parametrize("check", [in_doubt, clients])
def test_what_a_service_acknowledged_and_nobody_has_is_found(check):
    of = seen()
    there = found(of)
    there.written.decisions.pop("service-4")
    falls(check(of, there, PROMISE, CAST), "service-4 was acknowledged on timeline 1 and is gone")


def test_a_commit_whose_wait_was_broken_off_is_acknowledged_to_nobody():
    of = seen()
    of.by_services[-1] = replace(of.by_services[-1], outcome=Outcome.ACKNOWLEDGED)
    falls(in_doubt(of, found(of), PROMISE, CAST), f"service-{LOST_S} was acknowledged")


def test_one_that_is_gone_was_set_aside():
    of = seen()
    there = replace(found(of), set_aside={})
    falls(in_doubt(of, there, PROMISE, CAST), f"amsterdam-{LOST_S} is gone, and was not set aside")


def test_where_all_survived_nothing_was_at_stake():
    of = seen()
    there = found(of)
    there.written.decisions.update({f"service-{LOST_S}": 1, f"amsterdam-{LOST_S}": 1})
    falls(in_doubt(of, there, PROMISE, CAST), "nothing could have been lost")


def test_a_drill_in_which_no_service_waited_proves_nothing():
    of = seen()
    of.by_services.pop()
    falls(in_doubt(of, found(of), PROMISE, CAST), "no service waited")


def test_services_that_find_the_new_primary_too_late_are_found():
    of = seen()
    of.by_services[:] = [one for one in of.by_services if not LOST_S <= one.began_s < PROMOTED_S + 9]
    falls(clients(of, found(of), PROMISE, CAST), "services could decide not for 29.0 s, promised 27 s")


def test_services_that_never_come_back_are_found():
    of = seen()
    of.by_services[:] = [one for one in of.by_services if one.began_s < LOST_S]
    falls(clients(of, found(of), PROMISE, CAST), "services could decide never again")
    falls(clients(of, found(of), PROMISE, CAST), "no service ever decided at london")


def test_a_client_that_is_left_hanging_is_found():
    of = seen()
    hanging = by_service(12.0, "", Outcome.IN_DOUBT)
    of.by_services.append(replace(hanging, ended_s=hanging.began_s + 9.0))
    falls(clients(of, found(of), PROMISE, CAST), "was answered after 9.0 s")


def test_an_old_primary_that_sends_nobody_away_is_found():
    of = seen()
    of.decisions[:] = [one for one in of.decisions if one.outcome is not Outcome.REFUSED]
    falls(clients(of, found(of), PROMISE, CAST), "amsterdam sent nobody away who stayed with it")


def test_an_old_primary_that_still_takes_decisions_is_found():
    of = seen()
    of.decisions.append(decision(PROMOTED_S + 6, "amsterdam"))
    falls(clients(of, found(of), PROMISE, CAST), f"amsterdam took amsterdam-{PROMOTED_S + 6}")


def test_a_database_that_was_to_be_copied_and_was_not_is_found_and_so_is_one_that_was_not_to_be():
    of, promise = history(), Promise(copied=Place.PRIMARY)
    there = replace(evidence(of), copied=frozenset({"amsterdam"}))
    assert copied(of, there, promise, CAST).holds
    both = replace(there, copied=frozenset(REGIONS))
    falls(copied(of, both, promise, CAST), "london's database was copied")
    falls(
        copied(of, replace(there, copied=frozenset()), promise, CAST), "amsterdam's database was not copied"
    )
    falls(copied(of, replace(there, set_aside={}), promise, CAST), "amsterdam-alone-1 was not set aside")


def at(of: History, since_s: float) -> Moment:
    return Moment(of, CAST, since_s, since_s)


def test_commits_wait_once_nothing_has_been_answered_for_a_while(monkeypatch: pytest.MonkeyPatch):
    of = seen()
    of.decisions[:] = [one for one in of.decisions if one.ended_s < LOST_S]
    of.by_services[:] = [one for one in of.by_services if one.ended_s < LOST_S]
    monkeypatch.setattr(of, "now_s", lambda: LOST_S)
    assert not decisions_wait(Place.PRIMARY).holds(at(of, LOST_S))
    monkeypatch.setattr(of, "now_s", lambda: LOST_S + WAITING_S)
    assert decisions_wait(Place.PRIMARY).holds(at(of, LOST_S))


def test_where_services_decide_and_where_nobody_may_stay():
    of = seen()
    assert services_decide(Place.STANDBY).holds(at(of, PROMOTED_S))
    assert not services_decide(Place.PRIMARY).holds(at(of, PROMOTED_S))
    assert sends_away(Place.PRIMARY).holds(at(of, PROMOTED_S))
    assert not sends_away(Place.PRIMARY).holds(at(of, PROMOTED_S + 6))
