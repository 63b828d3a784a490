"""One cluster of the bed is a real one: what later tests trust in, each thing seen to work."""

import socket
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from tests.kubernetes.bed import clusters, layout, plan, settings
from tests.kubernetes.bed.cluster import Cluster, KubectlFailed, eventually
from tests.kubernetes.bed.parts import KUBERNETES
from tests.kubernetes.probes import POD_LIMIT_S, PORT, Namespace, claim, pod, service

pytestmark = pytest.mark.timeout(300)
HTTP_LIMIT_S = 5.0
COMMAND_LIMIT_S = 30.0


@pytest.fixture
def namespace(truck: Cluster) -> Iterator[Namespace]:
    with Namespace(truck, f"bed-{uuid.uuid4().hex[:8]}") as made:
        yield made


def test_its_node_is_ready_and_of_the_pinned_version(truck: Cluster):
    (node,) = truck.get("nodes")["items"]
    assert {one["type"]: one["status"] for one in node["status"]["conditions"]}["Ready"] == "True"
    if truck.of_bed:
        assert node["status"]["nodeInfo"]["kubeletVersion"] == KUBERNETES
        assert {"address": layout.address("truck"), "type": "InternalIP"} in node["status"]["addresses"]


def test_a_pod_answers_through_a_service_by_its_name(namespace: Namespace):
    namespace.run(pod("server"), pod("client"), service("web", "server"))
    full = f"web.{namespace.name}.svc.{layout.CLUSTER_DOMAIN}"
    for name in ("web", full):
        answer = eventually(lambda name=name: namespace.get("client", f"http://{name}/"), name, POD_LIMIT_S)
        assert answer == "server"
    # A pod reaches itself through its service too.
    assert namespace.get("server", "http://web/") == "server"


def test_a_name_that_is_not_there_is_refused_at_once(namespace: Namespace):
    namespace.run(pod("client"))
    with pytest.raises(KubectlFailed, match=r"no such host|server misbehaving"):
        namespace.get("client", "http://nobody.example/")


def test_a_pods_log_and_a_command_in_it_are_at_hand(namespace: Namespace):
    namespace.run(pod("server"))
    assert f"serving at :{PORT}" in namespace.kubectl("logs", "server")
    assert namespace.get("server", f"http://127.0.0.1:{PORT}/") == "server"


def test_what_a_claim_holds_outlives_its_pod(namespace: Namespace):
    namespace.run(claim("disk"), pod("first", claim="disk"))
    namespace.kubectl("exec", "first", "--", "/probe", "write", "/data/note", "chalk")
    namespace.kubectl("delete", "pod", "first")
    namespace.run(pod("second", claim="disk"))
    assert namespace.kubectl("exec", "second", "--", "/probe", "read", "/data/note") == "chalk"


def test_a_disk_goes_with_its_claim(namespace: Namespace):
    namespace.run(claim("disk"), pod("holder", claim="disk"))
    volume = namespace.kubectl("get", "pvc", "disk", "--output=jsonpath={.spec.volumeName}")
    assert volume
    namespace.kubectl("delete", "pod/holder", "pvc/disk")

    def gone() -> bool:
        return not namespace.cluster.kubectl("get", "pv", volume, "--ignore-not-found")

    eventually(gone, f"end of {volume}", POD_LIMIT_S)
    if namespace.cluster.of_bed:
        assert not (plan.Files("truck").var / "lib" / "volumes" / volume).exists()


def test_a_load_balancer_answers_from_outside(namespace: Namespace):
    port = 8099
    namespace.run(pod("server"), service("outside", "server", port, "LoadBalancer"))
    address = namespace.balancer("outside")

    def answered() -> bool:
        try:
            with socket.create_connection((address, port), HTTP_LIMIT_S) as opened:
                opened.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return opened.makefile().read().endswith("server\n")
        except OSError:
            return False

    assert eventually(answered, "answer from outside", POD_LIMIT_S)


def test_two_services_do_not_get_one_port(namespace: Namespace):
    if not namespace.cluster.of_bed:
        pytest.skip("a cloud gives each load balancer an address of its own; only the bed's share the node's")
    port = 8098
    namespace.run(pod("server"), service("first", "server", port, "LoadBalancer"))
    namespace.balancer("first")
    namespace.run(service("second", "server", port, "LoadBalancer"))
    told = eventually(
        lambda: namespace.kubectl("get", "events", "--field-selector=reason=PortTaken", "--output=name"),
        "event about the port", POD_LIMIT_S,
    )  # fmt: skip
    assert told
    status = namespace.kubectl("get", "service", "second", "--output=jsonpath={.status.loadBalancer}")
    assert status == "{}"


def test_pod_security_is_enforced(namespace: Namespace):
    loose = pod("loose")
    del loose["spec"]["securityContext"]
    with pytest.raises(KubectlFailed, match="violates PodSecurity"):
        namespace.run(loose)


def test_a_pod_is_filtered_by_seccomp(namespace: Namespace):
    namespace.run(pod("server"))
    status = namespace.kubectl("exec", "server", "--", "/probe", "read", "/proc/self/status")
    fields = dict(line.partition(":\t")[::2] for line in status.splitlines())
    assert fields["Seccomp"] == "2", "2 is a filter"
    assert fields["CapEff"].strip("0") == ""
    assert fields["NoNewPrivs"] == "1"


def test_nobody_without_a_name_learns_more_than_that_it_is_well(truck: Cluster):
    if not truck.of_bed:
        pytest.skip("how another's API server treats strangers is not ours to test")
    context = ssl._create_unverified_context()

    def status(port: int, path: str) -> int:
        with (
            socket.create_connection((layout.address("truck"), port), HTTP_LIMIT_S) as plain,
            context.wrap_socket(plain) as opened,
        ):
            opened.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            return int(opened.makefile().readline().split()[1])

    assert status(layout.API_PORT, "/readyz") == 200
    assert status(layout.API_PORT, "/api/v1/namespaces") == 401
    assert status(settings.KUBELET_PORT, "/pods") == 401


def test_a_second_bed_is_refused_and_the_first_one_stays(truck: Cluster, repository):
    if not truck.of_bed:
        pytest.skip("there is no bed of this machine")
    before = clusters.sites_up()
    command = [sys.executable, "-m", "tests.kubernetes.bed", "up", "truck"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
    assert done.returncode == 0, done.stderr
    assert "up already" in done.stdout
    assert clusters.sites_up() == before
    assert truck.get("nodes")["items"]
