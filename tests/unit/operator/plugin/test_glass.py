"""Break-glass: for the region that is left, where nobody else acts, by a command that is shown first."""

from pathlib import Path

import pytest
from ardoise.chassis.settings import CommonSettings
from ardoise.cli.calls import who_calls
from ardoise_operator.plugin.glass import command, explained, target
from ardoise_operator.plugin.problem import Misused, Problem

from tests.support.operator_pictures import World


@pytest.fixture
def world() -> World:
    world = World()
    world.lose_majority()
    return world


def test_the_region_of_the_cluster_is_the_one_that_is_left(world: World):
    assert target(world.look(), "") == "london"
    assert target(world.look(), "london") == "london"


def test_another_region_is_asked_at_its_own_cluster(world: World):
    with pytest.raises(Misused, match="this is the cluster of london: give that of amsterdam with --context"):
        target(world.look(), "amsterdam")


def test_where_nobody_has_ever_looked_the_region_has_to_be_named(world: World):
    del world.replication["status"]
    with pytest.raises(Misused, match="say which region is left: amsterdam or london"):
        target(world.look(), "")
    assert target(world.look(), "london") == "london"


def test_with_a_majority_there_is_a_way_without_breaking_anything():
    world = World()
    with pytest.raises(Problem, match="amsterdam is primary: kubectl ardoise switchover london moves it"):
        target(world.look(), "")
    world.lose("amsterdam")
    with pytest.raises(
        Problem, match="etcd has a majority, and the operator acts: kubectl ardoise failover london"
    ):
        target(world.look(), "")


def test_what_only_people_can_make_sure_of_is_said_before(world: World):
    text = " ".join(explained(world.look(), "london"))
    assert "etcd has no majority, and the operator does nothing" in text
    assert "amsterdam is off, or reaches neither truck nor london nor anybody who writes there" in text
    assert "wait" in text


def test_an_operator_that_is_silent_does_not_say_that_there_is_no_majority():
    world = World()
    world.status["observedAt"] = "2026-07-07T13:00:00Z"
    assert "Whether etcd has a majority is not known here" in explained(world.look(), "amsterdam")[0]


def test_the_command_is_the_runbooks_in_the_operators_container():
    kubectl = ["kubectl", "--context=lon", "--namespace=race"]
    assert " ".join(command(kubectl, "pod/ardoise-operator-x", "london")) == (
        "kubectl --context=lon --namespace=race exec --stdin --tty pod/ardoise-operator-x --container=operator "
        "-- ardoise sites break-glass london"
    )


def test_in_the_operators_pod_its_certificate_is_shown_and_not_one_that_may_only_look(tmp_path: Path):
    for name in ("sites", "operator"):
        (tmp_path / f"{name}.pem").touch()
    assert who_calls(CommonSettings(identity_dir=tmp_path)) == "operator"
