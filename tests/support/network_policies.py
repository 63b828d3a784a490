"""Who may talk to whom, out of NetworkPolicy objects: calls that are let out by one policy and let in by another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.chart import Object, of_kind

# Address ranges and namespaces by which a test knows the groups of outside.
GROUPS = {
    "203.0.113.0/24": "other sites",
    "198.51.100.0/24": "relays",
    "192.0.2.0/24": "operators",
    "ingress-nginx": "the ingress controller",
    "monitoring": "Prometheus",
    "kube-system": "DNS",
}
VALUES = {
    "networkPolicy": {
        "sites": ["203.0.113.0/24"],
        "relays": ["198.51.100.0/24"],
        "operators": ["192.0.2.0/24"],
        "web": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
        "prometheus": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
    }
}
COMPONENT, NAMESPACE_NAME = "app.kubernetes.io/component", "kubernetes.io/metadata.name"


@dataclass(frozen=True, order=True)
class Call:
    """Who calls whom at which port; pods by component, or a group of outside."""

    caller: str
    called: str
    port: int


def calls(made: list[Object]) -> tuple[set[Call], set[Call]]:
    """(let out, let in): of calls within the site both have to hold, of others the one that is the site's."""
    let_out: set[Call] = set()
    let_in: set[Call] = set()
    for policy in of_kind(made, "NetworkPolicy").values():
        spec = policy["spec"]
        here = spec["podSelector"]["matchLabels"].get(COMPONENT, "every pod")
        for rule in spec.get("egress", ()):
            let_out |= {Call(here, peer, port) for peer in _peers(rule["to"]) for port in _ports(rule)}
        for rule in spec.get("ingress", ()):
            let_in |= {Call(peer, here, port) for peer in _peers(rule["from"]) for port in _ports(rule)}
    return let_out, let_in


def _peers(peers: list[Mapping]) -> Iterator[str]:
    for peer in peers:
        if "ipBlock" in peer:
            yield GROUPS[peer["ipBlock"]["cidr"]]
        elif "namespaceSelector" in peer:
            yield GROUPS[peer["namespaceSelector"]["matchLabels"][NAMESPACE_NAME]]
        else:
            yield peer["podSelector"]["matchLabels"][COMPONENT]


def _ports(rule: Mapping) -> set[int]:
    return {port["port"] for port in rule["ports"]}
