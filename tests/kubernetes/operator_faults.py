"""What happens to an operator in its cluster: its API server in trouble, another one beside it, a clock of its own.

Each is put right when it is left. A trouble of the API server yields what makes it begin: the middle of an operation is
over sooner than an object is made.
"""

import base64
import copy
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ardoise.up.programs import clock_programs

from tests.kubernetes.admission import asked_of
from tests.kubernetes.bed.cluster import KubectlFailed, eventually
from tests.kubernetes.node import API_SERVER, running, slowed, standing_still
from tests.kubernetes.release import Release
from tests.support.chart import NAMESPACE
from tests.support.own_kinds import GROUP, VERSION

DEPLOYMENT = "ardoise-operator"
SELECTOR = "app.kubernetes.io/component=operator,!ardoise.dev/clock"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{DEPLOYMENT}"
STANDS_S, GOES_S = 2.0, 1.0
"""Of a slow API server: less than the operator's patience of 5 s, several times a request's usual milliseconds."""
METRICS = 9408
"""The operator's port of metrics."""
ROLL_OUT_LIMIT_S = 90.0
SLOW_LIMIT_S = 30.0
JAIL = "operator-jail"
SITTING, SITS_S = 3, 4.0
WAITS_FOR = (
    f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/sites"
    "?resourceVersion=999999999&resourceVersionMatch=NotOlderThan"
)
"""A list as of a change that is never made: the server waits 3 s for it, and then says so."""
BEFORE_OTHERS = 2
"""Only what is exempt from all of this comes first."""
OFF = "ardoise-operator-off"
OFF_LABEL = {"ardoise.dev/clock": "off"}
OFF_SELECTOR = "ardoise.dev/clock=off"
FAKED = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKETIME_DISABLE_SHM": "1"}
"""As of a site's settable clock (ardoise.up.clocks)."""
LIBRARY = "faketime.so"
LIBRARY_AT = "/usr/local/lib/faketime"

type Begin = Callable[[], None]


def pods(release: Release, selector: str = SELECTOR) -> list[dict[str, Any]]:
    """The operator's."""
    return json.loads(release.kubectl("get", "pods", f"--selector={selector}", "--output=json"))["items"]


def scale(release: Release, replicas: int) -> None:
    """Returns once all are ready, or gone."""
    release.kubectl("scale", f"deployment/{DEPLOYMENT}", f"--replicas={replicas}")
    rolled_out(release)
    eventually(lambda: len(pods(release)) <= replicas, "end of operators", ROLL_OUT_LIMIT_S)


def rolled_out(release: Release, name: str = DEPLOYMENT) -> None:
    """Returns once as many as are wished are ready."""
    limit = f"--timeout={ROLL_OUT_LIMIT_S:.0f}s"
    release.kubectl("rollout", "status", f"deployment/{name}", limit, limit_s=ROLL_OUT_LIMIT_S + 5)


def refusals(release: Release, since: datetime) -> list[str]:
    """Why the API server took no status, as its operator has said since then: codes, or "no answer"."""
    said = release.kubectl("logs", f"deployment/{DEPLOYMENT}", f"--since-time={since.isoformat()}")
    events = [json.loads(line) for line in said.splitlines() if "not_written" in line]
    return [one["code"] for one in events if one["what"] == "status"]


def acts(release: Release, pod: dict[str, Any]) -> bool:
    """Whether this operator says that it is the one that acts."""
    name = pod["metadata"]["name"]
    shown = release.cluster.kubectl(
        "get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}:{METRICS}/proxy/metrics"
    )
    said = re.search(r"^operator_acting\S* (\S+)$", shown, re.M)
    return said is not None and float(said.group(1)) == 1


def one_acts(objects: dict[str, Release]) -> None:
    """Of all operators, as each says itself."""

    def how_many() -> int:
        return sum(acts(release, pod) for release in objects.values() for pod in pods(release))

    eventually(lambda: how_many() == 1, "single operator that acts", ROLL_OUT_LIMIT_S)


@contextmanager
def down(release: Release, directory: Path) -> Iterator[Begin]:
    """It takes connections and answers none."""
    del directory
    with ExitStack() as held:
        yield lambda: held.enter_context(standing_still(running(release.site, API_SERVER)))


@contextmanager
def slow(release: Release, directory: Path) -> Iterator[Begin]:
    """It stands still and goes on in turns."""
    del directory
    with ExitStack() as held:

        def begin() -> None:
            held.enter_context(slowed(running(release.site, API_SERVER), STANDS_S, GOES_S))
            eventually(lambda: _took_s(release) > STANDS_S / 2, "slow answer", SLOW_LIMIT_S)

        yield begin


