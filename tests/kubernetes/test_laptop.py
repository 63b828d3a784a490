"""Three sites as three namespaces of one cluster: installed as an engineer does it, and tried with `helm test`."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.conftest import Bed, reach
from tests.kubernetes.release import Release, await_ready, make_identities
from tests.support.chart import KIND_OF, SITES, example, overlaid

pytestmark = [pytest.mark.timeout(900)]

PHONES_PORT = 5055
# As a phone: what it is answered.
SEND = "import sys, urllib.request as web; print(web.urlopen(sys.argv[1], data=b'', timeout=20).status)"


@pytest.fixture(scope="module")
def laptop(
    bed: Bed, archives: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Release]]:
    """A release for each site, every pod of them ready."""
    cluster = reach(bed, ("truck",), "three sites in one cluster, installed from the chart")["truck"]
    cluster.load(*sorted(archives.glob("*.tar")))
    phones = {"decoder": "osmand", "transport": "http", "port": PHONES_PORT}
    values = example("laptop")
    identities = make_identities(values, SITES, tmp_path_factory.mktemp("identities"))
    releases = {
        site: Release(
            cluster,
            site,
            overlaid(
                values,
                {"site": {"name": site, "kind": KIND_OF[site]}},
                {"trackers": {"sources": [phones]}} if site == "truck" else {},
            ),
            identities,
        )
        for site in SITES
    }
    for release in releases.values():
        release.prepare()
        release.install()
    await_ready(list(releases.values()))
    yield releases
    for release in releases.values():
        release.remove()


SEEN = ("acknowledged", "in a region", "position shown", "alert raised", "complete")


def test_at_the_truck_a_fix_goes_in_and_its_position_and_its_alert_come_out(laptop: dict[str, Release]):
    said = laptop["truck"].test()
    assert [seen for seen in SEEN if seen not in said] == [], said


def test_from_a_region_it_goes_in_at_the_truck_and_its_row_is_stored_too(laptop: dict[str, Release]):
    said = laptop["amsterdam"].test()
    assert [seen for seen in (*SEEN, "row stored") if seen not in said] == [], said


def test_a_phone_is_answered_at_the_gateways_service_once_ingest_has_seen_its_fix(laptop: dict[str, Release]):
    truck = laptop["truck"]
    # It leaves a stage that is live.
    truck.test()
    fix = f"id=stranger&lat=45.0&lon=5.01&timestamp={time.time_ns() // 1_000_000}"
    url = f"http://ardoise-trackers:{PHONES_PORT}/?{fix}"
    asked = ("exec", "deployment/ardoise-services", "--container=mediawall", "--", "python", "-c", SEND, url)
    assert truck.kubectl(*asked).strip() == "200"


def test_from_within_a_pod_one_sees_all_sites(laptop: dict[str, Release]):
    asked = ("exec", "ardoise-data-plane-0", "--container=sites", "--", "ardoise", "sites", "status")
    said = laptop["london"].kubectl(*asked)
    assert [site for site in SITES if site not in said] == [], said
    assert "without loss" in said, said
