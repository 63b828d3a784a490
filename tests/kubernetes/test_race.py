"""The race across three clusters: installed with Helm, relays at the truck, and every fault judged as in a drill.

The drills are those of the fault catalogue; what differs is who breaks what: the API server ends pods, a node is
drained, a whole cluster goes.
"""

import ssl
from pathlib import Path

import pytest
from ardoise.rehearsal.drills.conditions import (
    attached,
    decisions_go_on,
    ingest_acknowledges,
    primary_is,
    written_down,
)
from ardoise.rehearsal.drills.scenario import (
    EVERYWHERE,
    Act,
    Hold,
    Place,
    Promise,
    Switchover,
    WaitUntil,
)
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action
from ardoise.up.site import PORTS

from tests.kubernetes.bed import layout
from tests.kubernetes.bed.cluster import KubectlFailed
from tests.kubernetes.race import (
    MARKS,
    PRIMARY,
    STANDBY,
    TRUCK,
    at,
    holds,
    own,
    well_again,
    without_runbooks,
)
from tests.kubernetes.release import Release, await_ready, make_identities
from tests.kubernetes.three import ThreeClusters, values
from tests.support.chart import NAMESPACE

pytestmark = MARKS
DRAIN_LIMIT_S = 180.0
ROLL_OUT_LIMIT_S = 180.0
LOOK_LIMIT_S = 10.0


async def test_all_three_show_the_same_seconds_of_the_race_and_the_database_holds_it(
    race: ThreeClusters, tmp_path: Path
):
    quiet = own(
        "quiet",
        "nothing is broken",
        Promise(screens=EVERYWHERE, writes_within=Wait.CUT_SHORT, primary_stays=True),
        Hold(Wait.CUT_LONG),
        *well_again(),
    )
    await holds(race, quiet, tmp_path)


async def test_the_primary_moves_to_the_other_cluster(race: ThreeClusters, tmp_path: Path):
    moved = (
        Switchover(),
        WaitUntil(primary_is(STANDBY), Wait.SWITCHOVER),
        WaitUntil(written_down(), Wait.WRITTEN_DOWN),
        WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
    )
    await holds(race, without_runbooks("switchover", *moved), tmp_path)


@pytest.mark.parametrize("drill", ["standby-without-truck", "truck-isolated"])
async def test_links_are_cut_and_healed(race: ThreeClusters, tmp_path: Path, drill: str):
    await holds(race, without_runbooks(drill), tmp_path)


async def test_a_regions_cluster_is_lost_the_other_is_promoted_and_its_pages_never_stop(
    race: ThreeClusters, tmp_path: Path
):
    await holds(race, without_runbooks("region-lost"), tmp_path)


SCREENS = {
    (TRUCK, "nats"): frozenset[Place](),
    (TRUCK, "ingest"): frozenset[Place](),
    (PRIMARY, "nats"): EVERYWHERE - {PRIMARY},
    (PRIMARY, "positioning"): EVERYWHERE - {PRIMARY},
}
"""Whose picture goes on when a pod goes, where it is not everyone's."""


@pytest.mark.parametrize(
    ("place", "part"),
    [
        *((TRUCK, part) for part in ("nats", "etcd", "ingest")),
        *(
            (PRIMARY, part)
            for part in ("nats", "patroni", "positioning", "recorder", "analytics", "security", "mediawall")
        ),
    ],
)
async def test_a_pod_of_each_kind_is_killed(race: ThreeClusters, tmp_path: Path, place: Place, part: str):
    """`part`: a container of the pod, which goes whole."""
    promise = Promise(
        screens=SCREENS.get((place, part), EVERYWHERE),
        writes_within=Wait.DATABASE_RESTARTED if part == "patroni" else Wait.CUT_SHORT,
    )
    killed = own(
        f"pod-killed-{place}-{part}",
        f"the pod of {part} at the {place} is killed",
        promise,
        Act(place, Action.RESTART, (part,)),
        Hold(Wait.OBSERVE),
        WaitUntil(decisions_go_on(), Wait.DATABASE_RESTARTED),
        *well_again(),
    )
    await holds(race, killed, tmp_path)


