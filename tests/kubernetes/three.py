"""Three sites in three clusters of the bed, one release each, and what drills do to them: the same drills as on the
three sites of `ardoise sites up`, with pods killed by the API server and whole clusters lost."""

import asyncio
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml
from ardoise.rehearsal.drills.inspection import members
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import SYNCHRONOUS
from ardoise.rehearsal.drills.waits import Wait
from ardoise.up.control import Action, Refused
from ardoise.up.network import Condition
from ardoise.up.site import PORTS

from tests.kubernetes.bed import clusters, layout, links
from tests.kubernetes.bed.cluster import Cluster, eventually
from tests.kubernetes.release import READY_LIMIT_S, Release, make_identities
from tests.support.chart import (
    CHART,
    KIND_OF,
    NAMESPACE,
    SITES,
    containers,
    example,
    objects,
    overlaid,
)


def values(site: str) -> dict[str, Any]:
    """The site's example, at the addresses that the bed has."""
    of_site = example(site)
    sites = [
        {
            key: f"{layout.address(one['name'])}:{value.rpartition(':')[2]}" if ":" in value else value
            for key, value in one.items()
        }
        for one in of_site["sites"]
    ]
    here = {
        "sites": sites,
        "expose": {"also": ["mediawall", "security", *(["nats"] if site == "truck" else [])]},
        "persistence": {
            "storageClass": "",
            "sizes": {"nats": "2Gi", "dataPlane": "2Gi", "services": "256Mi"},
        },
        # The bed has neither a metrics-server nor an ingress controller.
        "mediawall": {"autoscaling": {"enabled": False}, "ingress": {"enabled": False}},
        "disruption": {"allowed": True},
    }
    ingest = _at("truck", "ingest")
    reach = {name: {server: _at(name, server) for server in ("web", "security")} for name in SITES}
    reach["truck"]["ingest"] = ingest
    of_region = {"roundTrip": {"ingest": ingest}, "drills": {"reach": reach}}
    return overlaid(of_site, here, of_region if KIND_OF[site] == "region" else {})


def _at(site: str, server: str) -> str:
    return f"{layout.address(site)}:{PORTS[server]}"


