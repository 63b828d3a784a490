"""Sites as the examples make them, and as the values' other branches do."""

from typing import Any

from tests.support.chart import CERT_MANAGER, EVERYTHING, EXAMPLES, KIND_OF, example, overlaid

TOGETHER = {"services": {"together": True}, "mediawall": {"autoscaling": {"enabled": False}}}
EVERY_POD = {
    "images": {"pullSecrets": ["registry"]},
    "services": {"settings": {"ARDOISE_LOG_LEVEL": "DEBUG"}, "settingsSecret": "webhook"},
    # One that every cluster has: a pod of one that there is not is refused.
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"race": "yes"},
    "tolerations": [{"key": "race", "operator": "Exists", "effect": "NoSchedule"}],
    "podLabels": {"team": "race"},
    "podAnnotations": {"example.org/owner": "race operations"},
    "disruption": {"allowed": False},
}
"""What is the same for all pods, on the day of a race."""
OPENED = {
    "expose": {
        "also": ["mediawall", "security"],
        "annotations": {"ingest": {"example.org/address": "203.0.113.7"}},
        "sourceRanges": {"mediawall": ["203.0.113.0/24"]},
    },
    "mediawall": {
        "ingress": {"enabled": True, "host": "race.example.org", "annotations": {"example.org/a": "b"}}
    },
    "monitoring": {"labels": {"release": "prometheus"}, "secret": "prometheus"},
    "networkPolicy": {
        "web": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
        "prometheus": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}],
        "ingress": {"all": [{"from": [{"podSelector": {"matchLabels": {"app": "debug"}}}]}]},
        "egress": {
            "services": [{"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [{"port": 4318}]}]
        },
    },
}
"""Whatever opens a site to somebody."""
TRACKERS = {
    "trackers": {
        "sources": [
            {"decoder": "osmand", "transport": "http", "port": 5055},
            {"decoder": "h02", "transport": "tcp", "port": 5013},
            {
                "decoder": "h02",
                "transport": "udp",
                "port": 5013,
                "name": "h02-udp",
                "options": {"device": "moto 1"},
            },
        ]
    }
}
"""Phones and trackers at ports of their own, two of them of one number."""
BROKER = {
    "trackers": {
        "sources": [
            {
                "decoder": "owntracks",
                "transport": "mqtts",
                "broker": "broker.example.org:8883",
                "user": "truck",
                "secret": "broker",
                "options": {"client_id": "a,b & c"},
            }
        ]
    },
    "networkPolicy": {
        "egress": {"trackers": [{"to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}], "ports": [{"port": 8883}]}]}
    },
}
"""The same by a broker, which has the phones' ports."""
PHONES = {"trackers": {"mqtt": {"phonesSecret": "phones"}}}
"""Phones by MQTT at the truck's own nats-server, and by nothing else."""
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{path.stem: (path.stem, {}) for path in EXAMPLES},
    **{
        f"laptop-{name}": ("laptop", {"site": {"name": name, "kind": kind}})
        for name, kind in KIND_OF.items()
        if name != "truck"
    },
    "truck-apart": ("truck", {"services": {"together": False}}),
    "region-together": ("amsterdam", TOGETHER),
    "truck-cert-manager": ("truck", CERT_MANAGER),
    "region-cert-manager": ("london", CERT_MANAGER),
    "region-restored": ("amsterdam", {"restore": {"backup": "2026-07-07T02-15-00Z"}}),
    "external-nats": ("amsterdam", {"nats": {"url": "tls://nats.example.org:4222"}}),
    "external-database": (
        "london",
        {"database": {"urlSecret": "database"}, "backup": {"claim": ""}, "drills": {"enabled": False}},
    ),
    "race-day": ("amsterdam", EVERY_POD),
    "truck-opened": ("truck", OPENED),
    "truck-trackers": ("truck", TRACKERS),
    "truck-broker": ("truck", {**BROKER, "expose": {"type": "NodePort"}}),
    "truck-phones": ("truck", PHONES),
    "truck-phones-cert-manager": (
        "truck",
        overlaid(
            CERT_MANAGER,
            PHONES,
            {"trackers": {"mqtt": {"host": "phones.example.org", "issuer": {"name": "public"}}}},
        ),
    ),
    "node-ports": ("amsterdam", {"expose": {"type": "NodePort"}}),
}


def values_of(case: str) -> dict[str, Any]:
    """Of one of CASES, with all that a cluster may know of."""
    base, layer = CASES[case]
    return overlaid(example(base), EVERYTHING, layer)
