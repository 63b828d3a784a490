"""I1 and I6: there is one writer at a time, and the timelines say so."""

from collections.abc import Iterator

from ardoise.rehearsal.drills.evidence import Evidence
from ardoise.rehearsal.drills.history import Decision, History, Outcome, Role
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise


def one_writer(history: History, evidence: Evidence, _promise: Promise, _cast: Cast) -> Finding:
    """I1: every decision that was acknowledged is there, on the timeline that it was acknowledged on.

    And once a decision is acknowledged on a newer timeline, none that is begun later is on an older one.
    """
    acknowledged = [one for one in history.decisions if one.outcome is Outcome.ACKNOWLEDGED]
    kept = evidence.written.decisions
    against = []
    for one in acknowledged:
        if one.key not in kept:
            against.append(f"{one.site} acknowledged {one.key} on timeline {one.timeline}: it is missing")
        elif kept[one.key] != one.timeline:
            against.append(
                f"{one.key} was acknowledged on timeline {one.timeline}, stands on {kept[one.key]}"
            )
    against += [
        f"{one.site} refused {one.key}, and yet it is there"
        for one in history.decisions
        if one.outcome is Outcome.REFUSED and one.key in kept
    ]
    against += _two_at_once(acknowledged)
    return finding(Invariant.ONE_WRITER, "one writer", len(acknowledged), against)


def timelines(history: History, evidence: Evidence, promise: Promise, _cast: Cast) -> Finding:
    """I6: in the end one primary, the others on its timeline; it never goes back, and moves only where it may."""
    against = [f"{site} does not answer" for site, one in evidence.servers.items() if one.role is Role.AWAY]
    roles = [one.role for one in evidence.servers.values()]
    if roles.count(Role.PRIMARY) != 1:
        against.append(f"primaries at the end: {roles.count(Role.PRIMARY)}")
    if len({one.timeline for one in evidence.servers.values()}) > 1:
        stand = ", ".join(f"{site} {one.timeline}" for site, one in evidence.servers.items())
        against.append(f"on different timelines at the end: {stand}")
    seen = [one for one in history.database if one.role is Role.PRIMARY and one.timeline is not None]
    led = list(dict.fromkeys((one.timeline, one.site) for one in seen))
    by_timeline: dict[int, set[str]] = {}
    for timeline, site in led:
        by_timeline.setdefault(timeline, set()).add(site)
    against += [
        f"timeline {timeline} had more than one primary: {', '.join(sorted(sites))}"
        for timeline, sites in by_timeline.items()
        if len(sites) > 1
    ]
    if promise.primary_stays and len(led) > 1:
        against.append("the primary changed: " + ", ".join(f"{site} on {timeline}" for timeline, site in led))
    if promise.lease_kept and len(leases := {one.revision for one in history.leases}) != 1:
        against.append(f"the primary held its place by {len(leases)} leases: it could have been lost between")
    return finding(Invariant.TIMELINES, "timelines", len(seen), against)


def _two_at_once(acknowledged: list[Decision]) -> Iterator[str]:
    """A decision that begins after another ended is not on an older timeline than that one."""
    newest: Decision | None = None
    by_end = sorted(acknowledged, key=lambda one: one.ended_s)
    ended = iter(by_end)
    following = next(ended, None)
    for one in sorted(acknowledged, key=lambda one: one.began_s):
        while following is not None and following.ended_s < one.began_s:
            if newest is None or (following.timeline or 0) > (newest.timeline or 0):
                newest = following
            following = next(ended, None)
        if newest is not None and (one.timeline or 0) < (newest.timeline or 0):
            yield (
                f"{one.site} acknowledged {one.key} on timeline {one.timeline} at {one.ended_s:.1f} s, "
                f"after {newest.site} had acknowledged on {newest.timeline}"
            )
