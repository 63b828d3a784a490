"""What a look at the sites says about the primary. Pure.

What is seen may be seconds old, and older than what the other operator saw. A timeline only grows: of two who say that
they are primary the one with the greater timeline is, and who is below what is remembered is not.
"""

from dataclasses import dataclass

from ardoise.pb.sites_pb2 import DatabaseRole, SiteReport, SitesStatus, Truth
from ardoise.sites.operations.record import Before

PRIMARY = DatabaseRole.DATABASE_ROLE_PRIMARY
SYNCHRONOUS = DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY
RACE_MS = 90_000
"""A lost primary is followed after its lease of 20 s, and what may come before it; a longer pause was no race's."""
SEEN_MS = 15_000
"""So long before it is seen a change may be over, and so far may two clocks differ; less than a lease, and so than from
one change to the next."""
WELL = {
    "Protected": Truth.TRUTH_YES,
    "Degraded": Truth.TRUTH_NO,
    "PrimaryUnobserved": Truth.TRUTH_NO,
    "PromotionBlocked": Truth.TRUTH_NO,
    "WitnessAbsent": Truth.TRUTH_NO,
}
"""How conditions are where the loss of a region would be answered without loss."""


@dataclass(frozen=True)
class Leading:
    """The region whose database takes writes."""

    region: str
    timeline: int


def leading(status: SitesStatus, since_timeline: int = 0) -> Leading | None:
    """Who leads; None: nobody who answers says so, on a timeline that is known and not before `since_timeline`."""
    said = [
        Leading(site.site, site.report.database.timeline)
        for site in status.sites
        if site.report.database.role == PRIMARY and site.report.database.timeline
    ]
    newest = max(said, key=lambda one: one.timeline, default=None)
    return None if newest is None or newest.timeline < since_timeline else newest


def report_of(status: SitesStatus, site: str) -> SiteReport:
    """What a site says of itself; empty: it does not answer."""
    return next((one.report for one in status.sites if one.site == site), SiteReport())


def follows(status: SitesStatus, region: str, timeline: int) -> bool:
    """Whether every decision is in this region's database before it is acknowledged, on this timeline."""
    database = report_of(status, region).database
    return database.role == SYNCHRONOUS and database.timeline == timeline


def other_region(status: SitesStatus, region: str) -> str:
    """The one that is not this one; empty: there is none."""
    return next((one.region for one in status.promotions if one.region != region), "")


def is_well(status: SitesStatus) -> bool:
    """Whether everything is as it should be: then a region that came back may be primary again."""
    found = {condition.type: condition.status for condition in status.conditions}
    return all(found.get(kind) == wanted for kind, wanted in WELL.items())


def paused_ms(status: SitesStatus, region: str, changed_ms: int) -> int | None:
    """For how long nothing of the race was written about then, as this region's database has it; None: it does not say.

    From the last write to the old primary to the first to the new one. `changed_ms`: when the change was seen.
    """
    watermarks = report_of(status, region).watermarks
    pause = watermarks.pause
    of_race = watermarks.HasField("pause") and pause.from_ms > changed_ms - RACE_MS
    around = pause.to_ms > changed_ms - SEEN_MS and pause.from_ms < changed_ms + SEEN_MS
    return pause.to_ms - pause.from_ms if of_race and around else None


def before(status: SitesStatus, region: str) -> Before | None:
    """A region as it is before it is promoted; None: it does not say."""
    report = report_of(status, region)
    if not report.HasField("watermarks") or not report.HasField("logs"):
        return None
    return Before(
        watermarks=tuple((one.epoch, one.sequence) for one in report.watermarks.watermarks),
        logs=tuple((one.epoch, one.first_sequence, one.last_sequence) for one in report.logs.logs),
    )
