"""Composition root of sites."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import httpx

from ardoise.chassis.identity import DATA_PLANE, credentials
from ardoise.chassis.lifecycle import Service
from ardoise.chassis.rpc import channel
from ardoise.chassis.watching import Watch
from ardoise.pb.race_pb2 import WatchSnapshotsRequest
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.sites.break_glass import Beside, BreakGlass
from ardoise.sites.etcd_api import EtcdApi
from ardoise.sites.etcd_leader import EtcdLeader
from ardoise.sites.left_behind import LeftBehind
from ardoise.sites.observer import Observer, Peer
from ardoise.sites.operations.memory import Claims
from ardoise.sites.patroni import Patroni
from ardoise.sites.planned import Planned
from ardoise.sites.reporting import ASK_LIMIT_S, OwnRace, Reporter
from ardoise.sites.rpc import SitesService
from ardoise.sites.settings import SitesSettings
from ardoise.sites.topology import SiteKind, read_site
from ardoise.sites.watchdog import Watchdog, region_watchdog

if TYPE_CHECKING:
    from ardoise.sites.store import SitesStore

NAME = "sites"
TEAMS_IDENTITY = "sites-biometrics"


async def run(settings: SitesSettings) -> None:
    """Runs sites until it is told to stop."""
    async with Service(NAME, settings) as service:
        topology, here = read_site(settings.sites_file, settings.site)
        bus = await service.bus()
        peers: dict[str, Peer] = {}
        for site in topology.sites:
            if site is not here:
                opened = channel(site.sites, settings, NAME)
                service.on_drain(f"channel to {site.name}", opened.close)
                peers[site.name] = Peer(site.name, opened)
                service.spawn(f"ask {site.name}", peers[site.name].ask_forever())
        watchdog: Watchdog | None = None
        if here.kind is SiteKind.REGION:
            seed = random.randrange(2**32)
            service.log.info("content_is_sampled", seed=seed)
            neighbours = [peers[region.name] for region in topology.regions if region is not here]
            watchdog = region_watchdog(
                here.name,
                topology.edge.name,
                bus,
                await service.bus(TEAMS_IDENTITY),
                others=lambda stream: {peer.name: peer.mirror_of(stream) for peer in neighbours},
                seed=seed,
            )
            service.spawn("mirrors", watchdog.run())
        race = OwnRace()
        positioning = channel(here.positioning, settings, NAME)
        service.on_drain("positioning", positioning.close)
        snapshots = RaceServiceStub(positioning).WatchSnapshots
        watch = Watch(
            "positioning", positioning, lambda after: snapshots(WatchSnapshotsRequest(after=after)), race.take
        )
        service.spawn("race", watch.run())
        # Asks etcd and Patroni, which let in nobody else.
        tls = credentials(settings.identity_dir / DATA_PLANE, NAME).client_context()
        http = httpx.AsyncClient(verify=tls, timeout=ASK_LIMIT_S)
        service.on_drain("http", http.aclose)
        store = _store(settings)
        reporter = Reporter(
            here,
            topology,
            http,
            bus,
            race,
            store=store,
            watchdog=watchdog,
            patroni_dir=settings.patroni_dir,
        )
        service.on_drain("reporter", reporter.close)
        service.spawn("reporter", reporter.run())
        etcd = {site.name: EtcdApi(site.etcd, tls) for site in topology.sites}
        service.spawn("etcd leader", EtcdLeader(here.name, etcd, reporter).run())
        observer = Observer(here.name, topology, reporter, peers, bus)
        service.spawn("compare", observer.compare_forever())
        patroni = Patroni(http, topology)
        if store is not None:
            others = tuple(region.name for region in topology.regions if region is not here)
            service.spawn("left behind", LeftBehind(others, store, patroni).run())
        break_glass: BreakGlass | None = None
        if store is not None and settings.etcd_dir is not None and settings.patroni_dir is not None:
            beside = Beside(settings.etcd_dir, settings.patroni_dir, tls)
            break_glass = BreakGlass(here, settings.state_dir, beside, patroni, store, observer.status)
            reporter.forced = lambda: break_glass.newest
            service.spawn("break-glass", break_glass.run())
        members = [etcd[here.name], *(one for site, one in etcd.items() if site != here.name)]
        planned = Planned(here.name, observer.status, patroni, Claims(lambda: members))
        sites = SitesService(reporter, observer, planned, break_glass, etcd[here.name])
        await service.serve_rpc(sites.servicer())
        await service.run()


def _store(settings: SitesSettings) -> SitesStore | None:
    if not settings.database_url:
        return None
    # Imported here: the truck has no database, and its image no driver.
    from ardoise.sites.store import SitesStore

    return SitesStore(settings.database_url)
