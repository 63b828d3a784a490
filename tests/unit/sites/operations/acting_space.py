"""The steps of two operators, and how all of it comes to rest."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ardoise.sites import forced
from ardoise.sites.operations import seen, wishes
from ardoise.sites.operations.decide import decide
from ardoise.sites.operations.record import Loss, Record, Step, Wish
from ardoise.sites.operations.situation import Answer, Limits, Refusal, Situation

from tests.unit.sites.operations.model_etcd import writes
from tests.unit.sites.operations.sites_space import SitesSpace
from tests.unit.sites.operations.space import Operator, State
from tests.unit.sites.operations.world import NOBODY, REGIONS, Platform

NOW_MS = 1_783_000_000_000
# Whatever has to be waited for may be over.
AT_ONCE = Limits(cool_down_s=0)
FOR_EVER_S = 1e9
BEGUN = (Step.SWITCHING, Step.FORCING)


class ActingSpace(SitesSpace):
    """With both operators."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.written: set[tuple[int, int]] = set()
        """(record before, record after), by their numbers: what any operator ever wrote."""

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Theirs too."""
        yield from super().steps(state)
        yield from self._of_operators(state)

    def _of_operators(self, state: State) -> Iterator[tuple[str, State]]:
        scenario = self.scenario
        for who in scenario.operators:
            operator, name = state.operators[who], f"{REGIONS[who]}'s operator"
            if state.mishaps and (operator != Operator() or state.holder == who):
                killed = self._with_operator(state, who, Operator())._replace(mishaps=state.mishaps - 1)
                yield f"{name} is killed", self._held(killed, NOBODY) if state.holder == who else killed
            if operator.asks is not None:
                yield from self._ask(state, who, operator)
            if operator.decided is not None:
                yield self._write(state, who, operator)
                continue
            for wish in scenario.wishes:
                for seeing, view, silent in self._views(state):
                    after = self._look(state, who, wish, view, silent)
                    if after != state:
                        yield f"{name},{seeing} is told {wish.request_id}", after
        if state.mishaps and state.holder != NOBODY:
            yield "the lease runs out", self._held(state._replace(mishaps=state.mishaps - 1), NOBODY)

    def _held(self, state: State, holder: int) -> State:
        """By somebody else than before: whoever has read who holds it has read what is over."""
        return self._outdated(state._replace(holder=holder), lease=True)

    def _outdated(self, state: State, *, lease: bool = False, record: bool = False) -> State:
        """What operators have read is not what is; who would be refused therefore is already."""
        operators = []
        for one in state.operators:
            if lease:
                one = one._replace(answer=None)
            if one.decided is not None:
                number, lease_as_read, record_as_read = one.decided
                still = (lease_as_read and not lease, record_as_read and not record)
                one = one._replace(decided=(number, *still) if self._cached(writes, *still) else None)
            operators.append(one)
        return state._replace(operators=tuple(operators))

    def _look(self, state: State, who: int, wish: Wish, view: Platform, silent: int) -> State:
        """It reads, keeps or takes the lease, accepts, decides."""
        operator, acting = state.operators[who], state.holder == who
        if state.holder == NOBODY:
            state = self._held(state, who)
        used = wish.request_id in state.used
        given = (view, who, silent, wish, state.wish, state.record, used, operator.answer)
        accepted, decided = self._cached(self._decide, *given)
        if accepted != state.wish:
            state = self._accepted("a look", state, self.wishes[accepted])
        if not acting:
            return state
        record = self.records[decided]
        if decided != state.record:
            return self._with_operator(state, who, operator._replace(decided=(decided, True, True)))
        return self._with_operator(state, who, self._begun(record, operator))

    def _decide(
        self,
        view: Platform,
        who: int,
        silent: int,
        wish: Wish,
        accepted: int,
        record: int,
        used: bool,
        answer: tuple[str, Refusal | None] | None,
    ) -> tuple[int, int]:
        """(wish, record), by their numbers."""
        status, remembered = self._status(view, who, silent), self.records[record]
        now = seen.leading(status, remembered.timeline)
        before = None if accepted == NOBODY else self.wishes[accepted]
        ruled = wishes.rule(wish, before, used, now.region if now else "").accepted
        situation = self._situation(status, ruled, remembered, answer)
        told = decide(situation)
        number = NOBODY if ruled is None else self._wish_number(ruled)
        return number, self._number(_without_figures(told.record))

    @staticmethod
    def _situation(status, wish: Wish | None, record: Record, answer) -> Situation:
        return Situation(
            status=status,
            wish=wish,
            record=record,
            now_ms=NOW_MS,
            limits=AT_ONCE,
            well_for_s=FOR_EVER_S if seen.is_well(status) else None,
            answer=None if answer is None else Answer(answer[0], "", answer[1]),
        )

    def _write(self, state: State, who: int, operator: Operator) -> tuple[str, State]:
        """It remembers, and begins what it remembers. Raises Violation."""
        number, lease_as_read, _ = operator.decided
        record = self.records[number]
        what = f"{REGIONS[who]}'s operator writes {_told(record)}"
        refused = operator.answer is not None and operator.answer[1] is Refusal.NOT_BEGUN
        self._check_written(self.records[state.record], record, refused, what)
        if not lease_as_read:
            self._broken("written by one who does not act", what)
        self.written.add((state.record, number))
        state = self._with_operator(state, who, self._begun(record, operator._replace(decided=None)))
        return what, self._outdated(state._replace(record=number), record=True)

    @staticmethod
    def _begun(record: Record, operator: Operator) -> Operator:
        """It asks for the effect of what is written down: where it is killed before, it never did."""
        running = record.operation
        if running is None:
            return operator._replace(answer=None)
        taken = operator.answer == (running.id, None) and running.step is Step.FORCING
        if running.step not in BEGUN or operator.asks is not None or taken:
            return operator
        asks = (running.id, REGIONS.index(running.target), running.step, running.accepted_loss)
        return operator._replace(asks=asks, answer=None)

    def _check_written(self, old: Record, new: Record, refused: bool, what: str) -> None:
        if new.timeline < old.timeline:
            self._broken("an older timeline remembered", what)
        over = {one.id for one in new.history}
        if not {one.id for one in old.history} <= over:
            self._broken("history forgotten", what)
        running, begun = old.operation, new.operation
        changed = running is not None and (begun is None or begun.id != running.id)
        if changed and running.id not in over and begun is not None and not refused:
            self._broken("two operations at once", what)
        if begun is not None and begun.id in over:
            self._broken("tried again", what)

    def _ask(self, state: State, who: int, operator: Operator) -> Iterator[tuple[str, State]]:
        request_id, target, step, accepted_loss = operator.asks
        if step is Step.SWITCHING:
            yield from self._receive(state, who, request_id, target, "its operator's")
            return
        order, what = state.platform.forced, f"{REGIONS[target]}'s sites gets the order {request_id}"
        accepted = self._with_operator(state, who, operator._replace(asks=None, answer=(request_id, None)))
        if order is not None and order[1] == request_id:
            yield f"{what} again", accepted
            return
        for seeing, view, silent in self._views(state):
            refused = self._cached(self._not_forced, view, target, silent, accepted_loss)
            if refused or (order is not None and order[2] is False):
                answer = (request_id, Refusal.NOT_BEGUN)
                after = self._with_operator(state, who, operator._replace(asks=None, answer=answer))
                yield f"{what},{seeing} refuses", after
            else:
                after = state.platform._replace(forced=(target, request_id, False))
                yield from self._changed(f"{what},{seeing} agrees", accepted, after)

    def _not_forced(self, view: Platform, target: int, silent: int, accepted_loss: str) -> bool:
        if silent == target:
            return True
        return bool(forced.objections(self._status(view, target, silent), REGIONS[target], accepted_loss))

    # Whether it comes to rest.

    def calm(self, state: State) -> State | None:
        """The next state where nothing fails any more and nobody wishes; None: it rests. Raises Violation."""
        platform = state.platform
        healed = next(self.patroni.heals(platform), None)
        if healed is not None or state.older is not None or state.mishaps:
            after = platform if healed is None else healed[1]
            return state._replace(platform=after, older=None, mishaps=0)
        ordered = platform.forced is not None and platform.forced[2] is False
        if ordered and (forced := next((after for _, after in self.force(state)), None)) is not None:
            return forced
        moves = list(self.patroni.by_itself(platform))
        if moves:
            promoted = [after for _, after in moves if after.leader == platform.candidate != NOBODY]
            return state._replace(platform=(promoted or [after for _, after in moves])[0], older=None)
        if ordered:
            return next(after for _, after in self.give_up(state))
        return self._rest(state)

    def _rest(self, state: State) -> State | None:
        if not self.scenario.operators:
            return next((after._replace(older=None) for _, after in self._of_sites(state)), None)
        calm = replace(self.scenario, stale=False, silences=False)
        scenario, self.scenario = self.scenario, calm
        try:
            for _, after in self._of_sites(state):
                return after._replace(older=None)
            # An object says what was accepted last.
            wish = self.wishes[state.wish] if state.wish != NOBODY else scenario.wishes[0]
            self.scenario = replace(calm, wishes=(wish,))
            for _, after in self._of_operators(state):
                return after._replace(older=None)
        finally:
            self.scenario = scenario
        return None

    def ready(self, state: State) -> str:
        """How an operator tells that things stand: in one word."""
        status = self._status(state.platform.seen(), 0, NOBODY)
        wish = self.wishes[state.wish] if state.wish != NOBODY else None
        return decide(self._situation(status, wish, self.records[state.record], None)).ready.reason


def _without_figures(record: Record) -> Record:
    """What is for people only would make many states of one."""
    running = record.operation
    if running is not None:
        running = replace(running, steps=(), before=None, interrupted_ms=None)
    newest = [
        replace(one, reason="", loss=Loss(), before=None, interrupted_ms=None, timeline_before=0)
        for one in record.history[:1]
    ]
    # Of older ones decisions look at nothing but the id.
    older = [replace(newest[0], id=one) for one in sorted(one.id for one in record.history[1:])]
    history = (*newest, *older)
    return replace(record, operation=running, history=history)


def _told(record: Record) -> str:
    running = record.operation
    doing = f"{running.id} {running.step}" if running else "nothing runs"
    newest = f", newest {record.history[0].id} {record.history[0].outcome}" if record.history else ""
    return f"({doing}, {record.primary} {record.timeline}{newest})"