@contextmanager
def conflicts(release: Release, directory: Path) -> Iterator[Begin]:
    """409, of an admission webhook.

    No API server answers so by itself: statuses are applied by force and without a version. The operator writes nothing
    but runs of drills with one.
    """
    statuses = {
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "resources": ["*/status"],
        "operations": ["UPDATE"],
    }
    written_by = f"request.userInfo.username == '{ACCOUNT}'"
    with asked_of(release, directory, statuses, written_by) as webhook:
        yield lambda: setattr(webhook, "refuses_with", 409)


@contextmanager
def too_many(release: Release, directory: Path) -> Iterator[Begin]:
    """429: the operator's account has no share of the server, which so serves one request of it at a time, if any.

    And others ask in its name all the while: one of theirs is served, most of the time.
    """
    del directory
    jail, over = ("flowschema,prioritylevelconfiguration", JAIL), threading.Event()

    def sit() -> None:
        while not over.is_set():
            with suppress(KubectlFailed, subprocess.TimeoutExpired):
                release.cluster.kubectl("get", f"--raw={WAITS_FOR}", f"--as={ACCOUNT}", limit_s=SITS_S)

    with ThreadPoolExecutor(SITTING) as sitting:

        def begin() -> None:
            release.cluster.apply(*_jail())
            for _ in range(SITTING):
                sitting.submit(sit)

        try:
            yield begin
        finally:
            over.set()
            release.cluster.kubectl("delete", *jail, "--ignore-not-found")


@contextmanager
def beside_it(release: Release, ahead_s: int) -> Iterator[None]:
    """Another operator in the same region, ready, whose clock is so many seconds ahead; below 0: behind."""
    library = base64.b64encode(clock_programs(print).library.read_bytes()).decode()
    files = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": OFF},
        "binaryData": {LIBRARY: library},
    }
    stands = json.loads(release.kubectl("get", "deployment", DEPLOYMENT, "--output=json"))
    try:
        release.cluster.apply(files, _off(stands["spec"], ahead_s), namespace=NAMESPACE)
        rolled_out(release, OFF)
        yield
    finally:
        release.kubectl("delete", "deployment,configmap", OFF, "--ignore-not-found")
        eventually(lambda: not pods(release, OFF_SELECTOR), "end of the operator beside it", ROLL_OUT_LIMIT_S)


def clock_ahead_s(release: Release) -> float:
    """Of the one beside it, as a process in its container has it."""
    asked = ("exec", f"deployment/{OFF}", "--", "python", "-c", "import time; print(time.time())")
    return float(release.kubectl(*asked)) - time.time()


def _off(spec: dict[str, Any], ahead_s: int) -> dict[str, Any]:
    """A Deployment as the operator's, on Debian's libfaketime: the image's C library is Debian's as well."""
    own = {**copy.deepcopy(spec), "replicas": 1}
    for labels in (own["selector"]["matchLabels"], own["template"]["metadata"]["labels"]):
        labels |= OFF_LABEL
    pod = own["template"]["spec"]
    pod["volumes"].append({"name": "clock", "configMap": {"name": OFF}})
    (container,) = pod["containers"]
    container["volumeMounts"].append({"name": "clock", "mountPath": LIBRARY_AT})
    environment = {"LD_PRELOAD": f"{LIBRARY_AT}/{LIBRARY}", "FAKETIME": f"{ahead_s:+d}s", **FAKED}
    container["env"] += [{"name": name, "value": value} for name, value in environment.items()]
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": OFF}, "spec": own}


def _jail() -> tuple[dict[str, Any], dict[str, Any]]:
    kind, flows = "PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1"
    about = {"apiVersion": flows, "metadata": {"name": JAIL}}
    nothing = dict.fromkeys(("nominalConcurrencyShares", "lendablePercent", "borrowingLimitPercent"), 0)
    level = {"type": "Limited", "limited": {**nothing, "limitResponse": {"type": "Reject"}}}
    all_resources = {**_any("verbs", "apiGroups", "resources", "namespaces"), "clusterScope": True}
    account = {"kind": "ServiceAccount", "serviceAccount": {"name": DEPLOYMENT, "namespace": NAMESPACE}}
    schema = {
        "priorityLevelConfiguration": {"name": JAIL},
        "matchingPrecedence": BEFORE_OTHERS,
        "rules": [
            {
                "subjects": [account],
                "resourceRules": [all_resources],
                "nonResourceRules": [_any("verbs", "nonResourceURLs")],
            }
        ],
    }
    return {**about, "kind": kind, "spec": level}, {**about, "kind": "FlowSchema", "spec": schema}


def _any(*fields: str) -> dict[str, list[str]]:
    return {field: ["*"] for field in fields}


def _took_s(release: Release) -> float:
    began_s = time.monotonic()
    release.cluster.kubectl("get", "--raw=/version")
    return time.monotonic() - began_s
