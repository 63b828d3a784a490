"""A cluster made anew from one survivor, and the old members that come back: three real etcd."""

from pathlib import Path

import pytest
from ardoise.sites.generation import Generation
from ardoise.sites.keeper_settings import DATA, known_generation
from ardoise.up.programs import Programs

from tests.support.etcds import Etcds, voters

pytestmark = pytest.mark.timeout(240)


async def test_two_old_members_that_come_back_together_join_the_survivor_and_elect_nobody(
    programs: Programs, tmp_path: Path
):
    async with Etcds(tmp_path, programs) as etcds:
        # Something to be agreed on; a generation would make members move.
        etcds.api("truck").put_witness("truck")
        await etcds.until("written everywhere", lambda: etcds.api("london").witness() == "truck")
        await etcds.kill("truck", "amsterdam")
        forced = etcds.rebuild("london", "op-1")
        await etcds.until("london alone", lambda: etcds.api("london").generation() == forced)
        assert voters(etcds.api("london").members()) == 1

        await etcds.start("truck", "amsterdam")
        await etcds.until_whole(forced)
        for site in ("truck", "amsterdam"):
            assert (etcds.directory_of(site) / f"{DATA}.aside").is_dir()
            assert known_generation(etcds.directory_of(site)) == forced
            # Its old data never elected anybody: it joined before it ran.
            assert etcds.said(site).count("rejoin") >= 1
        # And it lasts: the newest is remembered, not only heard of. (etcd keeps on disk that a change of members is
        # agreed to with the next that is written, as Patroni does all the time.)
        for _ in range(2):
            await etcds.until("written", lambda: etcds.api("london").put_generation(forced) is None)
        await etcds.kill("london")
        await etcds.kill("truck", "amsterdam")
        await etcds.start("truck", "amsterdam")
        await etcds.until("they remember it", lambda: etcds.api("truck").generation() == forced)
        await etcds.start("london")
        await etcds.until_whole(forced)


async def test_a_member_that_was_only_cut_off_gives_up_the_old_cluster_and_does_not_vote_as_the_second_of_two(
    programs: Programs, tmp_path: Path
):
    async with Etcds(tmp_path, programs) as etcds:
        # The truck goes on running, without a majority, as if the links were cut.
        await etcds.kill("amsterdam", "london")
        forced = etcds.rebuild("london", "op-1")
        await etcds.start("london")
        await etcds.until("the truck has heard of it", lambda: etcds.api("truck").generation() == forced)
        assert etcds.api("truck").is_learner()
        assert voters(etcds.api("london").members()) == 1, "london outlives the truck's going away again"
        await etcds.kill("truck")
        etcds.api("london").put_generation(forced)

        # The truck's seat is taken, and it is away: it makes room for Amsterdam and comes again.
        await etcds.start("amsterdam")
        await etcds.start("truck")
        await etcds.until_whole(forced)


async def test_killed_between_its_steps_a_keeper_comes_to_the_same_end(programs: Programs, tmp_path: Path):
    async with Etcds(tmp_path, programs) as etcds:
        await etcds.kill("truck", "amsterdam", "london")
        forced = etcds.rebuild("london", "op-1")
        london = etcds.directory_of("london")
        # After the first rename of a rebuild, with half a copy left from the attempt.
        (london / DATA).rename(london / f"{DATA}.aside")
        (london / f"{DATA}.new" / "member").mkdir(parents=True)
        await etcds.start("london")
        await etcds.until("london alone", lambda: etcds.api("london").generation() == forced)

        # A member that set its data aside and was killed before, or after, it was given a seat.
        etcds.wipe("amsterdam")
        etcds.api("london").add_learner(etcds.members["amsterdam"].peer_url)
        etcds.wipe("truck")
        await etcds.start("truck", "amsterdam")
        await etcds.until_whole(forced)


@pytest.mark.parametrize("altogether", [False, True], ids=["its data", "all it knew"])
async def test_a_member_that_lost_its_data_comes_back_as_somebody_new(
    programs: Programs, tmp_path: Path, altogether: bool
):
    async with Etcds(tmp_path, programs) as etcds:
        before = {one.peer_url: one.id for one in etcds.api("london").members()}
        await etcds.kill("truck")
        etcds.wipe("truck", altogether=altogether)
        await etcds.start("truck")
        await etcds.until_whole(Generation())
        after = {one.peer_url: one.id for one in etcds.api("london").members()}
        changed = {url for url, member in after.items() if before[url] != member}
        assert changed == {etcds.members["truck"].peer_url}
