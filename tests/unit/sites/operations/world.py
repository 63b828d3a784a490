"""The platform that operators decide about, as small as it may be: Patroni's two members, the truck, what mirrors hold.

Patroni as its documents and our tests of the real one have it: it has one leader at a time (its lease), promotes by
itself only who is synchronous, and asks the guard of who is to be promoted first. Whether decisions are whole, and
whether the log can be had, stands beside what is reported: the truth, which nobody in here may look at.

Left out, because etcd and Patroni answer for it: the lease itself (who loses it stops before another leads), and etcd
without a majority, where nobody is promoted and no operator does anything.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from ardoise.pb.sites_pb2 import SiteReport, SitesStatus, Truth
from ardoise.sites import before_promotion
from ardoise.sites.guard import UNKNOWN, Held, Verdict
from ardoise.sites.mirrors import MirrorState
from ardoise.sites.switchover import MOST_BEHIND, MOST_WAL_BEHIND_BYTES

from tests.unit.sites.test_status import EPOCH, PRIMARY, STANDBY, SYNCHRONOUS, TOPOLOGY, status_of

REGIONS = ("amsterdam", "london")
NOBODY = -1
LEADS, FOLLOWS, DOWN = "leads", "follows", "down"
WAL_BYTES = 10 * MOST_WAL_BEHIND_BYTES
RECORDED = 90
"""The watermark of a region that something is the matter with."""


class Log(NamedTuple):
    """What is the matter with the log, seen from one region's database: it has recorded up to RECORDED."""

    mirror: tuple[int, int] | None = (1, 98)
    truck: tuple[int, int] = (1, 100)
    watermark_read: bool = True
    mirror_read: bool = True
    wal_behind_bytes: int = 0
    """Of what the other region's database has written, this one has yet to get."""
    missing: bool = False
    """The truth: a message that this region needs is nowhere else."""
    missing_later: bool = False
    """As well, but beyond the end of a mirror that goes on from the watermark. Against the rule that the truck keeps
    what a mirror has not got: the hook relies on that, it has no time to ask the truck; a planned change does not."""


LOGS = {
    "fine": Log(),
    "far behind": Log(truck=(1, 2 * MOST_BEHIND)),
    "database far behind": Log(wal_behind_bytes=2 * MOST_WAL_BEHIND_BYTES),
    "mirror begins late": Log(mirror=(95, 98), truck=(95, 100), missing=True),
    "mirror begins late, truck has it": Log(mirror=(95, 98)),
    "mirror ends early": Log(mirror=(1, 50), truck=(95, 100), missing=True),
    "no mirror": Log(mirror=None, truck=(95, 100), missing=True),
    "truck begins after the mirror's end": Log(truck=(100, 100), missing_later=True),
    "watermark unread": Log(mirror=(95, 98), truck=(95, 100), watermark_read=False, missing=True),
    "mirror unread": Log(mirror=(95, 98), truck=(95, 100), mirror_read=False, missing=True),
}


class Platform(NamedTuple):
    """By region; `leader` and `candidate` are its number."""

    leader: int = 0
    roles: tuple[str, str] = (LEADS, FOLLOWS)
    lines: tuple[int, int] = (1, 1)
    """Timelines."""
    synchronous: tuple[bool, bool] = (True, True)
    """Who may be promoted by itself, as etcd has it."""
    whole: tuple[bool, bool] = (True, True)
    """The truth: every decision is there."""
    reaches: tuple[bool, bool] = (True, True)
    """The truck."""
    log: tuple[int, str] = (1, "fine")
    """Whose is the matter, and what."""
    candidate: int = NOBODY
    """Whom a planned change is on its way to."""
    forced: tuple[int, str, bool | None] | None = None
    """(region, request id, whether it was promoted; None: it was given up): what `sites` of a region has to force."""

    def seen(self) -> "Platform":
        """What can be known of it."""
        return self._replace(whole=(True, True), candidate=NOBODY)

    def well(self) -> bool:
        """Whether nothing is the matter."""
        return LEADS in self.roles and all(self.synchronous)


class Violation(Exception):
    """A property does not hold."""


def ills(platform: Platform) -> int:
    """How much is the matter."""
    follows = platform.synchronous[1 - platform.leader] if platform.leader != NOBODY else False
    return (
        platform.roles.count(DOWN)
        + platform.reaches.count(False)
        + (platform.log[1] != "fine")
        + (not follows)
    )


