"""A region without a majority is forced: real etcd, real Patroni, and a process that is killed again and again."""

import asyncio
import random
from pathlib import Path

import httpx
import pytest
from ardoise.pb.sites_pb2 import BreakGlassRequest, DatabaseRole, SitesStatus
from ardoise.positioning.migrations import migrate_database
from ardoise.sites.break_glass import Beside, BreakGlass, Refused
from ardoise.sites.leave import FILE as LEAVE
from ardoise.sites.patroni import Patroni
from ardoise.sites.store import SitesStore
from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.up.programs import Programs

from tests.support.nats import NatsServer
from tests.support.racelog import connect
from tests.support.stretched import Stretched, hold_log

EPOCH = 1_783_000_000_000
WATERMARK, MIRROR, TRUCK = 3, (6, 8), (7, 20)
"""What lies between the watermark and the mirror, 4 and 5, is nowhere."""
REQUEST = BreakGlassRequest(request_id="op-1", region="london", accepted_loss="Unknown")


class Sites:
    """What London sees, as its sites service would put it together."""

    def __init__(self, cluster: Stretched) -> None:
        self._cluster = cluster
        self.truck_answers = self.amsterdam_follows = self.london_leads = False

    def __call__(self) -> SitesStatus:
        status = SitesStatus(seen_from="london")
        truck = status.sites.add(site="truck")
        amsterdam = status.sites.add(site="amsterdam", region=True)
        london = status.sites.add(site="london", region=True)
        london.report.watermarks.watermarks.add(epoch=EPOCH, sequence=WATERMARK)
        london.report.logs.logs.add(epoch=EPOCH, first_sequence=MIRROR[0], last_sequence=MIRROR[1])
        for site in self._cluster.hosts:
            london.report.etcd.add(site=site, answers=site == "london")
        status.promotions.add(region="london")
        if self.london_leads:
            london.report.database.role = DatabaseRole.DATABASE_ROLE_PRIMARY
            london.report.database.timeline = 2
        if self.truck_answers:
            truck.report.logs.logs.add(epoch=EPOCH, first_sequence=TRUCK[0], last_sequence=TRUCK[1])
        if self.amsterdam_follows:
            amsterdam.report.database.role = DatabaseRole.DATABASE_ROLE_STANDBY
            amsterdam.report.database.timeline = 2
        return status


# A process that is killed closes nothing; here its sessions are found afterwards.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.timeout(400)
async def test_killed_at_any_step_it_promotes_once_and_writes_the_loss_down_when_it_is_known(
    programs: Programs, tmp_path: Path, nats_server: NatsServer
):
    bus = await connect(nats_server.url)
    await hold_log(bus, EPOCH, *MIRROR)
    await bus.close()
    urls = dict.fromkeys(("amsterdam", "london"), nats_server.url)
    async with Stretched(tmp_path, programs, urls) as cluster:
        await asyncio.to_thread(migrate_database, cluster.url("amsterdam", "london"))
        with cluster.local("amsterdam") as session:
            session.execute("INSERT INTO watermark VALUES (%s, %s, NULL, '1', now())", [EPOCH, WATERMARK])
        await cluster.kill_etcd("truck", "amsterdam")
        await cluster.kill("amsterdam")
        sites = Sites(cluster)
        identity = cluster.data_plane("sites")
        store = SitesStore(cluster.url("london", "amsterdam", holder="sites"))

        def process(http: httpx.AsyncClient) -> BreakGlass:
            """As it starts again: with nothing but what is on its disk."""
            host = cluster.hosts["london"]
            here = Site(
                name="london",
                kind=SiteKind.REGION,
                nats="h:1",
                etcd=f"{host}:2379",
                positioning="h:2",
                sites="h:3",
                patroni=f"{host}:8008",
                postgres=f"{host}:5432",
            )
            directory = cluster.patroni["london"].directory
            beside = Beside(tmp_path / "london" / "etcd", directory, identity.client_context())
            truck = Site(
                name="truck", kind=SiteKind.EDGE, nats="h:1", etcd="h:2", positioning="h:3", sites="h:4"
            )
            patroni = Patroni(http, Topology(sites=(truck, here)))
            return BreakGlass(here, tmp_path, beside, patroni, store, sites)

        five = BreakGlassRequest(request_id="op-0", region="london", accepted_loss="5")
        async with httpx.AsyncClient() as unused:
            with pytest.raises(Refused, match="accept that, and not 5"):
                process(unused).accept(five, "ann")
            process(unused).accept(REQUEST, "marie.dupont")
        assert not await cluster.writes("london"), "nobody is promoted before somebody forced it"

        seed = random.randrange(2**32)
        print(f"seed {seed}")
        draw = random.Random(seed)

        async def goes_on(until: str) -> BreakGlass:
            async with asyncio.timeout(120):
                while True:
                    async with httpx.AsyncClient(verify=identity.client_context()) as http:
                        one = process(http)
                        assert one.accept(REQUEST, "somebody else").author == "marie.dupont"
                        running = asyncio.create_task(one.run())
                        await asyncio.wait({running}, timeout=draw.uniform(0.05, 6.0))
                        running.cancel()
                        await asyncio.wait({running})
                    assert running.cancelled(), running.exception()
                    now = one.newest.now
                    if one.newest.promoted_ms and (now.startswith(until) if until else not now):
                        return one

        forced = (await goes_on("waiting for the truck")).newest
        assert await cluster.writes("london")
        assert forced.rebuilt_ms < forced.promoted_ms
        assert "forced by operation op-1-" in cluster.said("london")
        assert not (cluster.patroni["london"].directory / LEAVE).exists()
        assert recorded(cluster) == [("op-1", "marie.dupont", "Unknown", None, None, None)]

        sites.london_leads = sites.truck_answers = True
        await goes_on("waiting for the old primary")
        assert recorded(cluster) == [("op-1", "marie.dupont", "Unknown", 2, 15, None)]

        await cluster.start_etcd("truck", "amsterdam")
        await cluster.start("amsterdam")
        await cluster.until(cluster.both_synchronous)
        assert await cluster.primary() == "london", "the old members elected nobody"
        sites.amsterdam_follows = True
        await goes_on("")
        assert recorded(cluster) == [("op-1", "marie.dupont", "Unknown", 2, 15, 0)]
        await store.close()


def recorded(cluster: Stretched) -> list[tuple]:
    with cluster.local("london") as session:
        return session.execute(
            "SELECT request_id, author, accepted_loss, messages_lost, messages_replayed, decisions_lost"
            " FROM forced_failover"
        ).fetchall()