async def test_a_node_is_drained_and_taken_back(race: ThreeClusters, tmp_path: Path):
    def drain(release: Release) -> None:
        # The last page of a site is not evicted while no other one is ready, and here is no other node for it.
        but_pages = "--pod-selector=app.kubernetes.io/component!=mediawall"
        options = (
            "--ignore-daemonsets",
            "--delete-emptydir-data",
            but_pages,
            f"--timeout={DRAIN_LIMIT_S:.0f}s",
        )
        try:
            release.cluster.kubectl("drain", release.site, *options, limit_s=DRAIN_LIMIT_S)
        except KubectlFailed:
            release.cluster.kubectl("uncordon", release.site)
            raise

    def uncordon(release: Release) -> None:
        release.cluster.kubectl("uncordon", release.site)
        await_ready([release])

    drained = own(
        "node-drained",
        "the standby's only node is drained for maintenance",
        Promise(screens=EVERYWHERE - {STANDBY}, writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True),
        at(race, STANDBY, "drain the node", drain),
        Hold(Wait.CUT_SHORT),
        at(race, STANDBY, "uncordon it", uncordon),
        *well_again(STANDBY),
    )
    await holds(race, drained, tmp_path)


async def test_it_is_upgraded_one_site_after_the_other_while_the_race_is_on(
    race: ThreeClusters, tmp_path: Path
):
    def upgrade(release: Release) -> None:
        # Every pod is another one afterwards, as with other images.
        release.upgrade({"podAnnotations": {"ardoise.dev/upgraded": "yes"}})

    # Before anything risky.
    for site in ("amsterdam", "london"):
        race.releases[site].back_up()
    upgraded = own(
        "helm-upgrade",
        "helm upgrade, one site after the other",
        Promise(writes_within=Wait.SYNCHRONOUS_LEFT),
        at(race, STANDBY, "helm upgrade", upgrade),
        *well_again(STANDBY),
        Switchover(),
        WaitUntil(primary_is(STANDBY), Wait.SWITCHOVER),
        WaitUntil(attached(PRIMARY), Wait.NORMAL_AGAIN),
        at(race, PRIMARY, "helm upgrade", upgrade),
        *well_again(PRIMARY),
        at(race, TRUCK, "helm upgrade", upgrade),
        WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
        *well_again(PRIMARY),
    )
    await holds(race, upgraded, tmp_path)


async def test_a_region_and_the_truck_are_rolled_back_while_the_race_is_on(
    race: ThreeClusters, tmp_path: Path
):
    """From what the test before has upgraded them to."""

    rolled_back = own(
        "helm-rollback",
        "helm rollback at the standby, then at the truck",
        Promise(writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True),
        at(race, STANDBY, "helm rollback", Release.roll_back),
        *well_again(STANDBY),
        at(race, TRUCK, "helm rollback", Release.roll_back),
        WaitUntil(ingest_acknowledges(), Wait.INGEST_BACK),
        *well_again(STANDBY),
    )
    await holds(race, rolled_back, tmp_path)


async def test_a_certificate_is_rotated_while_the_race_is_on(race: ThreeClusters, tmp_path: Path):
    """As docs/kubernetes.md says it, and the certificate that is shown afterwards is another one."""

    def rotate(release: Release) -> None:
        before = shown(release)
        for name in ("nats", "recorder", "data-plane/etcd", "data-plane/patroni"):
            for kind in ("pem", "key"):
                (release.identities / release.site / f"{name}.{kind}").unlink()
        make_identities(values("truck"), [NAMESPACE], release.identities)
        release.prepare()
        for workload in (
            "deployment/ardoise-recorder",
            "statefulset/ardoise-data-plane",
            "statefulset/ardoise-nats",
        ):
            release.kubectl("rollout", "restart", workload)
            limit = f"--timeout={ROLL_OUT_LIMIT_S:.0f}s"
            release.kubectl("rollout", "status", workload, limit, limit_s=ROLL_OUT_LIMIT_S)
        await_ready([release])
        assert shown(release) != before

    rotated = own(
        "certificate-rotated",
        "the standby's certificates are made anew",
        Promise(screens=EVERYWHERE - {STANDBY}, writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True),
        at(race, STANDBY, "rotate certificates", rotate),
        *well_again(STANDBY),
    )
    await holds(race, rotated, tmp_path)


async def test_a_site_is_uninstalled_and_comes_back_with_its_volumes(race: ThreeClusters, tmp_path: Path):
    def install(release: Release) -> None:
        release.install()
        await_ready([release])

    removed = own(
        "site-uninstalled",
        "the standby's release is uninstalled, and installed again",
        Promise(screens=EVERYWHERE - {STANDBY}, writes_within=Wait.SYNCHRONOUS_LEFT, primary_stays=True),
        at(race, STANDBY, "helm uninstall", Release.uninstall),
        Hold(Wait.CUT_SHORT),
        at(race, STANDBY, "helm install", install),
        *well_again(STANDBY),
    )
    await holds(race, removed, tmp_path)


def shown(release: Release) -> str:
    """The certificate that etcd of the site shows, PEM."""
    return ssl.get_server_certificate((layout.address(release.site), PORTS["etcd"]), timeout=LOOK_LIMIT_S)
