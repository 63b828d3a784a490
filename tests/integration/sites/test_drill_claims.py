"""Operators that claim runs of drills in one etcd of three members: each is begun once, ever, and one at a time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ardoise.sites.operations.drills import Claimed, DrillClaim, DrillClaims, Underway
from ardoise.sites.operations.memory import NoMajority
from ardoise.up.programs import Programs

from tests.support.etcds import Etcds

NOW_MS = 1783425600000
LATER_MS = NOW_MS + 3_600_000
REGIONS = ("amsterdam", "london")
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def etcds(programs: Programs, tmp_path: Path) -> AsyncIterator[Etcds]:
    async with Etcds(tmp_path, programs) as found:
        await found.until("a leader", lambda: found.api("truck").has_leader())
        yield found


@pytest.fixture
def claims(etcds: Etcds) -> dict[str, DrillClaims]:
    """By region."""

    def of(region: str) -> DrillClaims:
        return DrillClaims(lambda: [etcds.api(region), etcds.api("truck")])

    return {region: of(region) for region in REGIONS}


async def begin(claims: DrillClaims, region: str, run_id: str, seen: Claimed) -> bool:
    claim = DrillClaim(region, f"uid-{region}", NOW_MS)
    return await claims.begin(claim, Underway(run_id, region, NOW_MS, LATER_MS), seen)


async def race(claims: dict[str, DrillClaims], run_ids: dict[str, str], seen: Claimed) -> list[bool]:
    """Both regions at once, each for its run."""
    return await asyncio.gather(*(begin(claims[one], one, run_ids[one], seen) for one in REGIONS))


async def test_a_run_is_claimed_once_though_both_see_it_at_once(claims: dict[str, DrillClaims]):
    for number in range(20):
        run_id = f"run-{number}"
        seen = await claims["amsterdam"].read([run_id])
        assert seen.underway(NOW_MS) is None
        taken = await race(claims, dict.fromkeys(REGIONS, run_id), seen)
        assert sorted(taken) == [False, True]
        winner = REGIONS[taken.index(True)]
        again = await claims["london"].read([run_id, "another"])
        assert again.claims == {run_id: DrillClaim(winner, f"uid-{winner}", NOW_MS)}
        assert again.underway(NOW_MS) == Underway(run_id, winner, NOW_MS, LATER_MS)
        assert await claims[winner].close(again, NOW_MS)
        assert not await begin(claims["london"], "london", run_id, await claims["london"].read([run_id]))


async def test_of_two_runs_one_begins_at_a_time(claims: dict[str, DrillClaims]):
    seen = await claims["london"].read(["a", "b"])
    assert sorted(await race(claims, {"amsterdam": "a", "london": "b"}, seen)) == [False, True]


async def test_what_was_closed_or_begun_since_is_closed_by_nobody_else(claims: dict[str, DrillClaims]):
    amsterdam, london = claims.values()
    assert await begin(amsterdam, "amsterdam", "a", await amsterdam.read(["a"]))
    seen = await amsterdam.read([])
    assert await amsterdam.close(seen, NOW_MS)
    assert not await amsterdam.close(seen, NOW_MS)
    assert await begin(london, "london", "b", await london.read(["b"]))
    assert not await amsterdam.close(seen, NOW_MS)
    found = (await amsterdam.read([])).underway(NOW_MS)
    assert found is not None
    assert found.run_id == "b"


@pytest.mark.slow
async def test_a_run_whose_time_is_over_is_nobodys(claims: dict[str, DrillClaims]):
    assert await begin(claims["london"], "london", "a", await claims["london"].read(["a"]))
    seen = await claims["amsterdam"].read(["b"])
    assert seen.underway(LATER_MS - 1) is not None
    assert seen.underway(LATER_MS) is None
    assert await begin(claims["amsterdam"], "amsterdam", "b", seen)


@pytest.mark.slow
async def test_without_a_majority_nothing_is_claimed(etcds: Etcds, claims: dict[str, DrillClaims]):
    seen = await claims["amsterdam"].read(["a"])
    await etcds.kill("truck", "london")
    with pytest.raises(NoMajority):
        await claims["amsterdam"].read(["a"])
    with pytest.raises(NoMajority):
        await begin(claims["amsterdam"], "amsterdam", "a", seen)
    await etcds.start("truck", "london")
    await etcds.until("a majority again", lambda: bool(etcds.api("amsterdam").read("a")))
    assert await begin(claims["amsterdam"], "amsterdam", "a", await claims["amsterdam"].read(["a"]))


@pytest.mark.slow
async def test_what_is_nonsense_is_said_to_be(etcds: Etcds, claims: dict[str, DrillClaims]):
    etcds.api("truck").write({}, {"/ardoise/operator/drills/runs/a": "{}"})
    with pytest.raises(ValueError, match="no DrillClaim"):
        await claims["amsterdam"].read(["a"])
    etcds.api("truck").write({}, {"/ardoise/operator/drills/now": "[]"})
    with pytest.raises(ValueError, match="no Underway"):
        await claims["amsterdam"].read([])
