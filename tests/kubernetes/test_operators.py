"""Two operators, each at an API server of its own, move the primary of three real sites: by one field, killed, too."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from ardoise.chassis.child import bound
from ardoise.ingest.setup.source import read_setup
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.stage import NEUTRAL_S, begin_race
from ardoise.up.control import Action
from ardoise.up.demo import SIMULATED_EVENT

from tests.kubernetes.alone import serving
from tests.kubernetes.bed.cluster import eventually
from tests.support.operators import AS_INSTALLED, REGIONS, Cluster, condition, who_acts
from tests.support.sites_up import MARKS, SEED, SitesUp

pytestmark = [*MARKS, pytest.mark.slow, pytest.mark.timeout(900)]
READY_S = 60.0
STOP_S = 20.0
MOVED_S = 60.0
"""A switchover takes 2 s, and the old primary follows within 20."""
COOL_DOWN_S = 60
STABLE_S = 5
TAKEN_OVER_S = 45.0
"""The lease of 10 s, which begins anew where etcd's leader changes, as it does after a switchover; and a look."""
LOST_S = 60.0
SPEC = {
    **AS_INSTALLED,
    "limits": {"coolDownSeconds": COOL_DOWN_S, "failbackStabilisationSeconds": STABLE_S},
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SitesUp]:
    """All that runs at the truck, in Amsterdam and in London."""
    with SitesUp(tmp_path_factory.mktemp("sites"), truck_disk=False) as running:
        yield running


@pytest.fixture(scope="module")
def reached(sites: SitesUp) -> Iterator[Reached]:
    """Where they are, with a race on."""

    async def asked() -> Reached:
        async with sites.control() as control:
            found = Reached(await control.state())
        async with found.channel("truck", "ingest") as ingest:
            await begin_race(ingest, read_setup(SIMULATED_EVENT))
        return found

    found = asyncio.run(asked())
    ride = ("rehearse", "relays", str(SIMULATED_EVENT), f"--offset={NEUTRAL_S}", f"--seed={SEED}")
    environment = {
        **os.environ,
        "ARDOISE_IDENTITY_DIR": str(found.identity_dir),
        "ARDOISE_INGEST_TARGET": found.at("truck", "ingest"),
    }
    command = bound([sys.executable, "-m", "ardoise", *ride], signal.SIGTERM)
    with (sites.directory / "relays.log").open("wb") as log:
        relays = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    yield found
    relays.terminate()
    relays.wait(STOP_S)


@pytest.fixture(scope="module")
def clusters(reached: Reached, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Cluster]]:
    """By region, with the operators running."""
    with ExitStack() as stack:
        made: dict[str, Cluster] = {}
        for region in REGIONS:
            directory = tmp_path_factory.mktemp(region)
            server = stack.enter_context(
                serving(tmp_path_factory.mktemp("api-server"), "operators at real API servers")
            )
            made[region] = Cluster(region, server, reached, directory)
            stack.callback(made[region].stop)
            made[region].install(SPEC)
            made[region].start()
        yield made


def until(clusters: dict[str, Cluster], what: str, within_s: float, holds: Callable[[], bool]) -> None:
    """Waits for what should be seen; else says what is."""
    try:
        eventually(holds, what, within_s)
    except TimeoutError as error:
        seen = {region: cluster.race() for region, cluster in clusters.items()}
        said = {region: cluster.log.read_text()[-3_000:] for region, cluster in clusters.items()}
        pytest.fail(f"{error}\n{seen}\n{said}")


def ready(clusters: dict[str, Cluster], primary: str) -> Callable[[], bool]:
    """Whether both show it primary as wished, and nothing going on."""

    def holds() -> bool:
        seen = [cluster.race() for cluster in clusters.values()]
        return all(
            one.get("primary") == primary
            and condition(one, "Ready") == ("True", "AsWished")
            and condition(one, "Protected")[0] == "True"
            and "operation" not in one
            for one in seen
        )

    return holds


def test_kubectl_shows_three_sites_and_who_is_primary(clusters: dict[str, Cluster]):
    until(clusters, "both are ready", READY_S, ready(clusters, "amsterdam"))
    for region, cluster in clusters.items():
        table = cluster.kubectl("get", "sites,replications")
        print(table)
        assert "amsterdam" in table
        roles = {site: cluster.get("sites", site)["status"]["role"] for site in ("truck", *REGIONS)}
        assert roles == {"truck": "Origin", "amsterdam": "Primary", "london": "SynchronousStandby"}
        assert cluster.race()["seenFrom"] == region


def test_one_of_them_acts(clusters: dict[str, Cluster], reached: Reached):
    until(clusters, "one acts", TAKEN_OVER_S, lambda: who_acts(reached) in REGIONS)


