"""Storms: drawn from a seed, and possible on a platform that is well when they begin."""

import pytest
from ardoise.rehearsal.drills.scenario import Act, Hold, Place, SetLink, StickMirror, Switchover
from ardoise.rehearsal.drills.scenarios.storm import MOST_FAULTS, TROUBLES, storm
from ardoise.up.control import Action
from ardoise.up.network import Condition

SEEDS = range(300)


def test_the_same_seed_is_the_same_storm_and_another_is_another():
    assert storm(7, 3) == storm(7, 3)
    assert len({storm(seed, 3).steps for seed in SEEDS}) > 0.99 * len(SEEDS)


@pytest.mark.parametrize("faults", [1, MOST_FAULTS])
def test_it_has_as_many_faults_as_were_asked_for(faults: int):
    begins = [trouble.begins for trouble in TROUBLES]
    for seed in SEEDS:
        assert sum(step in begins for step in storm(seed, faults).steps) == faults


def test_what_needs_a_platform_that_is_well_comes_first():
    for seed in SEEDS:
        for number, step in enumerate(storm(seed, 3).steps):
            assert number == 0 or not isinstance(step, StickMirror | Switchover)


def test_nothing_is_mended_that_was_not_broken_before():
    for seed in SEEDS:
        broken: list[object] = []
        for step in storm(seed, MOST_FAULTS).steps:
            if isinstance(step, SetLink) and step.condition == Condition():
                broken.remove((step.one, step.other, step.both_ways))
            elif isinstance(step, SetLink):
                broken.append((step.one, step.other, step.both_ways))
            elif isinstance(step, Act) and step.action is Action.RESUME:
                broken.remove((step.place, step.parts))
            elif isinstance(step, Act) and step.action is Action.PAUSE:
                broken.append((step.place, step.parts))


def test_every_site_and_every_kind_of_step_is_drawn_sooner_or_later():
    drawn = [step for seed in SEEDS for step in storm(seed, 3).steps]
    assert {step.place for step in drawn if isinstance(step, Act)} == set(Place)
    assert {step.action for step in drawn if isinstance(step, Act)} == set(Action) - {
        Action.RESTORE,
        Action.KEEP_LOG,
        Action.ROLL_BACK_LOG,
        Action.WIPE,
        Action.LOSE_WAL,
        Action.FLIP_LOG_BIT,
        Action.FILL_DISK,
        Action.STALL_DISK,
        Action.EASE_DISK,
    }
    assert any(isinstance(step, Hold) for step in drawn)
