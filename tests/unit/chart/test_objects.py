"""What the chart makes is what Kubernetes takes, and what a strict cluster lets in."""

import helm_python
import pytest
from ardoise.sites.topology import SiteKind
from ardoise.up.identities import SERVICES

from tests.support.chart import (
    CHART,
    DEFINITION,
    EVERYTHING,
    EXAMPLES,
    Object,
    containers,
    example,
    faults,
    loaded,
    objects,
    of_kind,
    overlaid,
    pod_specs,
)
from tests.support.chart_cases import PHONES

# The oldest whose schemas are at hand, and the newest.
VERSIONS = ("1.33", "1.37")
OF_OTHERS = {"monitoring.coreos.com/v1", "cert-manager.io/v1"}
IMAGES = {"full", "edge", "nats", "etcd", "patroni"}
WORKLOADS = ("Deployment", "StatefulSet")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_one_that_kubernetes_knows_field_by_field(made: list[Object], version: str):
    for one in made:
        if one["apiVersion"] not in OF_OTHERS:
            assert faults(one, version) == [], one["metadata"]["name"]


def test_a_field_that_is_not_there_is_found(site_objects: dict[str, list[Object]]):
    account = next(one for one in site_objects["truck"] if one["kind"] == "ServiceAccount")
    assert faults({**account, "automount": False}, VERSIONS[-1])


def test_every_object_is_made_once_in_the_releases_namespace(made: list[Object]):
    names = [(one["kind"], one["metadata"]["name"]) for one in made]
    assert len(names) == len(set(names))
    namespaces = {one["metadata"].get("namespace") for one in made if one["kind"] != DEFINITION}
    assert namespaces == {"race"}


def test_every_pod_is_let_in_under_pod_security_restricted(made: list[Object]):
    for pod, _, spec in pod_specs(made):
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec), pod
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True, pod
        assert security["runAsUser"] == 10001, pod
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, pod
        allowed = {"configMap", "emptyDir", "projected", "persistentVolumeClaim"}
        assert all(set(volume) - {"name"} <= allowed for volume in spec["volumes"]), pod
    for one in containers(made):
        security = one.spec["securityContext"]
        assert security == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, one.pod
        assert not any("hostPort" in port for port in one.spec.get("ports", ())), one.pod


ASKING = ("Deployment/ardoise-operator", "PodTemplate/ardoise-drill")


def test_no_pod_but_the_operators_and_a_drills_is_given_a_token_nor_told_of_services_under_our_settings_names(
    made: list[Object],
):
    accounts = of_kind(made, "ServiceAccount")
    for pod, _, spec in pod_specs(made):
        assert spec["automountServiceAccountToken"] is (pod in ASKING), pod
        assert spec["enableServiceLinks"] is False, pod
        assert accounts[spec["serviceAccountName"]]["automountServiceAccountToken"] is False, pod


def test_only_the_images_of_this_repository_are_named(made: list[Object]):
    version = loaded((CHART / "Chart.yaml").read_text())["appVersion"]
    images = {one.spec["image"] for one in containers(made)}
    assert images <= {f"localhost/ardoise/{name}:{version}" for name in IMAGES}


def test_an_edge_runs_nothing_of_the_full_image(site_objects: dict[str, list[Object]]):
    for case in ("truck", "truck-apart", "laptop"):
        names = {one.spec["image"].split("/")[-1].split(":")[0] for one in containers(site_objects[case])}
        assert names == {"edge", "nats", "etcd"}


def test_everything_that_stays_is_probed_bounded_and_has_a_budget_for_disruptions(made: list[Object]):
    budgets = [
        one["spec"]["selector"]["matchLabels"] for one in of_kind(made, "PodDisruptionBudget").values()
    ]
    workloads = [one for one in made if one["kind"] in WORKLOADS]
    assert len(budgets) == len(workloads)
    for one in workloads:
        assert one["spec"]["selector"]["matchLabels"] in budgets
        for container in one["spec"]["template"]["spec"]["containers"]:
            where = f"{one['metadata']['name']}: {container['name']}"
            assert {"startupProbe", "livenessProbe"} <= set(container), where
            # The member that stands in for the truck's is ready by waiting.
            assert ("readinessProbe" in container) == (container["name"] != "etcd-stand-in"), where
    for one in containers(made):
        assert {"cpu", "memory"} <= set(one.spec["resources"]["requests"]), one.pod
        assert "memory" in one.spec["resources"]["limits"], one.pod


def test_the_truck_asks_its_node_for_at_most_512_mib(site_objects: dict[str, list[Object]]):
    for case in ("truck", "truck-apart"):
        staying = [one for one in containers(site_objects[case]) if one.stays]
        # The gateway comes with its sources.
        assert {one.name for one in staying} == {"nats", "etcd", *SERVICES[SiteKind.EDGE]} - {"trackers"}
        once = {one.name: one.requested_mib for one in staying}
        assert sum(once.values()) <= 512, once


