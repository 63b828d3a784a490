"""What follows from what the sites say of themselves: verdicts, loss, conditions. Pure."""

from collections.abc import Iterable, Mapping

from ardoise.pb.sites_pb2 import (
    DatabaseRole,
    DigestStatus,
    LogsReport,
    LossStatus,
    PromotionStatus,
    SiteReport,
    SitesCondition,
    SitesStatus,
    Truth,
    WatermarksReport,
)
from ardoise.sites.guard import UNKNOWN, Epoch, Held, Holding, Promotion, Unknown, Verdict, judge
from ardoise.sites.mirrors import WELL, MirrorState
from ardoise.sites.topology import Topology
from ardoise.sites.witness import SUFFIX, is_witness, votes

PRIMARY, SYNCHRONOUS = DatabaseRole.DATABASE_ROLE_PRIMARY, DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY
_TRUTH = {
    Verdict.LOSS_FREE: Truth.TRUTH_YES,
    Verdict.LOSS: Truth.TRUTH_NO,
    Verdict.UNKNOWN: Truth.TRUTH_UNSPECIFIED,
}

type Reports = Mapping[str, SiteReport]
"""By site; a site that does not answer is not there."""


def complete(status: SitesStatus, topology: Topology, digests: DigestStatus) -> SitesStatus:
    """`status` holds what was seen of each site; adds what follows from it, and returns it."""
    reports = {site.site: site.report for site in status.sites if site.HasField("report")}
    primary = primary_of(reports)
    for region in topology.regions:
        promotion = promotion_of(region.name, topology.edge.name, reports)
        silent = [] if region.name in reports else [f"it does not answer {status.seen_from}"]
        status.promotions.add(
            region=region.name,
            primary=region.name == primary,
            without_loss=_TRUTH[promotion.verdict],
            reasons=silent or promotion.reasons,
        )
    standby = next((region.name for region in topology.regions if region.name != primary), "")
    if primary:
        status.loss.CopyFrom(loss_at(standby, topology.edge.name, reports))
    forced = [report.forced for report in reports.values() if report.HasField("forced")]
    if forced:
        status.forced.CopyFrom(max(forced, key=lambda one: one.begun_ms))
    status.digests.CopyFrom(digests)
    status.conditions.extend(_conditions(status, topology, reports, primary))
    return status


def primary_of(reports: Reports) -> str:
    """The region whose server says that it is primary; empty: none, or nobody knows."""
    return next(
        (
            site
            for site, report in reports.items()
            if report.HasField("database") and report.database.role == PRIMARY
        ),
        "",
    )


def promotion_of(region: str, edge: str, reports: Reports) -> Promotion:
    """The guard's verdict on a region, from what it and the truck say."""
    report, truck = reports.get(region, SiteReport()), reports.get(edge, SiteReport())
    synchronous: bool | Unknown = UNKNOWN
    # Without etcd, the primary that had to step down looks like any standby, and has everything.
    told = report.database.role in (PRIMARY, SYNCHRONOUS) or any(member.healthy for member in report.etcd)
    if report.HasField("database") and told:
        synchronous = report.database.role in (PRIMARY, SYNCHRONOUS)
    if not report.HasField("watermarks"):
        return judge(UNKNOWN, synchronous)
    mirrors, origins = _held(report), _held(truck)
    watermarks = _watermarks(report.watermarks)
    known = set(watermarks).union(*(logs for logs in (mirrors, origins) if not isinstance(logs, Unknown)))
    return judge(
        {
            epoch: Epoch(watermarks.get(epoch, 0), _holding(mirrors, epoch), _holding(origins, epoch))
            for epoch in known
        },
        synchronous,
    )


def loss_at(region: str, edge: str, reports: Reports) -> LossStatus:
    """What this region would lack of the live log and of decisions if it were left alone now."""
    loss = LossStatus(region=region)
    report, truck = reports.get(region, SiteReport()), reports.get(edge, SiteReport())
    if report.HasField("database"):
        whole = report.database.role in (PRIMARY, SYNCHRONOUS)
        loss.decisions = Truth.TRUTH_NO if whole else Truth.TRUTH_YES
    here, there = newest_log(report.logs), newest_log(truck.logs)
    if report.HasField("logs") and truck.HasField("logs"):
        epoch, last = there
        loss.messages = max(0, last - (here[1] if here[0] == epoch else 0))
    if report.race.snapshots and truck.race.snapshots:
        mine, theirs = report.race.snapshots[-1], truck.race.snapshots[-1]
        if mine.name.epoch == theirs.name.epoch:
            loss.race_ms = max(0, theirs.race_time_ms - mine.race_time_ms)
    return loss


def newest_log(logs: LogsReport) -> tuple[int, int]:
    """(epoch, last sequence) of the newest log; (0, 0) where there is none."""
    return max(((log.epoch, log.last_sequence) for log in logs.logs), default=(0, 0))


