"""`kubectl ardoise status`: what a person reads of what the objects say."""

from typing import Any

import pytest
from ardoise_operator.plugin.picture import Picture
from ardoise_operator.plugin.screen import screen, seen
from rich.console import Console

from tests.support.operator_pictures import World, ended, running
from tests.support.own_kinds import STATUS

SCREEN_COLUMNS = 100


def shown(picture: Picture, columns: int = SCREEN_COLUMNS) -> str:
    console = Console(width=columns, highlight=False)
    with console.capture() as captured:
        console.print(screen(picture))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


@pytest.fixture
def world() -> World:
    return World()


def test_a_good_day_is_told_on_one_screen(world: World):
    world.status["history"] = [ended("2026-07-06-london-1", **{"from": "london", "to": "amsterdam"})]
    assert shown(world.look()) == "\n".join(
        [
            "primary        amsterdam, timeline 7, as wished for (as-installed)",
            "can take over  london: yes, synchronous member: every decision is here",
            "lost now       2 messages (1.50 s of the race), no decisions, if london alone were left",
            "",
            "site       role                 timeline  log   behind      wal behind  answers",
            "truck      origin               -         4180  -           -           41 ms",
            "amsterdam  primary              7         4178  2 messages  0 B         1 ms",
            "london     synchronous standby  7         4178  2 messages  352 B       14 ms",
            "",
            "changed   what        from -> to           ended  stood   lost",
            "13:59:50  switchover  london -> amsterdam  moved  2.45 s  0 messages, 0 decisions",
            "",
            "everything is as it should be",
        ]
    )
    assert world.look().is_ready


def test_whose_picture_it_is_stands_above_it(world: World):
    assert str(seen(world.look(), "ams")) == "race in race of ams, seen from amsterdam, looked at 2 s ago"


def test_a_lost_region_is_told_with_what_is_unknown(world: World):
    world.lose("amsterdam")
    text = shown(world.look())
    assert "primary        Unknown, amsterdam is wished for (as-installed)" in text
    assert "can take over  amsterdam: Unknown, it does not answer london" in text
    assert "can take over  london: NO, no synchronous member" in text
    assert "lost now       Unknown: no primary is seen" in text
    assert "amsterdam  Unknown  -         -     -           -           no, since 13:59:00" in text
    assert "!  Ready  NO  no region that answers is primary; since 7 Jul 12:00" not in text
    assert "!  Ready  NO  no region that answers is primary; since 12:00:00" in text
    assert not world.look().is_ready


def test_a_primary_that_nobody_wished_for_is_not_ready(world: World):
    world.spec["primary"] = "london"
    world.say("Ready", "False", "FailedOver", "amsterdam is primary; london does not follow it yet")
    assert "amsterdam, timeline 7; london is wished for (as-installed)" in shown(world.look())
    assert not world.look().is_ready


def test_an_operation_is_told_with_its_steps_and_their_times(world: World):
    world.status["operation"] = running("to-london", "Rejoining", 'Successfully switched over to "london"')
    text = shown(world.look())
    assert "switchover amsterdam -> london, to-london, begun at 13:59:50" in text
    assert '  done  13:59:53  switching  3 s  Successfully switched over to "london"' in text
    assert "  now             rejoining" in text


def test_what_a_change_cost_and_is_not_known_yet_is_unknown(world: World):
    cost: dict[str, Any] = {"lostMessages": 4, "lostDecisions": "Unknown"}
    forced = ended("f", type="ForcedFailover", writesInterruptedMilliseconds="Unknown", **cost)
    world.status["history"] = [forced, ended("n", "Refused")]
    assert "forced failover  amsterdam -> london  moved    Unknown  4 messages, Unknown decisions" in shown(
        world.look()
    )
    assert "switchover       amsterdam -> london  refused  -        -" in shown(world.look())


def test_what_is_said_of_all_conditions_is_said_once(world: World):
    kinds = [one["type"] for one in world.status["conditions"]]
    for kind in kinds:
        world.say(kind, "Unknown", "SitesSilent", "`sites` of amsterdam does not answer")
    text = " ".join(shown(world.look()).split())
    assert text.count("`sites` of amsterdam does not answer; since") == 1
    for kind in kinds:
        assert kind in text
    assert not world.look().is_ready


def test_conditions_of_a_site_are_told_with_its_name(world: World):
    world.sites["london"]["status"]["conditions"][1].update(status="True", message="positioning is silent")
    assert "!  london: Degraded  yes  positioning is silent; since 12:00:00" in shown(world.look())


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        ("2026-07-07T13:58:03Z", "its operator has not looked for 2 min 2 s: see whether it runs"),
        (None, "no operator has looked at it yet: see whether one runs"),
    ],
    ids=["silent", "never"],
)
def test_an_operator_that_does_not_look_is_not_believed(observed: str | None, words: str, world: World):
    world.status["observedAt"] = observed
    assert words in shown(world.look())
    assert "What follows is as old as that" in " ".join(shown(world.look()).split())
    assert "everything is as it should be" not in shown(world.look())
    assert not world.look().is_ready


def test_a_spec_that_the_operator_has_not_seen_is_not_ready(world: World):
    world.wish("to-london", "london", seen=False)
    assert "the operator has not seen the newest spec yet" in shown(world.look())
    assert not world.look().is_ready


def test_without_a_status_all_of_it_is_unknown(world: World):
    del world.replication["status"]
    for site in world.sites.values():
        del site["status"]
    text = shown(world.look())
    assert "truck      not looked at" in text
    assert "lost now       Unknown" in text
    assert "no condition is known" in text


def test_the_examples_of_the_definitions_are_told(world: World):
    world.replication["status"] = STATUS["race"]
    for name, site in world.sites.items():
        site["status"] = STATUS[name]
    text = shown(world.look())
    assert "failover amsterdam -> london, as-installed" in text
    assert max(map(len, text.splitlines())) <= SCREEN_COLUMNS


def test_figures_are_not_broken_at_a_hundred_columns(world: World):
    world.sites["london"]["status"]["links"] = [
        {
            **world.sites["london"]["status"]["links"][0],
            **{"reachable": "False", "silentSince": "2026-07-06T23:59:00Z"},
        }
    ]
    world.status["history"] = [
        ended(
            "f",
            type="ForcedFailover",
            writesInterruptedMilliseconds=20310,
            lostMessages=104,
            lostDecisions=12,
        )
    ]
    text = shown(world.look())
    assert (
        "london     synchronous standby  7         4178  2 messages  352 B       no, since 6 Jul 23:59"
        in text
    )
    assert "forced failover  amsterdam -> london  moved  20.31 s  104 messages, 12 decisions" in text


def test_what_would_steer_a_terminal_is_taken_out(world: World):
    world.say("Degraded", "True", "NotWhole", "\x1b[2Jgone [bold]")
    assert "\x1b" not in shown(world.look())
    assert "[2Jgone [bold]" in shown(world.look())
