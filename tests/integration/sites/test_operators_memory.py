"""Two operators that remember in one etcd of three members: who acts, what is begun, whoever is killed when."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from ardoise.sites.operations.acting import Acting, Spec, Told
from ardoise.sites.operations.memory import LEASE_S, Claim, Claims, Memory
from ardoise.sites.operations.record import Operation, Outcome, Record, Wish
from ardoise.sites.operations.situation import Answer, Limits, Mode, Refusal
from ardoise.up.programs import Programs

from tests.support.etcds import Etcds
from tests.unit.sites.operations.platform import FIRST, OTHER, TO_LONDON, Platform

WITHIN_S = 20.0
POLL_S = 0.02
LIMITS = Limits(cool_down_s=0)
LEAST_INSTANTS = 12
"""Of a switchover: fewer, and its kills prove nothing."""
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def etcds(programs: Programs, tmp_path: Path) -> AsyncIterator[Etcds]:
    async with Etcds(tmp_path, programs) as found:
        await found.until("a leader", lambda: found.api("truck").has_leader())
        yield found


class Killed(asyncio.CancelledError):
    """What a process sees of kill -9: nothing after this."""


class Fate:
    """Ends a process at the `left`-th instant between two effects from now; 0: never."""

    def __init__(self) -> None:
        self.left, self.over = 0, False

    def instant(self) -> None:
        self.left -= 1
        if self.left == 0 or self.over:
            self.over = True
            raise Killed


class MortalMemory(Memory):
    """Killed before etcd hears a question, or before its answer is heard."""

    def __init__(self, fate: Fate, *given: object) -> None:
        super().__init__(*given)
        self._fate = fate

    async def _ask[T](self, what: Callable[..., T]) -> T:
        self._fate.instant()
        answer = await super()._ask(what)
        self._fate.instant()
        return answer


class Sites:
    """As operators ask them: an id is claimed before anything moves, and whoever asked may be gone by then."""

    def __init__(self, platform: Platform, claims: Claims) -> None:
        self.platform, self._claims = platform, claims
        self.asked: list[str] = []
        self.begun: list[str] = []
        self.answers: list[Answer | None] = []
        """To be given first, without anything being done."""

    async def switch_over(self, operation: Operation) -> Answer | None:
        self.asked.append(operation.id)
        if self.answers:
            return self.answers.pop(0)
        claim = Claim(operation.source, operation.target, self.platform.timeline, "here")
        if await self._claims.begin(operation.id, claim):
            self.begun.append(operation.id)
            self.platform.promote(operation.target)
        return Answer(operation.id, "moved")


class Asking:
    """A process's side effects, between whose request and answer it may be killed too."""

    def __init__(self, fate: Fate, sites: Sites) -> None:
        self._fate, self._sites = fate, sites

    async def switch_over(self, operation: Operation) -> Answer | None:
        self._fate.instant()
        answer = await self._sites.switch_over(operation)
        self._fate.instant()
        return answer

    async def force(self, operation: Operation) -> Answer | None:
        raise AssertionError(operation)


