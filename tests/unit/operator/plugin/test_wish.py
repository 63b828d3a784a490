"""A wish for another primary: refused early with its reasons, written whole, told where else to write it."""

import json
import re

import pytest
from ardoise_operator.plugin.problem import Misused
from ardoise_operator.plugin.wish import (
    Wish,
    accepted_loss,
    against_force,
    against_switchover,
    alignment,
    check_region,
    fresh_id,
    is_there,
    plan,
)

from tests.support.operator_pictures import TODAY, World, ended, running
from tests.support.own_kinds import definitions, fields, schema_of

KUBECTL = ["kubectl", "--context=ams", "--namespace=race"]


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_id_says_day_region_and_number(world: World):
    assert fresh_id(world.look(), "london", TODAY) == "2026-07-07-london-1"


def test_a_new_id_is_none_that_is_remembered_anywhere(world: World):
    def used(number: int) -> str:
        return f"2026-07-07-london-{number}"

    world.spec["requestId"] = used(1)
    assert fresh_id(world.look(), "london", TODAY) == used(2)
    world.status["acceptedRequestId"] = used(2)
    assert fresh_id(world.look(), "london", TODAY) == used(3)
    world.status["history"] = [ended(used(11)), ended(used(3)), ended("failover-8")]
    assert fresh_id(world.look(), "london", TODAY) == used(12)
    world.status["operation"] = running(used(12))
    assert fresh_id(world.look(), "london", TODAY) == used(13)
    world.spec["force"] = {"requestId": used(13), "acceptedLossMessages": 0}
    assert fresh_id(world.look(), "london", TODAY) == used(14)
    assert fresh_id(world.look(), "amsterdam", TODAY) == "2026-07-07-amsterdam-1"


def test_a_new_id_is_one_that_the_schema_takes(world: World):
    form = dict(fields(schema_of(definitions()["Replication"])))[".spec.requestId"]
    longest = fresh_id(world.look(), "l" * 32, TODAY)
    assert len(longest) <= form["maxLength"]
    rule = form["x-kubernetes-validations"][0]["rule"]
    pattern = re.search(r"matches\(r'(.*)'\)", rule)
    assert pattern is not None
    assert re.fullmatch(pattern[1], longest)


def test_a_planned_wish_is_primary_and_id_and_no_older_force_at_the_version_that_was_read():
    assert Wish("x", "london").patch("41") == {
        "metadata": {"resourceVersion": "41"},
        "spec": {"primary": "london", "requestId": "x", "force": None},
    }


@pytest.mark.parametrize(("accepted", "written"), [("Unknown", "Unknown"), ("12", 12), ("0", 0)])
def test_a_forced_wish_names_itself_and_the_loss(accepted: str, written: int | str):
    spec = Wish("x", "london", accepted).patch("41")["spec"]
    assert spec["force"] == {"requestId": "x", "acceptedLossMessages": written}
    assert spec["requestId"] == "x"


def test_on_a_good_day_nothing_stands_against_a_switchover(world: World):
    assert against_switchover(world.look(), "london") == []


def test_a_region_that_there_is_not_is_named_with_those_that_there_are(world: World):
    with pytest.raises(Misused, match="there is no region paris: there are amsterdam, london"):
        check_region(world.look(), "paris")


def test_what_the_guard_says_is_the_reason(world: World):
    world.status["canPromote"][1] = {
        "site": "london",
        "status": "False",
        "reasons": ["no synchronous member"],
    }
    assert against_switchover(world.look(), "london") == ["no synchronous member"]
    world.status["canPromote"] = []
    assert against_switchover(world.look(), "london") == [
        "whether london could take over without loss is Unknown"
    ]


def test_a_region_that_is_too_far_behind_is_not_moved_to(world: World):
    world.status["lossNow"]["messages"] = 1001
    world.sites["london"]["status"]["lag"]["walBytes"] = 20 * 1024**2
    assert against_switchover(world.look(), "london") == [
        "london is 1001 messages behind the truck, at most 1000",
        "london's database is 20 MiB behind the primary's, at most 16 MiB",
    ]
    world.status["lossNow"]["messages"] = "Unknown"
    assert "how far london is behind the truck is Unknown" in against_switchover(world.look(), "london")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda world: world.spec.update(mode="ObserveOnly"), "in mode ObserveOnly nobody acts"),
        (lambda world: world.status.update(operation=running("other")), "Switchover other is not over"),
        (lambda world: world.lose_majority(), "etcd has no majority, so nobody acts"),
        (lambda world: world.status.update(observedAt="2026-07-07T13:00:00Z"), "has not looked for 1 h"),
        (
            lambda world: world.say("Ready", "Unknown", "SitesSilent", "no answer"),
            "its operator is not answered: no answer",
        ),
    ],
)
def test_where_nobody_would_act_nothing_is_written(change, words: str, world: World):
    world.lose("amsterdam")
    change(world)
    for against in (
        against_switchover(world.look(), "london"),
        against_force(world.look(), "london", "Unknown"),
    ):
        assert len(against) == 1
        assert words in against[0]


