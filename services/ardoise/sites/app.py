"""Composition root of sites."""

import random

from ardoise.chassis.lifecycle import Service
from ardoise.sites.settings import SitesSettings
from ardoise.sites.topology import SiteKind, read_topology
from ardoise.sites.watchdog import region_watchdog

TEAMS_IDENTITY = "sites-biometrics"


async def run(settings: SitesSettings) -> None:
    """Runs sites until it is told to stop."""
    async with Service("sites", settings) as service:
        topology = read_topology(settings.sites_file)
        try:
            here = topology.site(settings.site)
        except KeyError as error:
            raise ValueError(f"{settings.sites_file} names no site {settings.site!r}") from error
        if here.kind is SiteKind.REGION:
            seed = random.randrange(2**32)
            service.log.info("content_is_sampled", seed=seed)
            race, teams = await service.bus(), await service.bus(TEAMS_IDENTITY)
            watchdog = region_watchdog(here.name, topology.edge.name, race, teams, seed=seed)
            service.spawn("mirrors", watchdog.run())
        await service.run()
