"""What a drill does to the region whose cluster it runs in: to others what `ardoise sites up` is, by the API server."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NoReturn

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.core.exceptions import LoadResourceError
from lightkube.resources.apps_v1 import Deployment, StatefulSet
from lightkube.resources.core_v1 import ConfigMap, Pod
from lightkube.types import PatchType

from ardoise.rehearsal.drills.in_cluster.settings import DrillSettings
from ardoise.rehearsal.drills.precheck import HELD, RUNNING
from ardoise.sites.operations.drill_runs import STOPPED
from ardoise.sites.topology import Site, Topology
from ardoise.up.control import Action, Refused
from ardoise.up.network import Condition

KINDS = {"statefulsets": StatefulSet, "deployments": Deployment}
REQUEST_LIMIT_S = 5.0
PATIENCE_S = 60.0
"""For how long an API server that does not answer is asked again."""
AGAIN_S = 1.0
READY_LIMIT_S = 300.0


class Gone(Refused):
    """There is no such thing, or no more."""


class Cluster:
    """The API server, as far as a drill asks it. Each call raises Refused where it came to nothing."""

    def __init__(self, client: AsyncClient, run: str) -> None:
        """`run`: name of the ConfigMap that this run is told in."""
        self._client, self._run = client, run

    async def tell(self, data: Mapping[str, str]) -> None:
        """Writes into the run's ConfigMap (ardoise.sites.operations.drill_runs)."""
        body = {"data": dict(data)}
        await self._ask(lambda: self._client.patch(ConfigMap, self._run, body, patch_type=PatchType.MERGE))

    async def replicas(self, workload: str) -> int:
        """How many pods of it are wanted. `workload`: statefulsets/<name> or deployments/<name>."""
        kind, name = workload.split("/")
        found = await self._ask(lambda: self._client.get(KINDS[kind].Scale, name))
        return found.spec.replicas or 0

    async def scale(self, workload: str, replicas: int) -> None:
        """Wants so many."""
        kind, name = workload.split("/")
        body = {"spec": {"replicas": replicas}}
        await self._ask(lambda: self._client.patch(KINDS[kind].Scale, name, body, patch_type=PatchType.MERGE))

    async def pods(self, workloads: Sequence[str]) -> list[tuple[str, Pod]]:
        """Each with its workload."""
        found = await self._ask(self._list)
        owned = [(_workload(pod, workloads), pod) for pod in found]
        return [(workload, pod) for workload, pod in owned if workload]

    async def kill(self, pod: str) -> None:
        """It is told to stop and has a second for it. One of a workload that was scaled down may be gone already."""
        with contextlib.suppress(Gone):
            await self._ask(lambda: self._client.delete(Pod, pod, grace_period=0))

    async def _list(self) -> list[Pod]:
        return [pod async for pod in self._client.list(Pod)]

    async def _ask[T](self, request: Callable[[], Awaitable[T]]) -> T:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                async with asyncio.timeout(REQUEST_LIMIT_S):
                    return await request()
            except ApiError as error:
                if error.status.code == 404:
                    raise Gone(f"the API server: {error.status.message}") from error
                said = error.status.message or repr(error)
            except (httpx2.HTTPError, TimeoutError, OSError, LoadResourceError) as error:
                said = repr(error)
            if time.monotonic() > deadline_s:
                raise Refused(f"the API server, for {PATIENCE_S:.0f} s: {said}")
            await asyncio.sleep(AGAIN_S)


