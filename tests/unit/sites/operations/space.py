"""Every state that a platform, two operators, `sites` of two regions and people can bring each other to.

What they decide is decided by the code that runs: wishes, decide, the memory's and the claims' comparisons, objections,
outcome, the guard. What lies between two of their effects, each of which may be the last before a kill, is a step here.
What an operator and `sites` look at may be older than what they remember.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ardoise.sites.operations.record import Record, Step, Wish
from ardoise.sites.operations.situation import Refusal

from tests.unit.sites.operations import world
from tests.unit.sites.operations.world import (
    NOBODY,
    REGIONS,
    Patroni,
    Platform,
    Violation,
)


class Claimed(NamedTuple):
    """A claim, without what is said to people; `told`: the truth, whether Patroni was told."""

    id: str
    source: int
    target: int
    timeline: int
    moved: bool | None = None
    told: bool = False


class Sites(NamedTuple):
    """A region's `sites` in a planned change, or in none."""

    step: str = ""
    """tell, see, follow: what it does next, once it is claimed."""
    id: str = ""
    source: int = 0
    target: int = 0
    timeline: int = 0
    fresh: bool = False
    """Nothing has changed since it looked whether anything stands against it."""


class Operator(NamedTuple):
    """A process; all of it goes with it."""

    decided: tuple[int, bool, bool] | None = None
    """(record to be written, lease as it was read, record as it was read)."""
    asks: tuple[str, int, Step, str] | None = None
    """(operation, target, step, accepted loss): its side effect, which was not answered yet."""
    answer: tuple[str, Refusal | None] | None = None


class State(NamedTuple):
    """Everything. Records and wishes by their number."""

    platform: Platform = Platform()
    older: Platform | None = None
    """What may be seen instead."""
    wish: int = NOBODY
    used: frozenset[str] = frozenset()
    record: int = 0
    holder: int = NOBODY
    claims: tuple[Claimed, ...] = ()
    sites: tuple[Sites, Sites] = (Sites(), Sites())
    operators: tuple[Operator, Operator] = (Operator(), Operator())
    mishaps: int = 0
    """That may still come."""


@dataclass(frozen=True)
class Scenario:
    """What people and chance may do: the bounds of the space."""

    wishes: tuple[Wish, ...]
    """An object, in either cluster, says any of them at any time."""
    mishaps: int
    """At most: faults of the platform, kills, leases that run out."""
    faults: bool = True
    """Whether any of them may be a fault of the platform."""
    logs: tuple[tuple[int, str], ...] = ()
    by_hand: tuple[tuple[str, int], ...] = ()
    """(request id, region) of `ardoise sites switchover`, at either site, any number of times."""
    operators: tuple[int, ...] = (0, 1)
    stale: bool = True
    silences: bool = False
    """A region may be missing in what is seen."""
    most_timelines: int = 4


class Space:
    """The steps from each state."""

    def __init__(
        self,
        scenario: Scenario,
        patroni: Patroni | None = None,
        *,
        without: str = "",
        ignoring: frozenset[str] = frozenset(),
    ) -> None:
        """`without`: a rule of `sites` that is repeated here, patience or timeline. `ignoring`: properties."""
        self.scenario, self.patroni = scenario, patroni or Patroni()
        self._without, self._ignoring = without, ignoring
        self._known: dict[Any, Any] = {}
        self.records: list[Record] = []
        self.wishes: list[Wish] = []
        self._numbers: dict[Any, int] = {}
        self.start = State(record=self._number(Record()), mishaps=scenario.mishaps)

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Every one that may come next. Raises Violation with what was done."""
        yield from self._platform(state)

    def _platform(self, state: State) -> Iterator[tuple[str, State]]:
        platform = state.platform
        for what, after in self.patroni.by_itself(platform):
            if max(after.lines) <= self.scenario.most_timelines:
                yield from self._changed(what, state, after)
        for what, after in self.patroni.heals(platform):
            yield from self._changed(what, state, after)
        if state.mishaps and self.scenario.faults:
            for what, after in self.patroni.faults(platform, self.scenario.logs):
                yield from self._changed(what, state._replace(mishaps=state.mishaps - 1), after)
        if platform.forced is not None and platform.forced[2] is False:
            yield from self.force(state)
            yield from self.give_up(state)

    def force(self, state: State) -> Iterator[tuple[str, State]]:
        """`sites` of the region that is forced has Patroni promote it, or sees that it leads."""
        region, _, _ = state.platform.forced
        after = self.patroni.fail_over(state.platform, region, forced=True)
        if after.leader == region:
            yield from self._forced(f"{REGIONS[region]} is forced", state, after, promoted=True)

    def give_up(self, state: State) -> Iterator[tuple[str, State]]:
        """Patroni has not promoted it however often it was told to, or another leads or was forced after it."""
        _, request_id, _ = state.platform.forced
        yield from self._forced(f"{request_id} is given up", state, state.platform, promoted=None)

    def _forced(
        self, what: str, state: State, after: Platform, promoted: bool | None
    ) -> Iterator[tuple[str, State]]:
        region, request_id, _ = state.platform.forced
        yield from self._changed(what, state, after._replace(forced=(region, request_id, promoted)))

    def _changed(self, what: str, state: State, after: Platform) -> Iterator[tuple[str, State]]:
        """What was before the newest thing that went wrong, or change of hands, may still be seen."""
        before = state.platform
        if after == before:
            return
        broken = self._cached(world.broken_promise, after)
        if broken:
            self._broken("a promise that is not kept", broken)
        older, better = state.older, after.leader == before.leader and world.ills(after) < world.ills(before)
        if self.scenario.stale and before.leader != NOBODY and not better:
            older = before.seen()
        sites = tuple(one._replace(fresh=False) for one in state.sites)
        older = None if older == after.seen() else older
        yield what, state._replace(platform=after, sites=sites, older=older)

    def _views(self, state: State) -> Iterator[tuple[str, Platform, int]]:
        yield "", state.platform.seen(), NOBODY
        if state.older is not None:
            yield " sees what was before and", state.older, NOBODY
        if self.scenario.silences:
            for region in (0, 1):
                yield f" does not hear {REGIONS[region]} and", state.platform.seen(), region

    def _status(self, seen_platform: Platform, observer: int, silent: int = NOBODY):
        return self._cached(world.status, seen_platform, observer, silent)

    def _broken(self, property_: str, what: str) -> None:
        if property_ not in self._ignoring:
            raise Violation(property_, what)

    @staticmethod
    def _with_sites(state: State, site: int, does: Sites) -> State:
        return state._replace(sites=world.with_(state.sites, site, does))

    @staticmethod
    def _with_operator(state: State, who: int, operator: Operator) -> State:
        return state._replace(operators=world.with_(state.operators, who, operator))

    def _accepted(self, what: str, state: State, wish: Wish) -> State:
        """Raises Violation."""
        if wish.request_id in state.used:
            self._broken("a wish accepted twice", what)
        return state._replace(wish=self._wish_number(wish), used=state.used | {wish.request_id})

    def _cached(self, function: Any, *given: Any) -> Any:
        key = (function, given)
        if key not in self._known:
            self._known[key] = function(*given)
        return self._known[key]

    def _number(self, record: Record) -> int:
        if record not in self._numbers:
            self._numbers[record] = len(self.records)
            self.records.append(record)
        return self._numbers[record]

    def _wish_number(self, wish: Wish) -> int:
        if wish not in self._numbers:
            self._numbers[wish] = len(self.wishes)
            self.wishes.append(wish)
        return self._numbers[wish]
