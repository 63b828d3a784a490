"""What becomes of a wish is told as it happens, once, and ends with what was measured."""

from datetime import timedelta
from typing import Any

import pytest
from ardoise_operator.plugin.follow import Following
from ardoise_operator.plugin.wish import Wish

from tests.support.operator_pictures import NOW, World, ended, running

WISH = Wish("to-london", "london")


@pytest.fixture
def world() -> World:
    world = World()
    world.wish("to-london", "london", seen=False)
    return world


@pytest.fixture
def following(world: World) -> Following:
    return Following(WISH, world.replication["metadata"]["generation"])


def accepted(world: World) -> None:
    world.status.update(observedGeneration=4, acceptedRequestId="to-london", acceptedPrimary="london")
    world.say("Ready", "False", "OperationInProgress", "Switchover to-london: Switching, to london")


def test_a_switchover_is_told_step_by_step_and_nothing_twice(world: World, following: Following):
    assert following.news(world.look()) == []
    accepted(world)
    world.status["operation"] = running("to-london")
    assert following.news(world.look()) == [
        "14:00:05  accepted",
        "13:59:50  begun: switchover to london",
        "14:00:05  switching ...",
    ]
    assert following.news(world.look(NOW + timedelta(seconds=1))) == []
    world.status["operation"] = running("to-london", "Rejoining", "Successfully switched over")
    assert following.news(world.look()) == [
        "13:59:53  switching, done after 3 s: Successfully switched over",
        "14:00:05  rejoining ...",
    ]
    assert following.end(world.look()) is None
    del world.status["operation"]
    world.status.update(primary="london", history=[ended("to-london")])
    world.say("Ready", "True", "AsWished")
    end = following.end(world.look())
    assert end is not None
    assert end.moved
    assert end.lines == (
        "london is primary, amsterdam follows: 8 s in all, writes stood for 2.45 s",
        "lost: 0 messages, 0 decisions; derived again: 3 messages",
    )


def test_why_it_waits_is_told_when_it_changes(world: World, following: Following):
    accepted(world)
    world.say("Ready", "False", "SwitchoverRefused", "london is no synchronous standby")
    assert following.news(world.look())[-1] == "14:00:05  waits: london is no synchronous standby"
    assert following.news(world.look()) == []
    world.say("Ready", "False", "CoolingDown", "in 12 s: amsterdam was promoted a moment ago")
    assert following.news(world.look()) == ["14:00:05  waits: in 12 s: amsterdam was promoted a moment ago"]
    assert following.end(world.look()) is None


def test_an_operator_that_stops_looking_is_told(world: World, following: Following):
    assert (
        "waits: its operator has not looked for" in following.news(world.look(NOW + timedelta(minutes=2)))[0]
    )


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("Stayed", "amsterdam is primary still, after 8 s: Patroni would not"),
        ("Refused", "nothing was begun, after 8 s: Patroni would not"),
        ("Unknown", "Unknown, after 8 s: Patroni would not"),
    ],
)
def test_a_wish_that_came_to_nothing_says_why(outcome: str, words: str, world: World, following: Following):
    accepted(world)
    world.status["history"] = [ended("to-london", outcome, reason="Patroni would not")]
    end = following.end(world.look())
    assert end is not None
    assert not end.moved
    assert end.lines == (words,)


def test_a_loss_is_told_as_far_as_it_is_known(world: World, following: Following):
    cost: dict[str, Any] = {"lostMessages": 4, "lostDecisions": "Unknown", "replayedMessages": None}
    lost = [{"epoch": 7, "firstSequence": 4177, "lastSequence": 4180}]
    forced = {"type": "ForcedFailover", "from": "Unknown", "writesInterruptedMilliseconds": "Unknown"}
    world.status["history"] = [ended("to-london", **cost, **forced, lost=lost)]
    end = following.end(world.look())
    assert end is not None
    assert end.lines == (
        "london is primary: 8 s in all, writes stood for Unknown",
        "lost: 4 messages, Unknown decisions; derived again: Unknown messages",
        "what is Unknown is written down as soon as those answer who can tell: kubectl ardoise status",
        "  of log 7: 4177 to 4180",
    )


def test_a_wish_that_was_not_accepted_says_how_to_align(world: World, following: Following):
    world.say("SpecDiverged", "True", "AnotherWasAccepted", "write primary: amsterdam")
    assert following.end(world.look()) is None, "the operator has not seen it yet"
    world.status["observedGeneration"] = 4
    end = following.end(world.look())
    assert end is not None
    assert not end.moved
    assert end.lines == ("not accepted: write primary: amsterdam",)


def test_somebody_elses_wish_ends_it(world: World, following: Following):
    world.wish("home", "amsterdam")
    end = following.end(world.look())
    assert end is not None
    assert end.lines == ("somebody else wished for amsterdam (home) meanwhile: kubectl ardoise status",)


def test_a_picture_from_before_the_wish_ends_nothing(following: Following):
    assert following.end(World().look()) is None


def test_a_region_that_is_primary_already_is_as_wished(world: World, following: Following):
    accepted(world)
    world.status["primary"] = "london"
    world.say("Ready", "True", "AsWished")
    end = following.end(world.look())
    assert end is not None
    assert end.moved
    assert end.lines == ("london is primary, as wished for; nothing had to be moved",)


def test_a_wish_that_is_not_carried_out_stands_and_can_be_taken_back(world: World, following: Following):
    accepted(world)
    end = following.so_far(world.look())
    assert not end.moved
    assert end.lines == (
        "the wish to-london stands, and is carried out as soon as nothing stands against it",
        "follow it: kubectl ardoise status -w; take it back: kubectl ardoise switchover amsterdam",
    )


def test_a_region_that_is_primary_still_is_not_as_wished_before_that_is_accepted(world: World):
    world.wish("to-stay", "amsterdam", seen=False)
    following = Following(Wish("to-stay", "amsterdam"), world.replication["metadata"]["generation"])
    assert not following.so_far(world.look()).moved, "the wish before it may be carried out yet"
    world.status["acceptedRequestId"] = "to-stay"
    assert following.so_far(world.look()).moved


def test_an_operation_that_nobody_waits_for_goes_on(world: World, following: Following):
    accepted(world)
    world.status["operation"] = running("to-london")
    assert following.so_far(world.look()).lines == (
        "switchover to-london is at switching: it goes on by itself; follow it: kubectl ardoise status -w",
    )
    world.status.update(primary="london", operation=running("to-london", "Rejoining", "done"))
    end = following.so_far(world.look())
    assert end.moved
    assert "amsterdam does not follow it yet: it goes on by itself" in end.lines[0]


def test_where_nothing_was_seen_nothing_is_known(following: Following):
    end = following.so_far(None)
    assert not end.moved
    assert "what has become of to-london is Unknown" in end.lines[0]
