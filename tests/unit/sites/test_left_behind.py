"""A standby that asks for WAL in vain is copied anew: once it has stood for a while, and nobody else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from ardoise.sites.left_behind import AGAIN_S, STANDS_S, LeftBehind, asks_in_vain, slot_of
from ardoise.sites.patroni import Member

STANDS = Member(primary=False, timeline=3, nobody_leads=False, follows_nobody=True, wal_position=100)


class World:
    """The primary's slots, and the other region's Patroni."""

    def __init__(self, kept_from: Mapping[str, int], member: Member | None = STANDS) -> None:
        self.slots, self.stands = kept_from, member
        self.copied: list[str] = []

    async def kept_from(self) -> Mapping[str, int]:
        return self.slots

    async def member(self, _: str) -> Member | None:
        return self.stands

    async def copy_anew(self, site: str) -> str:
        self.copied.append(site)
        return "reinitialize started"


async def looked(world: World, *moments_s: float, behind: LeftBehind | None = None) -> LeftBehind:
    behind = behind or LeftBehind(("london",), world, world)
    for now_s in moments_s:
        await behind.look(now_s)
    return behind


async def test_it_is_copied_once_it_has_stood_for_a_while():
    world = World({"london": 200})
    behind = await looked(world, 0.0, STANDS_S - 1)
    assert world.copied == []
    await looked(world, STANDS_S, STANDS_S + 2, behind=behind)
    assert world.copied == ["london"]


async def test_where_nothing_comes_of_it_it_is_asked_for_again():
    world = World({"london": 200})
    behind = await looked(world, 0.0, STANDS_S, STANDS_S + AGAIN_S - 1)
    assert world.copied == ["london"]
    await looked(world, STANDS_S + AGAIN_S, behind=behind)
    assert world.copied == ["london"] * 2


async def test_one_that_still_replays_what_it_has_is_left_alone():
    world = World({"london": 200})
    behind = await looked(world, 0.0, STANDS_S - 1)
    world.stands = replace(STANDS, wal_position=150)
    await looked(world, STANDS_S, 2 * STANDS_S - 1, behind=behind)
    assert world.copied == []


async def test_one_that_follows_in_between_has_stood_for_no_time():
    world = World({"london": 200})
    behind = await looked(world, 0.0, STANDS_S - 1)
    world.stands = replace(STANDS, follows_nobody=False)
    await looked(world, STANDS_S, behind=behind)
    world.stands = STANDS
    await looked(world, STANDS_S + 1, behind=behind)
    assert world.copied == []


@pytest.mark.parametrize(
    ("member", "kept_from"),
    [
        pytest.param(None, 200, id="it does not answer"),
        pytest.param(STANDS, None, id="we are no primary, or it takes its WAL"),
        pytest.param(STANDS, 100, id="what follows is kept"),
        pytest.param(replace(STANDS, follows_nobody=False), 200, id="it follows, or is no standby that runs"),
        pytest.param(replace(STANDS, wal_position=None), 200, id="it does not say where it stands"),
    ],
)
def test_nobody_else_asks_in_vain(member: Member | None, kept_from: int | None):
    assert asks_in_vain(member, kept_from) is None


@pytest.mark.parametrize(
    ("said", "follows_nobody"),
    [
        ({"state": "running", "role": "replica", "replication_state": "streaming"}, False),
        ({"state": "running", "role": "replica", "replication_state": "in archive recovery"}, True),
        ({"state": "running", "role": "replica"}, True),
        ({"state": "creating replica", "role": "replica"}, False),
        ({"state": "running", "role": "primary"}, False),
    ],
)
def test_what_patroni_says_of_a_standby(said: Mapping[str, str], follows_nobody: bool):
    assert Member.of(said).follows_nobody is follows_nobody


def test_a_slot_is_called_as_patroni_calls_it():
    assert slot_of("London-2") == "london_2"
