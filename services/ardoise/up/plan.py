"""Which processes make a race on one machine, at which ports, in which order."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.nats_server import NatsServer, says_unwell
from ardoise.chassis.phones import phones_at, source_of
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.chassis.settings import CommonSettings
from ardoise.sites.settings import SitesSettings
from ardoise.up.identities import GATEWAY
from ardoise.up.ports import Ports
from ardoise.up.services import OSMAND_PORT, READY_LIMIT_S, SOURCES, SUPERVISOR, argv, inherited, serving
from ardoise.up.supervisor import Part, Supervisor, bound_command

SERVICE_IDENTITIES = (
    "nats",
    "ingest",
    "biometrics",
    "positioning",
    "recorder",
    "analytics",
    "mediawall",
    "security",
)
# Preferred ports; another free one is taken where somebody else has it.
PORTS = {
    "nats": 4222,
    "nats-health": 8222,
    "ingest": 7401,
    "positioning": 7402,
    "analytics": 7403,
    "mediawall": 7404,
    "security": 7405,
    "trackers": 7407,
    "osmand": OSMAND_PORT,
    "web": 8080,
    "operators": 8443,
}


class Platform:
    """One race on one machine: nats-server, PostgreSQL, one process a service."""

    def __init__(
        self,
        state_dir: Path,
        ports: Ports,
        *,
        nats_url: str = "",
        database_url: str = "",
        race_centre_url: str = "",
    ) -> None:
        self.state_dir = state_dir.absolute()
        self.ports = ports
        self.supervisor = Supervisor(self.state_dir / "logs")
        self._nats_url = nats_url
        self._database_url = database_url
        self._race_centre_url = race_centre_url
        # Phones of this machine alone, where whoever starts it says nothing else.
        self._sources = [os.environ.get(SOURCES, f"osmand=http://{ports.at('osmand')}")]
        self.settings = CommonSettings(state_dir=self.state_dir)

    async def start(self, progress: Callable[[str], None]) -> None:
        """Starts everything in order, telling `progress` what comes next. Raises GaveUp, PostgresError."""
        identity_dir = self.settings.identity_dir
        for name in SERVICE_IDENTITIES:
            ensure_development_identity(identity_dir, name, Role.SERVICE)
        ensure_development_identity(identity_dir, SUPERVISOR, Role.RACE_OPERATIONS)
        for name, role in GATEWAY.items():
            ensure_development_identity(identity_dir, name, role)
        if not self._nats_url:
            progress("nats-server")
            identity = ensure_development_identity(identity_dir, "nats", Role.SERVICE)
            ports = {"port": self.ports.numbers["nats"], "health_port": self.ports.numbers["nats-health"]}
            directory, told = self.state_dir / "nats", SitesSettings(state_dir=self.state_dir)
            phones = phones_at(told.mqtt_listen, told.mqtt_phones, directory)
            if phones:
                self._sources.append(source_of(phones, directory, identity.ca))
            server = NatsServer(directory, **ports, identity=identity, phones=phones)
            unwell = partial(says_unwell, self.ports.at("nats-health"))
            part = Part("nats-server", server.command, ready=server.ready, unwell=unwell)
            await self.supervisor.start(part)
            self._nats_url = server.url
        if not self._database_url:
            progress("PostgreSQL")
            postgres = EmbeddedPostgres(self.state_dir / "postgres")
            await asyncio.to_thread(postgres.prepare)
            part = Part("postgres", postgres.command, ready=_ready(postgres), stop_signal=signal.SIGINT)
            await self.supervisor.start(part)
            self._database_url = postgres.url
        services = ("ingest", "trackers", "positioning", "recorder", "security", "analytics", "mediawall")
        progress(", ".join(services))
        await self.supervisor.start(*map(self._service, services))

    async def stop(self) -> None:
        """Stops everything, in reverse, and gives the ports free."""
        await self.supervisor.stop()
        self.ports.close()

    def environment(self) -> dict[str, str]:
        """What every process of the platform is told of its surroundings."""
        ports = self.ports
        return {
            **inherited(),
            SOURCES: ",".join(self._sources),
            "ARDOISE_STATE_DIR": str(self.state_dir),
            "ARDOISE_NATS_URL": self._nats_url,
            "ARDOISE_DATABASE_URL": self._database_url,
            "ARDOISE_INGEST_TARGET": ports.at("ingest"),
            "ARDOISE_POSITIONING_TARGET": ports.at("positioning"),
            "ARDOISE_ANALYTICS_TARGET": ports.at("analytics"),
            "ARDOISE_SECURITY_TARGET": ports.at("security"),
            "ARDOISE_TRACKERS_TARGET": ports.at("trackers"),
            "ARDOISE_RACE_CENTRE_URL": self._race_centre_url,
            "ARDOISE_WEB_LISTEN": ports.at("web"),
            "ARDOISE_OPERATORS_LISTEN": ports.at("operators"),
            # A page on loopback: no browser knows the development CA. Every other port keeps TLS.
            "ARDOISE_WEB_PLAINTEXT": "true",
        }

    def _service(self, name: str) -> Part:
        environment = self.environment()
        ready = None
        if name in self.ports.numbers:
            environment["ARDOISE_GRPC_LISTEN"] = self.ports.at(name)
            ready = serving(self.ports.at(name), self.settings)
        return Part(name, bound_command(argv(name)), environment, ready)


def _ready(postgres: EmbeddedPostgres) -> Callable[[], Awaitable[None]]:
    async def ready() -> None:
        await asyncio.to_thread(postgres.wait_ready, READY_LIMIT_S)

    return ready
