"""The certificates that a site's processes hold: development ones, for one machine and for clusters of one's own.

In production cert-manager or any other CA makes the same, by the same names.
"""

from collections.abc import Sequence
from pathlib import Path

from ardoise.chassis.identity import DATA_PLANE, Role, ensure_development_identity
from ardoise.chassis.nats_config import LEAF_IDENTITIES
from ardoise.chassis.settings import host_and_port
from ardoise.mediawall.access import Access
from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.up.services import SUPERVISOR

SERVICES = {
    SiteKind.EDGE: ("sites", "ingest", "trackers", "positioning", "security", "mediawall"),
    SiteKind.REGION: ("sites", "positioning", "recorder", "security", "analytics", "mediawall"),
}
IDENTITIES = {
    SiteKind.EDGE: ("nats", "biometrics", *LEAF_IDENTITIES.values(), *SERVICES[SiteKind.EDGE]),
    SiteKind.REGION: ("nats", "patroni", "sites-biometrics", *SERVICES[SiteKind.REGION]),
}
"""Of the platform's CA, each of a service."""
DATA_PLANE_IDENTITIES = {
    SiteKind.EDGE: ("etcd", "sites"),
    SiteKind.REGION: ("etcd", "patroni", "sites"),
}
"""Of the CA whose certificates etcd and Patroni let in."""
DRILL, DRILL_OPERATOR = "drill", "drill-operator"
"""Who drills the platform, as a service that reads, and as race operations (ardoise.rehearsal.drills.platform)."""
DRILL_RELAYS = (
    *(f"moto-{number}" for number in range(1, 6)),
    "helicopter-1",
    "aircraft-1",
    *(f"fixed-{number}" for number in range(1, 8)),
)
"""Those of the simulated stage that a drill in a cluster rides (ardoise.rehearsal.radio)."""
VISITORS = {
    "round-trip": Role.RELAY,
    DRILL: Role.SERVICE,
    "prometheus": Role.PUBLIC,
    "backup": Role.SERVICE,
}
"""Who tries the platform from within a cluster (ardoise.rehearsal.round_trip), watches it, and copies what it has."""
GATEWAY = {"trackers": Role.SERVICE, "gateway": Role.RELAY}
"""Of the truck's gateway for trackers (ardoise.trackers): itself, and the relay that it is to ingest."""
OPERATOR = "operator"
"""Who switches over on behalf of a region's cluster: of race operations, and let in by etcd. It serves nothing."""
CA = "ca"


def make_identities(kind: SiteKind, hosts: Sequence[str], identity_dir: Path, ca_dir: Path) -> None:
    """Makes those of one site that are not there yet, and the CAs on first use. `hosts`: where the site is reached."""
    for name in IDENTITIES[kind]:
        ensure_development_identity(identity_dir, name, Role.SERVICE, hosts=hosts, ca_dir=ca_dir)
    ensure_development_identity(identity_dir, SUPERVISOR, Role.RACE_OPERATIONS, hosts=hosts, ca_dir=ca_dir)
    for name, role in GATEWAY.items() if kind is SiteKind.EDGE else ():
        ensure_development_identity(identity_dir, name, role, hosts=hosts, ca_dir=ca_dir)
    for name in DATA_PLANE_IDENTITIES[kind]:
        mine, ca = identity_dir / DATA_PLANE, ca_dir / DATA_PLANE
        ensure_development_identity(mine, name, Role.SERVICE, hosts=hosts, ca_dir=ca)


def make_for_clusters(topology: Topology, directory: Path, release: str, namespaces: Sequence[str]) -> None:
    """Of every site, for a release of the chart: <directory>/<site>, and the CAs in <directory>/ca.

    The operators' tokens of a site are in <directory>/<site>/tokens.
    """
    for site in topology.sites:
        hosts = hosts_in_cluster(site, release, namespaces)
        identity_dir, ca_dir = directory / site.name, directory / CA
        make_identities(site.kind, hosts, identity_dir, ca_dir)
        for name, role in VISITORS.items():
            ensure_development_identity(identity_dir, name, role, hosts=hosts, ca_dir=ca_dir)
        if site.kind is SiteKind.EDGE:
            for name, role in GATEWAY.items():
                ensure_development_identity(identity_dir, name, role, hosts=hosts, ca_dir=ca_dir)
        if site.kind is SiteKind.REGION:
            for mine, its_ca in ((identity_dir, ca_dir), (identity_dir / DATA_PLANE, ca_dir / DATA_PLANE)):
                ensure_development_identity(mine, OPERATOR, Role.RACE_OPERATIONS, ca_dir=its_ca)
            ensure_development_identity(identity_dir, DRILL_OPERATOR, Role.RACE_OPERATIONS, ca_dir=ca_dir)
            for relay in DRILL_RELAYS:
                ensure_development_identity(identity_dir, relay, Role.RELAY, ca_dir=ca_dir)
            drill, its_ca = identity_dir / DATA_PLANE, ca_dir / DATA_PLANE
            ensure_development_identity(drill, DRILL, Role.SERVICE, hosts=hosts, ca_dir=its_ca)
        Access(identity_dir)


def hosts_in_cluster(site: Site, release: str, namespaces: Sequence[str]) -> list[str]:
    """Every name at which a site of the chart is called: by other sites, and within its cluster."""
    outside = {host_and_port(address)[0] for address in site.addresses()}
    components = ["nats", "data-plane", *(name for name in SERVICES[site.kind] if name != "sites")]
    if site.kind is SiteKind.EDGE:
        components += ["trackers", "phones"]
    suffixes = (
        "",
        *(f".{namespace}{end}" for namespace in namespaces for end in ("", ".svc", ".svc.cluster.local")),
    )
    inside = [f"{release}-{component}{suffix}" for component in components for suffix in suffixes]
    return [site.name, *sorted(outside), *inside]
