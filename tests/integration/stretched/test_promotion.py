"""The guard where Patroni asks it: before a promotion, with real mirrors, and with a person's leave."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ardoise.chassis.bus import Bus
from ardoise.sites.leave import give_leave, use_leave
from ardoise.up.programs import Programs

from tests.support.nats import NatsServer
from tests.support.racelog import connect
from tests.support.stretched import REGIONS, Stretched, hold_log

EPOCH = 1_783_000_000_000
RECORDED = 3


@pytest.fixture
async def regions(tmp_path: Path) -> AsyncIterator[dict[str, Bus]]:
    """A nats-server for each region, and a connection to it."""
    servers = {site: NatsServer(tmp_path / site / "nats") for site in REGIONS}
    for server in servers.values():
        server.start()
    buses = {site: await connect(server.url) for site, server in servers.items()}
    yield buses
    for bus in buses.values():
        await bus.close()
    for server in servers.values():
        server.stop()


@pytest.mark.timeout(300)
async def test_a_refused_promotion_says_why_and_a_leave_or_a_mirror_lets_it_happen(
    regions: dict[str, Bus], programs: Programs, tmp_path: Path
):
    urls = {site: bus.nc.connected_url.geturl() for site, bus in regions.items()}
    async with Stretched(tmp_path, programs, urls) as cluster:
        with cluster.local("amsterdam") as session:
            session.execute("CREATE TABLE watermark (epoch bigint PRIMARY KEY, sequence bigint)")
            session.execute("INSERT INTO watermark VALUES (%s, %s)", [EPOCH, RECORDED])

        await hold_log(regions["amsterdam"], EPOCH, 1, 5)

        # No log of the epoch, and no truck to ask: London may not.
        await cluster.switch("london")
        await said(
            cluster, "london", f"epoch {EPOCH}: the mirror has no such log, and the truck cannot be asked"
        )

        # Amsterdam may: its mirror goes on from the watermark.
        await cluster.until(lambda: failed_over(cluster, "amsterdam"))
        await cluster.until(lambda: cluster.writes("amsterdam"))
        assert "promotion of amsterdam agreed" in cluster.said("amsterdam")
        assert "promotion of london agreed" not in cluster.said("london")
        await cluster.until(cluster.both_synchronous)

        # A mirror that begins too late is the same as none; a person's leave passes it, once.
        await hold_log(regions["london"], EPOCH, RECORDED + 2, 8)
        directory = cluster.patroni["london"].directory
        give_leave(directory, "operation-1")
        await cluster.switch("london")
        await cluster.until(lambda: cluster.writes("london"))
        await said(cluster, "london", "promotion of london forced by operation operation-1 (unknown)")
        assert f"the mirror begins at {RECORDED + 2}" in cluster.said("london")
        assert use_leave(directory) is None
        give_leave(directory, "operation-1")
        assert use_leave(directory) is None


async def failed_over(cluster: Stretched, site: str) -> bool:
    """Refused while the site's PostgreSQL starts."""
    return (await cluster.call(site, "POST", "/failover", {"candidate": site})).status_code == 200


async def said(cluster: Stretched, site: str, what: str) -> None:
    async def yes() -> bool:
        return what in cluster.said(site)

    await cluster.until(yes)