class Region:
    """A region's operator, or the next process in its place."""

    numbers = itertools.count()

    def __init__(self, etcds: Etcds, name: str, sites: Sites) -> None:
        self._etcds, self.name, self.sites = etcds, name, sites
        self.told: Told | None = None
        self.start()

    def start(self) -> None:
        self.fate = Fate()
        members = [self._etcds.api(site) for site in (self.name, "truck", OTHER[self.name])]
        self.memory = MortalMemory(self.fate, lambda: members, f"{self.name}-{next(self.numbers)}")
        self.acting = Acting(self.memory, Asking(self.fate, self.sites))

    async def look(self, wish: Wish) -> Told | None:
        """None: it was killed."""
        try:
            self.told = await self.acting.look(
                self.sites.platform.status(), Spec(wish, Mode.AUTOMATIC, LIMITS)
            )
        except Killed:
            return None
        return self.told

    async def end_lease(self) -> None:
        """As it ends by itself LEASE_S after a kill."""
        await asyncio.to_thread(self._etcds.api("truck").end_lease, self.memory._lease)

    async def until(self, wish: Wish, holds: Callable[[Told], bool]) -> Told:
        """Looks until it holds."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            told = await self.look(wish)
            if told is not None and holds(told):
                return told
            assert time.monotonic() < deadline, told
            await asyncio.sleep(POLL_S)

    async def remembered(self) -> Record:
        return (await Memory(lambda: [self._etcds.api("truck")], "reader").read("x")).record


@pytest.fixture
def sites(etcds: Etcds) -> Sites:
    return Sites(Platform(), Claims(lambda: [etcds.api("london")]))


@pytest.fixture
def amsterdam(etcds: Etcds, sites: Sites) -> Region:
    return Region(etcds, "amsterdam", sites)


@pytest.fixture
def london(etcds: Etcds, sites: Sites) -> Region:
    return Region(etcds, "london", sites)


def acts(told: Told) -> bool:
    return bool(told.acting)


def as_wished(told: Told) -> bool:
    return told.operation is None and told.ready.reason == "AsWished"


async def acting(region: Region) -> None:
    """It has looked, and acts."""
    await region.until(FIRST, lambda told: acts(told) and as_wished(told))


async def test_a_wish_is_accepted_once_though_both_see_it_at_once(amsterdam: Region, london: Region):
    memories = (amsterdam.memory, london.memory)
    for number in range(20):
        wish = Wish(f"same-{number}", "london")
        seen = await asyncio.gather(*(memory.read(wish.request_id) for memory in memories))
        raced = zip(memories, seen, strict=True)
        accepted = await asyncio.gather(*(memory.accept(wish, one) for memory, one in raced))
        assert sorted(accepted) == [False, True]
        again = await london.memory.read(wish.request_id)
        assert again.used
        assert not await london.memory.accept(wish, again)


async def test_of_two_wishes_that_disagree_one_is_accepted_at_a_time(amsterdam: Region, london: Region):
    wishes = (Wish("to-london", "london"), Wish("stay", "amsterdam"))
    memories = (amsterdam.memory, london.memory)
    pairs = list(zip(memories, wishes, strict=True))
    seen = await asyncio.gather(*(memory.read(wish.request_id) for memory, wish in pairs))
    raced = zip(pairs, seen, strict=True)
    accepted = await asyncio.gather(*(memory.accept(wish, one) for (memory, wish), one in raced))
    assert sorted(accepted) == [False, True]
    assert (await london.memory.read("x")).wish == wishes[accepted.index(True)]


@pytest.mark.slow
async def test_who_lost_the_lease_and_who_read_before_another_wrote_remembers_nothing(
    sites: Sites, amsterdam: Region, london: Region
):
    sites.platform.timeline = 2
    await acting(amsterdam)
    seen = await amsterdam.memory.read("x")
    assert await amsterdam.memory.write(Record("amsterdam", 2), seen)
    assert not await amsterdam.memory.write(Record("amsterdam", 3), seen)

    seen = await amsterdam.memory.read("x")
    await amsterdam.end_lease()
    assert not await amsterdam.memory.write(Record("amsterdam", 4), seen)
    await acting(london)
    assert not await amsterdam.memory.write(Record("amsterdam", 5), seen)
    assert not await amsterdam.memory.act(await amsterdam.memory.read("x"))
    assert (await amsterdam.remembered()).timeline == 2


async def test_of_two_operators_one_acts_and_the_other_tells_the_same(
    sites: Sites, amsterdam: Region, london: Region
):
    regions = (amsterdam, london)
    for wish in (FIRST, TO_LONDON):
        deadline = time.monotonic() + WITHIN_S
        while not all(
            one.told is not None and one.told.wish == wish and as_wished(one.told) for one in regions
        ):
            told = await asyncio.gather(*(one.look(wish) for one in regions))
            assert sum(acts(one) for one in told) <= 1
            sites.platform.synchronous = True
            assert time.monotonic() < deadline, told
            await asyncio.sleep(POLL_S)
    assert sites.begun == ["to-london"]
    assert [acts(one.told) for one in regions].count(True) == 1
    assert amsterdam.told.history == london.told.history


@pytest.mark.slow
async def test_killed_between_any_two_effects_of_a_switchover_the_other_one_ends_it(
    sites: Sites, amsterdam: Region, london: Region
):
    await acting(amsterdam)
    for at in itertools.count(1):
        wish = Wish(f"kill-{at}", OTHER[sites.platform.primary])
        amsterdam.fate.left = at
        await over(amsterdam, wish)
        if not amsterdam.fate.over:
            break
        await amsterdam.end_lease()
        await over(london, wish)
        await london.end_lease()
        assert (await london.remembered()).history[0].id == wish.request_id
        amsterdam.start()
        await amsterdam.until(wish, acts)
    assert sites.begun == [f"kill-{number}" for number in range(1, at + 1)], "each once, in their order"
    assert at > LEAST_INSTANTS


async def over(region: Region, wish: Wish) -> None:
    """Looks until it is so, or it is killed; the old primary follows a look later."""
    deadline = time.monotonic() + WITHIN_S
    while not region.fate.over:
        told = await region.look(wish)
        if told is not None and acts(told) and told.wish == wish and as_wished(told):
            return
        region.sites.platform.synchronous = True
        assert time.monotonic() < deadline, told
        await asyncio.sleep(POLL_S)


@pytest.mark.slow
async def test_without_a_majority_nothing_is_done_and_afterwards_it_goes_on(
    etcds: Etcds, sites: Sites, amsterdam: Region, london: Region
):
    await acting(amsterdam)
    await etcds.kill("truck", "london")
    for region in (amsterdam, london):
        told = await region.look(TO_LONDON)
        assert (told.acting, told.wish, told.operation) == (None, None, None)
        assert told.ready.reason == "NoMajority"
    assert sites.asked == []
    await etcds.start("truck", "london")
    await amsterdam.until(TO_LONDON, lambda told: acts(told) and told.operation is not None)
    await over(amsterdam, TO_LONDON)
    assert sites.begun == ["to-london"]


@pytest.mark.slow
async def test_who_is_gone_is_followed_by_the_other_within_the_lease(amsterdam: Region, london: Region):
    await acting(amsterdam)
    assert await london.look(FIRST)
    gone_s = time.monotonic()
    await london.until(FIRST, acts)
    assert time.monotonic() - gone_s < LEASE_S + 4


@pytest.mark.slow
async def test_what_was_not_begun_is_asked_for_again_when_its_time_is_over(sites: Sites, amsterdam: Region):
    await acting(amsterdam)
    sites.answers = [Answer("to-london", "wait a moment", Refusal.NOT_BEGUN)] * 2
    await over(amsterdam, TO_LONDON)
    assert len(sites.asked) >= 3
    assert sites.begun == ["to-london"]


async def test_what_was_done_and_undone_before_anybody_looked_comes_to_an_end(
    sites: Sites, amsterdam: Region
):
    """London was primary, and lost: its operation must not wait for it for ever."""
    await acting(amsterdam)
    undone = Answer("to-london", "amsterdam is since", Refusal.CAME_TO_NOTHING)
    sites.answers = [Answer("to-london", "moved"), undone]
    sites.platform.timeline = 3
    told = await amsterdam.until(TO_LONDON, lambda told: told.ready.reason == "CameToNothing")
    assert (told.operation, told.history[0].outcome) == (None, Outcome.STAYED)
    assert sites.begun == []


async def test_who_does_not_act_any_more_forgets_what_it_was_answered(
    sites: Sites, amsterdam: Region, london: Region
):
    """It says that nothing was begun; the other one has begun it since."""
    await acting(amsterdam)
    sites.answers = [Answer("to-london", "wait a moment", Refusal.NOT_BEGUN, hold_s=60.0)]
    await amsterdam.until(TO_LONDON, lambda told: told.operation is not None)
    await amsterdam.end_lease()
    await london.until(TO_LONDON, acts)
    assert not (await amsterdam.look(TO_LONDON)).acting
    assert amsterdam.acting._answer is None
    await over(london, TO_LONDON)
    assert sites.begun == ["to-london"]


@pytest.mark.slow
@pytest.mark.parametrize(("request_id", "accepted"), [("by-hand", "by-hand"), ("drill-1", FIRST.request_id)])
async def test_who_asks_for_another_primary_than_was_wished_for_is_followed_unless_it_is_a_drill(
    etcds: Etcds, sites: Sites, amsterdam: Region, request_id: str, accepted: str
):
    await acting(amsterdam)
    claims = Claims(lambda: [etcds.api("london")])
    assert await claims.begin(request_id, Claim("amsterdam", "london", sites.platform.timeline, "london"))
    assert (await amsterdam.memory.read("x")).wish.request_id == accepted