def test_a_switchover_waits_for_no_region_that_follows_again_by_itself(world: World):
    world.status["operation"] = running("before", "Rejoining", "done")
    assert against_switchover(world.look(), "london") == []


def test_without_a_primary_a_planned_change_is_patronis(world: World):
    world.lose("amsterdam")
    assert "Patroni promotes by itself" in against_switchover(world.look(), "london")[0]


def test_a_region_that_is_primary_and_wished_for_is_there(world: World):
    assert is_there(world.look(), "amsterdam")
    assert not is_there(world.look(), "london")
    world.status["acceptedPrimary"] = "london"
    assert not is_there(world.look(), "amsterdam"), "the failback would go on"


def test_a_primary_may_be_wished_to_stay(world: World):
    world.spec["primary"] = "london"
    assert against_switchover(world.look(), "amsterdam") == []
    assert "nothing is moved, nothing can be lost" in plan(world.look(), Wish("x", "amsterdam"))[-1]


def test_nothing_is_forced_where_nothing_has_to_be_lost(world: World):
    assert against_force(world.look(), "london", "Unknown") == [
        "amsterdam is primary, nothing has to be lost: kubectl ardoise switchover london"
    ]
    assert against_force(world.look(), "amsterdam", "Unknown") == ["amsterdam is primary already"]
    world.lose("amsterdam")
    assert against_force(world.look(), "london", "Unknown") == []
    world.status["canPromote"][1]["status"] = "True"
    assert "Patroni promotes by itself" in against_force(world.look(), "london", "Unknown")[0]


def test_less_than_what_could_be_lost_is_not_accepted(world: World):
    world.lose("amsterdam")
    world.sites["truck"]["status"]["log"] = {**world.sites["truck"]["status"]["log"], "firstSequence": 4180}
    assert against_force(world.look(), "london", "0") == [
        "what could be lost is 1 message of the log, decisions may be lost: "
        "--accept-loss Unknown accepts it, 0 does not"
    ]
    world.sites["london"]["status"]["role"] = "SynchronousStandby"
    assert "--accept-loss 1 accepts it, 0 does not" in against_force(world.look(), "london", "0")[0]
    assert against_force(world.look(), "london", "1") == []


@pytest.mark.parametrize(
    ("text", "accepted"), [("Unknown", "Unknown"), ("unknown", "Unknown"), ("0", "0"), ("12", "12")]
)
def test_a_loss_is_accepted_as_a_number_or_unknown(text: str, accepted: str):
    assert accepted_loss(text) == accepted


@pytest.mark.parametrize("text", ["some", "-1", "1.5", "1" * 19, "²"])
def test_any_other_loss_is_refused(text: str):
    with pytest.raises(Misused, match="write a number of messages, or Unknown"):
        accepted_loss(text)


def test_the_plan_of_a_forced_failover_says_what_could_be_lost_and_who_has_to_be_off(world: World):
    world.lose("amsterdam")
    text = "\n".join(plan(world.look(), Wish("x", "london", "Unknown")))
    assert "what could be lost: 0 messages of the log, decisions may be lost; accepted: Unknown" in text
    assert "amsterdam is off, or nobody writes there any more" in text


def test_the_same_is_to_be_written_where_the_other_region_and_git_have_it(world: World):
    lines = alignment(world.look(), Wish("x", "london"), KUBECTL)
    assert "the cluster of london, which shows SpecDiverged until then" in lines[0]
    assert lines[1:4] == ["  spec:", "    primary: london", "    requestId: x"]
    said = re.search(
        r"--context=<london's> --namespace=race patch replication race --type=merge -p '(.*)'$", lines[4]
    )
    assert said is not None
    assert json.loads(said[1]) == {"spec": {"primary": "london", "requestId": "x", "force": None}}
    assert len(lines) == 5


def test_force_is_for_one_object_and_one_wish(world: World):
    lines = alignment(world.look(), Wish("x", "london", "Unknown"), KUBECTL)
    assert '"force":null' in lines[4]
    assert "take force out here" in lines[5]
    assert lines[6].endswith(
        """--context=ams --namespace=race patch replication race --type=merge -p '{"spec":{"force":null}}'"""
    )
