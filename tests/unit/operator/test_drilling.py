"""Operators that run Drills, before a model of a cluster and of etcd: what is done, once, whoever is killed when."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ardoise.sites.etcd_api import ABSENT, Kept, NoAnswer
from ardoise.sites.operations.drill_decide import Rehearsed
from ardoise.sites.operations.drills import Claimed, DrillClaims
from ardoise_operator.api import About, ApiTrouble
from ardoise_operator.drilling import Drilling
from ardoise_operator.drills import milliseconds
from ardoise_operator.watching import Object
from lightkube.models.batch_v1 import JobCondition, JobStatus
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap

DUE = datetime(2026, 6, 30, 1, 30, tzinfo=UTC)
RUN = "weekly-20260630-0130"
NAME = f"drill-{RUN}"
SPEC = {
    "replicationRef": {"name": "race"},
    "scenario": "recorder-down",
    "schedule": "30 3 * * 2",
    "timeZone": "Europe/Amsterdam",
    "deadlineSeconds": 600,
}
WEEKLY = Object("Drill", "weekly", "uid-weekly", 1, SPEC, {}, "2026-01-01T00:00:00Z")
OTHER = replace(WEEKLY, name="other", uid="uid-other")


class Etcd:
    """Keys with revisions, as EtcdApi has them."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.away = False
        self._revisions = itertools.count(1)

    def read(self, *keys: str) -> list[Kept]:
        if self.away:
            raise NoAnswer("scripted")
        return [self.kept.get(key, ABSENT) for key in keys]

    def write(self, unchanged: Mapping[str, int], values: Mapping[str, str]) -> bool:
        if any(self.read(key)[0].revision != revision for key, revision in unchanged.items()):
            return False
        revision = next(self._revisions)
        self.kept.update({key: Kept(value.encode(), revision) for key, value in values.items()})
        return True


@dataclass
class Cluster:
    """As Api has it. `refuses`: names of methods that come to nothing, with the code."""

    config_map_of: dict[str, ConfigMap] = field(default_factory=dict)
    job_of: dict[str, Job] = field(default_factory=dict)
    scaled: dict[str, int] = field(default_factory=lambda: {"statefulsets/data-plane": 0})
    generations: dict[str, int] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    template: bool = True
    now: datetime = DUE
    _versions: Any = field(default_factory=lambda: itertools.count(1))

    def _asked(self, what: str) -> None:
        if what in self.refuses:
            raise ApiTrouble(self.refuses[what], "scripted")

    async def pod_template(self, name: str) -> PodTemplateSpec | None:
        assert name == "ardoise-drill"
        return PodTemplateSpec(spec=PodSpec(containers=[Container("drill")])) if self.template else None

    async def generation(self, about: About) -> int | None:
        return self.generations.get(about.name, 1)

    async def config_maps(self, label: str) -> dict[str, str]:
        self._asked("config_maps")
        return {name: one.metadata.resourceVersion for name, one in self.config_map_of.items()}

    async def config_map(self, name: str) -> ConfigMap | None:
        self.reads.append(name)
        return self.config_map_of.get(name)

    async def job(self, name: str) -> Job | None:
        return self.job_of.get(name)

    async def make(self, thing: ConfigMap | Job) -> None:
        kept: dict[str, Any] = self.config_map_of if isinstance(thing, ConfigMap) else self.job_of
        self._asked(type(thing).__name__)
        if thing.metadata.name not in kept:
            thing.metadata.resourceVersion = str(next(self._versions))
            thing.metadata.creationTimestamp = self.now
            kept[thing.metadata.name] = thing

    async def put_data(self, name: str, data: Mapping[str, str], version: str) -> None:
        self._asked("put_data")
        one = self.config_map_of[name]
        if one.metadata.resourceVersion != version:
            raise ApiTrouble("409", "scripted")
        self.write(name, data)

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """As the run's process does."""
        one = self.config_map_of[name]
        told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
        one.data = {**one.data, **told}
        one.metadata.resourceVersion = str(next(self._versions))

    async def suspend(self, job: str) -> None:
        self.job_of[job].spec.suspend = True

    async def scale(self, kind: str, name: str, replicas: int) -> bool:
        self._asked("scale")
        if f"{kind}/{name}" not in self.scaled:
            return False
        self.scaled[f"{kind}/{name}"] = replicas
        return True

    async def delete_run(self, name: str) -> None:
        self.job_of.pop(name, None)
        self.config_map_of.pop(name, None)


