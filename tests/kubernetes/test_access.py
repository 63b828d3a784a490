"""What ACCESS.md says of rights and of the network, asked of a real cluster."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from tests.kubernetes.bed.cluster import Cluster, KubectlFailed, documents, eventually
from tests.kubernetes.probes import PORT, Namespace, pod
from tests.support.access import NAMED_ALONE, rights, rights_in_namespace, rights_of_everyone
from tests.support.chart import RELEASE, example, objects, of_kind, overlaid, placed
from tests.support.chart_cases import CASES, values_of

pytestmark = pytest.mark.timeout(180)
RIGHTS_LIMIT_S = 10.0
NATS_PORT = 4222


@pytest.fixture(scope="module")
def namespace(truck: Cluster) -> Iterator[str]:
    """With the accounts of a site, truck and region in one, and whatever rights the chart gives them."""
    name = f"access-{uuid.uuid4().hex[:8]}"
    truck.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    made = {
        (one["kind"], one["metadata"]["name"]): one
        for case in CASES
        for one in objects(values_of(case))
        if one["kind"] == "ServiceAccount" or one["apiVersion"].startswith("rbac.")
    }
    truck.apply(*placed(made.values(), name), namespace=name)
    yield name
    truck.kubectl("delete", "namespace", name, "--wait=false")


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
    said = cluster.kubectl("create", who, "--filename=-", "--output=json", text=listed)
    found: set[Right] = set()
    for status in (one["status"] for one in documents(said)):
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
    found = rights_of(truck, namespace, f"{RELEASE}-{name}") - nobodys
    assert {right[:2] for right in found} == (
        set() if rights()[name] == "nothing" else rights_in_namespace(name)
    )
    assert all(right[2] for right in found if right[1] in NAMED_ALONE), "some by name, not all"


def test_a_right_that_somebody_adds_is_found(truck: Cluster, namespace: str, nobodys: set[Right]):
    about = {"name": "looks-into-secrets"}
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": f"{RELEASE}-recorder", "namespace": namespace}
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
            lambda: rights_of(truck, namespace, f"{RELEASE}-recorder") - nobodys,
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
