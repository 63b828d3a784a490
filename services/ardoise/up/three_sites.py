"""The data plane of three sites on one machine: what runs where, started in order, and what can be done to it."""

import asyncio
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.up.clocks import Clocks
from ardoise.up.control import Action, Refused
from ardoise.up.disk import Disk
from ardoise.up.flipped_bit import flip_log_bit
from ardoise.up.kept_log import KeptLog
from ardoise.up.lost_wal import lose_wal
from ardoise.up.network import Condition, Network
from ardoise.up.programs import Programs
from ardoise.up.site import PATRONI, PORTS, OneSite
from ardoise.up.supervisor import Part

TRUCK, AMSTERDAM, LONDON = "truck", "amsterdam", "london"
SITES = (TRUCK, AMSTERDAM, LONDON)
TOPOLOGY_FILE = "sites.yaml"
SEED = 43
"""Of the bit that flips."""
LOG_HOLDERS = ("nats-server", "ingest")


def topology(addresses: dict[str, str]) -> Topology:
    """Where each site's servers answer, given the sites' addresses."""

    def site(name: str) -> Site:
        at = {
            server: f"{addresses[name]}:{PORTS[server]}"
            for server in ("nats", "etcd", "positioning", "sites")
        }
        if name == TRUCK:
            return Site(name=name, kind=SiteKind.EDGE, **at)
        database = {server: f"{addresses[name]}:{PORTS[server]}" for server in ("patroni", "postgres")}
        stand_in = f"{addresses[name]}:{PORTS['etcd-stand-in']}"
        return Site(name=name, kind=SiteKind.REGION, **at, **database, stand_in=stand_in)

    return Topology(sites=tuple(site(name) for name in SITES))