def test_one_field_moves_the_primary_and_the_other_cluster_is_told_how_to_align(
    clusters: dict[str, Cluster],
):
    clusters["amsterdam"].wish("london", "to-london")
    until(clusters, "london is primary", MOVED_S, ready(clusters, "london"))
    for cluster in clusters.values():
        newest = cluster.race()["history"][0]
        assert (newest["id"], newest["type"], newest["outcome"]) == ("to-london", "Switchover", "Moved")
        assert newest["lostMessages"] == newest["lostDecisions"] == 0
        assert 0 < newest["writesInterruptedMilliseconds"] < 15_000
        print(newest)
    assert condition(clusters["amsterdam"].race(), "SpecDiverged")[0] == "False"
    assert condition(clusters["london"].race(), "SpecDiverged") == ("True", "AnotherWasAccepted")
    clusters["london"].wish("london", "to-london")
    aligned = "london's object says the same again"
    until(
        clusters,
        aligned,
        READY_S,
        lambda: condition(clusters["london"].race(), "SpecDiverged")[0] == "False",
    )


def test_an_object_that_is_applied_again_moves_nothing(clusters: dict[str, Cluster]):
    clusters["london"].wish("amsterdam", "as-installed")
    until(
        clusters,
        "it is told so",
        READY_S,
        lambda: condition(clusters["london"].race(), "SpecDiverged")[0] == "True",
    )
    assert clusters["london"].race()["primary"] == "london"
    clusters["london"].wish("london", "to-london")


def test_the_one_that_acts_is_killed_on_the_way_and_the_other_finishes(
    clusters: dict[str, Cluster], reached: Reached
):
    acts = who_acts(reached)
    other = next(region for region in REGIONS if region != acts)
    # Both objects, as GitOps applies them.
    for cluster in clusters.values():
        cluster.wish("amsterdam", "back")
    until(
        clusters,
        "it has begun",
        COOL_DOWN_S + READY_S,
        lambda: clusters[acts].race().get("operation", {}).get("id") == "back",
    )
    clusters[acts].kill()
    until(clusters, "the other acts", TAKEN_OVER_S, lambda: who_acts(reached) == other)
    until({other: clusters[other]}, "it is done", MOVED_S, ready({other: clusters[other]}, "amsterdam"))
    assert [one["id"] for one in clusters[other].race()["history"]] == ["back", "to-london"]
    clusters[acts].start()
    until(clusters, "both show it", READY_S, ready(clusters, "amsterdam"))


async def test_a_region_that_is_lost_comes_back_and_is_made_primary_again(
    clusters: dict[str, Cluster], sites: SitesUp
):
    async with sites.control() as control:
        await control.act("amsterdam", Action.KILL)
    london = {"london": clusters["london"]}
    until(london, "london is primary", LOST_S, lambda: clusters["london"].race().get("primary") == "london")
    seen = clusters["london"].race()
    assert condition(seen, "Ready") == ("False", "FailedOver")
    assert (seen["operation"]["type"], seen["operation"]["step"]) == ("Failover", "Rejoining")
    assert condition(clusters["amsterdam"].race(), "Ready")[0] == "Unknown"
    async with sites.control() as control:
        await control.act("amsterdam", Action.RESTORE)
    until(clusters, "amsterdam is primary again", 3 * COOL_DOWN_S, ready(clusters, "amsterdam"))
    back, failover = clusters["london"].race()["history"][:2]
    assert (back["type"], back["outcome"]) == ("Failback", "Moved")
    assert (failover["type"], failover["lostMessages"], failover["lostDecisions"]) == ("Failover", 0, 0)
    assert 10_000 < failover["writesInterruptedMilliseconds"] < 40_000
    print(failover, clusters["london"].events())


async def test_a_region_that_may_lose_something_is_made_primary_by_a_field_that_accepts_it(
    clusters: dict[str, Cluster], sites: SitesUp, reached: Reached
):
    async with sites.control() as control:
        await control.act("london", Action.KILL, "patroni-london")
    async with await reached.database("amsterdam") as alone:
        # Answered once london's server is synchronous no more: only amsterdam's has it.
        await alone.execute("SELECT pg_logical_emit_message(true, 'test', 'nobody else has this')")
    async with sites.control() as control:
        await control.act("amsterdam", Action.KILL)
        await control.act("london", Action.RESTORE, "patroni-london")
    at_london = clusters["london"]
    london = {"london": at_london}
    until(
        london,
        "london runs, and may not be promoted",
        LOST_S,
        lambda: (
            condition(at_london.race(), "PromotionBlocked")[0] == "True"
            and at_london.get("sites", "london")["status"].get("role") == "Standby"
        ),
    )
    at_london.force("london", "too-little", 0)
    until(london, "it is refused", READY_S, lambda: at_london.race()["history"][0]["id"] == "too-little")
    assert at_london.race()["history"][0]["outcome"] == "Refused"
    at_london.force("london", "forced", "Unknown")
    until(london, "london is primary", LOST_S, lambda: at_london.race().get("primary") == "london")
    async with sites.control() as control:
        await control.act("amsterdam", Action.RESTORE)
    until(clusters, "amsterdam follows", 3 * COOL_DOWN_S, ready(clusters, "london"))
    until(
        clusters,
        "what it cost is known",
        READY_S,
        lambda: at_london.race()["history"][0]["lostDecisions"] != "Unknown",
    )
    newest = at_london.race()["history"][0]
    assert (newest["id"], newest["type"], newest["outcome"]) == ("forced", "ForcedFailover", "Moved")
    assert (newest["acceptedLossMessages"], newest["lostMessages"]) == ("Unknown", 0)
    print(newest, at_london.events())
