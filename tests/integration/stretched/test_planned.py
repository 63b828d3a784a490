"""A planned change under a request id, on Patroni's two members: begun once, whoever asks and whoever is killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from ardoise.chassis.rpc import Failure
from ardoise.pb.sites_pb2 import SitesStatus
from ardoise.sites import planned as planning
from ardoise.sites.etcd_api import EtcdApi
from ardoise.sites.operations.memory import Claim, Claims
from ardoise.sites.patroni import Patroni
from ardoise.sites.planned import Planned
from ardoise.up.programs import Programs

from tests.support.stretched import REGIONS, Stretched
from tests.unit.sites.operations.platform import OTHER, Platform

pytestmark = pytest.mark.timeout(300)


class Killed(Exception):
    """What the process sees of kill -9: nothing after this."""


class Interrupted:
    """Patroni, for a `sites` that is killed before it tells it something, or after."""

    def __init__(self, patroni: Patroni, *, told: bool) -> None:
        self._patroni, self._told = patroni, told
        self.member, self.history = patroni.member, patroni.history

    async def switch_over(self, old: str, new: str) -> str:
        if self._told:
            await self._patroni.switch_over(old, new)
        raise Killed


class Both:
    """`sites` of both regions, that have looked a moment ago."""

    def __init__(self, cluster: Stretched, patroni: Patroni) -> None:
        self._cluster, self._patroni = cluster, patroni
        self.primary, self.timeline = "amsterdam", 0

    async def look(self) -> None:
        self.primary = await self._cluster.primary()
        self.timeline = (await self._patroni.member(self.primary)).timeline

    def status(self) -> SitesStatus:
        return Platform(self.primary, self.timeline).status()

    def sites(self, region: str, patroni: Patroni | Interrupted | None = None) -> Planned:
        """A process of it."""
        return Planned(region, self.status, patroni or self._patroni, self.claims(region))

    def claims(self, region: str) -> Claims:
        tls = self._cluster.data_plane("sites").client_context()
        return Claims(lambda: [EtcdApi(f"{self._cluster.hosts[region]}:2379", tls)])

    async def timelines(self) -> int:
        """On which the primary is: each change makes one."""
        return (await self._patroni.member(await self._cluster.primary())).timeline


@asynccontextmanager
async def both(directory: Path, programs: Programs) -> AsyncIterator[tuple[Stretched, Both]]:
    async with Stretched(directory, programs) as cluster, cluster.controlled() as patroni:
        found = Both(cluster, patroni)
        await found.look()
        yield cluster, found


@pytest.fixture(autouse=True)
def no_cool_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the changes of one test."""
    monkeypatch.setattr(planning, "to_wait_s", lambda *_: 0.0)


async def test_asked_for_at_both_sites_at_once_and_again_it_moves_once(programs: Programs, tmp_path: Path):
    async with both(tmp_path, programs) as (cluster, platform):
        asked = [platform.sites(region).carry_out("to-london", "london") for region in REGIONS]
        answers = await asyncio.gather(*asked)
        assert await cluster.writes("london")
        assert await platform.timelines() == platform.timeline + 1
        assert any("it is not begun twice" in one.message for one in answers)

        again = await platform.sites("amsterdam").carry_out("to-london", "london")
        assert again.message in [one.message for one in answers]
        assert await platform.timelines() == platform.timeline + 1


async def test_killed_after_patroni_was_told_the_other_site_sees_it_through(
    programs: Programs, tmp_path: Path
):
    async with both(tmp_path, programs) as (cluster, platform), cluster.controlled() as patroni:
        with pytest.raises(Killed):
            await platform.sites("amsterdam", Interrupted(patroni, told=True)).carry_out(
                "to-london", "london"
            )
        assert (await platform.claims("london").find("to-london")).moved is None

        answer = await platform.sites("london").carry_out("to-london", "london")
        assert answer.message.startswith("london is primary: amsterdam began it under to-london")
        assert await cluster.writes("london")
        assert (await platform.claims("amsterdam").find("to-london")).moved
        assert await platform.timelines() == platform.timeline + 1


async def test_killed_before_patroni_was_told_it_came_to_nothing_and_another_id_moves_it(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Nobody in this test claims it and lives.
    monkeypatch.setattr(planning, "PATIENCE_S", 2.0)
    async with both(tmp_path, programs) as (cluster, platform), cluster.controlled() as patroni:
        with pytest.raises(Killed):
            await platform.sites("amsterdam", Interrupted(patroni, told=False)).carry_out(
                "to-london", "london"
            )
        for region in REGIONS:
            with pytest.raises(Failure, match="amsterdam is primary still"):
                await platform.sites(region).carry_out("to-london", "london")
        assert await cluster.writes("amsterdam")
        assert (await platform.claims("london").find("to-london")).moved is False

        await platform.sites("london").carry_out("to-london-2", "london")
        assert await cluster.writes("london")
        assert await platform.timelines() == platform.timeline + 1


async def test_a_claim_whose_outcome_nobody_wrote_is_told_by_what_is_and_what_was_undone_is_told_so(
    programs: Programs, tmp_path: Path
):
    async with both(tmp_path, programs) as (cluster, platform):
        claim = Claim("amsterdam", "london", platform.timeline, "amsterdam")
        assert await platform.claims("amsterdam").begin("to-london", claim)
        await cluster.switch("london")
        await cluster.until(cluster.both_synchronous)
        assert (
            "amsterdam began it" in (await platform.sites("london").carry_out("to-london", "london")).message
        )

        await platform.look()
        assert platform.primary == "london"
        await platform.sites("amsterdam").carry_out("back", OTHER["london"])
        await cluster.until(cluster.both_synchronous)
        with pytest.raises(Failure, match="london was primary under to-london, and amsterdam is since"):
            await platform.sites("london").carry_out("to-london", "london")
        assert await cluster.writes("amsterdam")