class InCluster:
    """To drills what ardoise.up.control.Control is."""

    def __init__(self, settings: DrillSettings, topology: Topology, here: Site, cluster: Cluster) -> None:
        self._settings, self._topology, self._here = settings, topology, here
        self._cluster = cluster
        self._stopped: dict[str, int] = {}
        """Workloads that were taken away, and how many pods each had."""

    async def state(self) -> dict[str, Any]:
        """As Control.state(). Of other sites no parts are seen from here."""
        return {
            "state_dir": str(self._settings.identity_dir.parent),
            "sites": {
                site.name: {
                    "kind": site.kind.value,
                    "identity_dir": str(self._settings.identity_dir),
                    "ports": {**_servers(site), **self._settings.drill_reach[site.name]},
                    "clock_ahead_s": 0,
                    "disk": "",
                    "parts": await self._parts() if site == self._here else {},
                }
                for site in self._topology.sites
            },
            "links": [],
        }

    async def set_link(self, sender: str, receiver: str, condition: Condition) -> NoReturn:
        """Refused."""
        raise Refused(f"no link is in a cluster's hands: {sender} to {receiver}, {condition}")

    async def set_clock(self, site: str, ahead_s: int) -> NoReturn:
        """Refused."""
        raise Refused(f"no clock is in a cluster's hands: {site}, {ahead_s:+d} s")

    async def act(self, site: str, action: Action, *parts: str) -> dict[str, Any]:
        """Takes pods of this region away, and lets them come back. Raises Refused."""
        if site != self._here.name:
            raise Refused(f"{site} is out of reach of {self._here.name}'s cluster")
        match action, bool(parts):
            case Action.KILL, False:
                await self._lose()
            case Action.RESTORE, _:
                await self._bring_back()
            case Action.RESTART, True:
                await self._kill(parts)
            case _:
                raise Refused(f"pods of a cluster cannot be told to {action} {', '.join(parts)}")
        return await self.state()

    async def _lose(self) -> None:
        """What is to come back is written down first: the operator brings it back where this dies."""
        workloads = self._settings.drill_workloads
        wanted = {workload: await self._cluster.replicas(workload) for workload in workloads}
        await self._cluster.tell({STOPPED: json.dumps(wanted)})
        self._stopped = wanted
        await asyncio.gather(*(self._cluster.scale(workload, 0) for workload in wanted))
        gone = await self._cluster.pods(workloads)
        await asyncio.gather(*(self._cluster.kill(pod.metadata.name) for _, pod in gone))

    async def _bring_back(self) -> None:
        await asyncio.gather(*(self._cluster.scale(*wanted) for wanted in self._stopped.items()))
        deadline_s = time.monotonic() + READY_LIMIT_S
        while missing := await self._missing():
            if time.monotonic() > deadline_s:
                raise Refused(f"not ready again within {READY_LIMIT_S:.0f} s: {', '.join(missing)}")
            await asyncio.sleep(AGAIN_S)
        self._stopped = {}
        await self._cluster.tell({STOPPED: json.dumps(self._stopped)})

    async def _missing(self) -> list[str]:
        ready = dict.fromkeys(self._stopped, 0)
        for workload, pod in await self._cluster.pods(list(self._stopped)):
            ready[workload] += all(_ready(pod).values())
        return [workload for workload, wanted in self._stopped.items() if ready[workload] < wanted]

    async def _kill(self, parts: Sequence[str]) -> None:
        """One of those that there are several of."""
        found = await self._cluster.pods(self._settings.drill_workloads)
        having = {workload: pod.metadata.name for workload, pod in found if set(_ready(pod)) & set(parts)}
        if not having:
            raise Refused(f"{self._here.name} has no pod of {', '.join(parts)}")
        await asyncio.gather(*map(self._cluster.kill, having.values()))

    async def _parts(self) -> dict[str, dict[str, Any]]:
        """Containers by name: held where they were taken away, running once every pod of one has it ready."""
        ready: dict[str, bool] = {}
        for _, pod in await self._cluster.pods(self._settings.drill_workloads):
            for container, is_ready in _ready(pod).items():
                ready[container] = ready.get(container, True) and is_ready
        states = {part: RUNNING if is_ready else "starting" for part, is_ready in ready.items()}
        states |= dict.fromkeys(self._stopped, HELD)
        return {part: {"state": state, "pid": None} for part, state in sorted(states.items())}


def _servers(site: Site) -> dict[str, str]:
    """As drills name them."""
    named = ("nats", "etcd", "positioning", "sites", "patroni", "postgres")
    return {name: address for name in named if (address := getattr(site, name))}


def _workload(pod: Pod, workloads: Sequence[str]) -> str:
    """Of a Deployment's pod the owner is a ReplicaSet, which is called after it; empty: none of these."""
    owners = [one.name for one in pod.metadata.ownerReferences or ()]
    names = {*owners, *(owner.rpartition("-")[0] for owner in owners)}
    return next((workload for workload in workloads if workload.partition("/")[2] in names), "")


def _ready(pod: Pod) -> dict[str, bool]:
    """By container."""
    said = {one.name: one.ready for one in pod.status.containerStatuses or ()} if pod.status else {}
    return {one.name: said.get(one.name, False) for one in pod.spec.containers}
