"""The operator as its pod runs it, and a cluster as far as it sees it: a real API server, a scripted `sites`."""

import base64
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml
from ardoise.chassis.child import bound
from ardoise.up.ports import Ports
from ardoise_operator.sight import instant

from tests.kubernetes.alone import ApiServer
from tests.kubernetes.bed.cluster import eventually
from tests.support import scripted_sites
from tests.support.chart import RELEASE, example, objects, overlaid
from tests.support.operator_looks import reports, status
from tests.support.own_kinds import GROUP, PLURALS, definitions, example_objects
from tests.support.scripted_sites import ScriptedSites, SitesThread

NAMESPACE = "race"
ACCOUNT = f"{RELEASE}-operator"
OF_THE_OPERATOR = ("ServiceAccount", "Role", "RoleBinding")
SHOWN_LIMIT_S = 180.0
"""A status takes 5 s on an idle machine; an operator that starts anew where others have it, a minute or two."""
STOP_LIMIT_S = 15.0


class Operator:
    """`ardoise operator` as its pod runs it: with the rights and the token of its account, and no others."""

    def __init__(self, kubeconfig: Path, sites_file: Path, directory: Path, **settings: str) -> None:
        """`settings`: more of them, as environment variables have them."""
        self._directory = directory
        self._ports = Ports({"liveness": 0, "scrape": 0})
        self._told = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ARDOISE_")},
            "KUBECONFIG": str(kubeconfig),
            "ARDOISE_SITE": "amsterdam",
            "ARDOISE_SITES_FILE": str(sites_file),
            "ARDOISE_STATE_DIR": str(directory / "state"),
            "ARDOISE_LIVENESS_LISTEN": self._ports.at("liveness"),
            "ARDOISE_SCRAPE_LISTEN": self._ports.at("scrape"),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Its log is in the directory."""
        program = Path(sys.executable).with_name("ardoise")
        with (self._directory / "operator.log").open("ab") as log:
            self._process = subprocess.Popen(
                bound([str(program), "operator"], signal.SIGKILL),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._told,
            )  # fmt: skip

    def end(self, number: signal.Signals) -> int:
        """Its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(STOP_LIMIT_S)
        self._process = None
        return code

    @property
    def runs(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    @property
    def last_words(self) -> str:
        """The end of its log."""
        return (self._directory / "operator.log").read_text()[-4000:]

    def close(self) -> None:
        """Ends it where it runs."""
        if self._process is not None:
            self.end(signal.SIGKILL)
        self._ports.close()

    def healthy(self) -> bool:
        """What a kubelet is told."""
        try:
            url = f"http://{self._ports.at('liveness')}/healthz"
            return httpx.get(url, timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def metrics(self) -> str:
        """What a Prometheus is told."""
        return httpx.get(f"http://{self._ports.at('scrape')}/metrics", timeout=5, trust_env=False).text


class Bench:
    """A region's cluster, as far as the operator sees it."""

    def __init__(self, server: ApiServer, directory: Path) -> None:
        self.server, self.directory = server, directory
        self.secret = scripted_sites.identities(directory)
        self.sites = ScriptedSites(status(reports()))
        self._thread = SitesThread(self.sites, directory)

    def start(self) -> None:
        """Everything but the operator."""
        self._thread.start()
        self.server.cluster.apply(*definitions().values())
        names = [f"{plural}.{GROUP}" for plural in PLURALS.values()]
        self.server.cluster.await_kinds(*names)
        self.server.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        made = objects(example("amsterdam"), NAMESPACE)
        self.apply(
            *(one for one in made if one["kind"] in OF_THE_OPERATOR and one["metadata"]["name"] == ACCOUNT)
        )
        self.make_secrets("ardoise-identity", "ardoise-data-plane")
        self.make_objects()

    def stop(self) -> None:
        """Ends it."""
        self._thread.stop()

    def apply(self, *things: dict[str, Any]) -> None:
        """In the namespace."""
        self.server.cluster.apply(*things, namespace=NAMESPACE)

    def make_secrets(self, *names: str) -> None:
        data = {key: base64.b64encode(content).decode() for key, content in self.secret.items()}
        made = {"apiVersion": "v1", "kind": "Secret", "data": data}
        self.apply(*({**made, "metadata": {"name": name}} for name in names))

    def make_objects(self) -> None:
        """The examples, amsterdam's `sites` where it is here."""
        here = {"spec": {"endpoints": self.endpoints()}}
        made = example_objects().items()
        self.apply(*(overlaid(one, here) if name == "amsterdam" else one for name, one in made))

    def endpoints(self) -> dict[str, str]:
        """What of amsterdam is here, as its Site has it."""
        return {"sites": self._thread.target}

    def sites_file(self) -> Path:
        """All sites, as the objects have them."""
        listed = example("amsterdam")["sites"]
        here = [
            {**one, "sites": self._thread.target} if one["name"] == "amsterdam" else one for one in listed
        ]
        path = self.directory / "sites.yaml"
        path.write_text(yaml.safe_dump({"sites": here}))
        return path

    def kubeconfig(self) -> Path:
        """With the token that a pod of the account has."""
        kubectl = self.server.cluster.kubectl
        token = kubectl("create", "token", ACCOUNT, f"--namespace={NAMESPACE}").strip()
        config = json.loads(self.server.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token}
        config["contexts"][0]["context"]["namespace"] = NAMESPACE
        path = self.directory / "operator.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def shown(self, kind: str, name: str) -> dict[str, Any]:
        """An object's status; empty: it has none."""
        found = self.server.cluster.get(kind, name, f"--namespace={NAMESPACE}")
        return found.get("status", {})

    def why(self, kind: str, name: str, condition: str) -> str:
        """A condition's reason."""
        said = {one["type"]: one["reason"] for one in self.shown(kind, name).get("conditions", ())}
        return said.get(condition, "")

    def await_why(self, kind: str, name: str, condition: str, reason: str) -> None:
        what = f"{condition} of {name} for {reason}"
        eventually(lambda: self.why(kind, name, condition) == reason, what, SHOWN_LIMIT_S)

    def await_well(self) -> None:
        """Until a good day is shown again, whatever the test before this broke."""
        self.await_primary("amsterdam")
        self.await_why("replication", "race", "Protected", "RegionReady")
        self.await_why("replication", "race", "Degraded", "Whole")
        for name in ("amsterdam", "london", "truck"):
            self.await_why("site", name, "Ready", "Answers")

    def await_primary(self, region: str) -> None:
        """As the Replication shows it."""
        eventually(
            lambda: self.shown("replication", "race").get("primary") == region,
            f"{region} as primary",
            SHOWN_LIMIT_S,
        )

    def await_looked(self) -> None:
        """Until every object has a status from after now: what an operator before it wrote stands there still."""
        now = instant(datetime.now(UTC))
        for kind, name in (
            ("replication", "race"),
            *(("site", one) for one in ("amsterdam", "london", "truck")),
        ):
            self.await_later(kind, name, now)

    def await_later(self, kind: str, name: str, than: str) -> None:
        eventually(
            lambda: self.shown(kind, name).get("observedAt", "") > than, f"look at {name}", SHOWN_LIMIT_S
        )

    def events(self) -> list[tuple[str, str]]:
        """(object, reason), of all that were posted."""
        found = self.server.cluster.get("events", f"--namespace={NAMESPACE}")["items"]
        return sorted((one["involvedObject"]["name"], one["reason"]) for one in found)
