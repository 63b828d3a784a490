"""Drill objects on three real clusters: what an operator's schedule begins, breaks, measures and puts right."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ardoise.rehearsal.drills.scenario import EVERYWHERE, Cast, Do, Invariant, Promise

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.race import MARKS, holds, own, status, well_again
from tests.kubernetes.release import Release, await_ready
from tests.kubernetes.three import ThreeClusters
from tests.support.chart import NAMESPACE
from tests.support.operators import REGIONS, condition

pytestmark = MARKS
NEVER = "0 0 30 2 *"
WELL_LIMIT_S = 180.0
RUN_LIMIT_S = 420.0
"""A region that is lost and brought back, read back and judged, on two cores that three clusters share."""
OTHER = dict(zip(REGIONS, reversed(REGIONS), strict=True))
BUDGETS = {"recoverySeconds": 60, "lostFixes": 0}


def apply(release: Release, name: str, **spec: Any) -> None:
    drill = {
        "apiVersion": "ardoise.dev/v1alpha1",
        "kind": "Drill",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicationRef": {"name": "race"}, "timeZone": "Etc/UTC", "schedule": NEVER, **spec},
    }
    release.cluster.apply(drill, namespace=NAMESPACE)


def told(release: Release, name: str) -> dict[str, Any]:
    return json.loads(release.kubectl("get", "drill", name, "--output=json")).get("status", {})


def verdict(release: Release, name: str, run_id: str) -> str:
    seen = told(release, name)
    return seen.get("verdict", "") if seen.get("runId") == run_id else ""


def ended(release: Release, name: str, run_id: str) -> dict[str, Any]:
    eventually(lambda: verdict(release, name, run_id), f"{run_id} is over", RUN_LIMIT_S)
    print(release.kubectl("get", "drills"))
    return told(release, name)


@pytest.fixture
def at_primary(objects: dict[str, Release]) -> Release:
    """The release in the primary's cluster, whichever it is after the drill before, everything well."""
    for region, release in objects.items():
        eventually(lambda release=release: protected(release), f"{region} is protected", WELL_LIMIT_S)
    return objects[status(objects["london"])["primary"]]


def protected(release: Release) -> bool:
    return condition(status(release), "Protected")[0] == "True"


def test_a_precheck_breaks_nothing_and_is_refused_where_the_primary_is_not(
    objects: dict[str, Release], at_primary: Release
):
    elsewhere = objects[OTHER[at_primary.site]]
    for release in (at_primary, elsewhere):
        apply(release, "could-it", scenario="precheck", runRequestId=f"now-{release.site}")
    held = ended(at_primary, "could-it", f"now-{at_primary.site}")
    assert (held["verdict"], held.get("reasons", [])) == ("Held", [])
    refused = ended(elsewhere, "could-it", f"now-{elsewhere.site}")
    assert refused["verdict"] == "Refused"
    assert at_primary.site in " ".join(refused["reasons"])


async def test_while_a_race_is_live_a_drill_is_refused(
    race: ThreeClusters, at_primary: Release, tmp_path: Path
):
    async def asked(cast: Cast) -> None:
        del cast
        await asyncio.to_thread(
            apply, at_primary, "in-a-race", scenario="region-lost", budgets=BUDGETS, runRequestId="in-a-race"
        )
        refused = await asyncio.to_thread(ended, at_primary, "in-a-race", "in-a-race")
        assert refused["verdict"] == "Refused"
        assert "a race is live" in " ".join(refused["reasons"])

    quiet = own(
        "drill-in-a-race",
        "a drill is asked for while a race is live",
        Promise(screens=EVERYWHERE, primary_stays=True),
        Do("kubectl apply of a Drill", asked),
        *well_again(),
    )
    await holds(race, quiet, tmp_path)


def test_a_drill_of_a_schedule_loses_the_primarys_region_measures_it_and_brings_it_back(
    objects: dict[str, Release], at_primary: Release
):
    due = datetime.now(UTC) + timedelta(seconds=75)
    for release in objects.values():
        schedule = f"{due.minute} {due.hour} {due.day} {due.month} *"
        apply(release, "weekly", scenario="region-lost", budgets=BUDGETS, schedule=schedule)
    eventually(lambda: told(at_primary, "weekly").get("verdict"), "the drill is over", RUN_LIMIT_S + 75)
    print(at_primary.kubectl("get", "drills,replications"))
    seen = told(at_primary, "weekly")
    print(json.dumps(seen, indent=1))
    # How soon relays are answered is not promised where three clusters share two cores.
    assert all(reason.startswith(f"{Invariant.BOUNDED}: ") for reason in seen.get("reasons", [])), seen
    assert seen["verdict"] == ("Failed" if seen.get("reasons") else "Held"), seen
    measured = seen["measured"]
    assert measured["lostFixes"] == 0
    assert measured["acknowledgedFixes"] > 0
    assert 0 < measured["recoveryMilliseconds"] <= BUDGETS["recoverySeconds"] * 1000
    kind, _, name = seen["report"].partition("/")
    assert "report.html" in json.loads(at_primary.kubectl("get", kind, name, "--output=json"))["data"]
    other = objects[OTHER[at_primary.site]]
    assert "runId" not in told(other, "weekly"), "it runs in one cluster"
    await_ready(list(objects.values()))


def test_what_a_drill_took_away_comes_back_though_its_process_dies(
    objects: dict[str, Release], at_primary: Release
):
    def gone() -> bool:
        found = json.loads(at_primary.kubectl("get", "statefulset", "ardoise-data-plane", "--output=json"))
        return found["spec"]["replicas"] == 0

    apply(at_primary, "dies", scenario="region-lost", budgets=BUDGETS, runRequestId="dies")
    eventually(gone, "the region is taken away", RUN_LIMIT_S)
    killed = ("delete", "pod", "--selector=job-name=drill-dies", "--force", "--grace-period=0")
    at_primary.kubectl(*killed)
    seen = ended(at_primary, "dies", "dies")
    assert seen["verdict"] == "Aborted", seen
    await_ready([at_primary])
    eventually(lambda: protected(at_primary), "the other region could take over again", RUN_LIMIT_S)