def test_what_keeps_something_is_never_there_twice_and_outlives_the_release(made: list[Object]):
    claims = of_kind(made, "PersistentVolumeClaim")
    for name, one in of_kind(made, "Deployment").items():
        used = [
            volume["persistentVolumeClaim"]["claimName"]
            for volume in one["spec"]["template"]["spec"]["volumes"]
            if "persistentVolumeClaim" in volume
        ]
        if used:
            assert one["spec"]["strategy"] == {"type": "Recreate"}, name
            assert one["spec"]["replicas"] == 1, name
            assert claims[used[0]]["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_the_operator_is_never_there_twice_and_in_no_pod_of_others(made: list[Object]):
    running = [one for one in containers(made) if one.name == "operator"]
    for one in running:
        assert one.pod == "Deployment/ardoise-operator"
        assert [each["name"] for each in one.pod_spec["containers"]] == ["operator"]
        deployment = of_kind(made, "Deployment")["ardoise-operator"]["spec"]
        assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
        assert one.files() == {}


GATEWAYS = ("truck-trackers", "truck-broker", "truck-phones", "truck-phones-cert-manager")


def test_the_trackers_gateway_is_never_there_twice_and_in_no_pod_of_others(
    site_objects: dict[str, list[Object]],
):
    for case, made in site_objects.items():
        running = [one for one in containers(made) if one.name == "trackers"]
        assert len(running) == (case in GATEWAYS), case
        for one in running:
            assert [each["name"] for each in one.pod_spec["containers"]] == ["trackers"]
            deployment = of_kind(made, "Deployment")["ardoise-trackers"]["spec"]
            assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def test_whoever_speaks_to_the_trackers_ports_is_told_apart_by_address(site_objects: dict[str, list[Object]]):
    for case in ("truck-trackers", "truck-broker"):
        services = of_kind(site_objects[case], "Service")
        local = {name for name, one in services.items() if "externalTrafficPolicy" in one["spec"]}
        assert local == ({"ardoise-trackers"} if case == "truck-trackers" else set())
    ports = of_kind(site_objects["truck-trackers"], "Service")["ardoise-trackers"]["spec"]["ports"]
    assert {(port["port"], port["protocol"]) for port in ports} == {
        (7407, "TCP"),
        (5055, "TCP"),
        (5013, "TCP"),
        (5013, "UDP"),
    }


def test_phones_by_mqtt_have_a_service_of_their_own_and_nats_servers_other_port_stays_within(
    site_objects: dict[str, list[Object]],
):
    closed = objects(overlaid(example("truck"), PHONES, {"expose": {"also": []}}))
    found = {name: one["spec"] for name, one in of_kind(closed, "Service").items()}
    ports = {name: [(port["name"], port["port"]) for port in one["ports"]] for name, one in found.items()}
    assert ports["ardoise-phones"] == [("mqtt", 8883)]
    assert ports["ardoise-nats"] == [("nats", 4222)]
    assert (found["ardoise-phones"]["type"], found["ardoise-nats"]["type"]) == ("LoadBalancer", "ClusterIP")
    for case in ("truck", "truck-trackers", "amsterdam"):
        assert "ardoise-phones" not in of_kind(site_objects[case], "Service"), case


def test_a_volume_is_given_to_its_group_once_so_that_postgresql_keeps_its_own(made: list[Object]):
    for pod, _, spec in pod_specs(made):
        assert spec["securityContext"]["fsGroup"] == 10001, pod
        assert spec["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch", pod


def test_services_and_monitors_find_the_ports_they_name(made: list[Object]):
    ports: dict[str, set[str]] = {}
    for _, metadata, spec in pod_specs(made):
        component = metadata["labels"]["app.kubernetes.io/component"]
        named = {port["name"] for one in spec["containers"] for port in one.get("ports", ())}
        ports.setdefault(component, set()).update(named)
    for name, service in of_kind(made, "Service").items():
        component = service["spec"]["selector"]["app.kubernetes.io/component"]
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports[component], name
    for name, monitor in of_kind(made, "PodMonitor").items():
        component = monitor["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        assert {one["port"] for one in monitor["spec"]["podMetricsEndpoints"]} <= ports[component], name


def test_ports_of_one_pod_differ_by_name_and_number(made: list[Object]):
    for pod, _, spec in pod_specs(made):
        ports = [port for one in spec["containers"] for port in one.get("ports", ())]
        for of in (("name",), ("containerPort", "protocol")):
            found = [tuple(port.get(each, "TCP") for each in of) for port in ports]
            assert len(found) == len(set(found)), pod


def test_on_race_day_no_drain_takes_what_there_is_one_of(site_objects: dict[str, list[Object]]):
    for case, single in (("amsterdam", 1), ("race-day", 0)):
        budgets = of_kind(site_objects[case], "PodDisruptionBudget")
        allowed = {name: one["spec"]["maxUnavailable"] for name, one in budgets.items()}
        assert allowed.pop("ardoise-mediawall") == 1
        assert set(allowed.values()) == {single}


def test_what_is_of_the_prometheus_operator_is_made_where_the_cluster_knows_it_or_a_value_says_so():
    def of_others(values: dict) -> set[str]:
        return {one["kind"] for one in objects(values) if one["apiVersion"] in OF_OTHERS}

    assert of_others(example("truck")) == set()
    assert of_others(overlaid(example("truck"), EVERYTHING)) == {"PrometheusRule", "PodMonitor"}


def test_the_chart_and_the_project_are_of_one_version(repository):
    chart = loaded((CHART / "Chart.yaml").read_text())
    project = (repository / "pyproject.toml").read_text()
    assert f'version = "{chart["version"]}"' in project
    assert chart["appVersion"] == chart["version"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_helm_finds_nothing_to_say_about_it(path):
    report = helm_python.lint(CHART, loaded(path.read_text()), strict=True, kube_version="v1.33.0")
    assert report["errors"] == []
    # 1: a hint (no icon); 2: a warning; 3: an error.
    assert [said for said in report["messages"] if said["severity"] > 1] == []
