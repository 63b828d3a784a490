"""What could be lost, as the objects let it be told; else Unknown."""

import pytest
from ardoise_operator.plugin.loss import outlook

from tests.support.operator_pictures import World


@pytest.fixture
def world() -> World:
    world = World()
    world.lose("amsterdam")
    return world


def test_what_the_truck_still_holds_is_no_loss(world: World):
    world.sites["london"]["status"]["role"] = "SynchronousStandby"
    found = outlook(world.look(), "london")
    assert (found.messages, found.decisions, found.accepts) == (0, "False", "0")
    assert str(found) == "0 messages of the log, no decisions"


def test_what_nobody_holds_is_counted(world: World):
    # London has written 4177 and mirrors to 4178; the truck begins with 4182.
    world.sites["truck"]["status"]["log"] = {
        **world.sites["truck"]["status"]["log"],
        **{"firstSequence": 4182, "lastSequence": 4190},
    }
    assert outlook(world.look(), "london").messages == 3


def test_without_the_truck_it_is_unknown(world: World):
    world.sites["truck"]["status"] = {"role": "Unknown"}
    found = outlook(world.look(), "london")
    assert (found.messages, found.accepts) == (None, "Unknown")
    assert str(found) == "Unknown messages of the log, decisions may be lost"


def test_without_a_watermark_it_is_unknown(world: World):
    world.sites["london"]["status"]["log"]["watermark"] = "Unknown"
    assert outlook(world.look(), "london").messages is None


def test_a_standby_that_was_not_synchronous_may_lack_decisions(world: World):
    assert outlook(world.look(), "london").decisions == "True"


def test_what_etcd_said_before_it_lost_its_majority_says_nothing_of_decisions(world: World):
    world.sites["london"]["status"]["role"] = "SynchronousStandby"
    world.lose_majority()
    world.sites["london"]["status"]["role"] = "SynchronousStandby"
    assert outlook(world.look(), "london").decisions == "Unknown"
