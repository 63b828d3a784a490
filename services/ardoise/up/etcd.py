"""One site's member of the stretched etcd: it keeps who is primary, and two of three must agree to it."""

import asyncio
import signal
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ardoise.chassis import child
from ardoise.chassis.identity import Credentials
from ardoise.chassis.settings import host_and_port
from ardoise.sites.keeper_settings import DATA, KeeperSettings
from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.sites.witness import stand_in_of
from ardoise.up.programs import Programs
from ardoise.up.supervisor import Part

# The same at every site: a member with a shorter timeout would call elections over a slow link (fault 15).
HEARTBEAT_MS = 300
ELECTION_MS = 3_000
# Patroni keeps a few kilobytes; old revisions of them go after an hour.
QUOTA_BYTES = 256 * 1024**2
COMPACT_AFTER = "1h"
CLUSTER_TOKEN = "ardoise"
PEER = "etcd"
"""The name that every member's certificate holds."""
# A member is ready when it has found a majority: the other sites may be started after it.
READY_LIMIT_S = 60.0
POLL_S = 0.1


@dataclass(frozen=True)
class EtcdMember:
    """One member, as every other site reaches it."""

    site: str
    host: str
    client_port: int = 2379

    @property
    def client(self) -> str:
        """host:port for clients."""
        return f"{self.host}:{self.client_port}"

    @property
    def peer_port(self) -> int:
        """Next to the clients'."""
        return self.client_port + 1

    @property
    def peer_url(self) -> str:
        """For the other members."""
        return f"https://{self.host}:{self.peer_port}"


def members_of(topology: Topology) -> dict[str, EtcdMember]:
    """The members that found the cluster, by site."""
    return {site.name: _at(site.name, site.etcd) for site in topology.sites}


def stand_ins_of(topology: Topology) -> dict[str, EtcdMember]:
    """The members that may vote in the truck's place, by the region where each is."""
    return {
        region.name: _at(stand_in_of(region.name), region.stand_in)
        for region in topology.regions
        if region.stand_in
    }


def members_at(topology: Topology, site: Site) -> dict[str, tuple[EtcdMember, tuple[EtcdMember, ...]]]:
    """A site's members by the name of their directory, each with all witnesses where it is one of them."""
    founders, stand_ins = members_of(topology), stand_ins_of(topology)
    witnesses = (founders[topology.edge.name], *stand_ins.values())
    own = founders[site.name]
    if site.kind is SiteKind.EDGE:
        return {"etcd": (own, witnesses)}
    stand_in = stand_ins.get(site.name)
    return {"etcd": (own, ()), **({"etcd-stand-in": (stand_in, witnesses)} if stand_in else {})}


def _at(name: str, client: str) -> EtcdMember:
    host, port = host_and_port(client)
    return EtcdMember(name, host, port)


def configuration(
    member: EtcdMember, members: tuple[EtcdMember, ...], identity: Credentials, directory: Path
) -> Mapping[str, object]:
    """Its configuration file. Every port asks for a certificate of the data plane's CA; among peers, for etcd's.

    Not for names at the client port too: etcd's own HTTP gateway, which Patroni uses, would be shut out with them.
    """
    transport = {
        "cert-file": str(identity.certificate),
        "key-file": str(identity.key),
        "trusted-ca-file": str(identity.ca),
        "client-cert-auth": True,
    }
    return {
        "name": member.site,
        "data-dir": str(directory / DATA),
        "listen-client-urls": f"https://{member.client}",
        "advertise-client-urls": f"https://{member.client}",
        "listen-peer-urls": member.peer_url,
        "initial-advertise-peer-urls": member.peer_url,
        "initial-cluster": ",".join(f"{each.site}={each.peer_url}" for each in members),
        "initial-cluster-token": CLUSTER_TOKEN,
        "initial-cluster-state": "new",
        "heartbeat-interval": HEARTBEAT_MS,
        "election-timeout": ELECTION_MS,
        "quota-backend-bytes": QUOTA_BYTES,
        "auto-compaction-mode": "periodic",
        "auto-compaction-retention": COMPACT_AFTER,
        "client-transport-security": transport,
        "peer-transport-security": {**transport, "allowed-hostname": [PEER]},
        "log-level": "warn",
    }


def keeper_settings(
    programs: Programs,
    member: EtcdMember,
    members: tuple[EtcdMember, ...],
    identity: Credentials,
    directory: Path,
    witnesses: tuple[EtcdMember, ...] = (),
) -> KeeperSettings:
    """What the member's keeper is told, which moves it when the cluster is made anew elsewhere.

    `members`: who founds the cluster. `witnesses`: where this is one of those that are third to the regions' own, all
    of them, first the one that founds it.
    """
    return KeeperSettings(
        site=member.site,
        etcd=str(programs.etcd),
        etcdutl=str(programs.etcdutl),
        directory=str(directory.absolute()),
        config=configuration(member, members, identity, directory.absolute()),
        others={each.site: each.client for each in members if each.site != member.site},
        witnesses={each.site: each.peer_url for each in witnesses},
        ca=str(identity.ca),
        certificate=str(identity.certificate),
        key=str(identity.key),
    )


def keeper_command(settings: Path) -> list[str]:
    """The argv of a member's keeper."""
    return [sys.executable, "-m", "ardoise.sites.etcd_keeper", str(settings)]


def etcd_part(
    programs: Programs,
    member: EtcdMember,
    members: tuple[EtcdMember, ...],
    identity: Credentials,
    directory: Path,
    witnesses: tuple[EtcdMember, ...] = (),
) -> Part:
    """The member as a process under its keeper."""

    def command() -> list[str]:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = directory.absolute() / "keeper.json"
        keeper_settings(programs, member, members, identity, directory, witnesses).write(settings)
        return child.bound(keeper_command(settings), signal.SIGTERM)

    async def ready() -> None:
        async with asyncio.timeout(READY_LIMIT_S):
            await _client_port_open(member, identity.client_context())

    # Who is third waits until it is called.
    return Part(f"etcd-{member.site}", command, ready=None if witnesses else ready, needs_peers=True)


async def _client_port_open(member: EtcdMember, tls: ssl.SSLContext) -> None:
    """etcd opens its client port once it has a leader."""
    while True:
        try:
            _, writer = await asyncio.open_connection(member.host, member.client_port, ssl=tls)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            writer.close()
            return
