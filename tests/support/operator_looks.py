"""What a look of the operator finds, made up: sites as `sites` reports them, objects as the cluster has them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jsonschema
from ardoise.pb.sites_pb2 import DatabaseRole, DigestStatus, SiteReport, SitesStatus
from ardoise.sites.operations.acting import Told
from ardoise.sites.status import complete
from ardoise.sites.topology import Topology
from ardoise_operator.acting import NOTHING
from ardoise_operator.replications import replication_status
from ardoise_operator.sight import Sight, Silence
from ardoise_operator.sites import site_status

from tests.support.chart import Object, example
from tests.support.own_kinds import definitions, example_objects, schema_of

TOPOLOGY = Topology.model_validate({"sites": example("amsterdam")["sites"]})
OBJECTS = example_objects()
EPOCH = 1783418400000
STREAM = f"LOG_{EPOCH}"
NOON = datetime(2026, 7, 7, 12, 0, 0, tzinfo=UTC)
PRIMARY, SYNCHRONOUS = DatabaseRole.DATABASE_ROLE_PRIMARY, DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY
SILENT = Silence("SitesSilent", "`sites` of amsterdam does not answer")


def report(
    name: str, last: int, role: DatabaseRole | None = None, wal_position: int | None = None
) -> SiteReport:
    """A site that is well; `role`: of a region's database."""
    found = SiteReport(site=name)
    found.logs.logs.add(epoch=EPOCH, first_sequence=1, last_sequence=last)
    found.race.snapshots.add(race_time_ms=last * 100).name.epoch = EPOCH
    for site in TOPOLOGY.sites:
        found.etcd.add(site=site.name, healthy=True, answers=True, cluster_id="1")
    if role is not None:
        found.database.role, found.database.timeline, found.database.state = role, 7, "running"
        if wal_position is not None:
            found.database.wal_position = wal_position
        found.watermarks.watermarks.add(epoch=EPOCH, sequence=last - 1)
        found.mirrors.add(stream=STREAM, state="following", behind=2)
        found.mirrors.add(stream="REFUSED", state="following", behind=0)
    return found


def reports(primary: str = "amsterdam") -> dict[str, SiteReport]:
    """Of a good day, by site."""
    roles = {name: PRIMARY if name == primary else SYNCHRONOUS for name in ("amsterdam", "london")}
    regions = {
        name: report(name, 4178, role, 83886760 if role == PRIMARY else 83886408)
        for name, role in roles.items()
    }
    return {"truck": report("truck", 4180), **regions}


def status(found: Mapping[str, SiteReport], silent_since_ms: int | None = None) -> SitesStatus:
    """As amsterdam's `sites` tells it; a site that is not in `found` does not answer."""
    told = SitesStatus(seen_from="amsterdam")
    for site in TOPOLOGY.sites:
        seen = told.sites.add(site=site.name, region=site is not TOPOLOGY.edge)
        if site.name in found:
            seen.report.CopyFrom(found[site.name])
            seen.round_trip_ms = 0 if site.name == "amsterdam" else 41
        elif silent_since_ms is not None:
            seen.silent_since_ms = silent_since_ms
    return complete(told, TOPOLOGY, DigestStatus(seconds=600, seconds_compared=590))


def sight(said: SitesStatus | Silence, at: datetime = NOON) -> Sight:
    """From amsterdam."""
    return Sight("amsterdam", at, said)


def site(name: str, seen: Sight, before: Mapping[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """The status of one of the examples."""
    spec = OBJECTS[name]["spec"]
    return site_status(name, spec, 3, before or {}, seen, TOPOLOGY, **others)


def race(seen: Sight, before: Mapping[str, Any] | None = None, told: Told = NOTHING) -> dict[str, Any]:
    """The status of the example Replication."""
    return replication_status(OBJECTS["race"]["spec"], 3, before or {}, seen, told)


def conditions(found: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """(status, reason) by type."""
    return {one["type"]: (one["status"], one["reason"]) for one in found["conditions"]}


def faults(kind: str, found: Mapping[str, Any]) -> list[str]:
    """What an API server would say against a status: fields that it does not know, too."""
    schema = _strict(schema_of(definitions()[kind])["properties"]["status"])
    return [
        f"{one.json_path}: {one.message}"
        for one in jsonschema.Draft202012Validator(schema).iter_errors(found)
    ]


def _strict(schema: Object) -> dict[str, Any]:
    """Of an API server's schema what JSON Schema knows."""
    return dict(_strictly(schema))


def _strictly(schema: Object) -> Iterator[tuple[str, Any]]:
    for key, value in schema.items():
        if key == "properties":
            yield "properties", {name: _strict(one) for name, one in value.items()}
            yield "additionalProperties", False
        elif key == "items":
            yield "items", _strict(value)
        elif key == "x-kubernetes-int-or-string":
            yield "type", ["integer", "string"]
        elif not key.startswith("x-"):
            yield key, value
