"""Two operators in two real clusters, installed with the chart, while a race is on: driven by kubectl alone."""

import asyncio
import json
from pathlib import Path

from ardoise.rehearsal.drills.conditions import primary_is
from ardoise.rehearsal.drills.scenario import EVERYWHERE, Cast, Do, Promise, WaitUntil
from ardoise.rehearsal.drills.waits import Wait

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.race import MARKS, PRIMARY, STANDBY, holds, own, status, well_again
from tests.kubernetes.release import Release
from tests.kubernetes.three import ThreeClusters
from tests.support.operators import REGIONS, condition

pytestmark = MARKS
SEEN_LIMIT_S = 90.0
MOVES = Promise(screens=EVERYWHERE, writes_within=Wait.CUT_SHORT)


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


def wished(objects: dict[str, Release], request_id: str) -> Do:
    """One field of both objects, as GitOps does it."""

    async def patched(cast: Cast) -> None:
        change = json.dumps({"spec": {"primary": cast[STANDBY], "requestId": request_id}})
        for release in objects.values():
            patch = ("patch", "replication", "race", "--type=merge", "--patch", change)
            await asyncio.to_thread(release.kubectl, *patch)

    return Do(f"spec.primary is changed, {request_id}", patched)


async def test_one_field_moves_the_primary_while_the_race_is_on(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    moved = own(
        "one-field",
        "the primary is moved by one field of an object",
        MOVES,
        wished(objects, "one-field"),
        WaitUntil(primary_is(STANDBY), Wait.STEADY),
        *well_again(PRIMARY),
    )
    await holds(race, moved, tmp_path)
    for release in objects.values():
        newest = status(release)["history"][0]
        print(newest)
        assert (newest["id"], newest["outcome"]) == ("one-field", "Moved")
        assert newest["lostMessages"] == newest["lostDecisions"] == 0


async def test_both_operators_are_killed_while_a_wish_waits_and_it_is_carried_out_once(
    race: ThreeClusters, objects: dict[str, Release], tmp_path: Path
):
    async def killed(cast: Cast) -> None:
        del cast
        for release in objects.values():
            gone = (
                "delete",
                "pod",
                "--selector=app.kubernetes.io/component=operator",
                "--force",
                "--wait=false",
            )
            await asyncio.to_thread(release.kubectl, *gone)

    finished = own(
        "operators-killed",
        "both operators are killed while a wish waits for the cool-down",
        MOVES,
        wished(objects, "operators-killed"),
        Do("both operators are killed", killed),
        WaitUntil(primary_is(STANDBY), Wait.NORMAL_AGAIN),
        *well_again(PRIMARY),
    )
    await holds(race, finished, tmp_path)
    for region, release in objects.items():
        eventually(lambda release=release: ready(release), f"{region}'s object is ready", SEEN_LIMIT_S)
        ids = [one["id"] for one in status(release)["history"]]
        assert ids.count("operators-killed") == 1
