"""A site of the chart in a cluster: what an engineer does before `helm install`, Helm itself, and what comes of it."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import helm_python
from ardoise.chassis.identity import DATA_PLANE
from ardoise.sites.topology import Topology
from ardoise.up.identities import make_for_clusters

from tests.kubernetes.bed.cluster import KUBECTL_LIMIT_S, Cluster, eventually
from tests.support.chart import CHART, RELEASE, overlaid

READY_LIMIT_S = 240.0
"""Three sites on two cores, from nothing to a database with its tables."""
HELM_LIMIT_S = 300
TEST_LIMIT_S = 180
BACKUP_LIMIT_S = 180.0


class NotReady(AssertionError):
    """Pods are not ready in time; the message says of each what an engineer would look at."""


@contextmanager
def helm(cluster: Cluster, namespace: str) -> Iterator[helm_python.Config]:
    """Helm, on a cluster and namespace."""
    config = helm_python.Config(
        kubeconfig_path=cluster.kubeconfig, kube_context=cluster.context, namespace=namespace
    )
    try:
        yield config
    finally:
        config.close()


@dataclass
class Release:
    """One site's."""

    cluster: Cluster
    namespace: str
    values: Mapping[str, Any]
    identities: Path
    """<identities>/<site>: certificates and tokens, as `ardoise sites identities` makes them."""

    @property
    def site(self) -> str:
        """Its name."""
        return self.values["site"]["name"]

    def kubectl(self, *arguments: str, limit_s: float = KUBECTL_LIMIT_S) -> str:
        """In its namespace. Raises KubectlFailed, subprocess.TimeoutExpired."""
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, limit_s=limit_s)

    def prepare(self) -> None:
        """The namespace, which takes restricted pods alone, and the Secrets."""
        files = self.identities / self.site
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": self.namespace, "labels": labels},
            }
        )
        identity = self.values["identity"]
        secrets = {
            identity["secret"]: files,
            identity["dataPlaneSecret"]: files / DATA_PLANE,
            self.values["operators"]["tokensSecret"]: files / "tokens",
        }
        # Those of the certificates have no name where cert-manager makes them.
        made = [_secret(name, directory) for name, directory in secrets.items() if name]
        self.cluster.apply(*made, namespace=self.namespace)

    def helm(self) -> AbstractContextManager[helm_python.Config]:
        """Helm, on this cluster and namespace."""
        return helm(self.cluster, self.namespace)

    def install(self, change: Mapping[str, Any] = MappingProxyType({})) -> None:
        """As `helm install` without waiting: a site alone is not ready before another one is there."""
        values = overlaid(self.values, change)
        with self.helm() as helm:
            helm.install(CHART, RELEASE, values, namespace=self.namespace, timeout=HELM_LIMIT_S)

    def upgrade(self, change: Mapping[str, Any]) -> None:
        """As `helm upgrade --wait`, with these values over the release's. Raises helm_python.HelmReleaseError."""
        values = overlaid(self.values, change)
        with self.helm() as helm:
            helm.upgrade(
                CHART, RELEASE, values, namespace=self.namespace, timeout=HELM_LIMIT_S, wait="watcher"
            )

    def roll_back(self) -> None:
        """As `helm rollback --wait`, to the revision before. Raises helm_python.HelmReleaseError."""
        with self.helm() as helm:
            helm.rollback(RELEASE, timeout=HELM_LIMIT_S, wait="watcher")

    def uninstall(self) -> None:
        """As `helm uninstall --wait`; volumes and Secrets stay."""
        with self.helm() as helm:
            helm.uninstall(RELEASE, timeout=HELM_LIMIT_S, ignore_not_found=True, wait="watcher")

    def remove(self) -> None:
        """All of it, also what `helm uninstall` leaves on purpose."""
        with self.helm() as helm:
            helm.uninstall(RELEASE, timeout=HELM_LIMIT_S, ignore_not_found=True)
        self.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def test(self) -> str:
        """As `helm test --logs`: what its pod printed. Raises helm_python.HelmReleaseError."""
        with self.helm() as helm:
            return str(helm.test(RELEASE, timeout=TEST_LIMIT_S, logs=True))

    def back_up(self) -> str:
        """By hand, as docs/backup-and-restore.md says; returns its name."""
        job = f"backup-by-hand-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "job", "--from=cronjob/ardoise-backup", job)
        wait = ("wait", "--for=condition=complete", f"--timeout={BACKUP_LIMIT_S:.0f}s", f"job/{job}")
        self.kubectl(*wait, limit_s=BACKUP_LIMIT_S)
        made = re.search(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", self.kubectl("logs", f"job/{job}"))
        assert made
        return made.group()

    def pods(self) -> dict[str, dict[str, Any]]:
        """By name, those of the release that stay."""
        found = self.cluster.get("pods", f"--namespace={self.namespace}")["items"]
        return {
            pod["metadata"]["name"]: pod
            for pod in found
            if pod["metadata"].get("ownerReferences", [{}])[0].get("kind") in ("ReplicaSet", "StatefulSet")
        }

    def unready(self) -> list[str]:
        """What is not ready, and why, a line each; empty: all of it is."""
        pods = self.pods()
        if not pods:
            return [f"{self.site}: no pods"]
        return [line for name, pod in sorted(pods.items()) for line in _unready(f"{self.site}: {name}", pod)]


def _secret(name: str, directory: Path) -> dict[str, Any]:
    data = {path.name: path.read_text() for path in directory.iterdir() if path.is_file()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def _unready(what: str, pod: Mapping[str, Any]) -> Iterator[str]:
    status = pod.get("status", {})
    containers = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
    if not containers:
        yield f"{what}: {status.get('phase')} {status.get('conditions')}"
    for container in containers:
        waiting = container["state"].get("waiting", {})
        ended = container.get("lastState", {}).get("terminated", {})
        if not container["ready"] and "terminated" not in container["state"]:
            why = waiting.get("message") or waiting.get("reason") or "not ready"
            was = f", ended with {ended.get('exitCode')}" if ended else ""
            yield f"{what}/{container['name']}: {why}, started {container['restartCount'] + 1} times{was}"


def await_ready(releases: Sequence[Release], limit_s: float = READY_LIMIT_S) -> None:
    """Returns once every pod of them is ready. Raises NotReady."""

    def look() -> bool:
        return not any(release.unready() for release in releases)

    try:
        eventually(look, "every pod ready", limit_s)
    except TimeoutError as error:
        told = "\n".join(line for release in releases for line in release.unready())
        raise NotReady(f"after {limit_s:.0f} s:\n{told}") from error


def make_identities(values: Mapping[str, Any], namespaces: Sequence[str], directory: Path) -> Path:
    """Certificates of all sites that the values name."""
    make_for_clusters(Topology(sites=tuple(values["sites"])), directory, RELEASE, namespaces)
    return directory
