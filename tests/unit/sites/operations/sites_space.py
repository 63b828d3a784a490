"""The steps of `sites` in both regions: planned changes, from request to outcome, a step between any two effects."""

from collections.abc import Iterator

from ardoise.chassis.rpc import Failure
from ardoise.sites import switchover
from ardoise.sites.operations.memory import Claim, Claims
from ardoise.sites.operations.situation import Refusal
from ardoise.sites.patroni import History, Member
from ardoise.sites.planned import Planned
from ardoise.sites.switchover import Outcome as Came

from tests.unit.sites.operations import world
from tests.unit.sites.operations.model_etcd import ModelEtcd, begins, finds, run
from tests.unit.sites.operations.space import Claimed, Sites, Space, State
from tests.unit.sites.operations.world import DOWN, FOLLOWS, LEADS, NOBODY, REGIONS, Platform


class SitesSpace(Space):
    """With both `sites`, and people who ask them."""

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Theirs too."""
        yield from super().steps(state)
        yield from self._people(state)
        yield from self._of_sites(state)

    def _people(self, state: State) -> Iterator[tuple[str, State]]:
        for request_id, target in self.scenario.by_hand:
            for site in (0, 1):
                yield from self._receive(state, site, request_id, target, "a person's")

    def _receive(
        self, state: State, site: int, request_id: str, target: int, whose: str
    ) -> Iterator[tuple[str, State]]:
        """SwitchOver: one at a time."""
        if state.sites[site].step:
            return
        what = f"{REGIONS[site]}'s sites gets {whose} {request_id}"
        claim = next((one for one in state.claims if one.id == request_id), None)
        if not self._cached(finds, claim is not None):
            claim = None
        if claim is not None and claim.moved is None:
            yield f"{what}: follows", self._with_sites(state, site, Sites("follow", *claim[:4]))
        elif claim is not None:
            stands = claim.moved and state.platform.roles[claim.source] != LEADS
            refusal = None if stands else Refusal.CAME_TO_NOTHING
            yield f"{what}: it is over", self._answered(state, site, request_id, refusal)
        else:
            for seeing, view, silent in self._views(state):
                found = self._cached(self._claimable, view, site, silent, target)
                if found is None:
                    refused = self._answered(state, site, request_id, Refusal.NOT_BEGUN)
                    yield f"{what},{seeing} refuses", refused
                else:
                    source, timeline = found
                    fresh = not seeing and not self.scenario.stale
                    does = Sites("tell", request_id, source, target, timeline, fresh)
                    yield self._claim(f"{what},{seeing} agrees", state, site, does)

    def _claimable(self, view: Platform, site: int, silent: int, target: int) -> tuple[int, int] | None:
        status = self._status(view, site, silent)
        planned = Planned(REGIONS[site], lambda: status, _NeverChanged(), Claims(lambda: [ModelEtcd({})]))
        try:
            claim = run(planned._claimable(REGIONS[target] if target in (0, 1) else "truck"))
        except Failure:
            return None
        return REGIONS.index(claim.source), claim.timeline

    def _of_sites(self, state: State) -> Iterator[tuple[str, State]]:
        for site, does in enumerate(state.sites):
            if not does.step:
                continue
            name = f"{REGIONS[site]}'s sites"
            if state.mishaps:
                operator = state.operators[site]
                if operator.asks is not None and operator.asks[0] == does.id:
                    operator = operator._replace(asks=None)
                killed = self._with_operator(self._with_sites(state, site, Sites()), site, operator)
                yield f"{name} is killed", killed._replace(mishaps=state.mishaps - 1)
            match does.step:
                case "tell":
                    yield from self._tell(state, site, does)
                case _:
                    yield from self.see_through(state, site, does)

    def _claim(self, what: str, state: State, site: int, does: Sites) -> tuple[str, State]:
        """With nothing in between: what it saw before it may be old."""
        wish = self.wishes[state.wish] if state.wish != NOBODY else None
        claim = Claim(REGIONS[does.source], REGIONS[does.target], does.timeline, REGIONS[site])
        taken = next((one for one in state.claims if one.id == does.id), Claimed(*does[1:5]))
        given = (does.id, claim, taken in state.claims, wish, does.id in state.used)
        begun, accepted = self._cached(begins, *given)
        if not begun:
            return f"{what}, too late", self._answered(state, site, does.id, Refusal.NOT_BEGUN)
        state = _claimed(self._with_sites(state, site, does), taken)
        return f"{what}, claims", state if accepted == wish else self._accepted(what, state, accepted)

    def _tell(self, state: State, site: int, does: Sites) -> Iterator[tuple[str, State]]:
        what = f"{REGIONS[site]}'s sites tells Patroni of {does.id}"
        claim = next(one for one in state.claims if one.id == does.id)
        moved_on = self._without != "timeline" and state.platform.lines[does.source] != does.timeline
        if state.platform.roles[does.source] != LEADS or moved_on:
            yield (
                f"{what}: {REGIONS[does.source]} leads no more",
                self._closed(state, site, does, moved=False),
            )
            return
        if claim.told:
            self._broken("an effect twice", what)
        if claim.moved is not None:
            self._broken("an effect after it came to nothing", what)
        if does.fresh:
            self._check_planned(state.platform, does, what)
        after = self.patroni.switch(state.platform, does.source, does.target)
        state = self._with_sites(state, site, does._replace(step="see"))
        state = _claimed(state, claim._replace(told=True))
        if after == state.platform:
            yield f"{what}: refused", state
        yield from self._changed(what, state, after)

    def _check_planned(self, platform: Platform, does: Sites, what: str) -> None:
        """What was agreed to on a sight of now has to be good for the race."""
        log = self._cached(world.log_of, platform, does.target)
        far = log.truck[1] - (log.mirror[1] if log.mirror else 0) > switchover.MOST_BEHIND
        far = far or log.wal_behind_bytes > switchover.MOST_WAL_BEHIND_BYTES
        stalls = not platform.synchronous[does.target] or platform.roles[does.target] != FOLLOWS or far
        stalls = stalls or not platform.reaches[does.target] or not platform.whole[does.target]
        if stalls or log.missing or not self._cached(world.guard_agrees, platform, does.target):
            self._broken("a planned change that stalls", what)
        if log.missing_later:
            self._broken("a planned change into loss", what)

    def see_through(self, state: State, site: int, does: Sites) -> Iterator[tuple[str, State]]:
        """What Patroni's members say, at one moment."""
        platform = state.platform
        old, new = (_member(platform, region) for region in (does.source, does.target))
        came = switchover.outcome(old, new, does.timeline)
        what = f"{REGIONS[site]}'s sites sees {does.id} through"
        # PATIENCE_S, OUTCOME_LIMIT_S: whoever claimed it, and lives, has told Patroni before another gives it up.
        telling = self._without != "patience" and any(
            one.step == "tell" and one.id == does.id for one in state.sites
        )
        match came:
            case Came.MOVED:
                yield f"{what}: moved", self._closed(state, site, does, moved=True)
            case Came.STAYED:
                again = old.timeline > does.timeline
                if again or not telling:
                    yield f"{what}: stayed", self._closed(state, site, does, moved=False)
            case Came.NOBODY:
                after = self.patroni.fail_over(platform, does.source)
                yield from self._changed(f"{what}: gives the leadership back", state, after)
                if not telling:
                    yield f"{what}: gives up", self._closed(state, site, does, moved=False)
            case Came.OPEN if not telling:
                yield f"{what}: gives up", self._closed(state, site, does, moved=False)

    def _closed(self, state: State, site: int, does: Sites, *, moved: bool) -> State:
        claim = next(one for one in state.claims if one.id == does.id)
        state = self._with_sites(_claimed(state, claim._replace(moved=moved)), site, Sites())
        return self._answered(state, site, does.id, None if moved else Refusal.CAME_TO_NOTHING)

    @staticmethod
    def _answered(state: State, site: int, request_id: str, refusal: Refusal | None) -> State:
        """The region's operator, where it lives and has asked for it."""
        operator = state.operators[site]
        state = SitesSpace._with_sites(state, site, Sites())
        if operator.asks is None or operator.asks[0] != request_id:
            return state
        # Who does not act forgets it.
        answer = (request_id, refusal) if state.holder == site else None
        answered = operator._replace(asks=None, answer=answer)
        return SitesSpace._with_operator(state, site, answered)


def _claimed(state: State, claim: Claimed) -> State:
    others = [one for one in state.claims if one.id != claim.id]
    return state._replace(claims=tuple(sorted([*others, claim], key=lambda one: one.id)))


def _member(platform: Platform, region: int) -> Member | None:
    """As its Patroni says."""
    if platform.roles[region] == DOWN:
        return None
    return Member(platform.roles[region] == LEADS, platform.lines[region], platform.leader == NOBODY)


class _NeverChanged:
    """A Patroni whose last change is long ago: whatever has to be waited for may be over."""

    async def history(self, site: str) -> History:
        del site
        return []
