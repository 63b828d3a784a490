"""Three sites as three namespaces of one cluster: installed as an engineer does it, and tried with `helm test`."""

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ardoise.up.site import HEALTH_PORTS, PORTS

from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.conftest import Bed, reach
from tests.kubernetes.release import Release, await_ready, make_identities
from tests.support.broker import JSZ, location, unacknowledged_of
from tests.support.chart import KIND_OF, SITES, example, overlaid

pytestmark = [pytest.mark.timeout(900)]

PHONES_PORT = 5055
# As a phone: what it is answered.
SEND = "import sys, urllib.request as web; print(web.urlopen(sys.argv[1], data=b'', timeout=20).status)"
PHONES = {"anne": secrets.token_hex(16), "trackers": secrets.token_hex(16)}
"""Passwords of those that come by MQTT, and the gateway's."""
# As a phone with OwnTracks: whether nats-server has taken its fix.
SEND_BY_MQTT = """
import sys
from paho.mqtt.client import CallbackAPIVersion, Client
host, port, ca, password, fix = sys.argv[1:]
phone = Client(CallbackAPIVersion.VERSION2, client_id="otx-anne", clean_session=False)
phone.username_pw_set("anne", password)
phone.tls_set(ca)
phone.connect(host, int(port))
phone.loop_start()
sent = phone.publish("owntracks/anne/phone", fix, qos=1)
sent.wait_for_publish(20)
print(sent.is_published())
"""
ASK = "import sys, urllib.request as web; print(web.urlopen(sys.argv[1], timeout=20).read().decode())"
TAKEN_LIMIT_S = 30.0


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
                {"trackers": {"sources": [phones], "mqtt": {"phonesSecret": "phones"}}}
                if site == "truck"
                else {},
            ),
            identities,
        )
        for site in SITES
    }
    for release in releases.values():
        release.prepare()
    cluster.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "phones"}, "stringData": PHONES},
        namespace="truck",
    )
    for release in releases.values():
        release.install()
    await_ready(list(releases.values()))
    yield releases
    for release in releases.values():
        release.remove()


SEEN = ("acknowledged", "in a region", "position shown", "alert raised", "complete")


@pytest.fixture(scope="module")
def tested(laptop: dict[str, Release]) -> str:
    """What `helm test` says at the truck; it leaves a stage that is live."""
    return laptop["truck"].test()


def test_at_the_truck_a_fix_goes_in_and_its_position_and_its_alert_come_out(tested: str):
    assert [seen for seen in SEEN if seen not in tested] == [], tested


def test_from_a_region_it_goes_in_at_the_truck_and_its_row_is_stored_too(laptop: dict[str, Release]):
    said = laptop["amsterdam"].test()
    assert [seen for seen in (*SEEN, "row stored") if seen not in said] == [], said


@pytest.mark.usefixtures("tested")
def test_a_phone_is_answered_at_the_gateways_service_once_ingest_has_seen_its_fix(laptop: dict[str, Release]):
    truck = laptop["truck"]
    fix = f"id=stranger&lat=45.0&lon=5.01&timestamp={time.time_ns() // 1_000_000}"
    url = f"http://ardoise-trackers:{PHONES_PORT}/?{fix}"
    asked = ("exec", "deployment/ardoise-services", "--container=mediawall", "--", "python", "-c", SEND, url)
    assert truck.kubectl(*asked).strip() == "200"


@pytest.mark.usefixtures("tested")
def test_a_phones_fix_by_mqtt_comes_in_at_its_service_and_the_gateway_acknowledges_it(
    laptop: dict[str, Release],
):
    truck = laptop["truck"]
    exec_as_phone = ("exec", "deployment/ardoise-services", "--container=mediawall", "--", "python", "-c")
    told = (
        "ardoise-phones",
        str(PORTS["mqtt"]),
        "/etc/ardoise/identity/ca.pem",
        PHONES["anne"],
        location().decode(),
    )
    assert truck.kubectl(*exec_as_phone, SEND_BY_MQTT, *told).strip() == "True"
    url = f"http://127.0.0.1:{HEALTH_PORTS['nats']}{JSZ}"

    def taken() -> bool:
        said = truck.kubectl("exec", "ardoise-nats-0", "--", "python", "-c", ASK, url)
        return unacknowledged_of(json.loads(said)) == 0

    eventually(taken, "phone's fix that the gateway has acknowledged", TAKEN_LIMIT_S)


def test_from_within_a_pod_one_sees_all_sites(laptop: dict[str, Release]):
    asked = ("exec", "ardoise-data-plane-0", "--container=sites", "--", "ardoise", "sites", "status")
    said = laptop["london"].kubectl(*asked)
    assert [site for site in SITES if site not in said] == [], said
    assert "without loss" in said, said
