"""A real API server takes every object of the chart, and gives its accounts nothing: field by field, right by right."""

import copy
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from tests.kubernetes.bed.cluster import Cluster, KubectlFailed, eventually
from tests.kubernetes.definitions import DefinitionsMissing, known
from tests.kubernetes.probes import PORT, Namespace, pod
from tests.support.access import rights, rights_of_everyone
from tests.support.chart import Object, example, objects, of_kind, overlaid, pod_specs
from tests.support.chart_cases import CASES, values_of

pytestmark = pytest.mark.timeout(180)
RIGHTS_LIMIT_S = 10.0
NATS_PORT = 4222
OF_OTHERS = {"Certificate", "PodMonitor", "PrometheusRule"}
SITES = ("truck", "amsterdam", "london", "laptop", "laptop-amsterdam", "laptop-london")


@pytest.fixture(scope="module")
def namespace(truck: Cluster) -> Iterator[str]:
    """One that takes restricted pods alone and warns of what would make others; with the accounts of every pod."""
    name = f"strict-{uuid.uuid4().hex[:8]}"
    security = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    about = {"name": name, "labels": security}
    truck.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": about})
    truck.apply(*(account(f"ardoise-{name}") for name in rights()), namespace=name)
    yield name
    truck.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def definitions(truck: Cluster) -> Iterator[str]:
    """Nothing: the cluster knows the kinds of others; else why it does not."""
    try:
        with known(truck):
            yield ""
    except DefinitionsMissing as error:
        yield str(error)


def account(name: str) -> dict[str, Any]:
    about = {"name": name}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": about,
        "automountServiceAccountToken": False,
    }


def placed(made: list[Object], namespace: str) -> list[dict[str, Any]]:
    """In a namespace of the test's."""
    return [{**one, "metadata": {**one["metadata"], "namespace": namespace}} for one in made]


