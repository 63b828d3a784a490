"""The drills as data: each puts right what it breaks, promises what it waits for, and can be named."""

import pytest
from ardoise.rehearsal.drills.scenario import (
    Act,
    Follow,
    Hold,
    Invariant,
    Place,
    Scenario,
    SetLink,
    WaitUntil,
)
from ardoise.rehearsal.drills.scenarios import SCENARIOS, by_name
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.network import Condition

every = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
LISTED = {*range(1, 4), *range(5, 22), *range(26, 44), 47, 48, 49, 50}
UNDONE = {
    Action.RESTORE: (
        Action.KILL,
        Action.CUT_POWER,
        Action.ROLL_BACK_LOG,
        Action.WIPE,
        Action.LOSE_WAL,
        Action.FLIP_LOG_BIT,
    ),
    Action.RESUME: (Action.PAUSE,),
    Action.EASE_DISK: (Action.FILL_DISK, Action.STALL_DISK),
}


@every
def test_each_puts_right_what_it_breaks(scenario: Scenario):
    links: dict[tuple[Place, Place], Condition] = {}
    broken: set[tuple[Place, Action, tuple[str, ...]]] = set()
    for step in scenario.steps:
        if isinstance(step, SetLink):
            pairs = [(step.one, step.other), (step.other, step.one)][: 1 + step.both_ways]
            links |= dict.fromkeys(pairs, step.condition)
        elif isinstance(step, Act):
            if step.action in UNDONE:
                broken -= {(step.place, action, step.parts) for action in UNDONE[step.action]}
            elif step.action not in (Action.RESTART, Action.KEEP_LOG):
                broken.add((step.place, step.action, step.parts))
    assert set(links.values()) <= {Condition()}
    assert broken == set()


@every
def test_each_breaks_something_and_waits_for_something_in_the_end(scenario: Scenario):
    assert any(not isinstance(step, (WaitUntil, Hold)) for step in scenario.steps)
    assert isinstance(scenario.steps[-1], (WaitUntil, Follow))


@every
def test_each_keeps_to_its_own_promise_of_time(scenario: Scenario):
    """What is waited for after the fault is not allowed longer than decisions may stand."""
    within = scenario.promise.writes_within
    if within is not None:
        assert within.promise or within in {Wait.CUT_SHORT}


@every
def test_each_that_promises_a_word_to_people_also_checks_it(scenario: Scenario):
    promises = scenario.promise.says_no_truck or scenario.promise.warned_by
    assert not promises or Invariant.HONEST in scenario.checks


def test_the_faults_of_the_catalogue_that_are_asked_for_are_there():
    assert {number for scenario in SCENARIOS.values() for number in scenario.numbers} == LISTED


def test_every_direction_of_every_link_is_cut_alone():
    pairs = {(one, other) for one in Place for other in Place if one is not other}
    cut = {
        (step.one, step.other)
        for scenario in SCENARIOS.values()
        for step in scenario.steps
        if isinstance(step, SetLink) and not step.both_ways
    }
    assert cut == pairs


def test_a_drill_is_found_by_its_name_and_by_a_number_that_it_alone_has():
    assert by_name("region-lost") is by_name("5")
    with pytest.raises(ValueError, match="there is no drill '12'"):
        by_name("12")


def test_no_two_waits_are_one():
    """An enumeration makes members with the same value one, without a word."""
    assert len(Wait.__members__) == len(list(Wait))