def _conditions(
    status: SitesStatus, topology: Topology, reports: Reports, primary: str
) -> Iterable[SitesCondition]:
    yield _protected(status, primary)
    silent = [site.site for site in status.sites if not site.HasField("report")]
    reasons = [
        *(f"{site} does not answer" for site in silent),
        *_mirrors(status, topology.edge.name, reports),
    ]
    yield _condition(
        "Degraded", bool(reasons), "; ".join(reasons) or "every site answers, every mirror follows"
    )
    said = f"{primary} is primary" if primary else "no region that answers is primary"
    yield _condition("PrimaryUnobserved", not primary, said)
    yield _blocked(status, primary, reports)
    yield _witness(status, topology.edge.name, reports)
    yield _pictures(status.digests)


def _mirrors(status: SitesStatus, edge: str, reports: Reports) -> Iterable[str]:
    """What does not follow the truck. With the truck itself silent, that says it all."""
    for site in status.sites:
        states = {mirror.stream: mirror.state for mirror in site.report.mirrors}
        if edge in reports and MirrorState.UNKNOWN in states.values():
            yield f"{site.site} does not reach {edge}: how far it is behind is Unknown to itself"
        for stream, state in states.items():
            if state not in (*WELL, MirrorState.UNKNOWN):
                yield f"{site.site}: {stream} {state}"


def _pictures(digests: DigestStatus) -> SitesCondition:
    differing = len(digests.differing)
    equal = Truth.TRUTH_NO if differing else Truth.TRUTH_UNSPECIFIED
    if digests.seconds_compared and not differing:
        equal = Truth.TRUTH_YES
    compared = f"{digests.seconds_compared} of {digests.seconds} seconds compared"
    return SitesCondition(
        type="PicturesEqual", status=equal, message=f"{compared}, {differing} pictures differ"
    )


def _protected(status: SitesStatus, primary: str) -> SitesCondition:
    """Whether the loss of the primary's region would be answered by a promotion without loss."""
    others: list[PromotionStatus] = [one for one in status.promotions if one.region != primary]
    best = next((one for one in others if one.without_loss == Truth.TRUTH_YES), None)
    if primary and best:
        return SitesCondition(
            type="Protected", status=Truth.TRUTH_YES, message=f"{best.region} could take over"
        )
    message = "; ".join(f"{one.region}: {reason}" for one in others for reason in one.reasons)
    verdicts = {one.without_loss for one in others}
    no = bool(primary) and verdicts == {Truth.TRUTH_NO}
    return SitesCondition(
        type="Protected", status=Truth.TRUTH_NO if no else Truth.TRUTH_UNSPECIFIED, message=message
    )


def _blocked(status: SitesStatus, primary: str, reports: Reports) -> SitesCondition:
    """Whether nobody could be promoted now, and why: what a region does not get by itself, only a person can force."""
    etcd = reports.get(status.seen_from, SiteReport()).etcd
    if not etcd:
        return SitesCondition(type="PromotionBlocked", message="etcd was not asked")
    if not any(member.healthy for member in etcd):
        answering = ", ".join(member.site for member in etcd if member.answers) or "none"
        sites = ", ".join(site.site for site in status.sites)
        message = (
            f"no majority of etcd: of {sites} only {answering} answer "
            f"{status.seen_from}; nobody may be promoted before another does, or break-glass (docs/runbooks)"
        )
        return _condition("PromotionBlocked", True, message)
    others = [one for one in status.promotions if one.region != primary]
    ready = [one.region for one in others if one.without_loss == Truth.TRUTH_YES]
    if ready:
        return _condition("PromotionBlocked", False, f"{', '.join(ready)} could be promoted without loss")
    message = "; ".join(f"{one.region}: {reason}" for one in others for reason in one.reasons)
    return _condition("PromotionBlocked", True, message)


def _witness(status: SitesStatus, edge: str, reports: Reports) -> SitesCondition:
    """The third voter of etcd, as the site that looked sees it: the truck's, or one that stands in for it."""
    third = [one for one in reports.get(status.seen_from, SiteReport()).etcd if is_witness(one, edge)]
    if not third:
        return SitesCondition(type="WitnessAbsent", message="etcd was not asked")
    if voter := next((one for one in third if votes(one)), None):
        if voter.site == edge:
            return _condition("WitnessAbsent", False, "the truck's member of etcd answers")
        region = voter.site.removesuffix(SUFFIX)
        return _condition(
            "WitnessAbsent", False, f"{voter.site} votes in the truck's place: loss of {region} stops writes"
        )
    learner = any(one.learner for one in third)
    why = "has no vote yet" if learner else "does not answer"
    return _condition(
        "WitnessAbsent", True, f"loss of either region stops writes: the truck's member of etcd {why}"
    )


def _condition(kind: str, so: bool, message: str) -> SitesCondition:
    return SitesCondition(type=kind, status=Truth.TRUTH_YES if so else Truth.TRUTH_NO, message=message)


def _watermarks(report: WatermarksReport) -> dict[int, int]:
    return {watermark.epoch: watermark.sequence for watermark in report.watermarks}


def _held(report: SiteReport) -> Mapping[int, Held] | Unknown:
    if not report.HasField("logs"):
        return UNKNOWN
    return {log.epoch: Held(log.first_sequence, log.last_sequence) for log in report.logs.logs}


def _holding(logs: Mapping[int, Held] | Unknown, epoch: int) -> Holding:
    return logs if isinstance(logs, Unknown) else logs.get(epoch)
