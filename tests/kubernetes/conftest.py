"""Clusters for tests: the bed's where this machine can have it, else those that somebody gives, else a skip by name."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ardoise.up.network import NetworkUnavailable
from ardoise.up.programs import ProgramsMissing, in_cache

from tests.kubernetes.bed import cgroups, clusters, layout
from tests.kubernetes.bed.cluster import CONTEXTS, Cluster, bed_cluster, given_clusters
from tests.kubernetes.bed.parts import Built, PartsMissing
from tests.kubernetes.race import INSTALL_LIMIT_S
from tests.kubernetes.release import Release, await_ready
from tests.kubernetes.three import ThreeClusters, values
from tests.support.chart import NAMESPACE
from tests.support.operators import AS_INSTALLED, REGIONS, replication_object, site_objects

HERE = Path(__file__).parent
BUILD_LIMIT_S = 3000
NO_BUILDER = 69
UNAVAILABLE = (
    *(clusters.BedUnavailable, PartsMissing, ProgramsMissing),
    *(cgroups.CgroupsMissing, NetworkUnavailable),
)
HOW_TO_GIVE = (
    f"Or give clusters: KUBECONFIG with contexts {', '.join(layout.SITES)}, "
    f"or {CONTEXTS}=truck=<context>,... (tests/kubernetes/README.md)"
)


MINUTES = "KUBERNETES_MINUTES"
"""How long a run may begin long tests; those after it are skipped, by name. For who is ended at a fixed time."""
BEGAN_S = time.monotonic()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leaves out what would begin too late."""
    minutes = float(os.environ.get(MINUTES, "inf"))
    if item.get_closest_marker("long") and time.monotonic() - BEGAN_S > minutes * 60:
        pytest.skip(f"not begun within {minutes:.0f} minutes ({MINUTES}); make kubernetes runs all")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs those with clusters, for there is one bed, which goes last; one those of an API server alone."""
    for item in (item for item in items if HERE in item.path.parents):
        group = "clusters" if "bed" in item.fixturenames else item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: "no_clusters" in getattr(item, "fixturenames", ()))


class Bed:
    """Clusters of this machine, started when the first test asks for them and kept for the next."""

    def __init__(self) -> None:
        self._started = False

    def ensure(self, sites: tuple[str, ...]) -> dict[str, Cluster]:
        """Those and perhaps others are up. Raises one of UNAVAILABLE."""
        built = self.built()
        if clusters.abandoned() or not set(sites) <= set(clusters.sites_up()):
            if self.is_others:
                pytest.skip(
                    f"the bed that is up, from {clusters.started_from()}, has {', '.join(clusters.sites_up())} alone: "
                    "make clusters-down"
                )
            self.down()
            clusters.up(sites, print, tied=True)
            self._started = True
        return {site: bed_cluster(site, built) for site in clusters.sites_up()}

    def down(self) -> None:
        """Ends what ensure() started, or what a crash or a run that was killed left; another one's bed stays."""
        if not self.is_others:
            clusters.down(print)
            self._started = False

    @property
    def is_others(self) -> bool:
        """Somebody else's bed is up, and somebody is there to end it."""
        return bool(clusters.sites_up()) and not self._started and not clusters.abandoned()

    @staticmethod
    def built() -> Built:
        """Raises one of UNAVAILABLE."""
        return clusters.programs(print)[0]


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    """Ended with the run."""
    bed = Bed()
    yield bed
    bed.down()


def reach(bed: Bed, sites: tuple[str, ...], what: str) -> dict[str, Cluster]:
    """Clusters of these sites at least; skips where there are none, saying what that leaves untested."""
    given = given_clusters()
    if CONTEXTS not in os.environ:
        try:
            return bed.ensure(sites)
        except UNAVAILABLE as error:
            why = str(error)
    else:
        why = f"{CONTEXTS} names no cluster for it"
    if set(sites) <= set(given):
        return given
    pytest.skip(f"not tested on Kubernetes: {what}. {why}. {HOW_TO_GIVE}")


@pytest.fixture(scope="session")
def archives(repository: Path) -> Path:
    """The folder of the archives, all current."""
    if os.geteuid() != 0:
        pytest.skip("the images were not looked at: that takes root")
    done = subprocess.run(
        [repository / "scripts" / "images"], capture_output=True, text=True, timeout=BUILD_LIMIT_S
    )
    if done.returncode == NO_BUILDER:
        pytest.skip(f"the images were not built: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr + done.stdout
    return in_cache("images")


@pytest.fixture(scope="module")
def truck(bed: Bed) -> Cluster:
    """A cluster of one site."""
    return reach(bed, ("truck",), "one site's cluster")["truck"]


@pytest.fixture(scope="session")
def three(bed: Bed) -> dict[str, Cluster]:
    """Clusters of all three sites, which reach one another."""
    return reach(bed, layout.SITES, "three sites' clusters")


@pytest.fixture(scope="session")
def three_of_bed(three: dict[str, Cluster]) -> dict[str, Cluster]:
    """The same where their links and losses are in our hands."""
    if not all(cluster.of_bed for cluster in three.values()):
        pytest.skip(
            "links are cut and clusters lost only on the bed of this machine: root, Linux, Go (make clusters)"
        )
    return three


@pytest.fixture(scope="session")
def race(
    three_of_bed: dict[str, Cluster], archives: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ThreeClusters]:
    """Three sites, every pod of them ready, and a region that could take over."""
    race = ThreeClusters(three_of_bed, tmp_path_factory.mktemp("race"))
    race.install(archives)
    await_ready(list(race.releases.values()), INSTALL_LIMIT_S)
    race.await_synchronous()
    yield race
    # Tests that end the bed come last, and may have taken the releases with it.
    up = clusters.sites_up()
    for release in (one for site, one in race.releases.items() if site in up):
        release.remove()


@pytest.fixture
def no_clusters(bed: Bed) -> Bed:
    """A machine that has the bed's programs and no clusters up."""
    try:
        bed.built()
    except UNAVAILABLE as error:
        pytest.skip(f"not tested: that clusters leave nothing behind. {error}")
    if bed.is_others:
        why = f"some are up, from {clusters.started_from()}: make clusters-down"
        pytest.skip(f"not tested: that clusters leave nothing behind; {why}")
    bed.down()
    return bed


@pytest.fixture(scope="session")
def objects(race: ThreeClusters) -> dict[str, Release]:
    """Both regions' releases, with their objects; the installed primary, whichever it is, is adopted."""
    regions = {region: race.releases[region] for region in REGIONS}
    for release in regions.values():
        for one in (*site_objects(values(release.site)["sites"]), replication_object(AS_INSTALLED)):
            one["metadata"]["namespace"] = NAMESPACE
            strictly = ("apply", f"--namespace={NAMESPACE}", "--validate=strict", "--filename=-")
            release.cluster.kubectl(*strictly, text=json.dumps(one))
    return regions
