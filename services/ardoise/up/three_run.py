"""`ardoise sites up`: starts three sites, says where they are, and runs until it is told to stop."""

import asyncio
import contextlib
from pathlib import Path

from rich.console import Console

from ardoise.chassis.phones import names_of
from ardoise.sites.settings import SitesSettings
from ardoise.up.clocks import Clocks, run_on
from ardoise.up.control import serve_control
from ardoise.up.disk import Disk
from ardoise.up.foreground import run_until_stopped
from ardoise.up.forwards import Forwards
from ardoise.up.network import Network, NetworkTools
from ardoise.up.programs import Programs, clock_programs, debian_programs
from ardoise.up.services import MQTT_PORT, OSMAND_PORT
from ardoise.up.site import DISK, PORTS, reachable
from ardoise.up.three_sites import SITES, TRUCK, ThreeSites, topology

FIRST = {
    "web": 8080,
    "operators": 8443,
    "ingest": 7401,
    "trackers": 7407,
    "osmand": OSMAND_PORT,
    "mqtt": MQTT_PORT,
}
"""Preferred ports of this machine for the first site, by server; the others' follow. Of the rest: any."""


def run(state_dir: Path, seconds: float, *, truck_disk: bool, clocks: bool) -> None:
    """Runs until a signal, a failure, or the time is up.

    Raises ProgramsMissing, NetworkUnavailable, DiskUnavailable, GaveUp, ValueError.
    """
    state_dir = state_dir.absolute()
    phones = SitesSettings().mqtt_phones
    names_of(phones)
    if clocks:
        settable = clock_programs(_print)
        run_on(settable)
    programs = debian_programs(_print)
    # Opened before this process leaves the machine's network.
    forwards = Forwards(
        {
            (site.name, server): FIRST[server] + number if server in FIRST else 0
            for number, site in enumerate(topology(dict.fromkeys(SITES, "")).sites)
            for server in reachable(site.kind, phones)
        }
    )
    network = Network(SITES, NetworkTools(ip=programs.ip, tc=programs.tc, nft=programs.nft))
    truck = state_dir / TRUCK
    disk = Disk(truck / "disk.img", truck / DISK) if truck_disk else None
    with contextlib.suppress(KeyboardInterrupt):
        own = Clocks(state_dir, SITES, settable) if clocks else None
        asyncio.run(_run(state_dir, network, programs, forwards, seconds, disk, own, phones))


def _print(step: str) -> None:
    print(step, flush=True)


async def _run(
    state_dir: Path,
    network: Network,
    programs: Programs,
    forwards: Forwards,
    seconds: float,
    disk: Disk | None,
    clocks: Clocks | None,
    phones: str,
) -> None:
    at = {key: forwards.at(key) for key in forwards.names}
    three = ThreeSites(state_dir, network, programs, at, disk, clocks, phones)
    targets = {(site, server): (network.addresses[site], PORTS[server]) for site, server in forwards.names}

    def started(console: Console) -> set[asyncio.Future]:
        _say(console, forwards, state_dir)
        serving = (serve_control(three, state_dir), forwards.serve(targets))
        return {
            *map(asyncio.ensure_future, serving),
            *(site.supervisor.failed for site in three.sites.values()),
        }

    try:
        await run_until_stopped(three, "sites", seconds, started)
    finally:
        forwards.close()


def _say(console: Console, forwards: Forwards, state_dir: Path) -> None:
    for site in SITES:
        console.print(f"{site}: http://{forwards.at((site, 'web'))}", highlight=False)
    console.print(f"relays: {forwards.at((TRUCK, 'ingest'))}", highlight=False)
    console.print(f"phones: http://{forwards.at((TRUCK, 'osmand'))}", highlight=False)
    if (TRUCK, "mqtt") in forwards.names:
        at, passwords = forwards.at((TRUCK, "mqtt")), state_dir / TRUCK / DISK / "nats" / "phones"
        console.print(f"phones by MQTT: {at}, passwords: {passwords}", highlight=False, soft_wrap=True)
    console.print(f"logs: {state_dir}/<site>/logs", highlight=False, soft_wrap=True)
    console.print("what runs and what to break: ardoise sites parts | part | link", highlight=False)
