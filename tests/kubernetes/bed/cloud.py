"""What a cloud does for a cluster, at a site of one node: load balancers are the node itself, disks are directories.

`python -m tests.kubernetes.bed.cloud SITE KUBECONFIG` runs inside the site. What is to be done is decided by pure
functions from what the API server lists; whatever changes, all of it is looked at again.
"""

import shutil
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from tests.kubernetes.bed import layout
from tests.kubernetes.bed.api import Api, ApiRefused
from tests.kubernetes.bed.objects import PROVISIONER, STORAGE_CLASS

SERVICES, CLAIMS, VOLUMES = (
    "/api/v1/services",
    "/api/v1/persistentvolumeclaims",
    "/api/v1/persistentvolumes",
)
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
HOLDER = "ardoise.test/directory"
"""Keeps a volume's object until its directory is gone."""
DIRECTORIES = Path("/var/lib/volumes")
RETRY_S = 1.0
RECHECK_S = 30.0
"""As rarely all is looked at although nothing changed."""

Thing = dict[str, Any]


def balanced(services: Iterable[Thing], address: str) -> tuple[list[Thing], list[Thing]]:
    """Services that are to be given the node's address, and those that cannot be: another one has their port.

    Of two that want the same port the older one has it.
    """
    wanting = [one for one in services if one["spec"].get("type") == "LoadBalancer"]
    # One that has the address already keeps it.
    wanting.sort(key=lambda one: (not _addressed(one, address), one["metadata"]["creationTimestamp"]))
    taken: set[tuple[str, int]] = set()
    given, refused = [], []
    for service in wanting:
        ports = {(port.get("protocol", "TCP"), port["port"]) for port in service["spec"]["ports"]}
        if _addressed(service, address):
            taken |= ports
        elif ports & taken:
            refused.append(service)
        else:
            taken |= ports
            given.append(service)
    return given, refused


def _addressed(service: Thing, address: str) -> bool:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    return any(one.get("ip") == address for one in ingress)


def wanted_volumes(claims: Iterable[Thing], site: str) -> list[Thing]:
    """Volumes to make: for each claim of our class that the scheduler has found a node for."""
    return [
        volume(claim, site)
        for claim in claims
        if claim["spec"].get("storageClassName") == STORAGE_CLASS
        and not claim["spec"].get("volumeName")
        and claim["metadata"].get("annotations", {}).get(SELECTED_NODE) == site
        and "deletionTimestamp" not in claim["metadata"]
    ]


def volume(claim: Thing, site: str) -> Thing:
    """The volume of a claim: a directory of the node, which only pods on it can have."""
    about, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{about['uid']}"
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [site]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}, "finalizers": [HOLDER]},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "storageClassName": STORAGE_CLASS,
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {
                **{"apiVersion": "v1", "kind": "PersistentVolumeClaim"},
                **{key: about[key] for key in ("namespace", "name", "uid", "resourceVersion")},
            },
            # Not hostPath: of these kubelet makes fsGroup the owner, as of a disk.
            "local": {"path": str(DIRECTORIES / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def released(volumes: Iterable[Thing]) -> list[Thing]:
    """Volumes whose claim is gone, and with it what they hold; and those that somebody deletes."""
    ours = (one for one in volumes if HOLDER in one["metadata"].get("finalizers", []))
    return [
        one
        for one in ours
        if "deletionTimestamp" in one["metadata"]
        or (
            one["status"].get("phase") == "Released"
            and one["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        )
    ]


class Cloud:
    """Of one site."""

    def __init__(self, site: str, api: Api) -> None:
        self._site, self._api = site, api
        self._told: set[str] = set()

    def act(self) -> None:
        """Does all that is to be done now. Raises ApiRefused, httpx.HTTPError."""
        self._balance()
        for wanted in wanted_volumes(self._api.items(CLAIMS), self._site):
            directory = Path(wanted["spec"]["local"]["path"])
            directory.mkdir(parents=True, exist_ok=True)
            # As a new disk: whoever gets it may write to it.
            directory.chmod(0o777)
            self._api.create(VOLUMES, wanted)
        for gone in released(self._api.items(VOLUMES)):
            shutil.rmtree(gone["spec"]["local"]["path"], ignore_errors=True)
            at = f"{VOLUMES}/{gone['metadata']['name']}"
            self._api.delete(at)
            others = [one for one in gone["metadata"]["finalizers"] if one != HOLDER]
            self._api.merge(at, {"metadata": {"finalizers": others}})

    def _balance(self) -> None:
        address = layout.address(self._site)
        given, refused = balanced(self._api.items(SERVICES), address)
        for service in given:
            about = service["metadata"]
            at = f"/api/v1/namespaces/{about['namespace']}/services/{about['name']}/status"
            self._api.merge(at, {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}})
        for service in refused:
            if service["metadata"]["uid"] not in self._told:
                self._told.add(service["metadata"]["uid"])
                self._tell(service, f"another Service of {self._site} has this port of {address}")

    def _tell(self, service: Thing, message: str) -> None:
        """An event, for those who ask kubectl why a Service has no address."""
        about = service["metadata"]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        events = f"/api/v1/namespaces/{about['namespace']}/events"
        self._api.create(
            events,
            {
                "metadata": {"generateName": f"{about['name']}."},
                "involvedObject": {
                    **{"apiVersion": "v1", "kind": "Service"},
                    **{key: about[key] for key in ("namespace", "name", "uid")},
                },
                "type": "Warning",
                "reason": "PortTaken",
                "message": message,
                "source": {"component": "ardoise-bed"},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            },
        )


def run(site: str, kubeconfig: Path) -> None:
    """Acts whenever something changed, for ever."""
    changed = threading.Event()
    for path in (SERVICES, CLAIMS, VOLUMES):
        threading.Thread(target=_watch, args=(kubeconfig, path, changed), daemon=True).start()
    cloud = Cloud(site, Api(kubeconfig))
    while True:
        changed.clear()
        try:
            cloud.act()
        except (ApiRefused, httpx.HTTPError) as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            time.sleep(RETRY_S)
            continue
        changed.wait(RECHECK_S)


def _watch(kubeconfig: Path, path: str, changed: threading.Event) -> None:
    api = Api(kubeconfig)
    while True:
        try:
            for _ in api.changes(path):
                changed.set()
        except (ApiRefused, httpx.HTTPError) as error:
            print(f"watching {path}: {type(error).__name__}: {error}", flush=True)
            time.sleep(RETRY_S)


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
