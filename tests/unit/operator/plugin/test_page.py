"""docs/kubectl-plugin.md shows what is printed."""

import re
from pathlib import Path

import pytest
from ardoise_operator.plugin.commands import FOLLOW_LIMIT
from ardoise_operator.plugin.follow import Following
from ardoise_operator.plugin.glass import command
from ardoise_operator.plugin.screen import seen
from ardoise_operator.plugin.wish import Wish, alignment, plan

from tests.support.operator_pictures import NOW, World, ended, running
from tests.unit.operator.plugin.test_screen import shown

WISH = Wish("2026-07-07-london-1", "london")
KUBECTL = ["kubectl", "--context=london", "--namespace=race"]


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs" / "kubectl-plugin.md").read_text()


def blocks(page: str) -> list[str]:
    return re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_the_screen_is_the_one_that_is_printed(page: str):
    world = World()
    world.status["history"] = [ended("2026-07-06-amsterdam-1", **{"from": "london", "to": "amsterdam"})]
    picture = world.look()
    _, _, screen = blocks(page)[0].partition("\n")
    assert screen.rstrip() == f"{seen(picture, 'amsterdam')}\n{shown(picture)}"


def test_a_switchover_is_shown_as_it_is_told(page: str):
    block = blocks(page)[1]
    world = World()
    for number, line in enumerate(plan(world.look(), WISH), 1):
        assert f"  {number}. {line}\n" in block
    assert "\n".join(alignment(world.look(), WISH, KUBECTL)) in block
    world.wish(WISH.request_id, "london")
    following, told = Following(WISH, world.replication["metadata"]["generation"]), []
    for second, operation in (
        (50, running(WISH.request_id)),
        (53, running(WISH.request_id, "Rejoining", "Successfully switched over")),
    ):
        world.status["operation"] = operation
        told += following.news(world.look(NOW.replace(hour=13, minute=59, second=second)))
    del world.status["operation"]
    world.status["history"] = [ended(WISH.request_id)]
    end = following.end(world.look())
    assert end is not None
    assert "\n".join([*(f"  {line}" for line in told), *end.lines]) in block


def test_break_glass_is_the_command_that_is_run(page: str):
    assert " ".join(command(KUBECTL, "pod/ardoise-operator-...", "london")) in blocks(page)[2]


def test_the_time_of_following_is_the_commands(page: str):
    assert f"`--timeout` ({FOLLOW_LIMIT})" in page
