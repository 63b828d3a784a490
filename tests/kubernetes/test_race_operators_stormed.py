"""Operators killed, paused and doubled at random on three clusters: as the primary moves, and over its lost region."""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from ardoise.rehearsal.drills.conditions import primary_is, written_down
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.scenario import EVERYWHERE, Act, Cast, Do, Place, Promise, WaitUntil
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.node import kill, of_pod, standing_still
from tests.kubernetes.operator_faults import SELECTOR, one_acts, pods, scale
from tests.kubernetes.race import MARKS, PRIMARY, STANDBY, holds, own, well_again
from tests.kubernetes.release import Release
from tests.kubernetes.three import ThreeClusters
from tests.kubernetes.wishes import (
    MOVES,
    SHOWN_LIMIT_S,
    attempt,
    carried_out_once,
    moved,
    step,
    was_accepted,
    wished,
)

pytestmark = MARKS
STORM_S = 90.0
STORM_SEED = 22_46
PAUSE_S, DUPLICATED_S, CALM_S = (3.0, 14.0), (3.0, 10.0), (1.0, 6.0)
"""Shortest and longest. A pause may outlast the lease; the kubelet ends who stands still for half a minute."""
KILL = ("delete", "pod", f"--selector={SELECTOR}", "--force", "--grace-period=0", "--wait=false")


async def test_in_a_storm_of_killed_paused_and_doubled_operators_a_wish_is_carried_out_once(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    request_id = attempt("storm")
    print("seed", STORM_SEED)

    async def storm(cast: Cast) -> None:
        del cast
        await asyncio.gather(*(asyncio.to_thread(stormed, release) for release in objects.values()))

    weathered = own(
        "operators-storm",
        f"operators are killed, paused and doubled at random while the primary moves, seed {STORM_SEED}",
        MOVES,
        *moved(wished(objects, request_id), Do("a storm of 90 s", storm)),
    )
    await holds(race, weathered, tmp_path)
    carried_out_once(objects, request_id, lost=(0, "Unknown"))
    one_acts(objects)


async def test_in_a_storm_over_a_lost_region_the_operators_move_the_primary_once_and_leave_it_there(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    reached = Reached(await race.state())
    request_id = attempt("storm-over-lost")
    print("seed", STORM_SEED)

    def is_accepted(cast: Cast) -> None:
        del cast
        eventually(lambda: was_accepted(reached, request_id), "accepted wish", SHOWN_LIMIT_S)

    async def storm(cast: Cast, *places: Place) -> None:
        await asyncio.gather(*(asyncio.to_thread(stormed, objects[cast[place]]) for place in places))

    weathered = own(
        "storm-over-lost-region",
        f"the primary's region is lost on the way, and operators are in a storm until it is back, seed {STORM_SEED}",
        Promise(screens=EVERYWHERE - {PRIMARY}, writes_within=Wait.DATABASE_BACK),
        wished(objects, request_id),
        step("it is accepted", is_accepted),
        Act(PRIMARY, Action.KILL),
        Do("a storm of 90 s at the region that is left", lambda cast: storm(cast, STANDBY)),
        WaitUntil(primary_is(STANDBY), Wait.DATABASE_BACK),
        WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        Act(PRIMARY, Action.RESTORE),
        Do("a storm of 90 s at both", lambda cast: storm(cast, PRIMARY, STANDBY)),
        *well_again(PRIMARY),
    )
    await holds(race, weathered, tmp_path)
    carried_out_once(objects, request_id, lost=(0, "Unknown"))
    one_acts(objects)


def stormed(release: Release) -> None:
    """Its region's part: the same actions in the same order with the same seed. Its operator is well afterwards."""
    drawn, until_s = random.Random(f"{STORM_SEED}-{release.site}"), time.monotonic() + STORM_S
    actions: dict[str, Callable[[float], object]] = {
        "killed": lambda _: killed(release),
        "paused": lambda share: paused(release, between(PAUSE_S, share)),
        "doubled": lambda share: doubled(release, between(DUPLICATED_S, share)),
    }
    try:
        while time.monotonic() < until_s:
            action, share = drawn.choice(sorted(actions)), drawn.random()
            print(f"{time.monotonic() - until_s + STORM_S:.0f} s: {release.site} {action}, {share:.2f}")
            actions[action](share)
            lasts(between(CALM_S, drawn.random()))
    finally:
        scale(release, 1)


def between(bounds: tuple[float, float], share: float) -> float:
    """So far from the first to the second."""
    return bounds[0] + share * (bounds[1] - bounds[0])


def lasts(seconds: float) -> None:
    """A part of the storm that is no more than its length."""
    threading.Event().wait(seconds)


def processes(release: Release) -> list[psutil.Process]:
    """Of every operator of the region."""
    return [one for pod in pods(release) for one in of_pod(release.site, pod)]


def killed(release: Release) -> None:
    """Its pods go too: the kubelet would let who is killed often wait longer each time."""
    kill(processes(release))
    release.kubectl(*KILL)


def paused(release: Release, seconds: float) -> None:
    with standing_still(processes(release)):
        lasts(seconds)


def doubled(release: Release, seconds: float) -> None:
    scale(release, 2)
    try:
        lasts(seconds)
    finally:
        scale(release, 1)
