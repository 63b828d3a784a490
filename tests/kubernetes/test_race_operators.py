"""Two operators in two real clusters, installed with the chart, while a race is on: driven by kubectl alone."""

import asyncio
import json
from pathlib import Path

from ardoise.rehearsal.drills.conditions import primary_is, written_down
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.scenario import EVERYWHERE, Act, Cast, Do, Hold, Promise, SetLink, WaitUntil
from ardoise.rehearsal.drills.waits import Wait
from ardoise.sites.operations.memory import LEASE_S
from ardoise.up.control import Action
from ardoise.up.network import Condition

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.race import MARKS, PRIMARY, STANDBY, holds, own, status, well_again
from tests.kubernetes.release import Release
from tests.kubernetes.three import ThreeClusters
from tests.kubernetes.wishes import MOVES, attempt, carried_out_once, wished
from tests.support.operators import REGIONS, condition, who_acts

pytestmark = MARKS
SEEN_LIMIT_S = 90.0
KILL_OPERATOR = (
    "delete",
    "pod",
    "--selector=app.kubernetes.io/component=operator",
    "--force",
    "--wait=false",
)


def ready(release: Release) -> bool:
    seen = status(release)
    return condition(seen, "Ready")[0] == "True" and condition(seen, "Protected")[0] == "True"


def test_kubectl_alone_tells_how_all_sites_are(objects: dict[str, Release]):
    for region, release in objects.items():
        eventually(lambda release=release: ready(release), f"{region}'s object is ready", SEEN_LIMIT_S)
        table = release.kubectl("get", "sites,replications")
        print(table)
        primary = status(release)["primary"]
        assert f"site.ardoise.dev/{primary}" in table
        roles = {
            site: json.loads(release.kubectl("get", "site", site, "--output=json"))["status"]["role"]
            for site in ("truck", *REGIONS)
        }
        assert sorted(roles.values()) == ["Origin", "Primary", "SynchronousStandby"]
        assert roles[primary] == "Primary"


async def test_one_field_moves_the_primary_while_the_race_is_on(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("one-field")
    moved = own(
        "one-field",
        "the primary is moved by one field of an object",
        MOVES,
        wished(objects, request_id),
        WaitUntil(primary_is(STANDBY), Wait.STEADY),
        *well_again(PRIMARY),
    )
    await holds(race, moved, tmp_path)
    for release in objects.values():
        newest = status(release)["history"][0]
        print(newest)
        assert (newest["id"], newest["outcome"]) == (request_id, "Moved")
        assert newest["lostMessages"] == newest["lostDecisions"] == 0


async def test_both_operators_are_killed_while_a_wish_waits_and_it_is_carried_out_once(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("operators-killed")
    finished = own(
        "operators-killed",
        "both operators are killed while a wish waits for the cool-down",
        MOVES,
        wished(objects, request_id),
        Do("both operators are killed", lambda cast: both_killed(objects)),
        WaitUntil(primary_is(STANDBY), Wait.NORMAL_AGAIN),
        *well_again(PRIMARY),
    )
    await holds(race, finished, tmp_path)
    carried_out_once(objects, request_id)


async def test_both_operators_are_killed_at_each_step_that_is_shown_and_it_is_carried_out_once(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("killed-at-steps")
    killed_at: list[str] = []

    def ended() -> bool:
        known = (one["id"] for release in objects.values() for one in status(release).get("history", ()))
        return request_id in known

    async def killed(cast: Cast) -> None:
        del cast
        async with asyncio.timeout(Wait.NORMAL_AGAIN.seconds):
            while not await asyncio.to_thread(ended):
                for release in objects.values():
                    step = (await asyncio.to_thread(status, release)).get("operation", {}).get("step", "")
                    if step and step not in killed_at:
                        killed_at.append(step)
                        await both_killed(objects)

    finished = own(
        "killed-at-steps",
        "both operators are killed as soon as an object shows a step of theirs",
        MOVES,
        wished(objects, request_id),
        Do("they are killed at each step", killed),
        WaitUntil(primary_is(STANDBY), Wait.NORMAL_AGAIN),
        *well_again(PRIMARY),
    )
    await holds(race, finished, tmp_path)
    print(killed_at)
    assert killed_at
    # Nobody was there to see what the change found: the drill knows that nothing was lost, the operators do not.
    carried_out_once(objects, request_id, lost=(0, "Unknown"))


async def test_the_operators_are_cut_from_each_other_while_a_wish_waits_and_it_is_carried_out_once(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("operators-apart")
    healed = own(
        "operators-apart",
        "the regions do not reach each other, both operators reach the truck and are wished for another primary",
        Promise(screens=EVERYWHERE, writes_within=Wait.SYNCHRONOUS_LEFT),
        SetLink(PRIMARY, STANDBY, Condition(cut=True)),
        wished(objects, request_id),
        Hold(Wait.CUT_LONG),
        SetLink(PRIMARY, STANDBY, Condition()),
        WaitUntil(primary_is(STANDBY), Wait.NORMAL_AGAIN),
        *well_again(PRIMARY),
    )
    await holds(race, healed, tmp_path)
    carried_out_once(objects, request_id)


async def test_the_cluster_of_the_operator_that_acts_is_lost_in_a_switchover_and_the_other_finishes(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("operators-cluster-lost")

    async def act_at_the_primary(cast: Cast) -> None:
        reached = Reached(await race.state())
        other = objects[cast[STANDBY]]
        async with asyncio.timeout(SEEN_LIMIT_S):
            while await asyncio.to_thread(who_acts, reached) != cast[PRIMARY]:
                await asyncio.to_thread(other.kubectl, *KILL_OPERATOR)
                await asyncio.sleep(LEASE_S)

    async def begun(cast: Cast) -> None:
        here = objects[cast[PRIMARY]]
        await asyncio.to_thread(eventually, lambda: "operation" in status(here), "an operation", SEEN_LIMIT_S)

    lost = own(
        "operators-cluster-lost",
        "the primary is to be moved, and its region's cluster with the operator that moves it is lost",
        Promise(screens=EVERYWHERE - {PRIMARY}, writes_within=Wait.DATABASE_BACK),
        Do("the operator of the primary's region acts", act_at_the_primary),
        wished(objects, request_id),
        Do("it has begun", begun),
        Act(PRIMARY, Action.KILL),
        WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
        WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        Act(PRIMARY, Action.RESTORE),
        *well_again(PRIMARY),
    )
    await holds(race, lost, tmp_path)
    carried_out_once(objects, request_id)


async def both_killed(objects: dict[str, Release]) -> None:
    """At once, and without a word to them."""
    await asyncio.gather(
        *(asyncio.to_thread(release.kubectl, *KILL_OPERATOR) for release in objects.values())
    )
