"""Faults 22 to 25 and 46 on three real clusters while a race is on: operators, and the API servers that they work by.

Each drill moves the primary by the objects. It has held where nothing was lost and there was one writer at a time; the
history of both objects says that it was done once.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ardoise.rehearsal.drills.conditions import primary_is
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.scenario import Cast, Do, Hold, WaitUntil
from ardoise.rehearsal.drills.waits import Wait
from ardoise.sites.operations.memory import LEASE_S
from ardoise.sites.switchover import COOL_DOWN_S

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.node import dead_connections, of_pod, standing_still
from tests.kubernetes.operator_faults import (
    OFF_SELECTOR,
    Begin,
    acts,
    beside_it,
    clock_ahead_s,
    conflicts,
    down,
    one_acts,
    pods,
    refusals,
    scale,
    slow,
    too_many,
)
from tests.kubernetes.race import MARKS, PRIMARY, STANDBY, holds, own, status, well_again
from tests.kubernetes.release import Release
from tests.kubernetes.three import ThreeClusters
from tests.kubernetes.wishes import (
    MOVES,
    SHOWN_LIMIT_S,
    TOLD_LIMIT_S,
    accepted,
    attempt,
    carried_out_once,
    cooled,
    holder,
    moved,
    step,
    step_shown,
    told,
    was_accepted,
    wish,
    wished,
)
from tests.support.operators import condition, who_acts

pytestmark = MARKS
WATCHED_LIMIT_S = 75.0
OPERATION_LIMIT_S = 60.0
AHEAD_S = 3600
CLOCK_LIMIT_S = 30.0
TROUBLES = {"429": too_many, "409": conflicts, "slow": slow, "no answer": down}
"""By what the operator says of a write that it did not get done; of a slow one it may get all done."""


async def test_of_two_operators_in_a_region_the_one_with_a_wrong_clock_is_fenced_off(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("wrong-clock")
    reached = Reached(await race.state())
    holders: list[str] = []
    with ExitStack() as put_right:

        def wrong_one_acts(cast: Cast) -> None:
            for release in objects.values():
                put_right.callback(scale, release, 1)
                scale(release, 0)
            put_right.enter_context(beside_it(objects[cast[PRIMARY]], AHEAD_S))
            assert clock_ahead_s(objects[cast[PRIMARY]]) == pytest.approx(AHEAD_S, abs=CLOCK_LIMIT_S)
            holders.append(eventually(lambda: holder(reached), "operator that acts", SHOWN_LIMIT_S))
            for release in objects.values():
                scale(release, 1)
            assert holder(reached) == holders[0]
            # Its clock says that it is over, those of the sites do not: they would send it away.
            cool_down_s = COOL_DOWN_S + SHOWN_LIMIT_S
            eventually(lambda: cooled(objects[cast[PRIMARY]]), "end of the cool-down", cool_down_s)

        def stands_still(cast: Cast) -> None:
            release = objects[cast[PRIMARY]]
            step_shown(release)
            (wrong,) = pods(release, OFF_SELECTOR)
            with standing_still(of_pod(release.site, wrong)):
                eventually(
                    lambda: holder(reached) not in ("", holders[0]), "other operator that acts", LEASE_S * 4
                )
            holders.append(holder(reached))

        def is_fenced_off(cast: Cast) -> None:
            release = objects[cast[PRIMARY]]
            (wrong,) = pods(release, OFF_SELECTOR)
            eventually(lambda: not acts(release, wrong), "end of what it does", LEASE_S)
            assert holder(reached) == holders[1]
            one_acts(objects)

        fenced_off = own(
            "wrong-clock",
            "a region has two operators; the one that acts, an hour ahead, stands still past its lease",
            MOVES,
            *moved(
                step("an operator that is an hour ahead acts", wrong_one_acts),
                wished(objects, request_id),
                step("it stands still in the middle", stands_still),
                Hold(Wait.OBSERVE),
                step("it does not act any more", is_fenced_off),
            ),
        )
        await holds(race, fenced_off, tmp_path)
        # Who saw what the change found stood still: the drill knows that nothing was lost.
        once = carried_out_once(objects, request_id, lost=(0, "Unknown"))
        began = datetime.fromisoformat(once["startedAt"])
        assert began > datetime.now(UTC) + timedelta(seconds=AHEAD_S / 2), "the wrong one began it"


@pytest.mark.parametrize("how", TROUBLES)
async def test_an_api_server_in_trouble_in_the_middle_keeps_nothing_from_ending(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path, how: str
):
    reached = Reached(await race.state())
    acting = objects[eventually(lambda: who_acts(reached), "operator that acts", SHOWN_LIMIT_S)]
    began, begins = datetime.now(UTC), list[Begin]()
    name = f"api-server-{how.replace(' ', '-')}"
    request_id = attempt(name)
    with ExitStack() as put_right:

        def begins_in_the_middle(cast: Cast) -> None:
            del cast
            print(acting.site, step_shown(acting))
            begins[0]()

        def passes(cast: Cast) -> None:
            del cast
            if how.isdecimal():
                # Which of several writes at once are refused is chance, and it may be none of the first.
                eventually(lambda: how in refusals(acting, began), f"write refused with {how}", SHOWN_LIMIT_S)
            put_right.close()

        troubled = own(
            name,
            f"the API server of the operator that acts, in the middle: {how}",
            MOVES,
            step(
                "it is prepared",
                lambda cast: begins.append(put_right.enter_context(TROUBLES[how](acting, tmp_path))),
            ),
            wished(objects, request_id),
            step("trouble begins with the first step that is shown", begins_in_the_middle),
            WaitUntil(primary_is(STANDBY), Wait.STEADY),
            Hold(Wait.CUT_SHORT),
            step("it passes", passes),
            *well_again(PRIMARY),
        )
        await holds(race, troubled, tmp_path)
    carried_out_once(objects, request_id)
    refused = refusals(acting, began)
    print(Counter(refused))
    assert how == "slow" or how in refused


async def test_a_wish_is_heard_within_its_time_though_every_connection_to_the_api_server_is_dead(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("dead-watches")
    reached = Reached(await race.state())
    dropped: list[Callable[[], int]] = []
    began_s = 0.0
    with ExitStack() as put_right:

        def die(cast: Cast) -> None:
            nonlocal began_s
            del cast
            for release in objects.values():
                (pod,) = pods(release)
                dropped.append(put_right.enter_context(dead_connections(release.site, pod)))
            began_s = time.monotonic()

        def heard(cast: Cast) -> None:
            del cast
            eventually(
                lambda: was_accepted(reached, request_id), "operator that heard the wish", WATCHED_LIMIT_S
            )
            print(f"heard {time.monotonic() - began_s:.0f} s after the connections died")
            assert all(count() for count in dropped), "packets of both were dropped"

        silent = own(
            "dead-watches",
            "packets of the operators' connections to their API servers are dropped, and a wish is written",
            MOVES,
            step("all connections die", die),
            wished(objects, request_id),
            step("the wish is heard", heard),
            WaitUntil(primary_is(STANDBY), Wait.STEADY),
            step("both tell", lambda cast: both_tell(objects, request_id, began_s)),
            *well_again(PRIMARY),
        )
        await holds(race, silent, tmp_path)
    carried_out_once(objects, request_id)


def both_tell(objects: dict[str, Release], request_id: str, began_s: float) -> None:
    """While the connections are dead still."""
    for region, release in objects.items():
        left_s = began_s + WATCHED_LIMIT_S + OPERATION_LIMIT_S - time.monotonic()
        eventually(lambda release=release: told(release, request_id), f"end told by {region}", left_s)
        print(f"{region} told it {time.monotonic() - began_s:.0f} s after the connections died")


async def test_a_spec_that_is_edited_in_the_middle_is_carried_out_after_it(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    there_id, back_id = attempt("there"), attempt("and-back")

    def edited(cast: Cast) -> None:
        release = objects[cast[STANDBY]]
        print(step_shown(release))
        assert not told(release, there_id)
        for one in objects.values():
            wish(one, cast[PRIMARY], back_id)

    def is_back(cast: Cast) -> None:
        for region, release in objects.items():
            eventually(lambda release=release: told(release, back_id), f"end told by {region}", TOLD_LIMIT_S)
            assert status(release)["primary"] == cast[PRIMARY]

    there_and_back = own(
        "edited-in-the-middle",
        "the objects wish for the old primary again while it is moved",
        MOVES,
        wished(objects, there_id),
        step("they are edited once a step is shown", edited),
        WaitUntil(primary_is(STANDBY), Wait.STEADY),
        step("it is moved back", is_back),
        *well_again(STANDBY),
    )
    await holds(race, there_and_back, tmp_path)
    there, back = (carried_out_once(objects, request_id) for request_id in (there_id, back_id))
    assert back["startedAt"] >= there["finishedAt"]


async def test_of_two_objects_that_disagree_at_once_one_is_carried_out_at_a_time(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    reached = Reached(await race.state())
    ids = {"amsterdam": attempt("moves"), "london": attempt("stays")}

    async def disagree(cast: Cast) -> None:
        wishes = ((objects["amsterdam"], cast[STANDBY]), (objects["london"], cast[PRIMARY]))
        await asyncio.gather(
            *(asyncio.to_thread(wish, one, primary, ids[one.site]) for one, primary in wishes)
        )

    def comes_to_rest(cast: Cast) -> None:
        del cast
        eventually(
            lambda: all(was_accepted(reached, one) for one in ids.values()),
            "acceptance of both wishes",
            SHOWN_LIMIT_S,
        )
        last = accepted(reached)
        for region, release in objects.items():
            says = ("False", "Aligned") if ids[region] == last.request_id else ("True", "AnotherWasAccepted")

            def rests(release: Release = release, says: tuple[str, str] = says) -> bool:
                seen = status(release)
                return (
                    seen["primary"] == last.primary
                    and "operation" not in seen
                    and condition(seen, "Ready") == ("True", "AsWished")
                    and condition(seen, "SpecDiverged") == says
                )

            eventually(rests, f"{says} of {last}, shown by {region}", TOLD_LIMIT_S)

    disagreed = own(
        "objects-disagree",
        "each region's object wishes for another primary, at once",
        MOVES,
        Do("both are written", disagree),
        step("one of them is so, and the other object is told", comes_to_rest),
        *well_again(),
    )
    await holds(race, disagreed, tmp_path)
    last = accepted(reached)
    print(last)
    for release in objects.values():
        assert {one: len(told(release, one)) for one in ids.values()} in (
            {ids["amsterdam"]: 0, ids["london"]: 0},
            {ids["amsterdam"]: 1, ids["london"]: 0},
            {ids["amsterdam"]: 1, ids["london"]: 1},
        )
        wish(release, last.primary, last.request_id)