def tried(cluster: Cluster, namespace: str, made: list[Object]) -> list[dict[str, Any]]:
    """What the API server would have made of them. Raises KubectlFailed for what it refuses or warns of."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": placed(made, namespace)})
    strictly = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")
    said = cluster.kubectl("apply", *strictly, "--filename=-", "--output=json", text=text)
    return json.loads(said)["items"]


@pytest.mark.parametrize("case", CASES)
def test_every_object_is_taken_field_by_field_and_without_a_warning(
    case: str, truck: Cluster, namespace: str, definitions: str
):
    made = objects(values_of(case))
    tried(truck, namespace, [one for one in made if not definitions or one["kind"] not in OF_OTHERS])


def test_the_kinds_of_others_were_looked_at_too(definitions: str):
    if definitions:
        pytest.skip(f"not checked by an API server: {', '.join(sorted(OF_OTHERS))}. {definitions}")


MISSPELT: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a container's": (
        "Deployment",
        lambda spec: spec["template"]["spec"]["containers"][0].update(imagePolicy="Never"),
    ),
    "a policy's": ("NetworkPolicy", lambda spec: spec.update(egres=[])),
    "a certificate's": ("Certificate", lambda spec: spec.update(dnsName=["nats"])),
    "a monitor's": ("PodMonitor", lambda spec: spec["podMetricsEndpoints"][0].update(every="15s")),
    "an alert's": ("PrometheusRule", lambda spec: spec["groups"][0]["rules"][0].update(expression="up")),
}


@pytest.mark.parametrize(("kind", "misspell"), MISSPELT.values(), ids=MISSPELT)
def test_a_misspelt_field_is_refused(
    kind: str, misspell: Callable[[Any], Any], truck: Cluster, namespace: str, definitions: str
):
    if definitions and kind in OF_OTHERS:
        pytest.skip(f"not checked by an API server: {kind}. {definitions}")
    one = copy.deepcopy(next(one for one in objects(values_of("region-cert-manager")) if one["kind"] == kind))
    misspell(one["spec"])
    with pytest.raises(KubectlFailed, match="unknown field"):
        tried(truck, namespace, [one])


def test_a_pod_that_would_be_looser_is_refused_before_there_is_one(truck: Cluster, namespace: str):
    loose = copy.deepcopy(of_kind(objects(example("truck")), "Deployment")["ardoise-services"])
    del loose["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    with pytest.raises(KubectlFailed, match="would violate PodSecurity"):
        tried(truck, namespace, [loose])


def bare_pods(made: list[Object]) -> list[dict[str, Any]]:
    """Pods as their controllers would make them."""
    found = []
    for what, metadata, spec in pod_specs(made):
        volumes = {"state": {"name": "state", "emptyDir": {}}} | {one["name"]: one for one in spec["volumes"]}
        about = {**metadata, "name": what.replace("/", "-").lower()}
        found.append(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": about,
                "spec": {**spec, "volumes": list(volumes.values())},
            }
        )
    return found


def tokens(pods: list[dict[str, Any]]) -> list[str]:
    """Names of the pods that are given one."""
    return [
        pod["metadata"]["name"]
        for pod in pods
        for volume in pod["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
        if "serviceAccountToken" in source
    ]


@pytest.mark.parametrize("case", SITES)
def test_every_pod_is_let_in_and_given_no_token(case: str, truck: Cluster, namespace: str):
    assert tokens(tried(truck, namespace, bare_pods(objects(values_of(case))))) == []


def test_a_token_would_be_seen(truck: Cluster, namespace: str):
    pods = bare_pods(objects(values_of("truck")))
    pods[0]["spec"]["automountServiceAccountToken"] = True
    assert tokens(tried(truck, namespace, pods)) == [pods[0]["metadata"]["name"]]


type Right = tuple[str, ...]
"""(verb, path), or (verb, resource.group, name of an object or nothing)."""


def flat(rules: Iterable[Mapping[str, Any]]) -> set[Right]:
    """Rules of a role or of a review, one right each."""
    found: set[Right] = set()
    for rule in rules:
        found |= set(product(rule["verbs"], rule.get("nonResourceURLs", ())))
        resources = [".".join(pair) for pair in product(rule.get("resources", ()), rule.get("apiGroups", ()))]
        found |= set(product(rule["verbs"], resources, rule.get("resourceNames") or [""]))
    return found


def rights_of(cluster: Cluster, namespace: str, name: str) -> set[Right]:
    """What the API server lets an account do, in its own namespace, in others and in none, as it says itself."""
    reviews = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": asked},
        }
        for asked in (namespace, "default", "kube-system")
    ]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": reviews})
    who = f"--as=system:serviceaccount:{namespace}:{name}"
    said = json.loads(cluster.kubectl("create", who, "--filename=-", "--output=json", text=listed))
    found: set[Right] = set()
    for status in (one["status"] for one in said["items"]):
        assert not status["incomplete"], status
        found |= flat([*status["resourceRules"], *status["nonResourceRules"]])
    return found


@pytest.fixture(scope="module")
def everyones(truck: Cluster) -> set[Right]:
    """What ACCESS.md says that every account may."""
    roles = truck.get("clusterroles", *rights_of_everyone())["items"]
    return flat(rule for role in roles for rule in role["rules"])


@pytest.fixture(scope="module")
def nobodys(truck: Cluster, namespace: str) -> set[Right]:
    """What an account may that nobody has made."""
    return rights_of(truck, namespace, "nobody")


def test_every_account_may_what_is_written_of_every_account(
    truck: Cluster, everyones: set[Right], nobodys: set[Right]
):
    assert everyones <= nobodys
    if nobodys > everyones and not truck.of_bed:
        pytest.skip(
            f"this cluster gives every account more than Kubernetes does: {sorted(nobodys - everyones)}"
        )
    assert nobodys == everyones


@pytest.mark.parametrize("name", rights())
def test_an_account_may_what_is_written_and_nothing_else(
    name: str, truck: Cluster, namespace: str, nobodys: set[Right]
):
    assert rights()[name] == "nothing"
    assert rights_of(truck, namespace, f"ardoise-{name}") == nobodys


def test_a_right_that_somebody_adds_is_found(truck: Cluster, namespace: str, nobodys: set[Right]):
    about = {"name": "looks-into-secrets"}
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": "ardoise-recorder", "namespace": namespace}
    reference = {"apiGroup": group, "kind": "Role", "name": about["name"]}
    truck.apply(
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": about, "rules": [rule]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": about,
            "subjects": [subject],
            "roleRef": reference,
        },
        namespace=namespace,
    )
    try:
        added = eventually(
            lambda: rights_of(truck, namespace, "ardoise-recorder") - nobodys,
            "a right",
            RIGHTS_LIMIT_S,
        )
        assert added == {("get", "secrets.", "")}
    finally:
        truck.kubectl("delete", "--namespace", namespace, "role,rolebinding", about["name"])


def test_network_policies_are_enforced_where_something_enforces_them(truck: Cluster):
    def part(component: str, port: int = PORT) -> dict[str, Any]:
        return pod(
            component,
            port=port,
            **of_kind(made, "NetworkPolicy")[f"ardoise-{component}"]["spec"]["podSelector"]["matchLabels"],
        )

    made = objects(overlaid(example("truck"), {"services": {"together": False}}))
    with Namespace(truck, f"strict-{uuid.uuid4().hex[:8]}") as here:
        truck.apply(
            *placed([one for one in made if one["kind"] == "NetworkPolicy"], here.name), namespace=here.name
        )
        here.run(part("nats", NATS_PORT), part("positioning"), part("mediawall"))
        address = here.kubectl("get", "pod", "nats", "--output=jsonpath={.status.podIP}")
        url = f"http://{address}:{NATS_PORT}/"
        assert here.get("positioning", url) == "nats"
        try:
            here.get("mediawall", url)
        except KubectlFailed:
            return
    pytest.skip(
        "NetworkPolicies were checked as objects alone, in tests/unit/chart/test_access.py: this cluster's network "
        "does not enforce them. Give one that does (tests/kubernetes/README.md)"
    )
