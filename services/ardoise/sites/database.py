"""What a region's server of the database is, from what its own Patroni says. Pure."""

from collections.abc import Mapping
from typing import Any

from ardoise.pb.sites_pb2 import DatabaseReport, DatabaseRole

_SYNCHRONOUS = {"sync_standby", "quorum_standby"}


def database_report(site: str, member: Mapping[str, Any], cluster: Mapping[str, Any]) -> DatabaseReport:
    """`member`: GET /patroni, which asks PostgreSQL; `cluster`: GET /cluster, which is what etcd said last.

    A primary that is cut off steps down within the lease, and its /cluster goes on to call it leader (Patroni 4.1):
    what a server is, only it can tell, and only of others is the cluster believed.
    """
    members = {one["name"]: one for one in cluster.get("members", ())}
    leader = next((name for name, one in members.items() if one.get("role") == "leader"), "")
    role = _role(member, members.get(site, {}).get("role", ""))
    return DatabaseReport(
        role=role,
        timeline=member.get("timeline", 0),
        state=member.get("state", "absent"),
        primary="" if leader == site and role != DatabaseRole.DATABASE_ROLE_PRIMARY else leader,
        wal_position=wal_position(member.get("xlog") or {}),
    )


def wal_behind(primary: DatabaseReport, other: DatabaseReport) -> int | None:
    """Bytes of write-ahead log that the primary has written and the other has not.

    None: one of them does not say, or they are on different timelines, whose positions cannot be compared.
    """
    told = primary.HasField("wal_position") and other.HasField("wal_position")
    if not told or primary.timeline != other.timeline:
        return None
    return max(0, primary.wal_position - other.wal_position)


def wal_position(xlog: Mapping[str, Any]) -> int | None:
    """From `xlog` of GET /patroni. A primary says `location`. A standby says what it has received, which is less than
    what it has replayed after it started from files."""
    said = (xlog.get(name) for name in ("location", "received_location", "replayed_location"))
    return max((position for position in said if isinstance(position, int) and position > 0), default=None)


def _role(member: Mapping[str, Any], in_cluster: str) -> DatabaseRole:
    if member.get("state") != "running":
        return DatabaseRole.DATABASE_ROLE_STOPPED
    if member.get("role") == "primary":
        return DatabaseRole.DATABASE_ROLE_PRIMARY
    if in_cluster in _SYNCHRONOUS:
        return DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY
    return DatabaseRole.DATABASE_ROLE_STANDBY