class Region:
    """One region's operator."""

    def __init__(self, etcd: Etcd, here: str = "amsterdam", cluster: Cluster | None = None) -> None:
        self.here, self.etcd = here, etcd
        self.cluster = Cluster() if cluster is None else cluster
        self.statuses: dict[str, dict[str, Any]] = {}
        self.primary = "amsterdam"
        self.degraded = "False"
        self.start()

    def start(self) -> None:
        """Anew."""
        claims = DrillClaims(lambda: [self.etcd])
        self.drilling = Drilling(self.here, "ardoise-drill", self.cluster, claims)

    async def look(self, *drills: Object, after_s: float = 1) -> dict[str, Any]:
        """The first one's status."""
        at = self.cluster.now = DUE + timedelta(seconds=after_s)
        race = Rehearsed(self.primary, {"Degraded": (self.degraded, milliseconds("2026-06-30T01:30:05Z"))})
        drills = drills or (WEEKLY,)
        before = {one.uid: self.statuses.get(one.uid, {}) for one in drills}
        self.statuses = await self.drilling.look(drills, {"race": race}, before, at)
        return self.statuses[drills[0].uid]


RESULT = {"verdict": "Held", "startedAt": "2026-06-30T01:30:05Z", "finishedAt": "2026-06-30T01:31:00Z"}


@pytest.fixture
def etcd() -> Etcd:
    return Etcd()


@pytest.fixture
def amsterdam(etcd: Etcd) -> Region:
    return Region(etcd)


@pytest.fixture
def london(etcd: Etcd) -> Region:
    return Region(etcd, "london")


def why(status: Mapping[str, Any]) -> str:
    """Why it is ready, or not."""
    return next(one["reason"] for one in status["conditions"] if one["type"] == "Ready")


async def test_a_run_that_is_due_is_made_and_looks_do_not_make_it_again(amsterdam: Region):
    assert (await amsterdam.look(after_s=-1))["phase"] == "Waiting"
    assert (await amsterdam.look())["runId"] == RUN
    for after_s in (2, 200, 301):
        status = await amsterdam.look(after_s=after_s)
    assert list(amsterdam.cluster.config_map_of) == list(amsterdam.cluster.job_of) == [NAME]
    assert (status["phase"], status["startedAt"]) == ("Prechecking", "2026-06-30T01:30:01Z")
    spec = amsterdam.cluster.job_of[NAME].spec
    assert (spec.backoffLimit, spec.activeDeadlineSeconds) == (0, 600)
    assert spec.template.spec.containers[0].args == ["drill", "in-cluster", "recorder-down", f"--run={NAME}"]


async def test_of_two_regions_that_both_take_themselves_for_primary_one_begins(
    amsterdam: Region, london: Region
):
    london.primary = "london"
    await amsterdam.look()
    assert "runId" not in await london.look()
    assert london.cluster.config_map_of == {}


async def test_who_was_slower_to_claim_makes_nothing(etcd: Etcd, amsterdam: Region, london: Region):
    class Slow(DrillClaims):
        async def read(self, run_ids: Sequence[str]) -> Claimed:
            seen = await super().read(run_ids)
            await amsterdam.look()
            return seen

    london.primary = "london"
    london.drilling = Drilling("london", "ardoise-drill", london.cluster, Slow(lambda: [etcd]))
    await london.look()
    assert list(amsterdam.cluster.job_of) == [NAME]
    assert london.cluster.config_map_of == {}


async def test_two_operators_of_one_cluster_make_one_run(etcd: Etcd, amsterdam: Region):
    twin = Region(etcd, cluster=amsterdam.cluster)
    await amsterdam.look()
    await twin.look()
    assert len(amsterdam.cluster.config_map_of) == len(amsterdam.cluster.job_of) == 1


@pytest.mark.parametrize("refused", ["ConfigMap", "Job"])
async def test_killed_between_two_effects_it_goes_on_anew_and_not_when_it_is_too_late(
    refused: str, amsterdam: Region
):
    amsterdam.cluster.refuses = {refused: "500"}
    assert why(await amsterdam.look()) == "NotDone"
    amsterdam.cluster.refuses = {}
    amsterdam.start()
    assert why(await amsterdam.look(after_s=60)) == "Scheduled"
    assert len(amsterdam.cluster.config_map_of) == len(amsterdam.cluster.job_of) == 1


async def test_what_was_claimed_and_not_made_keeps_others_back_for_a_while(amsterdam: Region):
    amsterdam.cluster.refuses = {"ConfigMap": "500"}
    await amsterdam.look()
    amsterdam.cluster.refuses = {}
    requested = replace(OTHER, spec={**SPEC, "runRequestId": "now-1"})
    assert (await amsterdam.look(requested, after_s=299))["phase"] == "Waiting"
    await amsterdam.look(requested, after_s=302)
    assert (await amsterdam.look(requested, after_s=303))["phase"] == "Prechecking"


async def test_while_one_runs_another_waits_and_runs_when_it_is_over(amsterdam: Region):
    await amsterdam.look(WEEKLY, OTHER)
    assert list(amsterdam.cluster.config_map_of) == [NAME]
    amsterdam.cluster.write(NAME, {"result.json": RESULT})
    # One look sees that it is over and lets others begin, the next one begins.
    await amsterdam.look(WEEKLY, OTHER, after_s=60)
    await amsterdam.look(WEEKLY, OTHER, after_s=62)
    assert sorted(amsterdam.cluster.config_map_of) == ["drill-other-20260630-0130", NAME]


