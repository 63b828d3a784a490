"""The operator and Drills, in front of a real API server: their runs' processes are played by the test."""

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ardoise.chassis.child import bound
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.sites.operations.drill_runs import run_name
from ardoise.up.ports import Ports
from ardoise.up.programs import debian_programs
from ardoise_operator.sight import instant

from tests.kubernetes.alone import ApiServer, serving
from tests.kubernetes.bed import plan
from tests.kubernetes.bed.cluster import eventually
from tests.kubernetes.operator_bench import ACCOUNT, NAMESPACE, SHOWN_LIMIT_S, Bench, Operator
from tests.support.chart import example, objects, of_kind
from tests.support.operator_looks import reports, status
from tests.support.own_kinds import GROUP, VERSION

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]
TEMPLATE = "ardoise-drill"
POD = {
    "metadata": {"labels": {"of": "drill"}},
    "spec": {
        "restartPolicy": "Never",
        "containers": [{"name": "drill", "image": "localhost/ardoise/full", "args": ["what stood there"]}],
    },
}
DUE_LIMIT_S = 75.0
"""A minute, and a look."""
FREE = {"recoveryMilliseconds": 0, "lostFixes": 0}
ON_JOBS = ("get", "create", "patch", "delete")


class DrillBench(Bench):
    """With an etcd that keeps claims, and what runs are made of."""

    def __init__(self, server: ApiServer, directory: Path) -> None:
        super().__init__(server, directory)
        self._ports = Ports({"etcd": 0, "peers": 0})
        ensure_development_identity(directory, "etcd", Role.SERVICE, hosts=["127.0.0.1"])
        numbers = self._ports.numbers
        options = plan.etcd_options(directory, directory / "etcd-data", numbers["etcd"], numbers["peers"])
        with (directory / "etcd.log").open("ab") as log:
            command = bound([str(debian_programs(print).etcd), *options], signal.SIGKILL)
            self._etcd = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self) -> None:
        super().start()
        self.apply(
            {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": TEMPLATE}, "template": POD}
        )

    def stop(self) -> None:
        super().stop()
        self._etcd.kill()
        self._etcd.wait()
        self._ports.close()

    def endpoints(self) -> dict[str, str]:
        return {**super().endpoints(), "etcd": self._ports.at("etcd")}

    def allow_jobs(self, *verbs: str) -> None:
        """Of the rights that the chart gives the operator, these alone on Jobs."""
        role = of_kind(objects(example("amsterdam"), NAMESPACE), "Role")[ACCOUNT]
        rules = [
            {**rule, "verbs": list(verbs)} if rule["resources"] == ["jobs"] else rule
            for rule in role["rules"]
        ]
        self.apply({**role, "rules": rules})

    def drill(self, name: str, **spec: Any) -> None:
        """Makes or changes one, which is due by nobody's calendar."""
        said = {
            "replicationRef": {"name": "race"},
            "scenario": "patroni-killed",
            "schedule": "0 0 29 2 *",
            "timeZone": "Europe/Amsterdam",
            "budgets": {"recoverySeconds": 25, "lostFixes": 0},
            **spec,
        }
        about = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Drill", "metadata": {"name": name}}
        self.apply({**about, "spec": said})

    def kubectl(self, *arguments: str) -> str:
        return self.server.cluster.kubectl(*arguments, f"--namespace={NAMESPACE}")

    def made(self, kind: str, drill: str) -> list[dict[str, Any]]:
        """Of a drill's runs."""
        found = self.server.cluster.get(
            kind, f"--namespace={NAMESPACE}", f"--selector=ardoise.dev/drill={drill}"
        )
        return found["items"]

    def begun(self, drill: str, limit_s: float = SHOWN_LIMIT_S) -> tuple[dict[str, Any], dict[str, Any]]:
        """ConfigMap and Job of its one run."""
        eventually(lambda: self.made("jobs", drill), f"Job of {drill}", limit_s)
        (config_map,), (job,) = self.made("configmaps", drill), self.made("jobs", drill)
        return config_map, job

    def tell(self, run_id: str, **data: Any) -> None:
        """As the run's process does."""
        told = {key.replace("_", "."): value if isinstance(value, str) else json.dumps(value)
                for key, value in data.items()}  # fmt: skip
        patch = json.dumps({"data": told})
        self.kubectl("patch", "configmap", run_name(run_id), "--type=merge", "--patch", patch)

    def end(self, run_id: str, verdict: str, **said: Any) -> None:
        """The same, at its end; it cost nothing, where nothing else is said."""
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        result = {"verdict": verdict, "startedAt": at, "finishedAt": at, "measured": FREE}
        self.tell(run_id, phase="Finished", report_html="<p>", result_json={**result, **said})

    def await_looked_at(self, drill: str) -> None:
        """Until a look that began after now is shown."""
        self.await_later("drill", drill, instant(datetime.now(UTC)))

    def await_shown(self, drill: str, **wanted: str) -> dict[str, Any]:
        """Its status, once it has these values."""

        def found() -> dict[str, Any] | None:
            shown = self.shown("drill", drill)
            return shown if wanted.items() <= shown.items() else None

        return eventually(found, f"{drill} as {wanted}", SHOWN_LIMIT_S)

    def told(self, drill: str) -> list[tuple[str, str]]:
        """(type, reason) of its events, oldest first."""
        found = self.server.cluster.get(
            "events", f"--namespace={NAMESPACE}", f"--field-selector=involvedObject.name={drill}"
        )
        told = sorted(
            found["items"], key=lambda one: (one["lastTimestamp"], one["metadata"]["creationTimestamp"])
        )
        return [(one["type"], one["reason"]) for one in told]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrillBench]:
    with serving(tmp_path_factory.mktemp("api-server"), "drills at a real API server") as server:
        made = DrillBench(server, tmp_path_factory.mktemp("bench"))
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="module")
def started(bench: DrillBench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    given = {"ARDOISE_DRILL_TEMPLATE": TEMPLATE}
    made = Operator(bench.kubeconfig(), bench.sites_file(), tmp_path_factory.mktemp("operator"), **given)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def operator(bench: DrillBench, started: Operator) -> Iterator[Operator]:
    """It runs, in front of objects that it shows, and of no drill."""
    bench.sites.status = status(reports())
    if not started.runs:
        started.start()
    bench.await_well()
    yield started
    bench.kubectl("delete", "drills", "--all")
    bench.kubectl("delete", "configmaps,jobs", "--selector=ardoise.dev/drill")
    assert started.runs, started.last_words


def test_a_drill_that_is_due_runs_once_and_its_end_is_shown_and_told(bench: DrillBench, operator: Operator):
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(seconds=70)
    due = due.replace(second=0) + timedelta(minutes=datetime.now(UTC).second > 55)
    schedule = f"{due.minute} {due.hour} {due.day} {due.month} *"
    bench.drill("nightly", schedule=schedule, timeZone="Etc/UTC", deadlineSeconds=600)
    bench.await_why("drill", "nightly", "Ready", "Scheduled")
    assert bench.shown("drill", "nightly")["nextRunAt"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
    config_map, job = bench.begun("nightly", DUE_LIMIT_S + 60)
    run_id = f"nightly-{due:%Y%m%d-%H%M}"
    assert job["metadata"]["name"] == config_map["metadata"]["name"] == f"drill-{run_id}"
    run = json.loads(config_map["data"]["run"])
    assert (run["runId"], run["scenario"], run["asked"]) == (run_id, "patroni-killed", "Schedule")
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (0, 600)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["drill", "in-cluster", "patroni-killed", f"--run=drill-{run_id}"]
    for made in (config_map, job):
        (owner,) = made["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"]) == ("Drill", "nightly")

    bench.await_shown("nightly", runId=run_id, phase="Prechecking")
    bench.tell(run_id, phase="Restoring")
    bench.await_shown("nightly", phase="Restoring")
    measured = {"recoveryMilliseconds": 20310, "lostFixes": 0}
    bench.end(run_id, "Held", measured=measured)
    shown = bench.await_shown("nightly", phase="Finished", verdict="Held")
    assert (shown["measured"], shown["report"]) == (measured, f"configmap/drill-{run_id}")
    assert [one["runId"] for one in shown["history"]] == [run_id]
    expected = [("Normal", "DrillBegun"), ("Normal", "DrillEnded")]
    eventually(lambda: bench.told("nightly") == expected, "events", SHOWN_LIMIT_S)
    bench.await_looked_at("nightly")
    assert len(bench.made("jobs", "nightly")) == 1
    assert bench.told("nightly") == expected


def test_killed_between_config_map_and_job_it_makes_the_job_and_nothing_twice(
    bench: DrillBench, operator: Operator
):
    bench.allow_jobs("get", "patch", "delete")
    bench.drill("killed", runRequestId="killed-1")
    bench.await_why("drill", "killed", "Ready", "NotDone")
    (before,) = bench.made("configmaps", "killed")
    assert bench.made("jobs", "killed") == []
    assert 'what="run"' in operator.metrics()
    operator.end(signal.SIGKILL)
    bench.allow_jobs(*ON_JOBS)
    operator.start()
    after, _ = bench.begun("killed")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    bench.await_why("drill", "killed", "Ready", "Scheduled")
    bench.end("killed-1", "Failed", failedStep="await-promotion", reasons=["31 s, at most 25 s"])
    shown = bench.await_shown("killed", verdict="Failed", failedStep="await-promotion")
    assert shown["reasons"] == ["31 s, at most 25 s"]
    expected = [("Normal", "DrillBegun"), ("Warning", "DrillEnded")]
    of_runs = ("DrillBegun", "DrillEnded", "DrillMended", "DrillRefused")
    eventually(
        lambda: [one for one in bench.told("killed") if one[1] in of_runs] == expected,
        "events",
        SHOWN_LIMIT_S,
    )


def test_a_request_is_run_once_also_where_the_object_is_made_anew(bench: DrillBench, operator: Operator):
    bench.drill("once", runRequestId="once-1")
    bench.begun("once")
    bench.end("once-1", "Held")
    bench.await_shown("once", verdict="Held")
    bench.kubectl("delete", "drill", "once")
    bench.kubectl("delete", "configmaps,jobs", "--selector=ardoise.dev/drill=once")
    bench.drill("once", runRequestId="once-1")
    shown = bench.await_shown("once", verdict="Refused")
    assert shown["reasons"][0].startswith("AlreadyUsed: ")
    assert bench.made("jobs", "once") == []


def test_a_condition_that_became_so_suspends_the_job(bench: DrillBench, operator: Operator):
    conditions = [{"type": "Degraded", "status": "True", "forSeconds": 2}]
    bench.drill("aborted", runRequestId="aborted-1", abortConditions=conditions)
    bench.begun("aborted")
    bench.tell("aborted-1", phase="Running")
    found = reports()
    found["london"].mirrors[0].state = "stuck"
    bench.sites.status = status(found)
    suspended = ("get", "job", run_name("aborted-1"), "--output=jsonpath={.spec.suspend}")
    eventually(lambda: bench.kubectl(*suspended) == "true", "suspended Job", SHOWN_LIMIT_S)
    bench.end("aborted-1", "Aborted", failedStep="Running", reasons=["told to end"])
    shown = bench.await_shown("aborted", verdict="Aborted")
    assert shown["reasons"] == ["Degraded of race is True, and was not when it began", "told to end"]


def test_a_run_whose_job_is_deleted_half_way_is_mended(bench: DrillBench, operator: Operator):
    bench.apply(stateful_set("ardoise-nats"))
    bench.drill("mended", runRequestId="mended-1")
    bench.begun("mended")
    stopped = {"statefulsets/ardoise-nats": 2, "deployments/ardoise-recorder": 1}
    bench.tell("mended-1", phase="Running", stopped_json=stopped)
    bench.await_shown("mended", phase="Running")
    bench.kubectl("delete", "job", run_name("mended-1"))
    shown = bench.await_shown("mended", verdict="Aborted", failedStep="Running")
    assert shown["reasons"] == [
        "its Job is gone",
        "statefulsets/ardoise-nats is back at 2",
        "deployments/ardoise-recorder is gone",
    ]
    replicas = ("get", "statefulset", "ardoise-nats", "--output=jsonpath={.spec.replicas}")
    assert bench.kubectl(*replicas) == "2"
    eventually(
        lambda: {("Warning", "DrillMended"), ("Warning", "DrillEnded")} <= set(bench.told("mended")),
        "events",
        SHOWN_LIMIT_S,
    )
    (config_map,) = bench.made("configmaps", "mended")
    assert config_map["data"]["stopped.json"] == "{}"


def test_one_runs_at_a_time_and_runs_beyond_the_limit_are_deleted(bench: DrillBench, operator: Operator):
    bench.drill("first", runRequestId="first-1", historyLimit=1)
    bench.begun("first")
    bench.drill("second", runRequestId="second-1")
    bench.await_shown("second", runId="second-1", phase="Waiting")
    bench.end("first-1", "Held")
    bench.await_shown("first", verdict="Held")
    bench.begun("second")
    bench.end("second-1", "Held")
    bench.await_shown("second", verdict="Held")
    bench.drill("first", runRequestId="first-2", historyLimit=1)
    eventually(lambda: len(bench.made("jobs", "first")) == 2, "second run", SHOWN_LIMIT_S)
    bench.end("first-2", "Held")
    shown = bench.await_shown("first", runId="first-2", verdict="Held")
    assert [one["runId"] for one in shown["history"]] == ["first-2"]
    eventually(lambda: len(bench.made("configmaps", "first")) == 1, "deleted run", SHOWN_LIMIT_S)
    assert [one["metadata"]["name"] for one in bench.made("jobs", "first")] == [run_name("first-2")]


def test_where_another_region_is_primary_a_request_is_refused(bench: DrillBench, operator: Operator):
    bench.sites.status = status(reports("london"))
    bench.drill("elsewhere", runRequestId="elsewhere-1")
    bench.await_why("drill", "elsewhere", "Ready", "RunsElsewhere")
    shown = bench.await_shown("elsewhere", verdict="Refused", phase="Finished")
    assert shown["reasons"][0].startswith("RunsElsewhere: london is primary")
    assert bench.made("jobs", "elsewhere") == []
    told = ("Warning", "DrillRefused")
    eventually(lambda: told in bench.told("elsewhere"), "event", SHOWN_LIMIT_S)


def stateful_set(name: str) -> dict[str, Any]:
    """One that a drill has scaled to 0."""
    labels = {"of": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "nothing"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {"replicas": 0, "serviceName": name, "selector": {"matchLabels": labels}, "template": pod},
    }
