"""A planned change of the primary in `sites`: what is begun, and what whoever asks late is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from ardoise.chassis.rpc import Failure
from ardoise.sites import planned as planning
from ardoise.sites.etcd_api import Kept, NoAnswer
from ardoise.sites.operations.memory import WISH, Claim, Claims
from ardoise.sites.operations.record import FAILBACK, Wish
from ardoise.sites.patroni import History, Member
from ardoise.sites.planned import Planned

from tests.unit.sites.operations.model_etcd import READ, WRITTEN_SINCE, ModelEtcd
from tests.unit.sites.operations.platform import FIRST, OTHER, TO_LONDON, Platform


@dataclass
class Members:
    """Patroni of both regions, which does at once what it is told."""

    platform: Platform
    told: list[str] = field(default_factory=list)

    async def history(self, site: str) -> History:
        del site
        return []

    async def member(self, site: str) -> Member:
        return Member(self.platform.primary == site, self.platform.timeline, not self.platform.primary)

    async def switch_over(self, old: str, new: str) -> str:
        self.told.append(f"{old} to {new}")
        self.platform.promote(new)
        return "Successfully switched over"


@pytest.fixture
def members(platform: Platform) -> Members:
    return Members(platform)


class Silent(ModelEtcd):
    """A member that does not answer."""

    def read(self, *keys: str) -> list[Kept]:
        raise NoAnswer(f"nothing of {keys}")

    def write(self, unchanged: Mapping[str, int], values: Mapping[str, str], lease: str = "") -> bool:
        raise NoAnswer(f"nothing about {unchanged}, {values}, {lease}")


def sites(platform: Platform, members: Members, *etcd: ModelEtcd) -> Planned:
    """Of London, which has looked a moment ago."""
    status = platform.status()
    return Planned("london", lambda: status, members, Claims(lambda: etcd))


def remembering(wish: Wish, *used: Wish) -> ModelEtcd:
    """An etcd with this wish accepted, and these before it."""
    etcd = ModelEtcd({WISH: Kept(wish.to_json().encode(), READ)})
    for one in (wish, *used):
        etcd.kept[f"/ardoise/operator/wishes/{one.request_id}"] = Kept(one.to_json().encode(), READ)
    return etcd


async def test_what_is_asked_for_twice_is_begun_once(platform: Platform, members: Members):
    etcd = ModelEtcd({})
    first = await sites(platform, members, etcd).carry_out("to-london", "london")
    again = await sites(platform, members, etcd).carry_out("to-london", "london")
    assert (first.message, again.message) == ("Successfully switched over",) * 2
    assert members.told == ["amsterdam to london"]


async def test_where_the_own_member_of_etcd_is_silent_another_is_asked(platform: Platform, members: Members):
    etcd = ModelEtcd({})
    asked = sites(platform, members, Silent({}), etcd).carry_out("to-london", "london")
    assert (await asked).message == "Successfully switched over"
    assert (await Claims(lambda: [etcd]).find("to-london")).moved is True


async def test_where_no_member_answers_nothing_is_begun(platform: Platform, members: Members):
    with pytest.raises(Failure, match="etcd does not answer"):
        await sites(platform, members, Silent({}), Silent({})).carry_out("to-london", "london")
    assert members.told == []


async def test_a_wish_that_another_has_followed_begins_nothing_and_is_not_accepted_again(
    platform: Platform, members: Members
):
    """Its operator was halted before it asked; the other one has accepted what was wished for since."""
    stay = Wish("stay", "amsterdam")
    etcd = remembering(stay, FIRST, TO_LONDON)
    with pytest.raises(Failure, match="stay was accepted since, for amsterdam"):
        await sites(platform, members, etcd).carry_out("to-london", "london")
    assert members.told == []
    assert Wish.from_json(etcd.kept[WISH].value) == stay


async def test_the_way_back_that_nobody_wants_any_more_begins_nothing(platform: Platform, members: Members):
    etcd = remembering(FIRST)
    with pytest.raises(Failure, match="as-installed was accepted since"):
        await sites(platform, members, etcd).carry_out(f"{FAILBACK}2", "london")
    assert members.told == []


async def test_what_a_person_asks_for_here_is_the_accepted_wish_from_then_on(
    platform: Platform, members: Members
):
    etcd = remembering(FIRST)
    await sites(platform, members, etcd).carry_out("by-hand", "london")
    assert Wish.from_json(etcd.kept[WISH].value) == Wish("by-hand", "london")


async def test_a_wish_that_is_accepted_at_that_moment_is_heard_first(platform: Platform, members: Members):
    etcd = remembering(FIRST)
    write = etcd.write

    def interrupted(*given: object) -> bool:
        etcd.write = write
        etcd.kept[WISH] = Kept(Wish("stay", "amsterdam").to_json().encode(), WRITTEN_SINCE)
        return write(*given)

    etcd.write = interrupted
    with pytest.raises(Failure, match="ask again") as refused:
        await sites(platform, members, etcd).carry_out("by-hand", "london")
    assert refused.value.retry_after_ms
    assert members.told == []


async def test_a_primary_that_was_promoted_anew_since_it_was_seen_is_not_told(
    platform: Platform, members: Members
):
    """Whoever follows the claim elsewhere takes it for one who is primary again, and says that it came to nothing."""
    seen = sites(platform, members, ModelEtcd({}))
    platform.timeline += 1
    with pytest.raises(Failure, match="look at the status again"):
        await seen.carry_out("to-london", "london")
    assert members.told == []


async def test_who_was_halted_after_the_claim_tells_patroni_nothing_any_more(
    platform: Platform, members: Members, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(planning, "TOLD_WITHIN_S", -1.0)
    with pytest.raises(Failure, match="ask under another id"):
        await sites(platform, members, ModelEtcd({})).carry_out("to-london", "london")
    assert members.told == []


@pytest.mark.parametrize("lost", ["amsterdam", "london"])
async def test_who_asks_after_it_moved_is_told_whether_it_still_is_so(
    platform: Platform, members: Members, lost: str
):
    etcd = ModelEtcd({})
    await sites(platform, members, etcd).carry_out("to-london", "london")
    platform.promote(OTHER[lost])
    again = sites(platform, members, etcd).carry_out("to-london", "london")
    if lost == "amsterdam":
        assert (await again).message == "Successfully switched over"
    else:
        with pytest.raises(Failure, match="london was primary under to-london, and amsterdam is since"):
            await again
    assert members.told == ["amsterdam to london"]


@pytest.mark.parametrize("moved", [True, False])
async def test_a_claim_whose_outcome_nobody_wrote_is_seen_through(
    platform: Platform, members: Members, moved: bool, monkeypatch: pytest.MonkeyPatch
):
    """Whoever claimed it was killed, after Patroni was told or before."""
    monkeypatch.setattr(planning, "PATIENCE_S", 0.0)
    etcd = ModelEtcd({})
    claims = Claims(lambda: [etcd])
    assert await claims.begin("to-london", Claim("amsterdam", "london", 1, "amsterdam"))
    if moved:
        platform.promote("london")
    asked = sites(replace(platform), members, etcd).carry_out("to-london", "london")
    if moved:
        assert "amsterdam began it under to-london" in (await asked).message
    else:
        with pytest.raises(Failure, match="amsterdam is primary still"):
            await asked
    assert (await claims.find("to-london")).moved is moved
    assert members.told == []