async def test_an_object_that_was_changed_since_it_was_seen_begins_nothing(amsterdam: Region):
    amsterdam.cluster.generations = {"weekly": 2}
    await amsterdam.look()
    assert amsterdam.cluster.config_map_of == {}
    assert amsterdam.etcd.kept == {}


async def test_without_a_majority_nothing_begins_and_what_died_is_mended_all_the_same(amsterdam: Region):
    await amsterdam.look()
    amsterdam.etcd.away = True
    amsterdam.cluster.write(NAME, {"phase": "Running", "stopped.json": {"statefulsets/data-plane": 1}})
    amsterdam.cluster.job_of[NAME].status = JobStatus(
        conditions=[JobCondition("True", "Failed")], terminating=1
    )
    assert "verdict" not in await amsterdam.look(after_s=30)
    amsterdam.cluster.job_of[NAME].status.terminating = 0
    status = await amsterdam.look(after_s=32)
    assert (status["verdict"], status["failedStep"]) == ("Aborted", "Running")
    assert status["reasons"][1:] == ["statefulsets/data-plane is back at 1"]
    assert amsterdam.cluster.scaled == {"statefulsets/data-plane": 1}
    assert why(status) == "NoMajority"
    assert (await amsterdam.look(after_s=34))["verdict"] == "Aborted"


async def test_what_cannot_be_put_right_is_tried_again_and_the_run_is_not_over(amsterdam: Region):
    await amsterdam.look()
    amsterdam.cluster.write(NAME, {"phase": "Running", "stopped.json": {"statefulsets/data-plane": 1}})
    del amsterdam.cluster.job_of[NAME]
    amsterdam.cluster.refuses = {"scale": "403"}
    status = await amsterdam.look(after_s=30)
    assert why(status) == "NotDone"
    assert "verdict" not in status
    amsterdam.cluster.refuses = {}
    assert (await amsterdam.look(after_s=32))["verdict"] == "Aborted"


async def test_a_result_that_was_written_meanwhile_is_not_written_over(amsterdam: Region):
    await amsterdam.look()
    amsterdam.cluster.write(NAME, {"phase": "Restoring"})
    del amsterdam.cluster.job_of[NAME]
    amsterdam.cluster.refuses = {"put_data": "409"}
    assert why(await amsterdam.look(after_s=30)) == "Scheduled"
    amsterdam.cluster.refuses = {}
    amsterdam.cluster.write(NAME, {"result.json": RESULT})
    assert (await amsterdam.look(after_s=32))["verdict"] == "Held"


async def test_an_abort_is_written_down_with_its_reason_before_the_job_is_suspended(amsterdam: Region):
    aborting = replace(
        WEEKLY, spec={**SPEC, "abortConditions": [{"type": "Degraded", "status": "True", "forSeconds": 10}]}
    )
    await amsterdam.look(aborting)
    amsterdam.degraded = "True"
    await amsterdam.look(aborting, after_s=14)
    assert amsterdam.cluster.job_of[NAME].spec.suspend is None
    status = await amsterdam.look(aborting, after_s=15)
    assert amsterdam.cluster.job_of[NAME].spec.suspend is True
    assert status["reasons"] == ["Degraded of race is True, and was not when it began"]
    assert amsterdam.cluster.config_map_of[NAME].data["abort"] == status["reasons"][0]
    amsterdam.cluster.job_of[NAME].status = JobStatus(conditions=[JobCondition("True", "Suspended")])
    assert (await amsterdam.look(aborting, after_s=40))["verdict"] == "Aborted"


async def test_what_has_not_changed_is_not_read_again(amsterdam: Region):
    await amsterdam.look()
    amsterdam.cluster.write(NAME, {"result.json": RESULT, "report.html": "large"})
    for after_s in range(60, 70):
        await amsterdam.look(after_s=after_s)
    assert amsterdam.cluster.reads == [NAME]


async def test_where_runs_are_not_shown_what_was_known_stays_and_nothing_begins(amsterdam: Region):
    await amsterdam.look()
    amsterdam.cluster.refuses = {"config_maps": "403"}
    status = await amsterdam.look(WEEKLY, OTHER, after_s=30)
    assert (status["runId"], why(status)) == (RUN, "RunsUnread")
    assert list(amsterdam.cluster.config_map_of) == [NAME]


async def test_without_a_pod_template_drills_are_off(amsterdam: Region):
    amsterdam.cluster.template = False
    assert why(await amsterdam.look()) == "NotSwitchedOn"
    requested = replace(WEEKLY, spec={**SPEC, "runRequestId": "now-1"})
    status = await amsterdam.look(requested, after_s=400)
    assert status["reasons"] == ["NotSwitchedOn: there is no PodTemplate ardoise-drill"]
    assert amsterdam.cluster.job_of == {}


async def test_a_config_map_that_is_no_runs_stops_nothing(amsterdam: Region):
    await amsterdam.look()
    amsterdam.cluster.config_map_of[NAME].data = {}
    amsterdam.cluster.write(NAME, {})
    assert (await amsterdam.look(OTHER, after_s=400))["phase"] == "Waiting"
