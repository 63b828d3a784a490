"""The truck off for the night: a stand-in votes in its place, and gives the vote back in the morning. Real etcd."""

from pathlib import Path

import pytest
from ardoise.up.programs import Programs

from tests.support.etcds import STAND_IN, Etcds

pytestmark = pytest.mark.timeout(240)
DAY, NIGHT = {"truck", "amsterdam", "london"}, {STAND_IN, "amsterdam", "london"}


def voting(etcds: Etcds, asked: str = "london") -> set[str]:
    """Who votes, as a region's member says."""
    names = {member.peer_url: site for site, member in etcds.members.items()}
    return {names[one.peer_url] for one in etcds.api(asked).members() if not one.learner}


async def call(etcds: Etcds, member: str) -> None:
    """Again where it is not answered: a member that leads may be going."""
    await etcds.until(f"{member} is called", lambda: etcds.api("london").put_witness(member) is None)


async def test_the_third_vote_goes_to_the_stand_in_and_comes_back_and_a_region_may_be_lost_meanwhile(
    programs: Programs, tmp_path: Path
):
    async with Etcds(tmp_path, programs, stand_in=True) as etcds:
        assert voting(etcds) == DAY
        assert not etcds.directory_of(STAND_IN).joinpath("data").exists(), "it waits until it is called"

        await call(etcds, STAND_IN)
        await etcds.until("the stand-in votes", lambda: voting(etcds) == NIGHT)
        await etcds.kill("truck", "amsterdam")
        await call(etcds, STAND_IN)  # two of three are left: this is written
        await etcds.start("amsterdam")
        await etcds.until("whole", lambda: voting(etcds, "amsterdam") == NIGHT)

        await call(etcds, "truck")
        await etcds.start("truck")
        await etcds.until("the truck votes", lambda: voting(etcds) == DAY)
        await etcds.until("it alone", lambda: len(etcds.api("london").members()) == len(DAY))


async def test_while_nobody_can_say_who_is_called_all_stays_as_it_is(programs: Programs, tmp_path: Path):
    async with Etcds(tmp_path, programs, stand_in=True) as etcds:
        await call(etcds, STAND_IN)
        await etcds.until("the stand-in votes", lambda: voting(etcds) == NIGHT)
        # etcd keeps on disk that a change of members is agreed to with the next that is written.
        for _ in range(2):
            await call(etcds, STAND_IN)
        await etcds.kill("truck", "amsterdam", "london", STAND_IN)
        await etcds.start(STAND_IN, "amsterdam")
        await etcds.until("both go on", lambda: voting(etcds, "amsterdam") == NIGHT)
