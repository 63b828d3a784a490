"""Definitions of the kinds that cert-manager and the Prometheus operator bring to a cluster, out of their Go modules.

Their versions and sums are pinned in definitions/, what they hold is in the Go module cache and nowhere else.
"""

import os
import shutil
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kubernetes.bed.cluster import Cluster, documents

PINS = Path(__file__).parent / "definitions"
CERT_MANAGER = "github.com/cert-manager/cert-manager"
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator"
FILES = {
    "certificates.cert-manager.io": (CERT_MANAGER, "deploy/crds/cert-manager.io_certificates.yaml"),
    **{
        f"{kind}.monitoring.coreos.com": (
            PROMETHEUS_OPERATOR,
            f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml",
        )
        for kind in ("podmonitors", "prometheusrules")
    },
}
"""By name of a CustomResourceDefinition: those of all kinds that the chart makes objects of."""
DOWNLOAD_LIMIT_S = 300


class DefinitionsMissing(RuntimeError):
    """They cannot be had here; the message says why, and how to get them."""


@contextmanager
def known(cluster: Cluster) -> Iterator[None]:
    """The cluster knows all of them; those that it did not know before are taken away again.

    Raises DefinitionsMissing.
    """
    there = cluster.kubectl("get", "customresourcedefinitions", "--output=name").split()
    missing = [name for name in FILES if f"customresourcedefinition.apiextensions.k8s.io/{name}" not in there]
    files = [f"--filename={path}" for path in downloaded(missing)]
    try:
        if missing:
            cluster.kubectl("create", *files)
            cluster.await_kinds(*missing)
        yield
    finally:
        if missing:
            cluster.kubectl("delete", "customresourcedefinitions", "--ignore-not-found", *missing)


def downloaded(names: Collection[str]) -> list[Path]:
    """Their files, from the module cache or into it. Raises DefinitionsMissing."""
    if not names:
        return []
    go = shutil.which("go")
    if go is None:
        raise DefinitionsMissing("they are in Go modules, and there is no Go here: install Go 1.23 or newer")
    modules = {FILES[name][0] for name in names}
    done = subprocess.run(
        [go, "mod", "download", "-json", *sorted(modules)],
        cwd=PINS, env={**os.environ, "GOWORK": "off"}, capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S,
    )  # fmt: skip
    if done.returncode != 0:
        raise DefinitionsMissing(
            f"go mod download, once with a network: {done.stderr.strip() or done.stdout}"
        )
    folders = {told["Path"]: Path(told["Dir"]) for told in documents(done.stdout)}
    return [folders[module] / file for module, file in (FILES[name] for name in names)]
