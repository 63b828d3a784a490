"""Decisions on the database as it will be: Patroni tells both regions from one."""

from pathlib import Path

import pytest
from ardoise.chassis.decisions import DecisionStore
from ardoise.chassis.store import Store
from ardoise.positioning.migrations import migrate
from ardoise.security.acknowledgements import InDoubt, NotKept
from ardoise.security.domain.alert import Acknowledgement, Alert, KeptAt, Severity
from ardoise.security.store import AlertStore
from ardoise.up.programs import Programs

from tests.support.stretched import REGIONS, Stretched

ALERT = Alert("a1", "malformed-flood", "source:moto-2", Severity.CRITICAL, "Title", "Action", 20, 1, 2, 0, 1)


def decision(request_id: str, author: str = "marie.dupont") -> Acknowledgement:
    return Acknowledgement(request_id, ALERT.alert_id, author, "seen to", ALERT.severity, 1_783_000_000_000)


@pytest.mark.timeout(300)
async def test_with_either_region_gone_decisions_commit_on_the_other_and_say_so(
    programs: Programs, tmp_path: Path
):
    async with Stretched(tmp_path, programs) as cluster:
        store = Store(cluster.url(*REGIONS, holder="security"), "security")
        await migrate(store)
        security = AlertStore(DecisionStore(store))
        kept: set[KeptAt] = set()

        async def keeps(request_id: str, at: KeptAt) -> bool:
            try:
                found, kept_at = await security.acknowledge(ALERT, decision(request_id, author="who.asks"))
            except (InDoubt, NotKept):
                return False
            kept.add(kept_at)
            assert found.author == "marie.dupont", "the first decision under a key stands"
            return kept_at is at

        assert (await security.acknowledge(ALERT, decision("r1")))[1] is KeptAt.BOTH_REGIONS
        primary = await cluster.primary()
        [standby] = set(REGIONS) - {primary}
        await cluster.kill(standby)
        await cluster.until(lambda: keeps("r1", KeptAt.ONE_REGION))
        await cluster.start(standby)
        await cluster.until(lambda: keeps("r1", KeptAt.BOTH_REGIONS))
        await cluster.until(cluster.both_synchronous)
        await cluster.kill(primary)
        kept.clear()
        await cluster.until(lambda: keeps("r1", KeptAt.ONE_REGION))
        assert kept == {KeptAt.ONE_REGION}, "none was said to be on both while one was gone"
        await store.close()
