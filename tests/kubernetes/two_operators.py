"""Two regions' operators, each at an API server of its own behind a proxy; one etcd, one platform that stands still."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from ardoise.sites.etcd_api import EtcdApi
from ardoise.sites.operations.memory import LEASE, LEASE_S, PREFIX, Memory
from ardoise.sites.operations.record import Kind, Wish

from tests.kubernetes.alone import serving
from tests.kubernetes.bed.cluster import eventually
from tests.support.api_proxy import ApiProxy
from tests.support.etcds import SITES, Etcds
from tests.support.moving_sites import MovingSites
from tests.support.operators import AS_INSTALLED, REGIONS, Cluster, condition, who_acts
from tests.support.own_kinds import example_objects
from tests.unit.sites.operations.platform import OTHER

SHOWN_LIMIT_S = 90.0
"""A status takes 5 s on an idle machine; an API server that is back is written to within 30."""
STABLE_S = "failbackStabilisationSeconds"
LIMITS = {"coolDownSeconds": 60, STABLE_S: 3600}
"""Nothing goes back by itself."""


class Reached:
    """Where a made-up platform with a real etcd answers, as operators.Cluster asks for it."""

    def __init__(self, etcds: Etcds, sites: str, identity_dir: Path) -> None:
        self._etcds, self._sites, self.identity_dir = etcds, sites, identity_dir
        self.sites = SITES

    def at(self, site: str, server: str) -> str:
        if server == "etcd":
            return self._etcds.members[site].client
        return self._sites if server == "sites" else example_objects()[site]["spec"]["endpoints"][server]

    def etcd(self, site: str) -> EtcdApi:
        return self._etcds.api(site)


class Bench:
    """Two regions' clusters, each with its operator behind a proxy; one etcd, one platform."""

    def __init__(self, sites: MovingSites, reached: Reached, portal: BlockingPortal) -> None:
        self.sites, self.reached, self._portal = sites, reached, portal
        self.clusters: dict[str, Cluster] = {}
        self.proxies: dict[str, ApiProxy] = {}
        self._wishes = 0

    def add(self, region: str, stack: ExitStack, directory: Path) -> None:
        (directory / "server").mkdir()
        server = stack.enter_context(serving(directory / "server", "faults of the API server"))
        cluster = self.clusters[region] = Cluster(region, server, self.reached, directory)
        stack.callback(cluster.stop)
        proxy = self.proxies[region] = ApiProxy()
        url = stack.enter_context(self._portal.wrap_async_context_manager(proxy.served(server.kubeconfig)))
        config = json.loads(server.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": url}
        config["users"][0]["user"] = {}
        cluster.kubeconfig = directory / "proxied.kubeconfig"
        cluster.kubeconfig.write_text(json.dumps(config))
        cluster.install({**AS_INSTALLED, "limits": LIMITS})
        cluster.start()

    def call(self, what: Callable[[], None]) -> None:
        """Where the proxies are served."""
        self._portal.call(what)

    @property
    def acting(self) -> str:
        return self.until("one acts", lambda: who_acts(self.reached))

    def fresh(self) -> tuple[str, str]:
        """(the other region, an id that was never used)."""
        self._wishes += 1
        return OTHER[self.sites.platform.primary], f"wish-{self._wishes}"

    def wish(self, target: str, request_id: str) -> None:
        """In both clusters, as GitOps does."""
        for cluster in self.clusters.values():
            cluster.wish(target, request_id)

    def until[Found](self, what: str, holds: Callable[[], Found], limit_s: float = SHOWN_LIMIT_S) -> Found:
        try:
            return eventually(holds, what, limit_s)
        except TimeoutError as error:
            said = {
                region: (cluster.race(), cluster.log.read_text()[-3_000:])
                for region, cluster in self.clusters.items()
            }
            pytest.fail(f"{error}; begun {self.sites.begun}\n{said}")

    def await_held(self) -> None:
        self.until("sites stands still", self.sites.reached.is_set)

    def await_taken_over(self, acts: str) -> None:
        """The other region's operator acts; the one that was killed is started anew beside it, as a cluster does."""
        self.until("the other acts", lambda: who_acts(self.reached) == OTHER[acts])
        self.clusters[acts].start()

    def run_out(self) -> None:
        """The lease of who was killed, as if its time were over; where this is not called that is waited for."""
        etcd = self.reached.etcd("truck")
        lease = etcd.lease(LEASE_S)
        etcd.write({}, {LEASE: ""}, lease)
        etcd.end_lease(lease)

    def await_ended(self, operation_id: str, *regions: str, kind: Kind = Kind.SWITCHOVER) -> None:
        """Each object tells once that it moved, nothing is left of it, and `sites` began it once; a failover never."""
        times = 0 if kind is Kind.FAILOVER else 1
        self.until("it was begun", lambda: self.sites.begun.count(operation_id) >= times)
        for region in regions or REGIONS:
            found = self.until(
                f"{region} shows the end", lambda region=region: self._ended(region, operation_id)
            )
            assert [(one["type"], one["outcome"]) for one in found] == [(kind, "Moved")]
            about = self.clusters[region].get("replications", "race")["metadata"]
            assert "finalizers" not in about
        assert self.sites.begun.count(operation_id) == times

    def follow(self) -> None:
        """The old primary does, with every decision."""
        self.sites.platform.synchronous = True

    def _ended(self, region: str, operation_id: str) -> list[dict[str, Any]]:
        self.follow()
        seen = self.clusters[region].race()
        found = [one for one in seen.get("history", ()) if one["id"] == operation_id]
        return [] if "operation" in seen else found

    def step(self, region: str) -> str:
        return self.clusters[region].race().get("operation", {}).get("step", "")

    def cool_down(self) -> None:
        """As if the last change were long ago."""
        self.until("the last change is forgotten", lambda: self._portal.call(self._forget))

    @contextmanager
    def failing_back(self) -> Iterator[None]:
        """The region that was wished for is made primary again at once, as if it had been well for long."""
        self.cool_down()
        for cluster in self.clusters.values():
            cluster.limit(**{STABLE_S: 0})
        yield
        for cluster in self.clusters.values():
            cluster.limit(**LIMITS)

    async def _forget(self) -> bool:
        memory = Memory(lambda: [self.reached.etcd("truck")], "test")
        seen = await memory.read("")
        return await memory.write(replace(seen.record, changed_ms=0), seen)

    def age(self, region: str, primary: str) -> None:
        """Its object says what was accepted long ago: nobody has applied there what came since."""
        _, request_id = self.fresh()
        used = _used(request_id)
        assert self.reached.etcd("truck").write({used: 0}, {used: Wish(request_id, primary).to_json()})
        self.clusters[region].wish(primary, request_id)

    def await_refused(self, region: str) -> None:
        """An object that is old is told so, and it moved nothing."""
        diverged = ("True", "AnotherWasAccepted")
        self.until(
            f"{region} is told that its object is old",
            lambda: condition(self.clusters[region].race(), "SpecDiverged") == diverged,
        )
        assert condition(self.clusters[region].race(), "Ready") == ("True", "AsWished")

    def was_accepted(self, request_id: str) -> bool:
        return self.reached.etcd("truck").read(_used(request_id))[0].revision > 0


def _used(request_id: str) -> str:
    return f"{PREFIX}/wishes/{request_id}"
