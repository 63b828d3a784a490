"""One site of three on this machine: its processes, in the order in which they start."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from ardoise.chassis.identity import DATA_PLANE, Credentials, credentials
from ardoise.chassis.nats_config import LEAF_IDENTITIES, Leaves
from ardoise.chassis.nats_server import NatsServer, says_unwell
from ardoise.chassis.phones import Phones, phones_at, source_of
from ardoise.chassis.postgres import DATABASE, USER
from ardoise.chassis.settings import CommonSettings, host_and_port
from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.up.clocks import Clocks
from ardoise.up.etcd import etcd_part, members_at, members_of
from ardoise.up.identities import SERVICES, make_identities
from ardoise.up.network import Network
from ardoise.up.patroni import PatroniMember, patroni_part
from ardoise.up.programs import Programs
from ardoise.up.services import MQTT_PORT, OSMAND_PORT, SOURCES, WEBHOOK_URL, argv, inherited, serving
from ardoise.up.supervisor import Part, Supervisor, bound_command

HEALTH_PORTS = {"nats": 8222, "etcd": 2381, "etcd-stand-in": 2581, "patroni": 8009}
"""Where a probe asks over plain HTTP: /healthz of nats-server, /readyz of etcd, /liveness and /readiness of Patroni."""
PORTS = {
    "nats": 4222,
    "leaf": 7422,
    "etcd": 2379,
    "etcd-stand-in": 2579,
    "patroni": 8008,
    "postgres": 5432,
    "ingest": 7401,
    "positioning": 7402,
    "analytics": 7403,
    "mediawall": 7404,
    "security": 7405,
    "sites": 7406,
    "trackers": 7407,
    "osmand": OSMAND_PORT,
    "mqtt": MQTT_PORT,
    "web": 8080,
    "operators": 8443,
}
"""Each site has an address of its own, so all listen at the same ports."""
SERVERS = {
    SiteKind.EDGE: ("nats", "etcd"),
    SiteKind.REGION: ("nats", "etcd", "patroni", "postgres"),
}
PATRONI, ALL_SERVICES = "Patroni with PostgreSQL", "services"
ON_ITS_CLOCK = (PATRONI, ALL_SERVICES)
"""What a clock that can be set reaches: Go asks the kernel by itself."""
DISK = "disk"
PAGES = ("web", "operators")
PHONES = {SiteKind.EDGE: ("osmand",), SiteKind.REGION: ()}


def leaf_port_of(site: Site) -> str:
    """host:port at which a region's nats-server takes the truck in."""
    host, _ = host_and_port(site.nats)
    return f"{host}:{PORTS['leaf']}"


def reachable(kind: SiteKind, phones: str) -> tuple[str, ...]:
    """Names of the ports at which others reach a site of this kind. `phones`: who comes by MQTT, as in OneSite."""
    by_mqtt = ("mqtt",) if phones and kind is SiteKind.EDGE else ()
    names = (*SERVERS[kind], *SERVICES[kind], *PAGES, *PHONES[kind], *by_mqtt)
    return tuple(name for name in names if name in PORTS)


YIELDS = ("nice", "-n", "5")
"""A region that comes back must not take the truck's processor, as none can that has machines of its own."""


