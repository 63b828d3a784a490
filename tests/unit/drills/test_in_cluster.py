"""Drills in a region's own cluster: what they can do, who they are, what they tell of themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from ardoise.ingest.setup.source import read_setup
from ardoise.pb.sites_pb2 import SitesCondition, SitesStatus, Truth
from ardoise.rehearsal.drills import platform
from ardoise.rehearsal.drills.in_cluster.control import Cluster, InCluster, _workload
from ardoise.rehearsal.drills.in_cluster.result import prechecked, result
from ardoise.rehearsal.drills.in_cluster.run import elsewhere, not_well
from ardoise.rehearsal.drills.in_cluster.scenarios import IN_CLUSTER
from ardoise.rehearsal.drills.in_cluster.settings import DrillSettings
from ardoise.rehearsal.drills.invariants.finding import finding
from ardoise.rehearsal.drills.precheck import Platform, mending, objections
from ardoise.rehearsal.drills.probes.relays import START_OFFSET_S
from ardoise.rehearsal.drills.report.model import Figures, Fixes, Verdict
from ardoise.rehearsal.drills.scenario import Act, Invariant, Place, Switchover, WaitUntil
from ardoise.rehearsal.drills.scenarios import SCENARIOS
from ardoise.rehearsal.simulator import Simulation
from ardoise.sites.operations.drill_runs import Asked, Result, Run, data_of, run_of
from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.up.control import Action, Refused
from ardoise.up.demo import SIMULATED_EVENT
from ardoise.up.identities import DRILL, DRILL_OPERATOR, DRILL_RELAYS
from lightkube import ApiError
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources.core_v1 import Pod

from tests.support.drilled import report

ENDED = datetime(2026, 11, 25, 10, 4, tzinfo=UTC)
FIGURES = Figures(
    writes_interrupted_s=19.4,
    picture_interrupted_s={"truck": 1.1, "london": 1.2, "amsterdam": 90.0},
    fixes=Fixes(acknowledged=5_000, stored=5_000, replayed=300),
)


def test_its_certificates_are_of_those_that_it_shows():
    assert (DRILL, DRILL_OPERATOR) == (platform.IDENTITY, platform.OPERATOR)
    simulation = Simulation(read_setup(SIMULATED_EVENT), 1, start_offset_s=START_OFFSET_S)
    assert set(DRILL_RELAYS) == set(simulation.relay_ids)


def test_it_breaks_nothing_but_the_region_where_it_runs():
    for scenario in IN_CLUSTER.values():
        for step in scenario.steps:
            match step:
                case Act(place, Action.KILL | Action.RESTORE, ()) | Act(place, Action.RESTART, ("patroni",)):
                    assert place is Place.PRIMARY, scenario.name
                case _:
                    assert isinstance(step, Switchover | WaitUntil), scenario.name


def test_a_primary_that_moves_in_the_catalogue_moves_here_too():
    moving = [name for name, one in IN_CLUSTER.items() if any(isinstance(s, Switchover) for s in one.steps)]
    assert moving == ["failback", "switchover"]


class NoPods(Cluster):
    """An API server that has none."""

    def __init__(self) -> None:
        super().__init__(None, "")

    async def pods(self, _: Sequence[str]) -> list[tuple[str, Pod]]:
        return []


def told(**change: Any) -> Result:
    """As it is read again."""
    came = result(report().model_copy(update=change), SCENARIOS["region-lost"], ENDED)
    run = Run("r", Asked.REQUEST, 0, 0, result=came)
    found = run_of(data_of(run, "region-lost", 1800, {}), 0, "1").result
    assert found == came
    return came


def test_a_drill_that_held_tells_its_figures():
    said = told(figures=FIGURES)
    assert (said.verdict, said.failed_step, said.reasons) == ("Held", "", ())
    assert said.measured == {
        "recoveryMilliseconds": 19_400,
        "lostFixes": 0,
        "acknowledgedFixes": 5_000,
        "replayedFixes": 300,
        "pictureInterruptedMilliseconds": 1_200,
    }, "the picture of the region that was lost does not count"


def test_what_nobody_could_read_is_unknown():
    said = told(verdict=Verdict.FAILED, findings=[], figures=Figures(), reasons=["no answer"])
    assert set(said.measured.values()) == {"Unknown"}


def test_a_drill_that_failed_says_at_which_step_and_why():
    late = "not within 22 s: the standby's database takes decisions"
    assert told(verdict=Verdict.FAILED, reasons=[late]).failed_step == report().events[-1].text
    found = finding(Invariant.NOTHING_LOST, "", 1, ["a fix is nowhere"])
    said = told(verdict=Verdict.FAILED, findings=[found])
    assert (said.failed_step, said.reasons) == ("Judging", ("I2: a fix is nowhere",))


def test_a_refused_drill_measured_nothing():
    assert told(verdict=Verdict.REFUSED, reasons=["a race is live"]).measured is None
    said = prechecked(["a race is live"], report().began, ENDED)
    assert (said.verdict, said.failed_step) == ("Refused", "Prechecking")
    assert prechecked([], report().began, ENDED).verdict == "Held"


def test_a_platform_that_is_not_well_is_not_drilled():
    status = SitesStatus(
        conditions=[
            SitesCondition(type="Protected", status=Truth.TRUTH_NO, message="the mirror is behind"),
            SitesCondition(type="Degraded", status=Truth.TRUTH_NO),
            SitesCondition(type="PicturesEqual", status=Truth.TRUTH_UNSPECIFIED),
        ]
    )
    assert not_well(status) == ["Protected: the mirror is behind"]


async def test_what_is_seen_of_a_cluster_passes_the_precheck():
    places = {"nats": "h:1", "etcd": "h:2", "positioning": "h:3", "sites": "h:4"}
    truck = Site(name="truck", kind=SiteKind.EDGE, **places)
    london = Site(name="london", kind=SiteKind.REGION, patroni="h:5", postgres="h:6", **places)
    sites = (truck, london)
    settings = DrillSettings(drill_reach={site.name: {} for site in sites})
    state = await InCluster(settings, Topology(sites=sites), london, NoPods()).state()
    found = Platform(
        state,
        members=(),
        parameters={},
        etcd_leader="",
        positions={site.name: {} for site in sites},
        race_on=False,
    )
    assert all("database" in objection or "region" in objection for objection in objections(found))
    assert mending(state, ()) == []


class Answers404:
    """A client of an API server that has no such thing."""

    async def delete(self, *_: object, **__: object) -> None:
        answer = httpx2.Response(404, json={"kind": "Status", "code": 404, "message": "pods not found"})
        raise ApiError(request=httpx2.Request("DELETE", "https://api"), response=answer)

    async def get(self, *asked: object) -> None:
        await self.delete(*asked)


async def test_a_pod_that_went_by_itself_is_gone_and_a_workload_that_is_missing_is_said():
    cluster = Cluster(Answers404(), "drill-r")
    await cluster.kill("ardoise-nats-0")
    with pytest.raises(Refused, match="pods not found"):
        await cluster.replicas("statefulsets/ardoise-nats")


def test_it_runs_where_the_primary_is():
    assert elsewhere(SitesStatus(), "london") == [
        "no region is primary: this runs in the primary's cluster alone"
    ]


@pytest.mark.parametrize(
    ("owner", "workload"),
    [
        ("ardoise-recorder-7c9d", "deployments/ardoise-recorder"),
        ("ardoise-data-plane", "statefulsets/ardoise-data-plane"),
        ("drill-20261129", ""),
    ],
)
def test_a_pod_is_of_the_workload_that_made_it(owner: str, workload: str):
    reference = OwnerReference(apiVersion="apps/v1", kind="ReplicaSet", name=owner, uid="1")
    pod = Pod(metadata=ObjectMeta(name=f"{owner}-x", ownerReferences=[reference]))
    ours = ["statefulsets/ardoise-data-plane", "deployments/ardoise-recorder"]
    assert _workload(pod, ours) == workload
