"""What the chart uses where a cluster has it: a metrics-server, an ingress controller, cert-manager."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.kubernetes.bed.cluster import Cluster, eventually
from tests.kubernetes.bed.parts import ADD_ONS, CERTIFICATES, INGRESS, METRICS, AddOn, Built, chart
from tests.kubernetes.probes import RESTRICTED, Thing
from tests.kubernetes.release import helm

INGRESS_CLASS = "traefik"
INGRESS_NAMESPACE = "ingress"
CERTIFICATES_NAMESPACE = "cert-manager"
NAMESPACES = {METRICS.name: "kube-system", CERTIFICATES.name: CERTIFICATES_NAMESPACE}
"""Of those that come as a chart."""
HELM_LIMIT_S = 90
READY_LIMIT_S = 60.0
WATCH = ["get", "list", "watch"]
INGRESS_RULES = [
    {"apiGroups": [""], "resources": ["services", "secrets", "nodes"], "verbs": WATCH},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": WATCH},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": WATCH},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
]


@contextmanager
def installed(cluster: Cluster, built: Built) -> Iterator[None]:
    """All three, soon ready, and gone afterwards."""
    try:
        _install_all(cluster, built)
        yield
    finally:
        for name, namespace in NAMESPACES.items():
            with helm(cluster, namespace) as config:
                config.uninstall(name, timeout=HELM_LIMIT_S, ignore_not_found=True)
        away = ("delete", "--ignore-not-found", "--wait=false")
        cluster.kubectl(*away, "clusterrole,clusterrolebinding,ingressclass", INGRESS_CLASS)
        cluster.kubectl(*away, "namespace", INGRESS_NAMESPACE, CERTIFICATES_NAMESPACE)


def _install_all(cluster: Cluster, built: Built) -> None:
    cluster.load(*(built.image(one.image) for one in ADD_ONS))
    cluster.apply(*_ingress_controller(), namespace=INGRESS_NAMESPACE)
    _install(
        cluster,
        METRICS,
        {
            "image": _image(METRICS),
            # As often as it can, and ready as soon as it is.
            "args": ["--metric-resolution=10s", "--kubelet-request-timeout=5s"],
            "readinessProbe": {"initialDelaySeconds": 1, "periodSeconds": 1},
        },
    )
    _install(
        cluster,
        CERTIFICATES,
        {
            "crds": {"enabled": True, "keep": False},
            **_cert_manager("controller"),
            "webhook": _cert_manager("webhook"),
            "cainjector": _cert_manager("cainjector"),
            # What bed/modules/certificates leaves out.
            "livenessProbe": {"enabled": False},
            "prometheus": {"enabled": False},
            "startupapicheck": {"enabled": False},
        },
    )


def make_issuer(cluster: Cluster, name: str, certificate: str, key: str) -> None:
    """A ClusterIssuer of a CA, ready when it returns."""
    secret = {"tls.crt": certificate, "tls.key": key}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": secret},
        namespace=CERTIFICATES_NAMESPACE,
    )
    issuer = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": name},
        "spec": {"ca": {"secretName": name}},
    }

    def taken() -> bool:
        # Refused until the webhook is ready and the API server knows its CA.
        cluster.apply(issuer)
        return True

    eventually(taken, f"issuer {name}", READY_LIMIT_S)
    cluster.kubectl(
        "wait", "--for=condition=Ready", f"clusterissuer/{name}", f"--timeout={READY_LIMIT_S:.0f}s"
    )


def _install(cluster: Cluster, add_on: AddOn, values: Mapping[str, Any]) -> None:
    namespace = NAMESPACES[add_on.name]
    with helm(cluster, namespace) as config:
        config.install(
            chart(add_on),
            add_on.name,
            dict(values),
            namespace=namespace,
            create_namespace=True,
            timeout=HELM_LIMIT_S,
        )


def _image(add_on: AddOn) -> Thing:
    repository, _, tag = add_on.image.partition(":")
    return {"repository": repository, "tag": tag}


def _cert_manager(part: str) -> Thing:
    return {
        "image": _image(CERTIFICATES),
        "extraEnv": [{"name": "CERT_MANAGER_PART", "value": part}],
        # An image of the bed's says nothing of who runs it.
        "securityContext": {"runAsUser": 10001},
    }


def _ingress_controller() -> list[Thing]:
    """Traefik; a chart of it is in no module."""
    name, labels = INGRESS_CLASS, {"app": INGRESS_CLASS}
    about = {"name": name}
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": name, "namespace": INGRESS_NAMESPACE}
    ports = {"web": 8000, "websecure": 8443}
    container = {
        "name": name,
        "image": INGRESS.image,
        "args": [
            "--providers.kubernetesingress=true",
            *(f"--entrypoints.{port}.address=:{number}" for port, number in ports.items()),
            "--entrypoints.websecure.http.tls=true",
            "--ping=true",
            "--ping.entrypoint=web",
        ],
        "ports": [{"name": port, "containerPort": number} for port, number in ports.items()],
        "readinessProbe": {"httpGet": {"path": "/ping", "port": "web"}, "periodSeconds": 1},
        "securityContext": {**RESTRICTED, "runAsNonRoot": True, "runAsUser": 10001},
    }
    pod = {"serviceAccountName": name, "containers": [container]}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": INGRESS_NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": INGRESS_RULES,
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": about,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [subject],
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": about,
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": about,
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": about,
            "spec": {
                "type": "LoadBalancer",
                # So that a screen's address is the screen's and not the node's.
                "externalTrafficPolicy": "Local",
                "selector": labels,
                "ports": [
                    {"name": port, "port": number, "targetPort": port}
                    for port, number in (("web", 80), ("websecure", 443))
                ],
            },
        },
    ]
