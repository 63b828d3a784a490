"""From no state that can be reached do decisions make two writers or promote into loss; and each clause is needed.

How many states there are is printed with -s. A clause that is taken out has to lead to a counterexample, which is
printed too: the shortest way there.
"""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ardoise.sites import guard, switchover
from ardoise.sites.operations import decide, memory, seen, wishes
from ardoise.sites.operations.memory import Claims, Memory
from ardoise.sites.operations.record import Wish

from tests.unit.sites.operations.acting_space import ActingSpace
from tests.unit.sites.operations.drawing import drawn
from tests.unit.sites.operations.search import Found, search
from tests.unit.sites.operations.space import Scenario
from tests.unit.sites.operations.world import LOGS, Patroni

MOST_STATES = 200_000
FIRST, LONDON, BACK = Wish("first", "amsterdam"), Wish("london", "london"), Wish("back", "amsterdam")
FORCE = Wish("force", "london", "Unknown")
BY_HAND, TRUCK = ("by-hand", 1), 2
NO_MIRROR = (1, "no mirror")
TROUBLES = tuple((1, kind) for kind in LOGS if kind != "fine")

GUARD = Scenario((), 2, logs=TROUBLES, operators=(), by_hand=(BY_HAND,), stale=False, silences=True)
"""Everything that may be the matter with a platform, and a person who switches over."""
FAULTS = Scenario((FIRST, LONDON), 1, logs=(NO_MIRROR,))
"""Two operators and any one mishap."""
KILLS = Scenario((FIRST, LONDON), 4, faults=False, most_timelines=3)
"""Two operators, killed and without their lease between any two effects."""
WISHES = Scenario((FIRST, LONDON, BACK), 1, faults=False, stale=False, most_timelines=3)
"""People who disagree, and old objects."""
HANDS = Scenario((FIRST,), 0, by_hand=(BY_HAND,))
"""A person who goes past the operators."""
FORCED = Scenario((FIRST, FORCE), 2, logs=(NO_MIRROR,), operators=(0,), stale=False, most_timelines=3)
"""A person who accepts a loss."""
SOONER = frozenset({"a promise that is not kept", "written by one who does not act"})
"""Properties that are broken before anything comes of it: left aside where it is asked what comes of it."""
FLOORS = {
    "guard": 5_000,
    "faults": 10_000,
    "kills": 10_000,
    "wishes": 20_000,
    "hands": 3_000,
    "forced": 10_000,
}
SCENARIOS = {
    "guard": GUARD,
    "faults": FAULTS,
    "kills": KILLS,
    "wishes": WISHES,
    "hands": HANDS,
    "forced": FORCED,
}
STALLS, LOSES, LOSES_PLANNED = (
    "a planned change that stalls",
    "promoted into loss",
    "a planned change into loss",
)
PROMISES, TWICE, LATE = (
    "a promise that is not kept",
    "an effect twice",
    "an effect after it came to nothing",
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_state_breaks_a_promise_and_from_each_it_comes_to_rest(name: str):
    found = search(ActingSpace(SCENARIOS[name]), MOST_STATES)
    print(f"\n{name}: {found.states} states, {found.steps} steps between them")
    assert not found.broken, told(found)
    assert found.states >= FLOORS[name]


def test_the_docs_draw_what_was_found(repository: Path):
    space = ActingSpace(FORCED)
    search(space, MOST_STATES)
    picture = drawn((space.records[before], space.records[after]) for before, after in space.written)
    page = repository / "docs" / "operator.md"
    assert picture in page.read_text(), f"not what {page} draws any more:\n{picture}"


def told(found: Found) -> str:
    return "\n  ".join([f"{found.broken}, after {found.states} states:", *found.trace])


type Change = tuple[Callable, str, str]
"""A function, a clause of it, and what stands there instead."""

SYNCHRONOUS = (guard._judge_decisions, "if not synchronous:", "if False:")
NEEDED: dict[str, tuple[Scenario, str, list[Change]]] = {
    "guard: which epochs there are is unknown": (
        GUARD,
        LOSES,
        [(guard.judge, "Finding(Verdict.UNKNOWN,", "Finding(Verdict.LOSS_FREE,")],
    ),
    "guard: whether decisions are there is unknown": (
        GUARD,
        PROMISES,
        [(guard._judge_decisions, "Finding(Verdict.UNKNOWN,", "Finding(Verdict.LOSS_FREE,")],
    ),
    "guard: synchronous": (GUARD, PROMISES, [SYNCHRONOUS]),
    "guard: the mirror begins in time": (
        GUARD,
        LOSES,
        [(guard._judge_epoch, "mirror.first <= wanted <= mirror.last + 1", "wanted <= mirror.last + 1")],
    ),
    "guard: the mirror reaches the watermark": (
        GUARD,
        LOSES,
        [(guard._judge_epoch, "mirror.first <= wanted <= mirror.last + 1", "mirror.first <= wanted")],
    ),
    "guard: the truck goes on where the mirror ends": (
        GUARD,
        LOSES_PLANNED,
        [(guard._judge_epoch, "if isinstance(truck, Held) and truck.first > mirror.last + 1:", "if False:")],
    ),
    "guard: the truck begins in time": (
        GUARD,
        LOSES,
        [
            (
                guard._judge_epoch,
                "isinstance(truck, Held) and truck.first <= wanted",
                "isinstance(truck, Held)",
            )
        ],
    ),
    "switchover: synchronous, and the guard's": (
        replace(GUARD, logs=()),
        STALLS,
        [
            SYNCHRONOUS,
            (switchover._of_the_target, "!= DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY", "is None"),
        ],
    ),
    "switchover: the target reaches the truck": (
        GUARD,
        STALLS,
        [(switchover._of_the_target, "mirror.state == MirrorState.UNKNOWN", "False")],
    ),
    "switchover: how far it is behind is known": (
        GUARD,
        STALLS,
        [(switchover._of_the_target, 'if not status.loss.HasField("messages"):', "if False:")],
    ),
    "switchover: it is not far behind": (
        GUARD,
        STALLS,
        [(switchover._of_the_target, "status.loss.messages > most_behind", "False")],
    ),
    "switchover: its database is not far behind": (
        GUARD,
        STALLS,
        [(switchover._wal_behind, "behind <= most_bytes", "True")],
    ),
    "switchover: the guard would agree": (
        GUARD,
        STALLS,
        [(switchover.against_promotion, "promotion.without_loss != Truth.TRUTH_YES", "False")],
    ),
    "switchover: given back only while nobody has written": (
        GUARD,
        LOSES,
        [(switchover.outcome, " and new.timeline == timeline", "")],
    ),
    "claims: found, and compared": (
        KILLS,
        TWICE,
        [
            (Claims.find, "Claim.from_json(kept.value) if kept.revision else None", "None"),
            (memory._take, "{key: 0, WISH", "{WISH"),
        ],
    ),
    "claims: found": (
        KILLS,
        "it never rests",
        [(Claims.find, "Claim.from_json(kept.value) if kept.revision else None", "None")],
    ),
    "claims: an old wish begins nothing": (
        WISHES,
        "a wish accepted twice",
        [(memory._take, "before.revision or", "")],
    ),
    "memory: the lease is compared": (
        KILLS,
        "written by one who does not act",
        [(Memory.write, "LEASE: seen.revisions[LEASE], ", "")],
    ),
    "memory: lease and record are compared": (
        FAULTS,
        "an older timeline remembered",
        [(Memory.write, "LEASE: seen.revisions[LEASE], RECORD: seen.revisions[RECORD]", "")],
    ),
    "decide: a wish during an operation is not so yet": (
        WISHES,
        "it rests, FailedOver",
        [(decide._settled, " and not moving", "")],
    ),
    "decide: what came to nothing is not tried again": (
        FAULTS,
        "tried again",
        [(decide._settled, "if so or tried", "if so")],
    ),
    "seen: an older timeline does not lead": (
        FAULTS,
        "an older timeline remembered",
        [(seen.leading, " or newest.timeline < since_timeline", "")],
    ),
    "wishes: an old object moves nothing": (
        WISHES,
        "a wish accepted twice",
        [(wishes.rule, "if used:", "if False:")],
    ),
}


@pytest.mark.parametrize("clause", NEEDED)
def test_each_clause_taken_out_has_a_counterexample(clause: str, monkeypatch: pytest.MonkeyPatch):
    scenario, property_, changes = NEEDED[clause]
    for change in changes:
        take_out(monkeypatch, *change)
    found = search(ActingSpace(scenario, ignoring=SOONER - {property_}), MOST_STATES)
    expect(property_, clause, found)


RULES_OF_OTHERS = {
    "Patroni: only a synchronous member is promoted": (
        GUARD,
        LOSES,
        {"patroni": Patroni(promotes_anybody=True)},
    ),
    "the hook: the guard is asked": (GUARD, LOSES, {"patroni": Patroni(agrees=lambda *_: True)}),
    "sites: a claim is begun on its own timeline": (
        replace(GUARD, logs=(), stale=True),
        LATE,
        {"without": "timeline"},
    ),
    "sites: who follows a claim is patient": (KILLS, LATE, {"without": "patience"}),
}


@pytest.mark.parametrize("rule", RULES_OF_OTHERS)
def test_each_rule_that_is_repeated_here_has_a_counterexample_too(rule: str):
    scenario, property_, without = RULES_OF_OTHERS[rule]
    expect(property_, rule, search(ActingSpace(scenario, **without), MOST_STATES))


SPARE = {
    # What the next clause would say as well: they are there so that a person reads what is the matter. (That a primary
    # is seen is not among them: without it there is nothing to compare a target's database with.)
    "switchover: a region (the truck is no synchronous standby)": (
        switchover.objections,
        "if target not in regions:",
        "if False:",
    ),
    "switchover: another one (the primary is no synchronous standby)": (
        switchover.objections,
        "if primary == target:",
        "if False:",
    ),
    "switchover: it answers (who does not is no synchronous standby)": (
        switchover.objections,
        'if not sites[target].HasField("report"):',
        "if False:",
    ),
    "switchover: a synchronous standby (the guard asks for that too)": (
        switchover._of_the_target,
        "!= DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY",
        "is None",
    ),
    # The lease alone keeps all but one from writing.
    "memory: the record is compared (only who holds the lease writes)": (
        Memory.write,
        ", RECORD: seen.revisions[RECORD]",
        "",
    ),
}


@pytest.mark.parametrize("clause", SPARE)
def test_these_clauses_are_for_people_or_a_second_lock(clause: str, monkeypatch: pytest.MonkeyPatch):
    """Taken out alone nothing breaks; with the one that is named, see above."""
    take_out(monkeypatch, *SPARE[clause])
    anywhere = replace(GUARD, mishaps=1, by_hand=(BY_HAND, ("by-mistake", TRUCK)))
    scenario = anywhere if clause.startswith("switchover") else replace(KILLS, mishaps=2)
    found = search(ActingSpace(scenario), MOST_STATES)
    assert not found.broken, told(found)


def take_out(monkeypatch: pytest.MonkeyPatch, function: Callable, clause: str, instead: str) -> None:
    """From the code that runs, wherever it was imported."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(clause) == 1, f"{function.__name__} has no such clause any more: {clause}"
    names = dict(function.__globals__)
    exec(compile(source.replace(clause, instead), inspect.getfile(function), "exec"), names)
    monkeypatch.setattr(function, "__code__", names[function.__name__].__code__)


def expect(property_: str, clause: str, found: Found) -> None:
    print(f"\n{clause}: {told(found)}")
    assert found.broken == property_, told(found)
