"""Who may talk to whom, out of NetworkPolicy objects, as Kubernetes says that they are to be read."""

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.chart import NAMESPACE, Object, of_kind, pod_specs

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
INSTANCE, NAMESPACE_NAME = "app.kubernetes.io/instance", "kubernetes.io/metadata.name"
VALUES = {
    "networkPolicy": {
        "sites": ["203.0.113.0/24"],
        "relays": ["198.51.100.0/24"],
        "trackers": ["198.51.101.0/24"],
        "operators": ["192.0.2.0/24"],
        "apiServer": ["203.0.114.0/24"],
        "web": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "ingress-nginx"}}}],
        "prometheus": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "monitoring"}}}],
    }
}
"""By which a test tells the groups of outside from one another."""
PEERS = {"egress": "to", "ingress": "from"}
STRANGE_PORTS = (22, 443, 10250)
"""That nothing of ours serves."""


@dataclass(frozen=True, order=True)
class Call:
    """Who calls whom at which port; pods by component, or a group of outside."""

    caller: str
    called: str
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class End:
    """One end of a call: a pod, or an address outside of the cluster."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    """What a pod serves, by name."""
    address: str = ""


def _our_labels(component: str) -> dict[str, str]:
    return {NAME: "ardoise", INSTANCE: "ardoise", COMPONENT: component}


SITES_BY_ADDRESS = End("other sites", address="203.0.113.7")
SITES_BY_NAMESPACE = End("other sites", "amsterdam", _our_labels("data-plane"))
"""Where all sites are in one cluster."""
OUTSIDE = (
    End("relays", address="198.51.100.7"),
    End("phones and trackers", address="198.51.101.7"),
    End("operators", address="192.0.2.7"),
    End("the API server", address="203.0.114.7"),
    End("the ingress controller", "ingress-nginx", {"app": "controller"}),
    End("Prometheus", "monitoring", {"app": "prometheus"}),
    End("DNS", "kube-system", {"k8s-app": "kube-dns"}),
)


def pods(made: list[Object]) -> list[End]:
    """Of a release."""
    return [
        End(
            metadata["labels"][COMPONENT],
            NAMESPACE,
            metadata["labels"],
            {
                port["name"]: port["containerPort"]
                for one in spec["containers"]
                for port in one.get("ports", ())
            },
        )
        for _, metadata, spec in pod_specs(made)
    ]


def strangers(made: list[Object]) -> list[End]:
    """Who is called by nobody and calls nobody, however much it looks like a pod of the release."""
    looks = {pod.name: pod.labels for pod in pods(made)}
    return [
        End("an address that nobody named", address="198.18.0.7"),
        End("a pod of somebody else", "elsewhere", {"app": "web"}),
        End("another pod of the namespace", NAMESPACE, {"app": "web"}),
        *(End(f"{name} of another namespace", "elsewhere", labels) for name, labels in looks.items()),
        *(
            End(f"{name} of another release", NAMESPACE, {**labels, INSTANCE: "another"})
            for name, labels in looks.items()
        ),
    ]


def calls(made: list[Object], others: Collection[End]) -> tuple[set[Call], set[Call]]:
    """(allowed, let through by one end alone) of all that could be tried, by everyone, at every port that anybody has.

    Of calls within the site both ends have a say, of others the one that is the site's.
    """
    policies = list(of_kind(made, "NetworkPolicy").values())
    ours = pods(made)
    everyone = [*ours, *others]
    numbers = {*STRANGE_PORTS, *_numbers(made)}
    let_out = {
        Call(pod.name, other.name, *port)
        for pod in ours
        for other in everyone
        for port in _open(policies, "egress", pod, other, other, numbers)
    }
    let_in = {
        Call(other.name, pod.name, *port)
        for pod in ours
        for other in everyone
        for port in _open(policies, "ingress", pod, other, pod, numbers)
    }
    names = {pod.name for pod in ours}
    half = {call for call in let_out ^ let_in if {call.caller, call.called} <= names}
    return (let_out | let_in) - half, half


def _numbers(thing: Any) -> Iterator[int]:
    """Of ports, wherever they stand: of containers, of probes, in policies."""
    if isinstance(thing, Mapping):
        for key, value in thing.items():
            if key in ("port", "containerPort", "endPort") and isinstance(value, int):
                yield value
            else:
                yield from _numbers(value)
    elif isinstance(thing, list):
        for one in thing:
            yield from _numbers(one)


def _open(
    policies: list[Object], way: str, pod: End, other: End, called: End, numbers: set[int]
) -> set[tuple[int, str]]:
    """Ports of `called` at which the policies of a pod let it through."""
    everything = {(number, protocol) for number in numbers for protocol in ("TCP", "UDP")}
    mine = [policy["spec"] for policy in policies if _selects(policy["spec"]["podSelector"], pod.labels)]
    mine = [spec for spec in mine if way.capitalize() in _types(spec)]
    if not mine:
        return everything
    return {
        port
        for spec in mine
        for rule in spec.get(way, ())
        # A rule without peers, or without ports, is one for all of them.
        if not rule.get(PEERS[way]) or any(_is(peer, other) for peer in rule[PEERS[way]])
        for port in everything
        if not rule.get("ports") or any(_covers(one, port, called) for one in rule["ports"])
    }


def _types(spec: Mapping) -> Collection[str]:
    return spec.get("policyTypes") or ("Ingress", *(("Egress",) if "egress" in spec else ()))


def _is(peer: Mapping, end: End) -> bool:
    if "ipBlock" in peer:
        assert set(peer) == {"ipBlock"}
        return _within(end, peer["ipBlock"]["cidr"]) and not any(
            _within(end, cidr) for cidr in peer["ipBlock"].get("except", ())
        )
    if not end.namespace:
        return False
    if "namespaceSelector" in peer:
        there = _selects(peer["namespaceSelector"], {NAMESPACE_NAME: end.namespace})
    else:
        there = end.namespace == NAMESPACE
    return there and _selects(peer.get("podSelector", {}), end.labels)


def _within(end: End, cidr: str) -> bool:
    return bool(end.address) and ipaddress.ip_address(end.address) in ipaddress.ip_network(cidr)


def _selects(selector: Mapping, labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, "the chart selects by labels alone"
    return selector.get("matchLabels", {}).items() <= labels.items()


def _covers(told: Mapping, port: tuple[int, str], called: End) -> bool:
    number, protocol = port
    if told.get("protocol", "TCP") != protocol:
        return False
    if "port" not in told:
        return True
    first = called.ports.get(told["port"]) if isinstance(told["port"], str) else told["port"]
    return first is not None and first <= number <= told.get("endPort", first)
