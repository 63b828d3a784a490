"""Small things to run on a cluster: a server that says its name, a pod to ask from, a claim of a disk."""

from typing import Any

from tests.kubernetes.bed.cluster import Cluster, eventually
from tests.kubernetes.bed.parts import PROBE_IMAGE, build

PORT = 8000
POD_LIMIT_S = 60.0
Thing = dict[str, Any]

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def pod(name: str, *, claim: str = "", port: int = PORT, **labels: str) -> Thing:
    """A probe that serves at a port, as strict as Pod Security has it; with a claim: its disk at /data."""
    container: Thing = {
        "name": "probe",
        "image": PROBE_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/probe", "serve", f":{port}"],
        "ports": [{"containerPort": port}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 1},
        "securityContext": RESTRICTED,
        "resources": {"requests": {"cpu": "10m", "memory": "8Mi", "ephemeral-storage": "1Mi"}},
    }
    spec: Thing = {
        "containers": [container],
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            **{"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if claim:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    about = {"name": name, "labels": {"app": name, **labels}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec}


def service(name: str, of: str, port: int = 80, kind: str = "ClusterIP") -> Thing:
    """In front of the pod `of`."""
    spec = {"type": kind, "selector": {"app": of}, "ports": [{"port": port, "targetPort": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def claim(name: str) -> Thing:
    """A disk of the default class."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


class Namespace:
    """One for a test, under Pod Security `restricted`, which goes with it."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name

    def __enter__(self) -> "Namespace":
        if self.cluster.of_bed:
            self.cluster.load(build(print).image(PROBE_IMAGE))
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        about = {"name": self.name, "labels": labels}
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": about})
        account = "serviceaccount/default"
        eventually(lambda: self.kubectl("get", account), f"{account} in {self.name}", POD_LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.kubectl("delete", "namespace", self.name, "--wait=false")

    def kubectl(self, *arguments: str) -> str:
        """In this namespace."""
        return self.cluster.kubectl("--namespace", self.name, *arguments)

    def run(self, *things: Thing) -> None:
        """Applies them; pods among them are Ready when it returns."""
        self.cluster.apply(*things, namespace=self.name)
        for thing in things:
            if thing["kind"] == "Pod":
                waited = ("--for=condition=Ready", f"--timeout={POD_LIMIT_S:.0f}s")
                self.kubectl("wait", *waited, f"pod/{thing['metadata']['name']}")

    def get(self, pod: str, url: str) -> str:
        """What a pod is answered."""
        return self.kubectl("exec", pod, "--", "/probe", "get", url).strip()

    def balancer(self, name: str) -> str:
        """Address of a Service of type LoadBalancer, once it has one."""
        path = "jsonpath={.status.loadBalancer.ingress[0].ip}"
        return eventually(
            lambda: self.kubectl("get", "service", name, f"--output={path}"),
            f"address of {name}",
            POD_LIMIT_S,
        )