def log_of(platform: Platform, region: int) -> Log:
    whose, kind = platform.log
    return LOGS[kind] if whose == region else Log(mirror=(1, LOGS[kind].truck[1]), truck=LOGS[kind].truck)


def status(platform: Platform, observer: int, silent: int = NOBODY, mute: int = NOBODY) -> SitesStatus:
    """As a region's `sites` has it; `silent`: who does not answer; `mute`: whose Patroni does not."""
    reports = [_region(platform, region) for region in (0, 1) if region != silent]
    for report in reports:
        if mute != NOBODY and report.site == REGIONS[mute]:
            report.ClearField("database")
    if platform.reaches[observer]:
        truck = SiteReport(site="truck")
        _hold(truck, log_of(platform, observer).truck)
        reports.append(truck)
    return status_of(reports, REGIONS[observer])


def _region(platform: Platform, region: int) -> SiteReport:
    log, report = log_of(platform, region), SiteReport(site=REGIONS[region])
    if log.mirror_read:
        _hold(report, log.mirror)
    reached = platform.reaches[region]
    state = MirrorState.FOLLOWING if reached else MirrorState.UNKNOWN
    report.mirrors.add(stream=f"LOG_{EPOCH}", state=state)
    for member in TOPOLOGY.sites:
        report.etcd.add(site=member.name, healthy=True, answers=True, cluster_id="1")
    if platform.forced is not None and platform.forced[0] == region:
        _, report.forced.request_id, promoted = platform.forced
        report.forced.region, report.forced.promoted_ms = REGIONS[region], int(bool(promoted))
        report.forced.now = "promoting this region's database" if promoted is False else ""
    if platform.roles[region] == DOWN:
        return report
    standby = SYNCHRONOUS if platform.synchronous[region] else STANDBY
    report.database.role = PRIMARY if platform.roles[region] == LEADS else standby
    report.database.timeline = platform.lines[region]
    report.database.wal_position = WAL_BYTES - log.wal_behind_bytes
    if log.watermark_read:
        report.watermarks.watermarks.add(epoch=EPOCH, sequence=_watermark(platform, region))
    return report


def _watermark(platform: Platform, region: int) -> int:
    return RECORDED if platform.log[0] == region else RECORDED + 5


def _hold(report: SiteReport, held: tuple[int, int] | None) -> None:
    report.logs.SetInParent()
    if held is not None:
        report.logs.logs.add(epoch=EPOCH, first_sequence=held[0], last_sequence=held[1])


def broken_promise(platform: Platform) -> str:
    """Who says of whom that it would be promoted without loss, where it would not; empty: nobody."""
    for observer, region in product((0, 1), (0, 1)):
        log = log_of(platform, region)
        # Who does not hear the truck takes the platform's rule for granted.
        lost = log.missing or (log.missing_later and platform.reaches[observer]) or not platform.whole[region]
        if not lost or region == platform.leader:
            continue
        for silent, mute in ((NOBODY, NOBODY), (1 - observer, NOBODY), (NOBODY, region)):
            said = status(platform, observer, silent, mute).promotions[region]
            if said.without_loss == Truth.TRUTH_YES:
                return f"{REGIONS[observer]} promises it of {REGIONS[region]}"
    return ""


def guard_agrees(platform: Platform, region: int) -> bool:
    """As Patroni's hook judges there: the truck is asked only where the answer hangs on it."""
    log, reached = log_of(platform, region), platform.reaches[region]
    watermarks = {EPOCH: _watermark(platform, region)} if log.watermark_read else UNKNOWN
    mirrors = {EPOCH: Held(*log.mirror)} if log.mirror else {}
    if not log.mirror_read:
        mirrors, reached = UNKNOWN, False
    for truck in (UNKNOWN, {EPOCH: Held(*log.truck)} if reached else UNKNOWN):
        if before_promotion.judge_with(watermarks, mirrors, truck).verdict is Verdict.LOSS_FREE:
            return True
    return False