class ThreeSites:
    """The truck, Amsterdam and London. `failed` of each site's supervisor completes when it has to give up."""

    def __init__(
        self,
        state_dir: Path,
        network: Network,
        programs: Programs,
        forwards: Mapping[tuple[str, str], str],
        truck_disk: Disk | None,
        clocks: Clocks | None,
        phones: str,
    ) -> None:
        """`forwards`: where this machine reaches a site's server, by (site, server). `phones`: as of OneSite."""
        self._programs, self._truck_disk, self._clocks = programs, truck_disk, clocks
        self._draw = random.Random(SEED)
        self.state_dir = state_dir
        self._forwards = forwards
        self.network = network
        self.topology = topology(network.addresses)
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = state_dir / TOPOLOGY_FILE
        with file.open("w") as stream:
            YAML(typ="safe").dump(self.topology.model_dump(mode="json"), stream)
        self.sites = {
            site.name: OneSite(site, self.topology, file, state_dir, network, programs, clocks, phones)
            for site in self.topology.sites
        }

    async def start(self, progress: Callable[[str], None]) -> None:
        """Starts everything in order, each step at all sites at once. Raises GaveUp."""
        for step in OneSite.STEPS:
            progress(step)
            waiting = list(self.sites.values())
            if step == PATRONI and not any(site.has_database for site in waiting):
                # Of two that are asked for at once either may make the database: the first region is to be primary.
                first = self.sites[self.topology.regions[0].name]
                await first.start(step)
                waiting.remove(first)
            await asyncio.gather(*(site.start(step) for site in waiting))

    async def stop(self) -> None:
        """Stops everything: services first, then servers, at all sites at once."""
        if self._truck_disk is not None:
            await asyncio.to_thread(self._truck_disk.ease)
        await asyncio.gather(*(site.supervisor.stop() for site in self.sites.values()))
        self.network.close()

    def state(self) -> dict[str, Any]:
        """What runs where, by which clock, and each direction of a link that is not whole."""
        return {
            "state_dir": str(self.state_dir),
            "sites": {
                name: {
                    "kind": site.site.kind.value,
                    "address": self.network.addresses[name],
                    "identity_dir": str(site.settings.identity_dir),
                    "ports": {server: at for (of, server), at in self._forwards.items() if of == name},
                    "disk": self._truck_disk.trouble if self._truck_disk and name == TRUCK else "",
                    "clock_ahead_s": self._clocks.ahead_s[name] if self._clocks else 0,
                    "parts": {part.name: _part_state(part) for part in site.supervisor.parts},
                }
                for name, site in self.sites.items()
            },
            "links": [
                {"sender": sender, "receiver": receiver, **asdict(condition)}
                for (sender, receiver), condition in self.network.conditions.items()
            ],
        }

    def set_link(self, sender: str, receiver: str, condition: Condition) -> None:
        """Makes one direction of a link so. Raises Refused, NetworkUnavailable."""
        for name in (sender, receiver):
            self._site(name)
        if sender == receiver:
            raise Refused("a link has two ends")
        self.network.set_condition(sender, receiver, condition)

    def set_clock(self, site: str, ahead_s: int) -> None:
        """Sets a site's clock to so many seconds ahead of this machine's. Raises Refused."""
        self._site(site)
        if self._clocks is None:
            raise Refused("the sites have no clocks of their own: start with --clocks")
        self._clocks.set(site, ahead_s)

    async def act(self, site: str, action: Action, parts: list[str]) -> None:
        """Does something to processes of a site, all of them where none is named. Raises Refused, GaveUp."""
        supervisor = self._site(site).supervisor
        chosen = [part for part in supervisor.parts if not parts or part.name in parts]
        if unknown := set(parts) - {part.name for part in chosen}:
            known = ", ".join(part.name for part in supervisor.parts)
            raise Refused(f"{site} has no {', '.join(sorted(unknown))}: it has {known}")
        if action is Action.KILL:
            await supervisor.hold(*chosen)
        elif action is Action.CUT_POWER:
            await self._cut_power(site, parts)
        elif action is Action.KEEP_LOG:
            await self._keep_log(site, parts)
        elif action is Action.ROLL_BACK_LOG:
            await self._roll_back_log(site, parts)
        elif action is Action.WIPE:
            await self._wipe(site, chosen)
        elif action is Action.LOSE_WAL:
            await self._lose_wal(site, chosen)
        elif action is Action.FLIP_LOG_BIT:
            await self._flip_log_bit(site, chosen)
        elif action in (Action.FILL_DISK, Action.STALL_DISK, Action.EASE_DISK):
            await self._change_disk(site, action, parts)
        elif action is Action.RESTORE:
            await supervisor.release(*chosen)
        else:
            number = {
                Action.RESTART: signal.SIGKILL,
                Action.PAUSE: signal.SIGSTOP,
                Action.RESUME: signal.SIGCONT,
            }
            for part in chosen:
                _signal_all(part, number[action])

    async def _flip_log_bit(self, site: str, parts: list[Part]) -> None:
        if [part.name for part in parts] != ["nats-server"]:
            raise Refused("only nats-server has a log")
        await self._site(site).supervisor.hold(*parts)
        store = self._site(site).settings.state_dir / "nats" / "store"
        try:
            await asyncio.to_thread(flip_log_bit, store, self._draw)
        except OSError as error:
            raise Refused(f"{site}: no bit is flipped: {error}") from error

    async def _change_disk(self, site: str, action: Action, parts: list[str]) -> None:
        disk = self._disk_of(site, parts)
        change = {
            Action.FILL_DISK: disk.fill,
            Action.STALL_DISK: disk.stall,
            Action.EASE_DISK: disk.ease,
        }
        await asyncio.to_thread(change[action])

    def _disk_of(self, site: str, parts: list[str]) -> Disk:
        if site != TRUCK or parts:
            raise Refused(f"the disk is the whole {TRUCK}'s")
        if self._truck_disk is None:
            raise Refused("the truck has no disk of its own: start with --truck-disk, as root")
        return self._truck_disk

    async def _cut_power(self, site: str, parts: list[str]) -> None:
        disk = self._disk_of(site, parts)
        supervisor = self._site(site).supervisor
        for part in supervisor.parts:
            _signal_all(part, signal.SIGSTOP)
        await asyncio.to_thread(disk.image)
        await supervisor.hold(*supervisor.parts)
        await asyncio.to_thread(disk.restore_image)

    async def _keep_log(self, site: str, parts: list[str]) -> None:
        holders = self._log_holders(site, parts)
        for part in holders:
            _signal_all(part, signal.SIGSTOP)
        try:
            await asyncio.to_thread(self._kept_log(site).keep)
        finally:
            for part in holders:
                _signal_all(part, signal.SIGCONT)

    async def _roll_back_log(self, site: str, parts: list[str]) -> None:
        holders = self._log_holders(site, parts)
        if not self._kept_log(site).there:
            raise Refused("no copy of the log is kept: keep-log first")
        await self._site(site).supervisor.hold(*holders)
        await asyncio.to_thread(self._kept_log(site).put_back)

    async def _wipe(self, site: str, parts: list[Part]) -> None:
        if [part.name for part in parts] != [f"etcd-{site}"]:
            raise Refused(f"only etcd-{site} is wiped")
        await self._site(site).supervisor.hold(*parts)
        await asyncio.to_thread(shutil.rmtree, self._site(site).settings.state_dir / "etcd")

    async def _lose_wal(self, site: str, parts: list[Part]) -> None:
        if [part.name for part in parts] != [f"patroni-{site}"]:
            raise Refused(f"only patroni-{site} loses WAL")
        await self._site(site).supervisor.hold(*parts)
        data = self._site(site).settings.state_dir / "patroni" / "data"
        try:
            await asyncio.to_thread(lose_wal, self._programs.postgres_bin, data)
        except (OSError, subprocess.SubprocessError) as error:
            raise Refused(f"{site}: its WAL stays: {error}") from error

    def _log_holders(self, site: str, parts: list[str]) -> list[Part]:
        if site != TRUCK or parts:
            raise Refused(f"the log is the whole {TRUCK}'s")
        return [part for part in self._site(site).supervisor.parts if part.name in LOG_HOLDERS]

    def _kept_log(self, site: str) -> KeptLog:
        disk = self._site(site).settings.state_dir
        return KeptLog(self.state_dir / site / "log.kept", disk / "nats" / "store", disk / "ingest")

    def _site(self, name: str) -> OneSite:
        if name not in self.sites:
            raise Refused(f"there is no site {name}: there are {', '.join(self.sites)}")
        return self.sites[name]


def _part_state(part: Part) -> dict[str, Any]:
    running = part.process is not None and part.process.returncode is None
    state = "held" if part.released else "running" if running else "down"
    return {"pid": part.process.pid if running else None, "state": state, "restarts": part.restarts}


def _signal_all(part: Part, number: signal.Signals) -> None:
    """The process and its children: PostgreSQL's are Patroni's grandchildren."""
    if part.process is None or part.process.returncode is not None:
        return
    process = psutil.Process(part.process.pid)
    for one in [process, *process.children(recursive=True)]:
        try:
            one.send_signal(number)
        except psutil.NoSuchProcess:
            continue
