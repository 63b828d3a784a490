"""All states of a space, and whether each comes to rest."""

from collections import deque
from dataclasses import dataclass

from tests.unit.sites.operations.acting_space import ActingSpace
from tests.unit.sites.operations.space import State
from tests.unit.sites.operations.world import LEADS, Violation

MOST_CALM_STEPS = 80
HAS_TO_SAY = ("AsWished", "CameToNothing")
"""How an operator that has nothing more to do tells how things stand."""


@dataclass
class Found:
    """What a search came to."""

    states: int
    steps: int
    broken: str = ""
    """The property that does not hold; empty: all hold."""
    trace: tuple[str, ...] = ()


def search(space: ActingSpace, most_states: int) -> Found:
    """Breadth first, so that a counterexample is a shortest one."""
    came: dict[State, tuple[State | None, str]] = {space.start: (None, "")}
    waiting, steps, rests = deque([space.start]), 0, set[State]()
    while waiting:
        state = waiting.popleft()
        try:
            _settles(space, state, rests)
            for what, after in space.steps(state):
                steps += 1
                if after not in came:
                    came[after] = (state, what)
                    waiting.append(after)
        except Violation as broken:
            trace = (*_trace(came, state), *broken.args[1:])
            return Found(len(came), steps, broken.args[0], trace)
        if len(came) > most_states:
            raise AssertionError(f"more than {most_states} states: bound it otherwise")
    return Found(len(came), steps)


def _settles(space: ActingSpace, state: State, rests: set[State]) -> None:
    """From here it comes to rest, as wished, or as was said; `rests`: of which that is known. Raises Violation."""
    path, at = [], state
    while at not in rests:
        path.append(at)
        after = space.calm(at)
        if after is None:
            word = space.ready(at)
            said = word in HAS_TO_SAY or not space.scenario.operators
            if not said or LEADS not in at.platform.roles or space.records[at.record].operation is not None:
                raise Violation(f"it rests, {word}")
            break
        if len(path) > MOST_CALM_STEPS:
            raise Violation("it never rests")
        at = after
    rests.update(path)


def _trace(came: dict[State, tuple[State | None, str]], state: State) -> tuple[str, ...]:
    found: list[str] = []
    at: State | None = state
    while at is not None:
        at, what = came[at]
        found.append(what)
    return tuple(reversed(found[:-1]))
