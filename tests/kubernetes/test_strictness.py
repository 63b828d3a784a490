"""A real API server takes every object of the chart, field by field, and lets every pod in without a token."""

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kubernetes.bed.cluster import Cluster, KubectlFailed
from tests.kubernetes.definitions import DefinitionsMissing, known
from tests.support.access import rights
from tests.support.chart import RELEASE, Object, example, objects, of_kind, placed, pod_specs
from tests.support.chart_cases import CASES, values_of

pytestmark = pytest.mark.timeout(180)
OF_OTHERS = {"Certificate", "PodMonitor", "PrometheusRule"}


@pytest.fixture(scope="module")
def namespace(truck: Cluster) -> Iterator[str]:
    """One that takes restricted pods alone and warns of what would make others; with the accounts of every pod."""
    name = f"strict-{uuid.uuid4().hex[:8]}"
    security = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    about = {"name": name, "labels": security}
    truck.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": about})
    accounts = [of_account(f"{RELEASE}-{account}") for account in rights()]
    truck.apply(*accounts, namespace=name)
    yield name
    truck.kubectl("delete", "namespace", name, "--wait=false")


def of_account(name: str) -> dict[str, Any]:
    """A ServiceAccount as the chart makes them."""
    about = {"name": name}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": about,
        "automountServiceAccountToken": False,
    }


@pytest.fixture(scope="module")
def news() -> dict[str, list[Object]]:
    """Objects by case: those that no case before has."""
    seen: set[str] = set()
    found: dict[str, list[Object]] = {}
    for case in CASES:
        made = {json.dumps(one, sort_keys=True): one for one in objects(values_of(case))}
        found[case] = [one for text, one in made.items() if text not in seen]
        seen |= set(made)
    return found


def tried(cluster: Cluster, namespace: str, made: list[Object]) -> list[dict[str, Any]]:
    """What the API server would have made of them. Raises KubectlFailed for what it refuses or warns of."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": placed(made, namespace)})
    strictly = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")
    said = json.loads(cluster.kubectl("apply", *strictly, "--filename=-", "--output=json", text=text))
    return said.get("items", [said])


@pytest.mark.parametrize("case", CASES)
def test_every_object_is_taken_field_by_field_and_without_a_warning(
    case: str, truck: Cluster, namespace: str, news: dict[str, list[Object]]
):
    tried(truck, namespace, [one for one in news[case] if one["kind"] not in OF_OTHERS])


def test_so_is_every_object_of_a_kind_that_others_bring(
    truck: Cluster, namespace: str, news: dict[str, list[Object]]
):
    made = [one for case in CASES for one in news[case] if one["kind"] in OF_OTHERS]
    assert {one["kind"] for one in made} == OF_OTHERS
    try:
        with known(truck):
            for case in CASES:
                if of_case := [one for one in news[case] if one["kind"] in OF_OTHERS]:
                    tried(truck, namespace, of_case)
            for kind, misspell in MISSPELT_OF_OTHERS.items():
                assert_refused(truck, namespace, next(one for one in made if one["kind"] == kind), misspell)
    except DefinitionsMissing as error:
        pytest.skip(f"looked at by no API server: every {', every '.join(sorted(OF_OTHERS))}. {error}")


MISSPELT: dict[str, Callable[[Any], Any]] = {
    "Deployment": lambda spec: spec["template"]["spec"]["containers"][0].update(imagePolicy="Never"),
    "NetworkPolicy": lambda spec: spec.update(egres=[]),
    "Service": lambda spec: spec["ports"][0].update(target="nats"),
}
MISSPELT_OF_OTHERS: dict[str, Callable[[Any], Any]] = {
    "Certificate": lambda spec: spec.update(dnsName=["nats"]),
    "PodMonitor": lambda spec: spec["podMetricsEndpoints"][0].update(every="15s"),
    "PrometheusRule": lambda spec: spec["groups"][0]["rules"][0].update(expression="up"),
}


def assert_refused(cluster: Cluster, namespace: str, one: Object, misspell: Callable[[Any], Any]) -> None:
    """Once a field of it is misspelt."""
    changed = copy.deepcopy(dict(one))
    misspell(changed["spec"])
    with pytest.raises(KubectlFailed, match="unknown field"):
        tried(cluster, namespace, [changed])


@pytest.mark.parametrize("kind", MISSPELT)
def test_a_misspelt_field_is_refused(
    kind: str, truck: Cluster, namespace: str, news: dict[str, list[Object]]
):
    one = next(one for one in news["amsterdam"] if one["kind"] == kind)
    assert_refused(truck, namespace, one, MISSPELT[kind])


def test_a_pod_that_would_be_looser_is_refused_before_there_is_one(truck: Cluster, namespace: str):
    loose = copy.deepcopy(of_kind(objects(example("truck")), "Deployment")["ardoise-services"])
    del loose["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    with pytest.raises(KubectlFailed, match="would violate PodSecurity"):
        tried(truck, namespace, [loose])


def bare_pods(made: list[Object]) -> list[dict[str, Any]]:
    """Pods as their controllers would make them."""
    found = []
    for what, metadata, spec in pod_specs(made):
        # A StatefulSet's comes from its claims.
        volumes = {"state": {"name": "state", "emptyDir": {}}} | {one["name"]: one for one in spec["volumes"]}
        about = {**metadata, "name": what.replace("/", "-").lower()}
        whole = {**spec, "volumes": list(volumes.values())}
        found.append({"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": whole})
    return found


def given_tokens(pods: list[dict[str, Any]]) -> list[str]:
    """Names of the pods that have one."""
    return [
        pod["metadata"]["name"]
        for pod in pods
        for volume in pod["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
        if "serviceAccountToken" in source
    ]


@pytest.mark.parametrize("case", ["truck", "amsterdam", "laptop-london"])
def test_every_pod_is_let_in_and_the_operators_and_a_drills_alone_is_given_a_token(
    case: str, truck: Cluster, namespace: str
):
    pods = tried(truck, namespace, bare_pods(objects(values_of(case))))
    assert pods
    assert given_tokens(pods) == (
        ["podtemplate-ardoise-drill", "deployment-ardoise-operator"] if case == "amsterdam" else []
    )


def test_a_token_would_be_seen(truck: Cluster, namespace: str):
    pods = bare_pods(objects(values_of("truck")))[:1]
    pods[0]["spec"]["automountServiceAccountToken"] = True
    assert given_tokens(tried(truck, namespace, pods)) == [pods[0]["metadata"]["name"]]
