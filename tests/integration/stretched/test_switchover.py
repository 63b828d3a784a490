"""A planned switchover that comes to nothing: the old primary goes on, and the one who asked is told why."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ardoise.chassis.bus import Bus
from ardoise.sites.switching import SwitchoverRefused, switch_over
from ardoise.sites.switchover import to_wait_s
from ardoise.up.programs import Programs

from tests.support.nats import NatsServer
from tests.support.racelog import connect
from tests.support.stretched import Stretched, hold_log

EPOCH = 1_783_000_000_000
RECORDED = 3
SESSION = "postgres ardoise [local]"
"""How PostgreSQL names the process of a session of ours on its socket."""
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def amsterdams_log(nats_server: NatsServer) -> AsyncIterator[Bus]:
    """Amsterdam's nats-server, with a mirror of the epoch."""
    bus = await connect(nats_server.url)
    await hold_log(bus, EPOCH, 1, 5)
    yield bus
    await bus.close()


async def test_a_target_whose_guard_refuses_gives_the_old_primary_back(
    amsterdams_log: Bus, programs: Programs, tmp_path: Path
):
    urls = {"amsterdam": amsterdams_log.nc.connected_url.geturl(), "london": "nats://127.0.0.1:1"}
    async with Stretched(tmp_path, programs, urls) as cluster, cluster.controlled() as patroni:
        with cluster.local("amsterdam") as session:
            session.execute("CREATE TABLE watermark (epoch bigint PRIMARY KEY, sequence bigint)")
            session.execute("INSERT INTO watermark VALUES (%s, %s)", [EPOCH, RECORDED])

        with pytest.raises(SwitchoverRefused, match="amsterdam is primary again"):
            await switch_over(patroni, "amsterdam", "london")

        assert await cluster.writes("amsterdam")
        assert not await cluster.writes("london")
        assert "promotion of london refused" in cluster.said("london")
        await cluster.until(cluster.both_synchronous)
        assert await cluster.primary() == "amsterdam"


async def test_a_target_that_dies_on_the_way_leaves_the_old_primary(programs: Programs, tmp_path: Path):
    async with Stretched(tmp_path, programs) as cluster, cluster.controlled() as patroni:
        session = cluster.local("amsterdam")
        # Amsterdam cannot end, and London not lead, before London is dead.
        cluster.send("amsterdam", signal.SIGSTOP, SESSION)
        asked = asyncio.create_task(switch_over(patroni, "amsterdam", "london"))

        async def stopping() -> bool:
            return "Demoting self" in cluster.said("amsterdam")

        await cluster.until(stopping)
        await cluster.kill("london")
        cluster.send("amsterdam", signal.SIGCONT, SESSION)
        session.close()
        with pytest.raises(SwitchoverRefused, match="amsterdam is primary again"):
            await asked

        assert await cluster.writes("amsterdam")
        await cluster.start("london")
        await cluster.until(cluster.both_synchronous)


async def test_patroni_remembers_when_the_primary_changed_so_that_the_next_planned_change_waits(
    programs: Programs, tmp_path: Path
):
    async with Stretched(tmp_path, programs) as cluster, cluster.controlled() as patroni:
        assert to_wait_s(await patroni.history("london"), datetime.now(UTC)) == 0

        assert "Successfully" in await switch_over(patroni, "amsterdam", "london")
        assert await cluster.writes("london")

        async def remembered() -> bool:
            return to_wait_s(await patroni.history("amsterdam"), datetime.now(UTC)) > 0

        await cluster.until(remembered)