class OneSite:
    """Its processes run in the site's network namespace and listen at the site's address."""

    STEPS = ("etcd", "nats-server", PATRONI, ALL_SERVICES)

    def __init__(
        self,
        site: Site,
        topology: Topology,
        topology_file: Path,
        state_dir: Path,
        network: Network,
        programs: Programs,
        clocks: Clocks | None,
        phones: str,
    ) -> None:
        """`clocks`: that can be set; None: the machine's. `phones`: names of those that come by MQTT to the truck."""
        self.site = site
        self._phone_names = phones
        self.address = network.addresses[site.name]
        self._topology, self._topology_file = topology, topology_file
        self._network, self._programs = network, programs
        self._on_its_clock = clocks.inside(site.name) if clocks else ()
        self._directory = state_dir / site.name
        # What the site writes is on a disk of its own; certificates and what its processes print are beside it.
        self._disk = self._directory / DISK
        identity_dir = self._directory / "identity"
        self.settings = CommonSettings(site=site.name, state_dir=self._disk, identity_dir=identity_dir)
        self.supervisor = Supervisor(self._directory / "logs")
        make_identities(site.kind, (site.name, self.address), identity_dir, state_dir / "identity")

    @property
    def has_database(self) -> bool:
        """Whether there is one from an earlier run."""
        return (self._disk / "patroni").exists()

    async def start(self, step: str) -> None:
        """Starts what belongs to one of STEPS, and waits until it is ready. Raises GaveUp."""
        makers = (self._etcd, self._nats, self._patroni, self._services)
        parts = dict(zip(self.STEPS, makers, strict=True))[step]()
        clock = self._on_its_clock if step in ON_ITS_CLOCK else ()
        await self.supervisor.start(*(self._inside(part, clock) for part in parts))

    def _identity(self, name: str) -> Credentials:
        return credentials(self.settings.identity_dir, name)

    def _data_plane(self, name: str) -> Credentials:
        """Of the CA whose certificates etcd and Patroni let in."""
        return credentials(self.settings.identity_dir / DATA_PLANE, name)

    def _inside(self, part: Part, clock: Sequence[str]) -> Part:
        """The same part, run in the site's network, on its clock."""
        command, yields = part.command, YIELDS if self.site.kind is SiteKind.REGION else ()
        part.command = lambda: self._network.inside(self.site.name, [*yields, *clock, *command()])
        return part

    def _beside(self) -> dict[str, str]:
        """Where break-glass tells etcd and Patroni what to do."""
        return {
            "ARDOISE_ETCD_DIR": str(self._disk / "etcd"),
            "ARDOISE_PATRONI_DIR": str(self._disk / "patroni"),
        }

    def _of_trackers(self) -> dict[str, str]:
        """Phones come by forwards on loopback, where whoever starts the sites says nothing else."""
        sources = [os.environ.get(SOURCES, f"osmand=http://{self.address}:{PORTS['osmand']}")]
        if phones := self._phones():
            sources.append(source_of(phones, self._disk / "nats", self._identity("nats").ca))
        return {
            "ARDOISE_INGEST_TARGET": f"{self.address}:{PORTS['ingest']}",
            SOURCES: ",".join(filter(None, sources)),
        }

    def _phones(self) -> Phones | None:
        listen = f"{self.address}:{PORTS['mqtt']}" if self._phone_names else ""
        return phones_at(listen, self._phone_names, self._disk / "nats")

    def _etcd(self) -> list[Part]:
        founders, identity = tuple(members_of(self._topology).values()), self._data_plane("etcd")
        return [
            etcd_part(self._programs, member, founders, identity, self._disk / name, witnesses)
            for name, (member, witnesses) in members_at(self._topology, self.site).items()
        ]

    def _patroni(self) -> list[Part]:
        if self.site.kind is SiteKind.EDGE:
            return []
        member = PatroniMember(
            self.site.name,
            self.address,
            self._disk / "patroni",
            self._identity("patroni"),
            self._data_plane("patroni"),
            tuple(site.etcd for site in self._topology.sites),
            f"tls://{self.site.nats}",
            clock=self._on_its_clock,
        )
        return [patroni_part(member, self._programs)]

    def _nats(self) -> list[Part]:
        phones = None
        if self.site.kind is SiteKind.REGION:
            leaves = Leaves(listen=leaf_port_of(self.site))
        else:
            phones = self._phones()
            leaves = Leaves(
                regions=tuple(map(leaf_port_of, self._topology.regions)),
                identities={account: self._identity(name) for account, name in LEAF_IDENTITIES.items()},
            )
        server = NatsServer(
            self._disk / "nats",
            site=self.site.name,
            host=self.address,
            port=PORTS["nats"],
            health_port=HEALTH_PORTS["nats"],
            identity=self._identity("nats"),
            leaves=leaves,
            phones=phones,
        )
        unwell = partial(says_unwell, f"{self.address}:{HEALTH_PORTS['nats']}")
        return [Part("nats-server", server.command, ready=server.ready, unwell=unwell)]

    def _services(self) -> list[Part]:
        return [self._service(name) for name in SERVICES[self.site.kind]]

    def _service(self, name: str) -> Part:
        environment = self._environment(name)
        ready = None
        if name in PORTS:
            target = environment["ARDOISE_GRPC_LISTEN"] = f"{self.address}:{PORTS[name]}"
            ready = serving(target, self.settings)
        return Part(name, bound_command(argv(name)), environment, ready)

    def _database_url(self, holder: str) -> str:
        """Of both regions' servers, this one's first, as the holder of a certificate."""
        files = self._identity(holder)
        ordered = sorted(self._topology.regions, key=lambda region: region.name != self.site.name)
        hosts = ",".join(region.postgres for region in ordered)
        tls = {
            "sslmode": "verify-full",
            "sslrootcert": files.ca,
            "sslcert": files.certificate,
            "sslkey": files.key,
        }
        return f"postgresql://{USER}@{hosts}/{DATABASE}?{urlencode(tls)}"

    def _environment(self, holder: str) -> dict[str, str]:
        def at(server: str) -> str:
            return f"{self.address}:{PORTS[server]}"

        region = self.site.kind is SiteKind.REGION
        # The truck has no database to write down what it sent: only regions send.
        silent = {} if region else {WEBHOOK_URL: ""}
        return {
            **inherited(),
            **silent,
            "ARDOISE_SITE": self.site.name,
            "ARDOISE_STATE_DIR": str(self.settings.state_dir),
            "ARDOISE_IDENTITY_DIR": str(self.settings.identity_dir),
            "ARDOISE_SITES_FILE": str(self._topology_file),
            "ARDOISE_NATS_URL": f"tls://{at('nats')}",
            "ARDOISE_REGIONS": ",".join(other.name for other in self._topology.regions),
            "ARDOISE_DATABASE_URL": self._database_url(holder) if region else "",
            **(self._beside() if holder == "sites" and region else {}),
            **(self._of_trackers() if holder == "trackers" else {}),
            "ARDOISE_SCRAPE_LISTEN": f"{self.address}:0",
            "ARDOISE_POSITIONING_TARGET": at("positioning"),
            "ARDOISE_SECURITY_TARGET": at("security"),
            # The truck's image has no analytics: its screens show the race without predictions.
            "ARDOISE_ANALYTICS_TARGET": at("analytics") if region else "",
            "ARDOISE_WEB_LISTEN": at("web"),
            "ARDOISE_OPERATORS_LISTEN": at("operators"),
            # Reached through a forward on loopback: no browser knows the development CA.
            "ARDOISE_WEB_PLAINTEXT": "true",
        }
