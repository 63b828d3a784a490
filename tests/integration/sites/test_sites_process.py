"""`ardoise sites` as a process: it makes the region's mirrors, and stops when it is told to."""

import asyncio
import os
import sys

from ardoise.chassis.identity import DATA_PLANE, Role, ensure_development_identity
from nats.js.api import StreamConfig

from tests.support.three_sites import ThreeSites, until

STOP_LIMIT_S = 20


async def test_a_region_runs_sites_and_has_its_mirrors(sites: ThreeSites, tmp_path):
    ensure_development_identity(sites.london.identity_dir / DATA_PLANE, "sites", Role.SERVICE)
    truck, region = await sites.truck.bus("ingest"), await sites.london.bus("sites")
    await truck.js.add_stream(StreamConfig(name="LOG_7", subjects=["log.7.>"]))
    await truck.js.publish("log.7.beat", b"one")
    surroundings = {
        "ARDOISE_SITE": "london",
        "ARDOISE_SITES_FILE": str(sites.file),
        "ARDOISE_STATE_DIR": str(tmp_path / "state"),
        "ARDOISE_IDENTITY_DIR": str(sites.london.identity_dir),
        "ARDOISE_NATS_URL": sites.london.server.url,
    }
    with (tmp_path / "sites.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ardoise", "sites"),
            env=os.environ | surroundings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    async def mirrored() -> bool:
        return (await region.js.stream_info("LOG_7")).state.last_seq == 1

    await until(mirrored)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), STOP_LIMIT_S) == 0
    assert "mirror_repaired" in (tmp_path / "sites.log").read_text()
    await truck.close()
    await region.close()


async def test_a_site_that_the_file_does_not_name_is_refused_with_the_reason(sites: ThreeSites, tmp_path):
    surroundings = {
        "ARDOISE_SITE": "paris",
        "ARDOISE_SITES_FILE": str(sites.file),
        "ARDOISE_STATE_DIR": str(tmp_path / "state"),
        "ARDOISE_IDENTITY_DIR": str(sites.london.identity_dir),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ardoise", "sites"),
        env=os.environ | surroundings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), STOP_LIMIT_S)
    assert process.returncode == 1
    assert "names no site 'paris'" in said.decode().splitlines()[-1]
