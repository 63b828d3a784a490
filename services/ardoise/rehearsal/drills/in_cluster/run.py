"""One run of a Drill object: in its Job's pod, told in its ConfigMap as it goes on."""

import asyncio
import secrets
import signal
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import grpc
from lightkube import AsyncClient, KubeConfig

from ardoise.chassis.rpc import failure_of
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.sites_pb2 import GetSitesStatusRequest, SitesStatus
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.rehearsal.drills.in_cluster.control import REQUEST_LIMIT_S, Cluster, InCluster
from ardoise.rehearsal.drills.in_cluster.result import prechecked, result
from ardoise.rehearsal.drills.in_cluster.scenarios import IN_CLUSTER, PRECHECK
from ardoise.rehearsal.drills.in_cluster.settings import DrillSettings
from ardoise.rehearsal.drills.inspection import connect, inspect
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import objections
from ardoise.rehearsal.drills.report.page import page
from ardoise.rehearsal.drills.run import Tell, run_drill
from ardoise.sites.operations.drill_runs import PHASE, REPORTS, RESULT, Phase
from ardoise.sites.operations.seen import WELL, leading
from ardoise.sites.topology import Site, read_site

SEED_BITS = 31
ASK_LIMIT_S = 5.0
MOST_REPORT_BYTES = 450_000
"""Of each of two: the API server takes a ConfigMap of 1 MiB."""


async def run_in_cluster(
    settings: DrillSettings, scenario: str, stage: StageSetup, run: str, tell: Tell
) -> None:
    """Runs it, puts right what it broke, and writes down what came of it. `stage`: what its relays ride; `run`: name
    of its ConfigMap.

    Cancelled it ends early. Raises Refused where nothing can be written down, ValueError, FileNotFoundError.
    """
    topology, here = read_site(settings.sites_file, settings.site)
    client = AsyncClient(
        KubeConfig.from_env().get(), settings.namespace or None, REQUEST_LIMIT_S, trust_env=False
    )
    cluster = Cluster(client, run)
    try:
        await cluster.tell({PHASE: Phase.PRECHECKING})
        control = InCluster(settings, topology, here, cluster)
        began = datetime.now(UTC)
        against = await _against(control, here)
        if against or scenario == PRECHECK:
            for line in against:
                tell(line)
            came = prechecked(against, began, datetime.now(UTC))
            await cluster.tell({PHASE: Phase.FINISHED, RESULT: came.to_json()})
            return
        await _drill(scenario, stage, control, cluster, tell)
    finally:
        await client.close()


async def _drill(name: str, stage: StageSetup, control: InCluster, cluster: Cluster, tell: Tell) -> None:
    scenario = IN_CLUSTER[name]
    telling = _InTurn()
    report = await run_drill(
        control,
        scenario,
        stage,
        seed=secrets.randbits(SEED_BITS),
        tell=tell,
        enter=lambda phase: telling.add(cluster.tell({PHASE: phase})),
    )
    await telling.done()
    reports = zip(REPORTS, (report.model_dump_json(), page(report)), strict=True)
    await cluster.tell({key: text for key, text in reports if len(text.encode()) <= MOST_REPORT_BYTES})
    # Last: who reads it takes the run for over.
    came = result(report, scenario, datetime.now(UTC))
    await cluster.tell({PHASE: Phase.FINISHED, RESULT: came.to_json()})


async def _against(control: InCluster, here: Site) -> list[str]:
    """Why no drill may begin here now; empty: it may."""
    reached = Reached(await control.state())
    async with reached.channel(here.name, "sites") as opened:
        try:
            answer = await SitesServiceStub(opened).GetSitesStatus(
                GetSitesStatusRequest(), timeout=ASK_LIMIT_S
            )
        except grpc.aio.AioRpcError as error:
            return [f"`sites` of {here.name} does not answer: {failure_of(error).message}"]
    buses = await connect(reached)
    try:
        found = await inspect(control, reached, buses, own_race=False)
    finally:
        await asyncio.gather(*(bus.close() for bus in buses.values()), return_exceptions=True)
    return [*elsewhere(answer.status, here.name), *not_well(answer.status), *objections(found)]


def elsewhere(status: SitesStatus, here: str) -> Sequence[str]:
    """A drill breaks something in the region where it runs, which has to be the primary's."""
    now = leading(status)
    if now is None or now.region != here:
        return [f"{now.region if now else 'no region'} is primary: this runs in the primary's cluster alone"]
    return []


def not_well(status: SitesStatus) -> list[str]:
    """Conditions that are not as they have to be, so that a lost region would cost nothing."""
    return [
        f"{condition.type}: {condition.message}"
        for condition in status.conditions
        if condition.type in WELL and condition.status != WELL[condition.type]
    ]


class _InTurn:
    """What is told, one after the other, beside the drill."""

    def __init__(self) -> None:
        self._last: asyncio.Task[None] | None = None

    def add(self, work: Coroutine[Any, Any, None]) -> None:
        self._last = asyncio.create_task(self._after(self._last, work))

    async def done(self) -> None:
        if self._last is not None:
            await asyncio.wait({self._last})

    @staticmethod
    async def _after(before: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> None:
        if before is not None:
            await asyncio.wait({before})
        await work


def run(settings: DrillSettings, scenario: str, stage: StageSetup, run_name: str, tell: Tell) -> None:
    """The same, until it ends; SIGTERM ends it early, and what it broke is put right."""

    async def heeding() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await run_in_cluster(settings, scenario, stage, run_name, tell)

    asyncio.run(heeding())