def with_[T](pair: tuple[T, T], region: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if region == 0 else (pair[0], value)


def _only(region: int) -> tuple[bool, bool]:
    return with_((False, False), region, True)


class Patroni:
    """What it and chance do to a platform."""

    def __init__(self, promotes_anybody: bool = False, agrees=guard_agrees) -> None:
        """`promotes_anybody`: without synchronous_mode."""
        self._promotes_anybody, self._agrees = promotes_anybody, agrees

    def promote(self, platform: Platform, region: int, *, forced: bool = False) -> Platform:
        """This one takes the leadership that nobody has; its guard is asked. Raises Violation."""
        if not forced and not self._agrees(platform, region):
            # It is no more among those who would be asked: the other one is out, whom the leader has named last.
            return platform._replace(synchronous=_only(region), candidate=NOBODY)
        if not forced and (not platform.whole[region] or log_of(platform, region).missing):
            raise Violation("promoted into loss", f"{REGIONS[region]} is promoted")
        if platform.leader not in (NOBODY, region):
            raise Violation("two writers", f"{REGIONS[region]} is promoted")
        lines = with_(platform.lines, region, max(platform.lines) + 1)
        roles = with_(platform.roles, region, LEADS)
        return platform._replace(
            leader=region,
            roles=roles,
            lines=lines,
            # It takes a decision at once, which nobody else has.
            synchronous=_only(region),
            whole=_only(region),
            candidate=NOBODY,
        )

    def may_promote(self, platform: Platform, region: int) -> bool:
        """By itself."""
        asked = platform.synchronous[region] or self._promotes_anybody
        return platform.leader == NOBODY and platform.roles[region] == FOLLOWS and asked

    def switch(self, platform: Platform, old: int, new: int) -> Platform:
        """It is told to: the old one stops. Refused where the new one is not synchronous."""
        stands = platform.leader == old and platform.roles == with_((FOLLOWS, FOLLOWS), old, LEADS)
        if not stands or not platform.synchronous[new]:
            return platform
        return platform._replace(leader=NOBODY, roles=(FOLLOWS, FOLLOWS), candidate=new)

    def fail_over(self, platform: Platform, new: int, *, forced: bool = False) -> Platform:
        """It is told to, by hand; it asks for no synchronous member."""
        if platform.roles[new] != FOLLOWS or platform.leader != NOBODY:
            return platform
        return self.promote(platform, new, forced=forced)

    def by_itself(self, platform: Platform) -> Iterator[tuple[str, Platform]]:
        """What comes about without any fault."""
        for region, name in enumerate(REGIONS):
            if self.may_promote(platform, region):
                yield f"Patroni promotes {name}", self.promote(platform, region)
        for region, name in enumerate(REGIONS):
            role = platform.roles[region]
            if role == DOWN:
                yield f"{name} returns", platform._replace(roles=with_(platform.roles, region, FOLLOWS))
            if platform.leader != 1 - region:
                continue
            if role == DOWN and platform.synchronous[region]:
                yield f"Patroni leaves {name} behind", self.leave_behind(platform, region)
            if role == FOLLOWS and not platform.synchronous[region]:
                lines = with_(platform.lines, region, platform.lines[1 - region])
                whole = platform._replace(lines=lines, synchronous=(True, True), whole=(True, True))
                yield f"{name} follows", whole

    def leave_behind(self, platform: Platform, region: int) -> Platform:
        """The primary goes on alone."""
        alone = _only(1 - region)
        return platform._replace(synchronous=alone, whole=alone)

    def faults(self, platform: Platform, logs: tuple[tuple[int, str], ...]) -> Iterator[tuple[str, Platform]]:
        """`logs`: what may be the matter with whose."""
        for region, name in enumerate(REGIONS):
            if platform.roles[region] != DOWN:
                leader = NOBODY if platform.leader == region else platform.leader
                roles = with_(platform.roles, region, DOWN)
                yield f"{name} dies", platform._replace(leader=leader, roles=roles)
            led = platform.leader == 1 - region and platform.roles[region] == FOLLOWS
            if led and platform.synchronous[region]:
                yield f"{name} lags", self.leave_behind(platform, region)
            if platform.reaches[region]:
                yield (
                    f"{name} loses the truck",
                    platform._replace(reaches=with_(platform.reaches, region, False)),
                )
        if platform.log[1] == "fine":
            for region, kind in logs:
                yield f"{REGIONS[region]}: {kind}", platform._replace(log=(region, kind))

    def heals(self, platform: Platform) -> Iterator[tuple[str, Platform]]:
        """A fault that ends."""
        if not all(platform.reaches):
            yield "the truck is back", platform._replace(reaches=(True, True))
        if platform.log[1] != "fine":
            yield "the log is whole", platform._replace(log=(1, "fine"))
