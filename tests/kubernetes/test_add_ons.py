"""What the chart makes of a metrics-server, an ingress controller and cert-manager: three sites in one cluster."""

import base64
import json
import os
import re
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from ardoise.chassis.identity import DATA_PLANE
from ardoise.up.identities import CA

from tests.kubernetes import add_ons
from tests.kubernetes.bed import layout
from tests.kubernetes.bed.cluster import Cluster, eventually
from tests.kubernetes.bed.parts import ADD_ONS, build, unbuilt
from tests.kubernetes.conftest import MINUTES, UNAVAILABLE, Bed, reach
from tests.kubernetes.release import Release, await_ready, make_identities
from tests.kubernetes.test_laptop import SEEN
from tests.support.chart import CERT_MANAGER, KIND_OF, SITES, example, overlaid
from tests.support.network_policies import Call, End, calls

# The first time the add-ons are built.
pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
HOST = "race.example.org"
ISSUERS = {"platform": ".", "data-plane": DATA_PLANE}
"""By name, the folder of its CA among those that `ardoise sites identities` made."""
REGION = "amsterdam"
CPU_PERCENT = 30
PAGE_CERTIFICATE = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "Certificate",
    "metadata": {"name": "race-page"},
    "spec": {
        "secretName": "race-page",
        "dnsNames": [HOST],
        "issuerRef": {"kind": "ClusterIssuer", "name": "platform"},
    },
}
CONTROLLER = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": add_ons.INGRESS_NAMESPACE}}
}
GROWING = {
    "services": {"together": False},
    "mediawall": {
        "autoscaling": {"enabled": True, "min": 1, "max": 2, "cpuPercent": CPU_PERCENT},
        "ingress": {
            "enabled": True,
            "className": add_ons.INGRESS_CLASS,
            "host": HOST,
            "tlsSecret": PAGE_CERTIFICATE["spec"]["secretName"],
        },
    },
    "networkPolicy": {"web": [CONTROLLER]},
    "resources": {"mediawall": {"requests": {"cpu": "50m"}}},
}
LIVE = ("change", "beat")
WEB_PORT, OPERATORS_PORT = 8080, 8443
HTTP_LIMIT_S = 10.0
SCALE_LIMIT_S = 180.0
RENEWAL_LIMIT_S = 60.0
VIEWERS, PAGES_A_LOOK = 8, 200
PAGE_LIMIT_S = 60.0


@pytest.fixture(scope="module")
def cluster(bed: Bed) -> Iterator[Cluster]:
    """One that has all three."""
    what = "autoscaling, the page's ingress and certificates by cert-manager"
    try:
        if MINUTES in os.environ and (missing := unbuilt(ADD_ONS)):
            pytest.skip(
                f"not tested on Kubernetes: {what}. {', '.join(missing)} take a quarter of an hour to build, and the "
                f"minutes are few ({MINUTES}): .venv/bin/python -m tests.kubernetes.bed build --add-ons, once"
            )
        built = build(print, ADD_ONS)
    except UNAVAILABLE as error:
        pytest.skip(f"not tested on Kubernetes: {what}. {error}")
    cluster = reach(bed, ("truck",), what)["truck"]
    if not cluster.of_bed:
        pytest.skip(f"not tested on Kubernetes: {what}: add-ons are brought to the bed's clusters alone")
    with add_ons.installed(cluster, built):
        yield cluster


@pytest.fixture(scope="module")
def releases(
    cluster: Cluster, archives: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Release]]:
    """A release for each site, every pod of them ready with certificates that cert-manager made."""
    cluster.load(*sorted(archives.glob("*.tar")))
    values = overlaid(example("laptop"), CERT_MANAGER)
    identities = make_identities(values, SITES, tmp_path_factory.mktemp("identities"))
    for name, folder in ISSUERS.items():
        authority = identities / CA / folder
        add_ons.make_issuer(
            cluster, name, (authority / "ca.pem").read_text(), (authority / "ca.key").read_text()
        )
    releases = {
        site: Release(
            cluster,
            site,
            overlaid(
                values, {"site": {"name": site, "kind": KIND_OF[site]}}, GROWING if site == REGION else {}
            ),
            identities,
        )
        for site in SITES
    }
    for release in releases.values():
        release.prepare()
        release.install()
    cluster.apply(PAGE_CERTIFICATE, namespace=REGION)
    await_ready(list(releases.values()))
    yield releases
    for release in releases.values():
        release.remove()


@pytest.fixture(scope="module")
def region(releases: dict[str, Release]) -> Release:
    """Whose page is for the world."""
    return releases[REGION]


@pytest.fixture(scope="module")
def browser(region: Release) -> Iterator[httpx.Client]:
    """One that trusts the CA of the page's certificate, where the ingress controller answers and knows the page."""
    trusted = ssl.create_default_context(cafile=region.identities / CA / "ca.pem")
    address = f"https://{layout.address(region.cluster.site)}"
    with httpx.Client(base_url=address, verify=trusted, timeout=HTTP_LIMIT_S) as client:

        def knows() -> bool:
            try:
                return client.send(asked(client, "/healthz")).is_success
            except httpx.TransportError:
                # Until then it shows a certificate of its own.
                return False

        eventually(knows, "page through the ingress controller", PAGE_LIMIT_S)
        yield client


def asked(browser: httpx.Client, path: str, host: str = HOST) -> httpx.Request:
    """As by one that has looked the page's name up."""
    return browser.build_request("GET", path, headers={"Host": host}, extensions={"sni_hostname": HOST})


