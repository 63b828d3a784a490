"""Three clusters reach one another, until a link is cut, lossy or slow, or one of them is lost."""

import itertools
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ardoise.up.network import Condition

from tests.kubernetes.bed import clusters, layout, plan, site
from tests.kubernetes.bed.cluster import Cluster, KubectlFailed, eventually
from tests.kubernetes.probes import POD_LIMIT_S, Namespace, claim, pod, service

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]
BALANCED_PORT = 8097
CUT = Condition(cut=True)
WHOLE = Condition()

Sites = dict[str, Namespace]


@pytest.fixture(scope="module")
def sites(three_of_bed: dict[str, Cluster]) -> Iterator[Sites]:
    """At each site a pod that answers other sites and asks them."""
    name = f"links-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        made = {site: stack.enter_context(Namespace(cluster, name)) for site, cluster in three_of_bed.items()}
        for site, namespace in made.items():
            namespace.run(pod(site), service("outside", site, BALANCED_PORT, "LoadBalancer"))
            namespace.balancer("outside")
        yield made


@pytest.fixture(autouse=True)
def whole_links(sites: Sites) -> Iterator[None]:
    """After each test every link is as before it."""
    yield
    for sender, receiver in itertools.permutations(sites, 2):
        clusters.set_link(sender, receiver, WHOLE)


def ask(sites: Sites, asking: str, asked: str) -> str:
    return sites[asking].get(asking, f"http://{layout.address(asked)}:{BALANCED_PORT}/")


def answers(sites: Sites, asking: str, asked: str) -> bool:
    return (
        eventually(lambda: ask(sites, asking, asked), f"answer of {asked} to {asking}", POD_LIMIT_S) == asked
    )


def test_each_site_answers_each(sites: Sites):
    for asking in sites:
        for asked in sites:
            assert answers(sites, asking, asked)


def test_a_link_is_cut_in_one_direction_and_healed(sites: Sites):
    assert answers(sites, "london", "truck")
    # What the truck sends does not arrive, so London hears no answer; Amsterdam does.
    clusters.set_link("truck", "london", CUT)
    with pytest.raises(KubectlFailed, match=r"deadline exceeded|timeout"):
        ask(sites, "london", "truck")
    assert answers(sites, "amsterdam", "truck")
    assert answers(sites, "london", "amsterdam")
    clusters.set_link("truck", "london", WHOLE)
    assert answers(sites, "london", "truck")


def test_a_lossy_link_loses_some(sites: Sites):
    assert answers(sites, "london", "truck")
    clusters.set_link("truck", "london", Condition(loss_percent=50))
    times = []
    for _ in range(10):
        began = time.monotonic()
        assert answers(sites, "london", "truck")
        times.append(time.monotonic() - began)
    # What opens a connection is sent again after a second.
    assert max(times) - min(times) > 0.5, times


def test_a_slow_link_takes_its_time(sites: Sites):
    kilobytes, rate_kbit = 200, 400

    def took(asked: str) -> float:
        began = time.monotonic()
        url = f"http://{layout.address(asked)}:{BALANCED_PORT}/?bytes={kilobytes * 1000}"
        assert len(sites["london"].get("london", url)) == kilobytes * 1000
        return time.monotonic() - began

    clusters.set_link("truck", "london", Condition(rate_kbit=rate_kbit))
    # A first burst of 64 kB goes at once.
    assert took("truck") > (kilobytes - 70) * 8 / rate_kbit
    assert took("amsterdam") < 1.0
    clusters.set_link("truck", "london", WHOLE)
    assert took("truck") < 1.0


def test_a_lost_cluster_is_silent_and_comes_back_with_its_disks(sites: Sites):
    london = sites["london"]
    london.run(claim("disk"), pod("keeper", claim="disk"))
    london.kubectl("exec", "keeper", "--", "/probe", "write", "/data/note", "chalk")
    # As the kernel does for as long as it takes to clear a namespace away.
    with Path(f"/proc/{site.running(plan.Files('london').pid)}/ns/net").open():
        clusters.lose("london")
        with pytest.raises(KubectlFailed, match=r"deadline exceeded|timeout"):
            ask(sites, "truck", "london")
        assert answers(sites, "truck", "amsterdam")
        clusters.restore("london", print)
    noted = eventually(
        lambda: london.kubectl("exec", "keeper", "--", "/probe", "read", "/data/note"),
        "the note",
        POD_LIMIT_S,
    )
    assert noted == "chalk"
    assert answers(sites, "truck", "london")


def test_a_frozen_cluster_goes_on_where_it_stood(sites: Sites):
    assert answers(sites, "truck", "london")
    clusters.freeze("london", frozen=True)
    with pytest.raises(KubectlFailed, match=r"deadline exceeded|timeout"):
        ask(sites, "truck", "london")
    clusters.freeze("london", frozen=False)
    assert answers(sites, "truck", "london")
