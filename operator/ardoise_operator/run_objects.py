"""What a run of a drill is made of in the cluster: a ConfigMap, which it is found by, and a Job. Pure."""

from copy import deepcopy
from typing import Any

from ardoise.sites.operations.drill_decide import JobState
from ardoise.sites.operations.drill_runs import Run, data_of, label, run_of
from lightkube.models.batch_v1 import JobSpec
from lightkube.models.core_v1 import PodTemplateSpec
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap

from ardoise_operator.drills import STANDARD_DEADLINE_S
from ardoise_operator.kinds import API_VERSION
from ardoise_operator.watching import Object

DRILL_LABEL = "ardoise.dev/drill"
OVER = ("Complete", "Failed", "Suspended")
"""Conditions of a Job that has no process any more, or soon."""


def config_map_of(run: Run, drill: Object) -> ConfigMap:
    """Making it is what makes a run begin once in this cluster."""
    spec = drill.spec
    data = data_of(run, spec["scenario"], _deadline_s(drill), spec.get("budgets", {}))
    return ConfigMap(metadata=_about(run, drill), data=data)


def job_of(run: Run, drill: Object, pod: PodTemplateSpec) -> Job:
    """`pod`: as the chart describes it; what its first container does is said here."""
    own = deepcopy(pod)
    own.spec.containers[0].args = ["drill", "in-cluster", drill.spec["scenario"], f"--run={run.name}"]
    spec = JobSpec(template=own, backoffLimit=0, activeDeadlineSeconds=_deadline_s(drill))
    return Job(metadata=_about(run, drill), spec=spec)


def found_run(config_map: ConfigMap) -> Run:
    """Raises ValueError where it is no run's."""
    about = config_map.metadata
    made_ms = round(about.creationTimestamp.timestamp() * 1000)
    return run_of(config_map.data or {}, made_ms, about.resourceVersion)


def owner_of(about: ObjectMeta) -> str:
    """The uid of the Drill whose run it is; empty: it is nobody's."""
    return next((one.uid for one in about.ownerReferences or () if one.kind == "Drill"), "")


def state_of(job: Job | None) -> JobState:
    """None: there is none."""
    if job is None:
        return JobState.ABSENT
    status: Any = job.status
    conditions = (status.conditions if status is not None else None) or ()
    ended = any(one.type in OVER and one.status == "True" for one in conditions)
    if ended and not status.active and not status.terminating:
        return JobState.OVER
    return JobState.SUSPENDED if job.spec.suspend else JobState.RUNS


def _about(run: Run, drill: Object) -> ObjectMeta:
    owner = OwnerReference(apiVersion=API_VERSION, kind=drill.kind, name=drill.name, uid=drill.uid)
    return ObjectMeta(name=run.name, labels={DRILL_LABEL: label(drill.name)}, ownerReferences=[owner])


def _deadline_s(drill: Object) -> int:
    return drill.spec.get("deadlineSeconds", STANDARD_DEADLINE_S)
