"""A failover that a person forces (break-glass): may it begin, what could be lost, what comes next, what it cost. Pure.

Invariant: each side effect is begun at most once for an operation that has done it, whatever is killed in between;
and a loss is never told before it is known: it is absent until then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ardoise.pb.sites_pb2 import (
    DatabaseRole,
    ForcedFailover,
    LogsReport,
    SiteReport,
    SitesStatus,
    Truth,
    WatermarksReport,
)
from ardoise.sites.generation import Generation
from ardoise.sites.guard import Held
from ardoise.sites.loss import decisions_lost, log_loss

UNKNOWN = "Unknown"
"""What is accepted where nobody can tell what will be lost: anything."""
FOLLOWING = (DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY, DatabaseRole.DATABASE_ROLE_STANDBY)
PRIMARY = DatabaseRole.DATABASE_ROLE_PRIMARY


@dataclass(frozen=True)
class Outlook:
    """What could be lost if the region were forced now. None: Unknown."""

    messages: int | None
    decisions: bool | None
    """Whether any could be."""

    @property
    def covers_all(self) -> bool:
        """Whether a number says it all: then it may be accepted instead of "Unknown"."""
        return self.messages is not None and self.decisions is False


def has_majority(status: SitesStatus) -> bool:
    """Whether a member of etcd that the site which looked reaches has a leader."""
    return any(member.healthy for member in _own(status).etcd)


def outlook(status: SitesStatus, region: str) -> Outlook:
    """From what the sites say now."""
    report, edge = SiteReport(), SiteReport()
    for site in status.sites:
        if site.site == region:
            report = site.report
        elif not site.region:
            edge = site.report
    messages = None
    if report.HasField("watermarks") and report.HasField("logs") and edge.HasField("logs"):
        loss = log_loss(_watermarks(report.watermarks), _held(report.logs), _held(edge.logs))
        messages = loss.messages if loss else None
    decisions = None
    # What etcd said before it lost its majority may have been taken back since by those who have it.
    if has_majority(status) and report.HasField("database"):
        decisions = report.database.role == DatabaseRole.DATABASE_ROLE_STANDBY
    return Outlook(messages, decisions)


def objections(status: SitesStatus, region: str, accepted: str) -> list[str]:
    """What stands against forcing this region, for people; nothing: go on."""
    regions = [site.site for site in status.sites if site.region]
    if region not in regions:
        return [f"{region} is no region: there are {', '.join(regions)}"]
    if status.seen_from != region:
        return [f"only {region} itself can be asked to, and {status.seen_from} was"]
    if primaries := [site.site for site in status.sites if site.report.database.role == PRIMARY]:
        return [f"{', '.join(primaries)} is primary: a planned switchover moves it"]
    promotion = next(one for one in status.promotions if one.region == region)
    if has_majority(status) and promotion.without_loss == Truth.TRUTH_YES:
        return ["etcd has a majority and nothing would be lost: Patroni promotes by itself, within its lease"]
    found = outlook(status, region)
    if accepted == UNKNOWN:
        return []
    if not accepted.isdecimal():
        return [f'accepted loss: "{UNKNOWN}" or a number of messages, not {accepted!r}']
    if not found.covers_all or found.messages > int(accepted):
        return [f"what could be lost is {describe(found)}: accept that, and not {accepted}"]
    return []


def describe(found: Outlook) -> str:
    """For people."""
    messages = UNKNOWN if found.messages is None else f"{found.messages} messages"
    decisions = {None: UNKNOWN, True: "decisions may be", False: "no decisions"}[found.decisions]
    return f"{messages} of the log, {'decisions ' if found.decisions is None else ''}{decisions}"


def others_that_answer(status: SitesStatus) -> Iterable[str]:
    """Servers of the other sites that could still serve somebody: what a person has to make sure of."""
    for site in status.sites:
        if site.site != status.seen_from and site.HasField("report"):
            yield f"{site.site} answers"
    for member in _own(status).etcd:
        if member.site != status.seen_from and member.answers:
            yield f"{member.site}'s member of etcd answers"


class Step(StrEnum):
    """What comes next."""

    REBUILD = "making a new cluster of etcd from this region's member"
    PROMOTE = "promoting this region's database"
    RECORD = "writing the operation down in the database"
    AWAIT_LOG = "waiting for the truck, which alone can tell what is lost of the log"
    AWAIT_DECISIONS = "waiting for the old primary, which alone can tell which decisions are lost"
    OVER = ""


@dataclass(frozen=True)
class Seen:
    """What the operation's own region sees now."""

    generation: Generation | None
    """Of the cluster that its member of etcd is in, which has a leader; None: it has none, or does not answer."""
    primary: bool
    """Whether its PostgreSQL is."""
    recorded: bool
    """Whether the database has the operation as it is."""
    leads: str = ""
    """Another region, whose PostgreSQL is primary; empty: none is seen to be."""


def next_step(forced: ForcedFailover, seen: Seen) -> Step:
    """Of a step that is marked as done nothing is begun again, whatever came after it."""
    if forced.generation and not forced.rebuilt_ms:
        theirs = seen.generation
        if theirs is not None and theirs.number > forced.generation:
            return Step.OVER  # Somebody forced another region after this.
        if theirs is None or theirs.operation != forced.request_id:
            return Step.REBUILD
    if not forced.promoted_ms and not seen.primary:
        # The old primary is back, in the cluster of etcd that it left: there is no emergency any more.
        return Step.OVER if seen.leads and not forced.generation else Step.PROMOTE
    if not seen.recorded:
        return Step.RECORD
    if not forced.HasField("messages_lost"):
        return Step.AWAIT_LOG
    return Step.OVER if forced.HasField("decisions_lost") else Step.AWAIT_DECISIONS


def settle_log(forced: ForcedFailover, truck: SiteReport) -> None:
    """Writes down what was lost of the log, where the truck's report lets it be told."""
    known = forced.HasField("watermarks_before") and forced.HasField("logs_before")
    if not known or not truck.HasField("logs"):
        return
    begun = forced.begun_ms
    # A log opened since is none that this could have lost: an epoch is its first instant.
    truck_held = {epoch: held for epoch, held in _held(truck.logs).items() if epoch <= begun}
    loss = log_loss(_watermarks(forced.watermarks_before), _held(forced.logs_before), truck_held)
    if loss is None:
        return
    forced.messages_lost, forced.messages_replayed = loss.messages, loss.replayed
    for one in loss.lost:
        forced.lost.add(epoch=one.epoch, first_sequence=one.first, last_sequence=one.last)


def settle_decisions(forced: ForcedFailover, here: SiteReport, other: SiteReport) -> None:
    """Writes down how many decisions the old primary alone had, once it follows: set aside is before that."""
    database = other.database
    if database.role not in FOLLOWING or here.database.role != PRIMARY:
        return
    if not database.timeline or database.timeline != here.database.timeline:
        return
    found = decisions_lost(other.stale_rows, forced.timeline_before, forced.begun_ms)
    if found is not None:
        forced.decisions_lost = found


def _own(status: SitesStatus) -> SiteReport:
    return next((site.report for site in status.sites if site.site == status.seen_from), SiteReport())


def _watermarks(report: WatermarksReport) -> dict[int, int]:
    return {one.epoch: one.sequence for one in report.watermarks}


def _held(report: LogsReport) -> dict[int, Held]:
    return {log.epoch: Held(log.first_sequence, log.last_sequence) for log in report.logs}
