"""The status of a Site, from what this region's `sites` says of it. Pure.

What cannot be known is Unknown, never 0 and never what it was before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ardoise.chassis.log import STREAM_PREFIX
from ardoise.pb.sites_pb2 import DatabaseRole, MirrorReport, SiteReport, SiteStatus
from ardoise.sites.database import wal_behind
from ardoise.sites.mirrors import WELL, MirrorState
from ardoise.sites.topology import Topology

from ardoise_operator.conditions import Condition, written
from ardoise_operator.events import SILENT
from ardoise_operator.sight import UNKNOWN, Sight, Silence, clipped, instant, number, present

MOST_MIRRORS = 32
MOST_REASON_CHARACTERS = 1024
ROLES = {
    DatabaseRole.DATABASE_ROLE_PRIMARY: "Primary",
    DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY: "SynchronousStandby",
    DatabaseRole.DATABASE_ROLE_STANDBY: "Standby",
    DatabaseRole.DATABASE_ROLE_STOPPED: "Stopped",
}
ENDPOINTS = {
    "nats": "nats",
    "etcd": "etcd",
    "positioning": "positioning",
    "sites": "sites",
    "patroni": "patroni",
    "postgres": "postgres",
    "standIn": "stand_in",
}
"""As an object has them, and as the file of all sites does."""


def site_status(
    name: str,
    spec: Mapping[str, Any],
    generation: int,
    before: Mapping[str, Any],
    sight: Sight,
    topology: Topology,
    lacking: Sequence[Silence] = (),
) -> dict[str, Any]:
    """`before`: the status that stood before. `lacking`: credentials that the object names and nobody has."""
    region = spec["kind"] == "Region"
    seen = sight.site(name)
    report = seen.report if seen is not None and seen.HasField("report") else None
    found = [*_state(name, region, seen, sight, lacking), _diverged(name, spec, topology)]
    return present(
        observedGeneration=generation,
        observedAt=instant(sight.at),
        seenFrom=sight.seen_from,
        role=_role(region, report),
        timeline=_timeline(report) if region else None,
        log=_log(region, report),
        lag=_lag(report, sight) if region else None,
        mirrors=_mirrors(report) if region else None,
        links=[_link(name, seen, sight)],
        conditions=written(found, before, generation, sight.at),
    )


def _role(region: bool, report: SiteReport | None) -> str:
    if report is None:
        return UNKNOWN
    return ROLES.get(report.database.role, UNKNOWN) if region else "Origin"


def _timeline(report: SiteReport | None) -> int | str:
    return number(report.database.timeline or None if report is not None else None)


def _log(region: bool, report: SiteReport | None) -> dict[str, Any] | None:
    """None: it holds no log."""
    if report is None or not report.HasField("logs"):
        unknown = dict.fromkeys(("epoch", "firstSequence", "lastSequence"), UNKNOWN)
        return {**unknown, **({"watermark": UNKNOWN} if region else {})}
    newest = max(report.logs.logs, key=lambda log: log.epoch, default=None)
    if newest is None:
        return None
    held = {
        "epoch": newest.epoch,
        "firstSequence": newest.first_sequence,
        "lastSequence": newest.last_sequence,
    }
    if not region:
        return held
    marks = {mark.epoch: mark.sequence for mark in report.watermarks.watermarks}
    known = report.HasField("watermarks")
    return {**held, "watermark": marks.get(newest.epoch, 0) if known else UNKNOWN}


def _lag(report: SiteReport | None, sight: Sight) -> dict[str, Any]:
    newest = max(_mirrors_of_logs(report), key=_epoch, default=None)
    behind = newest.behind if newest is not None and newest.HasField("behind") else None
    return {"mirrorMessages": number(behind), "walBytes": number(_wal_behind(report, sight))}


def _mirrors_of_logs(report: SiteReport | None) -> Iterator[MirrorReport]:
    for mirror in report.mirrors if report is not None else ():
        if mirror.stream.removeprefix(STREAM_PREFIX).isdecimal():
            yield mirror


def _epoch(mirror: MirrorReport) -> int:
    return int(mirror.stream.removeprefix(STREAM_PREFIX))


def _wal_behind(report: SiteReport | None, sight: Sight) -> int | None:
    """None: that cannot be known."""
    if report is None or isinstance(sight.said, Silence):
        return None
    databases = (site.report.database for site in sight.said.sites)
    primary = next((one for one in databases if one.role == DatabaseRole.DATABASE_ROLE_PRIMARY), None)
    return wal_behind(primary, report.database) if primary is not None else None


def _mirrors(report: SiteReport | None) -> list[dict[str, Any]]:
    mirrors = sorted(report.mirrors, key=lambda one: one.stream)[-MOST_MIRRORS:] if report is not None else []
    return [
        {
            "stream": mirror.stream,
            "state": mirror.state,
            "reason": clipped(mirror.reason, MOST_REASON_CHARACTERS),
            "behindMessages": number(mirror.behind if mirror.HasField("behind") else None),
        }
        for mirror in mirrors
    ]


def _link(name: str, seen: SiteStatus | None, sight: Sight) -> dict[str, Any]:
    """From this region. Its own `sites` that has not looked at itself yet is not silent: it answered."""
    answers = seen is not None and seen.HasField("report")
    silent = seen is not None and not answers and name != sight.seen_from
    round_trip_ms = seen.round_trip_ms if answers and seen.HasField("round_trip_ms") else None
    since_ms = seen.silent_since_ms if silent and seen.HasField("silent_since_ms") else None
    return present(
        **{"from": sight.seen_from},
        reachable="True" if answers else "False" if silent else UNKNOWN,
        roundTripMilliseconds=number(round_trip_ms),
        silentSince=instant(since_ms) if since_ms is not None else None,
    )


def _state(
    name: str, region: bool, seen: SiteStatus | None, sight: Sight, lacking: Sequence[Silence]
) -> Iterator[Condition]:
    """Ready and Degraded."""
    unknown: Silence | None = None
    if isinstance(sight.said, Silence):
        unknown = sight.said
    elif seen is None:
        unknown = Silence("NotInSites", f"the platform's list of sites has no {name}: see SpecDiverged")
    elif not seen.HasField("report"):
        unknown = Silence(SILENT, f"{name} does not answer {sight.seen_from}")
    if unknown is not None:
        yield Condition("Ready", UNKNOWN, *unknown)
        yield Condition("Degraded", UNKNOWN, *unknown)
        return
    missing = list(_missing(region, seen.report))
    weak = [*missing, *lacking, *_weak(name, seen.report, sight)]
    said = "; ".join(message for _, message in missing)
    yield Condition(
        "Ready", "False" if missing else "True", missing[0].reason if missing else "Answers", said
    )
    reasons = "; ".join(message for _, message in weak)
    yield Condition("Degraded", "True" if weak else "False", weak[0].reason if weak else "Whole", reasons)


def _missing(region: bool, report: SiteReport) -> Iterator[Silence]:
    """Without this a site does not do its part."""
    if not report.HasField("logs"):
        yield Silence("NatsSilent", "its nats-server does not answer")
    if not region:
        return
    if not report.HasField("database"):
        yield Silence("DatabaseSilent", "its Patroni does not answer")
    elif report.database.role == DatabaseRole.DATABASE_ROLE_STOPPED:
        yield Silence("DatabaseStopped", f"its database does not run: {report.database.state}")


def _weak(name: str, report: SiteReport, sight: Sight) -> Iterator[Silence]:
    """Without this it does its part, and not all of it."""
    member = next((one for one in report.etcd if one.site == name), None)
    if member is not None and not member.healthy:
        how = "has no leader" if member.answers else "does not answer"
        yield Silence("EtcdSilent", f"its member of etcd {how}")
    if not report.HasField("race"):
        yield Silence("PositioningSilent", "its positioning does not answer: its screens stand still")
    yield from _not_following(name, report.mirrors, sight)


def _not_following(name: str, mirrors: Iterable[MirrorReport], sight: Sight) -> Iterator[Silence]:
    assert not isinstance(sight.said, Silence)
    truck_answers = any(not site.region and site.HasField("report") for site in sight.said.sites)
    for mirror in mirrors:
        if mirror.state == MirrorState.UNKNOWN:
            # With the truck itself silent, that says it all.
            if truck_answers:
                yield Silence(
                    "TruckUnreached",
                    f"{name} does not reach the truck: how far {mirror.stream} is, is Unknown",
                )
        elif mirror.state not in WELL:
            yield Silence("MirrorNotFollowing", f"{mirror.stream} is {mirror.state}: {mirror.reason}")


def _diverged(name: str, spec: Mapping[str, Any], topology: Topology) -> Condition:
    """Whether the platform, which reads a file, has the site elsewhere."""
    try:
        known = topology.site(name)
    except KeyError:
        names = ", ".join(site.name for site in topology.sites)
        return Condition(
            "SpecDiverged",
            "True",
            "NotInSites",
            f"the list `sites` of the chart's values has {names}: add it there, or delete this object",
        )
    differing = []
    if known.kind.value != spec["kind"].lower():
        differing.append(f"kind is {spec['kind']} here, and {known.kind.value} there")
    for field, other in ENDPOINTS.items():
        here, there = spec["endpoints"].get(field, ""), getattr(known, other)
        if here != there:
            differing.append(f"endpoints.{field} is {here or 'absent'} here, and {there or 'absent'} there")
    if not differing:
        return Condition("SpecDiverged", "False", "AsPlatform")
    message = (
        f"the list `sites` of the chart's values says something else: {'; '.join(differing)}. Make them agree"
    )
    return Condition("SpecDiverged", "True", "EndpointsDiffer", message)
