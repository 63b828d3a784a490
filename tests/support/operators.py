"""Operators as processes, each with an API server of its own, in front of three sites that run on this machine."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil
from ardoise.chassis.child import bound
from ardoise.chassis.identity import DATA_PLANE, Role, ensure_development_identity
from ardoise.rehearsal.drills.platform import Reached
from ardoise.sites.operations.memory import LEASE
from ardoise.up.ports import Ports
from ruamel.yaml import YAML

from tests.kubernetes.alone import ApiServer
from tests.support.own_kinds import GROUP, VERSION, definitions, example_objects

REGIONS = ("amsterdam", "london")
NAMESPACE = "race"
AS_INSTALLED = {
    "sites": {"edge": "truck", "regions": list(REGIONS)},
    "primary": "amsterdam",
    "requestId": "as-installed",
    "mode": "Automatic",
}
"""The spec of a Replication, with the limits that the definition gives."""
OPERATOR = "operator"
SERVERS = ("nats", "etcd", "positioning", "sites")
OF_A_REGION = ("patroni", "postgres")
NO_STAND_IN = "127.0.0.1:2579"
"""None is called in these tests."""
SECRETS = {"identitySecretRef": "ardoise-identity", "dataPlaneSecretRef": "ardoise-data-plane"}
STOP_LIMIT_S = 20.0


def endpoints(reached: Reached, site: str) -> dict[str, str]:
    """Of a site, as a process of this machine reaches them."""
    servers = (*SERVERS, *OF_A_REGION) if site in REGIONS else SERVERS
    found = {server: reached.at(site, server) for server in servers}
    return {**found, "standIn": NO_STAND_IN} if site in REGIONS else found


def write_sites_file(reached: Reached, path: Path) -> None:
    """What the operator is told of the platform, the same as its objects say."""
    sites = []
    for site in reached.sites:
        known = endpoints(reached, site)
        known = {("stand_in" if name == "standIn" else name): address for name, address in known.items()}
        sites.append({"name": site, "kind": "region" if site in REGIONS else "edge", **known})
    YAML().dump({"sites": sites}, path)


class Cluster:
    """The API server of one region, with our kinds and the objects of the race; and its operator."""

    def __init__(self, region: str, server: ApiServer, reached: Reached, directory: Path) -> None:
        self.region, self.server, self._reached, self._directory = region, server, reached, directory
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = Ports({"health": 0})
        self.kubeconfig = server.kubeconfig
        """By which its operator finds the API server."""

    def install(self, replication: Mapping[str, Any]) -> None:
        """Everything but the operator. `replication`: its spec."""
        about = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        self.server.api.create("/api/v1/namespaces", about)
        self.server.cluster.apply(*definitions().values())
        names = [f"{plural}.{GROUP}" for plural in ("sites", "replications")]
        self.server.cluster.await_kinds(*names)
        secrets = zip(SECRETS.values(), self._identities(), strict=True)
        self.server.cluster.apply(
            *(_secret(name, directory) for name, directory in secrets),
            *(self._site(site) for site in self._reached.sites),
            replication_object(replication),
            namespace=NAMESPACE,
        )

    def start(self) -> None:
        """Its operator."""
        sites_file = self._directory / "sites.yaml"
        write_sites_file(self._reached, sites_file)
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "ARDOISE_SITE": self.region,
            "ARDOISE_SITES_FILE": str(sites_file),
            "ARDOISE_NAMESPACE": NAMESPACE,
            "ARDOISE_LIVENESS_LISTEN": self._ports.at("health"),
            "ARDOISE_IDENTITY_DIR": str(self._reached.identity_dir),
            "ARDOISE_METRICS_LISTEN": "",
        }
        command = bound([sys.executable, "-m", "ardoise", "operator"], signal.SIGTERM)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def log(self) -> Path:
        """What its operator says."""
        return self._directory / "operator.log"

    def kill(self) -> None:
        """kill -9 of its operator."""
        assert self._process is not None
        for process in (*psutil.Process(self._process.pid).children(recursive=True),):
            process.kill()
        self._process.kill()
        self._process.wait()

    def has_ended(self) -> bool:
        """By itself."""
        assert self._process is not None
        return self._process.poll() is not None

    def halt(self) -> None:
        """Its operator stands still, until go_on()."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """As if no time had passed."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends it as a cluster does."""
        self._ports.close()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kubectl(self, *arguments: str) -> str:
        """In the race's namespace."""
        return self.server.cluster.kubectl("--namespace", NAMESPACE, *arguments)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """An object of ours."""
        return self.server.api.get(f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{kind}/{name}")

    def race(self) -> dict[str, Any]:
        """The Replication's status."""
        return self.get("replications", "race").get("status", {})

    def wish(self, primary: str, request_id: str) -> None:
        """As an engineer does, whatever was wished before."""
        self._change({"primary": primary, "requestId": request_id, "force": None})

    def force(self, primary: str, request_id: str, accepted_loss: int | str) -> None:
        """As one does who accepts to lose so many messages; or "Unknown"."""
        force = {"requestId": request_id, "acceptedLossMessages": accepted_loss}
        self._change({"primary": primary, "requestId": request_id, "force": force})

    def limit(self, **limits: int) -> None:
        """As one does who changes his mind about them."""
        self._change({"limits": limits})

    def events(self) -> list[str]:
        """Reasons, oldest first."""
        found = self.server.api.get(f"/api/v1/namespaces/{NAMESPACE}/events")["items"]
        return [one["reason"] for one in sorted(found, key=lambda one: one["lastTimestamp"])]

    def _change(self, spec: Mapping[str, Any]) -> None:
        self.kubectl("patch", "replication", "race", "--type=merge", "--patch", json.dumps({"spec": spec}))

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        process = psutil.Process(self._process.pid)
        for one in (process, *process.children(recursive=True)):
            one.send_signal(number)

    def _identities(self) -> tuple[Path, Path]:
        own = self._reached.identity_dir
        ensure_development_identity(own, OPERATOR, Role.RACE_OPERATIONS)
        ensure_development_identity(own / DATA_PLANE, OPERATOR, Role.SERVICE)
        return own, own / DATA_PLANE

    def _site(self, site: str) -> dict[str, Any]:
        spec = {
            **example_objects()[site]["spec"],
            "endpoints": endpoints(self._reached, site),
            "credentials": {reference: {"name": name} for reference, name in SECRETS.items()},
        }
        return _object("Site", site, spec)


def site_objects(sites: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Of a list as in the chart's values."""
    return [
        _object(
            "Site",
            one["name"],
            {
                "kind": one["kind"].capitalize(),
                "endpoints": {
                    ("standIn" if key == "stand_in" else key): value
                    for key, value in one.items()
                    if key not in ("name", "kind")
                },
                "credentials": {reference: {"name": name} for reference, name in SECRETS.items()},
            },
        )
        for one in sites
    ]


def replication_object(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The race's."""
    return _object("Replication", "race", spec)


def condition(status: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """(status, reason)."""
    found = [(one["status"], one["reason"]) for one in status.get("conditions", ()) if one["type"] == kind]
    return found[0] if found else ("", "")


def who_acts(reached: Reached) -> str:
    """The region whose operator holds the lease; empty: none."""
    (kept,) = reached.etcd("truck").read(LEASE)
    return kept.value.decode().rpartition("-")[0]


def _object(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    about = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": about, "spec": dict(spec)}


def _secret(name: str, directory: Path) -> dict[str, Any]:
    files = {"ca.pem": "ca.pem", f"{OPERATOR}.pem": f"{OPERATOR}.pem", f"{OPERATOR}.key": f"{OPERATOR}.key"}
    data = {key: base64.b64encode((directory / file).read_bytes()).decode() for key, file in files.items()}
    about = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": data}