def certificates(release: Release) -> dict[str, dict[str, Any]]:
    """Status of cert-manager's objects, by name."""
    found = release.cluster.get("certificates.cert-manager.io", f"--namespace={release.namespace}")["items"]
    return {one["metadata"]["name"]: one["status"] for one in found}


def is_ready(status: dict[str, Any]) -> bool:
    """What cert-manager says of a certificate."""
    return ("Ready", "True") in [(one["type"], one["status"]) for one in status["conditions"]]


def served(release: Release) -> str:
    """The certificate that the operators' page shows."""
    look = f"import ssl; print(ssl.get_server_certificate(('localhost', {OPERATORS_PORT})))"
    return release.kubectl("exec", "deployment/ardoise-mediawall", "--", "python3", "-c", look).strip()


def test_with_certificates_of_cert_manager_a_fix_goes_in_and_its_position_and_its_alert_come_out(
    releases: dict[str, Release],
):
    for site in SITES:
        made = certificates(releases[site])
        assert {name: one["conditions"] for name, one in made.items() if not is_ready(one)} == {}
        assert "ardoise-identity-mediawall" in made
    for site in ("truck", REGION):
        said = releases[site].test()
        assert [seen for seen in SEEN if seen not in said] == [], said


def test_a_certificate_that_cert_manager_renewed_is_taken_at_the_next_start(region: Release):
    name, before = "ardoise-identity-mediawall", served(region)
    condition = {"type": "Issuing", "status": "True", "reason": "Test", "message": "before its time"}
    patch = [{"op": "add", "path": "/status/conditions/-", "value": condition}]
    # As `cmctl renew` does.
    region.kubectl(
        "patch", "certificate", name, "--subresource=status", "--type=json", f"--patch={json.dumps(patch)}"
    )
    region.kubectl(
        "wait",
        "--for=jsonpath={.status.revision}=2",
        f"certificate/{name}",
        f"--timeout={RENEWAL_LIMIT_S:.0f}s",
    )
    assert served(region) == before
    region.kubectl("rollout", "restart", "deployment/ardoise-mediawall")
    region.kubectl("rollout", "status", "deployment/ardoise-mediawall", limit_s=RENEWAL_LIMIT_S)
    renewed = region.cluster.get("secret", name, f"--namespace={region.namespace}")["data"]["tls.crt"]
    assert base64.b64decode(renewed).decode().strip() == eventually(
        lambda: (now := served(region)) != before and now, "renewed certificate", RENEWAL_LIMIT_S
    )


def test_the_page_comes_through_the_ingress_controller_by_its_name_and_with_its_certificate(
    browser: httpx.Client,
):
    page = browser.send(asked(browser, "/"))
    assert page.is_success
    assert "<title>" in page.text
    assert browser.send(asked(browser, "/", "another.example.org")).status_code == 404


def test_its_live_stream_comes_through_event_by_event(browser: httpx.Client):
    request = asked(browser, "/events")
    seen: list[str] = []
    with closing(browser.send(request, stream=True)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
            # One a second, whether the race moves or not: nothing on the way waits for more.
            if sum(event in LIVE for event in seen) == 2:
                break
    assert seen[0] == "hello"


def test_the_network_policies_let_the_ingress_controller_in_at_the_page_alone(region: Release):
    (controller,) = region.cluster.get("pods", f"--namespace={add_ons.INGRESS_NAMESPACE}")["items"]
    end = End("the ingress controller", add_ons.INGRESS_NAMESPACE, controller["metadata"]["labels"])
    made = region.cluster.get("networkpolicies,deployments,statefulsets", f"--namespace={region.namespace}")
    allowed, _ = calls(made["items"], [end])
    assert {call for call in allowed if call.caller == end.name} == {Call(end.name, "mediawall", WEB_PORT)}


def test_the_media_wall_grows_under_load_by_the_cpu_that_the_metrics_server_saw(
    region: Release, browser: httpx.Client
):
    line = re.compile(r"^ardoise-mediawall-\S+ +\d+m +[1-9]\d*Mi *$", re.MULTILINE)
    top = ("top", "pods", "--no-headers")
    eventually(lambda: line.search(region.kubectl(*top)), "figures of the pod", SCALE_LIMIT_S)

    def status() -> dict[str, Any]:
        scaler = ("horizontalpodautoscaler", "ardoise-mediawall", f"--namespace={region.namespace}")
        return region.cluster.get(*scaler)["status"]

    def figure() -> dict[str, Any] | None:
        """Of what the pods take, once there is one."""
        found = status().get("currentMetrics") or [{}]
        return found[0].get("resource", {}).get("current")

    assert "averageUtilization" in eventually(figure, "a figure of the autoscaler's", SCALE_LIMIT_S)
    assert status()["currentReplicas"] == 1

    def loaded() -> dict[str, Any] | None:
        with ThreadPoolExecutor(VIEWERS) as viewers:
            list(viewers.map(lambda _: browser.send(asked(browser, "/api/state")), range(PAGES_A_LOOK)))
        now = status()
        return now if now["desiredReplicas"] > 1 else None

    grown = eventually(loaded, "more pods under load", SCALE_LIMIT_S)
    assert grown["currentMetrics"][0]["resource"]["current"]["averageUtilization"] > CPU_PERCENT
    path = "jsonpath={.status.readyReplicas}"
    eventually(
        lambda: int(region.kubectl("get", "deployment", "ardoise-mediawall", f"--output={path}")) > 1,
        "more pods ready",
        SCALE_LIMIT_S,
    )
