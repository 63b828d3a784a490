"""The platform under a drill, as a visitor from outside reaches it: control, servers' ports, identities."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import DATA_PLANE, Credentials, Role, client_identity
from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings, host_and_port
from ardoise.sites.etcd_api import EtcdApi

IDENTITY = "drill"
"""Reads logs and tables like any reader, and writes a table of its own."""
OPERATOR = "drill-operator"
DATABASE, DATABASE_USER = "ardoise", "ardoise"
CONNECT_LIMIT_S = 2
ASK_LIMIT_S = 5.0


class Reached:
    """What `ardoise sites up` says of its sites, and how to get there."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        """`state`: Control.state(). Raises FileNotFoundError where a certificate is missing."""
        self.state = state
        self.identity_dir = Path(state["state_dir"]) / "identity"
        self._mine = self.identity(IDENTITY, Role.SERVICE)
        self.identity(OPERATOR, Role.RACE_OPERATIONS)

    def identity(self, name: str, role: Role) -> Credentials:
        """A client of the platform: of a development CA that is here it is made, of another one it is there."""
        return client_identity(self.identity_dir, name, role)

    def identity_of(self, site: str) -> Path:
        """Where a site keeps its services' certificates."""
        return Path(self.state["sites"][site]["identity_dir"])

    def set_aside_at(self, region: str) -> Path:
        """Where it puts the rows of a stale primary."""
        return self._patroni_at(region) / "set-aside"

    def database_at(self, region: str) -> Path:
        """PostgreSQL's data directory."""
        return self._patroni_at(region) / "data"

    def _patroni_at(self, region: str) -> Path:
        return Path(self.state["state_dir"]) / region / "disk" / "patroni"

    def site_at(self, address: str) -> str:
        """The site whose servers listen there."""
        return next(name for name, site in self.state["sites"].items() if site["address"] == address)

    @property
    def sites(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.state["sites"])

    def at(self, site: str, server: str) -> str:
        """host:port on this machine."""
        return self.state["sites"][site]["ports"][server]

    def settings(self, site: str) -> CommonSettings:
        """As a process of this machine needs them to speak to a site."""
        return CommonSettings(
            site=site, identity_dir=self.identity_dir, nats_url=f"tls://{self.at(site, 'nats')}"
        )

    def channel(self, site: str, service: str, identity: str = OPERATOR) -> grpc.aio.Channel:
        """A gRPC channel to a site's service."""
        return channel(self.at(site, service), self.settings(site), identity)

    async def bus(self, site: str) -> Bus:
        """A connection to a site's nats-server, which comes back by itself."""
        return await Bus.connect(self.settings(site), IDENTITY)

    async def database(self, site: str) -> psycopg.AsyncConnection:
        """A session on this region's server and on no other, in autocommit. Raises psycopg.OperationalError."""
        host, port = host_and_port(self.at(site, "postgres"))
        return await psycopg.AsyncConnection.connect(
            **self._as_client(host, str(port)),
            connect_timeout=CONNECT_LIMIT_S,
            application_name=IDENTITY,
            autocommit=True,
        )

    def database_url(self, first: str) -> str:
        """Of both regions' servers, for libpq; `first`: the one that is asked first."""
        regions = [name for name, site in self.state["sites"].items() if "postgres" in site["ports"]]
        at = [
            host_and_port(self.at(site, "postgres"))
            for site in sorted(regions, key=lambda name: name != first)
        ]
        return make_conninfo(
            **self._as_client(",".join(host for host, _ in at), ",".join(str(port) for _, port in at))
        )

    def _as_client(self, host: str, port: str) -> dict[str, str]:
        return {
            "host": host,
            "port": port,
            "dbname": DATABASE,
            "user": DATABASE_USER,
            "sslmode": "verify-full",
            "sslrootcert": str(self._mine.ca),
            "sslcert": str(self._mine.certificate),
            "sslkey": str(self._mine.key),
        }

    def data_plane(self) -> httpx.AsyncClient:
        """A client that every Patroni and every member of etcd lets in."""
        return httpx.AsyncClient(verify=self._data_plane(), timeout=ASK_LIMIT_S)

    def etcd(self, site: str) -> EtcdApi:
        """A site's member of etcd."""
        return EtcdApi(self.at(site, "etcd"), self._data_plane())

    def _data_plane(self) -> ssl.SSLContext:
        return client_identity(self.identity_dir / DATA_PLANE, IDENTITY, Role.SERVICE).client_context()
