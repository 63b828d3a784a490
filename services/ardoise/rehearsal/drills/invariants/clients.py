"""What clients of the database are told: in doubt where it is, and where to go when their primary is one no more."""

from collections.abc import Iterable, Iterator

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import Decision, History, Outcome
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.invariants.pace import TELLING_S, interrupted_s
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Place, Promise
from ardoise.rehearsal.drills.waits import DECISION_LIMIT_S

BROKEN_OFF = "synchronous replication"
"""Of PostgreSQL's warning at a commit that it answers with success, and whose wait was broken off."""


def in_doubt(history: History, evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """A commit that was answered with success, and which the other region perhaps has not, is acknowledged to nobody.

    One of them at least is gone in the end: else nothing could have been lost.
    """
    everybody = [*history.decisions, *history.by_services]
    broken_off = [one for one in everybody if BROKEN_OFF in one.detail]
    kept = evidence.written.decisions
    against = [*_untrue(everybody, evidence)]
    against += [f"{one.key} was {one.outcome}" for one in broken_off if one.outcome is not Outcome.IN_DOUBT]
    aside = frozenset().union(*(one.keys for reports in evidence.set_aside.values() for one in reports))
    gone = [one.key for one in broken_off if one.key not in kept]
    against += [f"{key} is gone, and was not set aside" for key in gone if key not in aside]
    if broken_off and not gone:
        against.append("every commit whose wait was broken off is there: nothing could have been lost")
    if not any(one in history.by_services for one in broken_off):
        against.append("no service waited for the other region")
    return finding(Invariant.IN_DOUBT, "nothing in doubt is acknowledged", len(broken_off), against)


def clients(history: History, evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """Services find the new primary in time; who stays with the old one is told that it is one no more."""
    old, new = cast[Place.PRIMARY], cast[Place.STANDBY]
    against = [*_untrue(history.by_services, evidence)]
    against += [
        f"{one.key} of a service was answered after {one.ended_s - one.began_s:.1f} s"
        for one in history.by_services
        if one.ended_s - one.began_s > DECISION_LIMIT_S + TELLING_S
    ]
    if promise.clients_within is not None:
        stood_s = interrupted_s(history, history.by_services)
        if stood_s is None or stood_s > promise.clients_within.seconds:
            found = "never again" if stood_s is None else f"not for {stood_s:.1f} s"
            against.append(f"services could decide {found}, promised {promise.clients_within.seconds:.0f} s")
    acknowledged = [one for one in history.by_services if one.outcome is Outcome.ACKNOWLEDGED]
    moved_s = next((one.ended_s for one in acknowledged if one.site == new), None)
    if moved_s is None:
        against.append(f"no service ever decided at {new}")
    else:
        pinned = [one for one in history.decisions if one.site == old and one.began_s > moved_s]
        if not any(one.outcome is Outcome.REFUSED for one in pinned):
            against.append(f"{old} sent nobody away who stayed with it")
        against += [f"{old} took {one.key}" for one in pinned if one.outcome is Outcome.ACKNOWLEDGED]
    return finding(Invariant.CLIENTS, "clients find the new primary", len(acknowledged), against)


def _untrue(decisions: Iterable[Decision], evidence: Evidence) -> Iterator[str]:
    """What was said of a decision, and is not so in the end."""
    kept = evidence.written.decisions
    for one in decisions:
        if one.outcome is Outcome.ACKNOWLEDGED and one.key not in kept:
            yield f"{one.key} was acknowledged on timeline {one.timeline} and is gone"
        if one.outcome is Outcome.REFUSED and one.key in kept:
            yield f"{one.key} was refused and is there"