class ThreeClusters:
    """A release at each site. To drills it is what ardoise.up.control.Control is."""

    def __init__(self, of_bed: Mapping[str, Cluster], directory: Path) -> None:
        """`directory`: certificates, and what drills keep."""
        identities = make_identities(values("truck"), [NAMESPACE], directory / "certificates")
        self.releases = {site: Release(of_bed[site], NAMESPACE, values(site), identities) for site in SITES}
        self._directory = directory
        self._lost: dict[str, datetime.datetime] = {}
        self._containers_of = {
            site: {
                one["name"]
                for made in objects(release.values)
                if made["kind"] in ("Deployment", "StatefulSet")
                for one in made["spec"]["template"]["spec"]["containers"]
            }
            for site, release in self.releases.items()
        }
        (directory / "identity").symlink_to(identities / "ca")

    def install(self, archives: Path) -> None:
        """Loads to each node the images that it is to run, and installs the sites, which become ready by themselves."""
        for release in self.releases.values():
            named = {
                one.spec["image"].rpartition("/")[2].partition(":")[0]
                for one in containers(objects(release.values))
            }
            release.cluster.load(*(archives / f"{name}.tar" for name in sorted(named)))
        for release in self.releases.values():
            release.prepare()
            if KIND_OF[release.site] == "region":
                release.cluster.apply(_backups_claim(), namespace=NAMESPACE)
            release.install()

    def await_synchronous(self) -> None:
        """Returns once a region could take over without loss, some seconds after all are ready. Raises TimeoutError."""
        reached = Reached(asyncio.run(self.state()))

        def look() -> bool:
            return SYNCHRONOUS in {member["role"] for member in asyncio.run(members(reached))}

        eventually(look, "synchronous region", Wait.NORMAL_AGAIN.seconds)

    async def state(self) -> dict[str, Any]:
        """As Control.state()."""
        found = await asyncio.gather(*(asyncio.to_thread(self._parts, site) for site in SITES))
        return {
            "state_dir": str(self._directory),
            "sites": {
                site: {
                    "kind": KIND_OF[site],
                    "address": layout.address(site),
                    "identity_dir": str(self.releases[site].identities / site),
                    "ports": {name: f"{layout.address(site)}:{port}" for name, port in PORTS.items()},
                    "disk": "",
                    "clock_ahead_s": 0,
                    "parts": parts,
                }
                for site, parts in zip(SITES, found, strict=True)
            },
            "links": [
                {"sender": sender, "receiver": receiver}
                for sender, receiver in await asyncio.to_thread(links.read)
            ],
        }

    async def set_link(self, sender: str, receiver: str, condition: Condition) -> dict[str, Any]:
        """Makes one direction of a link so."""
        await asyncio.to_thread(clusters.set_link, sender, receiver, condition)
        return await self.state()

    async def set_clock(self, site: str, ahead_s: int) -> NoReturn:
        """Refused: all nodes have the machine's clock."""
        raise Refused(f"{site} has no clock of its own, to be {ahead_s:+d} s off")

    async def act(self, site: str, action: Action, *parts: str) -> dict[str, Any]:
        """Does something to a site's pods, or to its whole cluster. Raises Refused."""
        match action, bool(parts):
            case Action.KILL | Action.CUT_POWER, False:
                self._lost[site] = datetime.datetime.now(datetime.UTC)
                await asyncio.to_thread(clusters.lose, site)
            case Action.RESTORE, _ if site in self._lost:
                await asyncio.to_thread(self._restore, site)
            case Action.RESTART, True:
                await asyncio.to_thread(self._kill_pods, site, parts)
            case _:
                raise Refused(f"pods of a cluster cannot be told to {action} {', '.join(parts)}")
        return await self.state()

    def _parts(self, site: str) -> dict[str, dict[str, Any]]:
        """Each container by its name: held with its cluster, running once every pod of it has it ready."""
        ready: dict[str, list[bool]] = {}
        if site not in self._lost:
            for pod in self.releases[site].pods().values():
                for container in pod["status"].get("containerStatuses", ()):
                    ready.setdefault(container["name"], []).append(container["ready"])

        def state(part: str) -> str:
            if site in self._lost:
                return "held"
            return "running" if all(ready.get(part, [False])) else "starting"

        return {part: {"state": state(part), "pid": None} for part in sorted(self._containers_of[site])}

    def _kill_pods(self, site: str, parts: tuple[str, ...]) -> None:
        """As a node that dies takes them: nobody is told to stop. One of those that there are several of."""
        release = self.releases[site]
        gone = {
            pod["metadata"]["ownerReferences"][0]["name"]: name
            for name, pod in release.pods().items()
            if {container["name"] for container in pod["spec"]["containers"]} & set(parts)
        }
        if not gone:
            raise Refused(f"{site} has no pod of {', '.join(parts)}")
        release.kubectl("delete", "pod", *gone.values(), "--grace-period=0", "--force")

    def _restore(self, site: str) -> None:
        """Ready once every container has been started since: the API server still says what it last knew."""
        clusters.restore(site, print)
        release = self.releases[site]

        def started() -> bool:
            statuses = [
                status
                for pod in release.pods().values()
                for status in pod["status"].get("containerStatuses", [{}])
            ]
            return bool(statuses) and all(
                status.get("ready") and _started(status) > self._lost[site] for status in statuses
            )

        eventually(started, f"{site}'s containers, started again", READY_LIMIT_S)
        del self._lost[site]


def _started(status: Mapping[str, Any]) -> datetime.datetime:
    said = status["state"].get("running", {}).get("startedAt", "1970-01-01T00:00:00Z")
    # It is said in whole seconds.
    return datetime.datetime.fromisoformat(said) + datetime.timedelta(seconds=1)


def _backups_claim() -> dict[str, Any]:
    claim = yaml.safe_load((CHART / "examples" / "objects" / "backups.yaml").read_text())
    claim["spec"]["resources"]["requests"]["storage"] = "2Gi"
    return claim
