"""What a new cluster is given before anything else: storage class, names, and what the bed's own programs may do."""

from typing import Any

from tests.kubernetes.bed import layout

STORAGE_CLASS = "standard"
PROVISIONER = "ardoise.test/directories"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
DNS_NAMESPACE = "/api/v1/namespaces/kube-system"
WATCH = ["get", "list", "watch"]
DNS_RULES = [
    {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": WATCH},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": WATCH},
]
CLOUD_RULES = [
    {"apiGroups": [""], "resources": ["services", "persistentvolumeclaims"], "verbs": WATCH},
    {"apiGroups": [""], "resources": ["services/status"], "verbs": ["patch"]},
    {
        "apiGroups": [""],
        "resources": ["persistentvolumes"],
        "verbs": [*WATCH, "create", "delete", "patch"],
    },
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
]

Thing = dict[str, Any]


def objects(site: str) -> dict[str, Thing]:
    """By their paths at the API server, to be applied."""
    found = [
        _storage_class(),
        *_role("ardoise-dns", "ardoise:dns", DNS_RULES),
        *_role("ardoise-cloud", "ardoise:cloud", CLOUD_RULES),
        *_dns(site),
    ]
    return dict(found)


def _storage_class() -> tuple[str, Thing]:
    path = "/apis/storage.k8s.io/v1"
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return f"{path}/storageclasses/{STORAGE_CLASS}", {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS, "annotations": default},
        "provisioner": PROVISIONER,
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
    }


def _role(name: str, user: str, rules: list[Thing]) -> list[tuple[str, Thing]]:
    version = "rbac.authorization.k8s.io/v1"
    role = {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": version,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    return [(f"{RBAC}/clusterroles/{name}", role), (f"{RBAC}/clusterrolebindings/{name}", binding)]


def _dns(site: str) -> list[tuple[str, Thing]]:
    """CoreDNS is a process of the node; its Service is where and what it is in any cluster."""
    about = {"name": "kube-dns", "namespace": "kube-system"}
    ports = [
        {"name": name, "port": 53, "protocol": protocol}
        for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**about, "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": layout.DNS_SERVICE_ADDRESS, "ports": ports},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**about, "labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [layout.address(site)], "conditions": {"ready": True}}],
        "ports": ports,
    }
    return [
        (f"{DNS_NAMESPACE}/services/kube-dns", service),
        ("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns", endpoints),
    ]
