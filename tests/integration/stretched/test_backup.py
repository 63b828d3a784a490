"""`ardoise backup make` of regions under Patroni, and both of them filled anew from it while the truck lives."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ardoise.chassis.log import stream_of
from ardoise.cli.people import app
from ardoise.sites.backup import whole
from ardoise.sites.keeper_settings import DATA, KNOWN
from ardoise.sites.mirrors import MirrorState
from ardoise.up import pod
from ardoise.up.programs import Programs
from nats.js.api import StreamConfig
from typer.testing import CliRunner, Result

from tests.support.stretched import REGIONS, SITES, Stretched
from tests.support.three_sites import ThreeSites, found

EPOCH = 1_783_000_000_000
LOG = stream_of(EPOCH)
RECORDED, SAVED, LOGGED = 3, 5, 8
TABLES = """\
CREATE TABLE position (time timestamptz NOT NULL, rider int);
SELECT create_hypertable('position', 'time');
CREATE TABLE watermark (epoch bigint PRIMARY KEY, sequence bigint);
"""


@pytest.fixture
async def sites(tmp_path: Path, free_port) -> AsyncIterator[ThreeSites]:
    """nats-servers of the truck and both regions."""
    sites = ThreeSites(tmp_path, free_port)
    await sites.start()
    yield sites
    await sites.stop()


async def log_up_to(sites: ThreeSites, last: int) -> None:
    """The truck's log, mirrored to both regions as `sites` does it."""
    ingest = await sites.truck.bus("ingest")
    if last == SAVED:
        await ingest.js.add_stream(StreamConfig(name=LOG, subjects=[f"log.{EPOCH}.>"]))
    while (await ingest.js.publish(f"log.{EPOCH}.frame", b"a frame")).seq < last:
        pass
    await ingest.close()


async def mirrored(sites: ThreeSites, last: int) -> None:
    """Returns once both regions have all of it."""
    for region in sites.regions.values():
        async with sites.watchdog(region) as watchdog:
            await found(watchdog, LOG, MirrorState.FOLLOWING)
        bus = await region.bus("positioning")
        assert (await bus.js.stream_info(LOG)).state.last_seq == last
        await bus.close()


@pytest.fixture
def here(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Programs are where this machine has them, not where a pod has."""
    monkeypatch.setattr(pod, "PROGRAMS", programs)
    return monkeypatch


async def backup(*arguments: str | Path) -> Result:
    done = await asyncio.to_thread(CliRunner().invoke, app, ["backup", *map(str, arguments)])
    assert done.exit_code == 0, done.exception
    return done


async def saved(cluster: Stretched, sites: ThreeSites, region: str, here: pytest.MonkeyPatch) -> Path:
    """A backup of a region, as the chart's CronJob makes it: its own server stands first in the URL."""
    (other,) = set(REGIONS) - {region}
    here.setenv("ARDOISE_SITE", region)
    here.setenv("ARDOISE_DATABASE_URL", cluster.url(region, other, holder="backup"))
    here.setenv("ARDOISE_NATS_URL", sites.regions[region].server.url)
    here.setenv("ARDOISE_IDENTITY_DIR", str(sites.regions[region].identity_dir))
    directory = cluster.directory / f"backups-{region}"
    done = await backup("make", directory)
    assert f"log {EPOCH}: up to {SAVED}" in done.output
    (made,) = whole(directory)
    assert json.loads((made / "backup.json").read_text()) == {"site": region, "logs": {str(EPOCH): SAVED}}
    return made


@pytest.mark.timeout(400)
async def test_both_regions_come_back_from_a_standbys_backup_while_the_truck_lives(
    sites: ThreeSites, programs: Programs, tmp_path: Path, here: pytest.MonkeyPatch
):
    urls = {name: region.server.url for name, region in sites.regions.items()}
    cluster = Stretched(tmp_path, programs, urls)
    for region in REGIONS:
        cluster.identity("sites", region)  # the guard's
    async with cluster:
        with cluster.local("amsterdam") as session:
            session.execute("SET ROLE ardoise")
            session.execute(TABLES)
            session.execute("INSERT INTO position SELECT now(), generate_series(1, 1000)")
            session.execute("INSERT INTO watermark VALUES (%s, %s)", [EPOCH, RECORDED])
        await log_up_to(sites, SAVED)
        await mirrored(sites, SAVED)
        made = {region: await saved(cluster, sites, region, here) for region in REGIONS}

        # The race goes on after it, and the primary moves: a later timeline than that of the backup.
        await log_up_to(sites, LOGGED)
        await mirrored(sites, LOGGED)
        assert (await cluster.switch("london")).status_code == 200
        await cluster.until(lambda: cluster.writes("london"))
        await cluster.until(cluster.both_synchronous)
        with cluster.local("london") as session:
            session.execute("INSERT INTO position VALUES (now(), 1001)")

        await lose(cluster, sites)
        patroni = cluster.patroni["amsterdam"].directory
        filled = await backup("restore-database", made["london"], patroni)
        assert f"filled from {made['london']}" in filled.output

        await cluster.start_etcd(*SITES)
        await cluster.start("amsterdam")
        await cluster.until(lambda: cluster.writes("amsterdam"))
        assert "promotion of amsterdam agreed" in cluster.said("amsterdam")
        await cluster.start("london")
        await cluster.until(cluster.both_synchronous)
        for region in REGIONS:
            with cluster.local(region) as session:
                assert session.execute("SELECT count(*), max(rider) FROM position").fetchone() == (1000, 1000)
                assert session.execute("SELECT sequence FROM watermark").fetchone() == (RECORDED,)
                hypertables = "SELECT hypertable_name FROM timescaledb_information.hypertables"
                assert session.execute(hypertables).fetchone() == ("position",)
        await mirrored(sites, LOGGED)

        left = await backup("restore-database", made["amsterdam"], patroni)
        assert "left as it is" in left.output


async def lose(cluster: Stretched, sites: ThreeSites) -> None:
    """Both regions with everything that they had; new servers of NATS, empty, at the same addresses."""
    for region in REGIONS:
        await cluster.kill(region)
        await sites.regions[region].server.stop()
    await cluster.kill_etcd(*SITES)
    # By hand: alone the truck's member lets nobody in, and knows a later timeline than that of a backup.
    member = cluster.directory / "truck" / "etcd"
    shutil.rmtree(member / DATA)
    (member / KNOWN).unlink()
    for region in REGIONS:
        for server in ("patroni", "etcd", "nats"):
            shutil.rmtree(cluster.directory / region / server)
        await sites.regions[region].server.start()
