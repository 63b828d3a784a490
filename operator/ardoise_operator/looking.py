"""The loop: asks this region's `sites`, hands on what it says, and has the statuses written."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import grpc
import structlog
from ardoise.pb.sites_pb2 import GetSitesStatusRequest, SitesStatus
from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.drill_decide import Rehearsed
from ardoise.sites.topology import Topology

from ardoise_operator import instruments
from ardoise_operator.acting import NOTHING, Acting
from ardoise_operator.api import SHOWN, About, now
from ardoise_operator.drilling import Drilling
from ardoise_operator.drills import rehearsed_of
from ardoise_operator.events import notes
from ardoise_operator.reaching import Reaching
from ardoise_operator.replications import replication_status
from ardoise_operator.secrets import Secrets
from ardoise_operator.sight import Sight, Silence
from ardoise_operator.sites import site_status
from ardoise_operator.watching import Object, Objects
from ardoise_operator.writer import Writer

LOOK_EVERY_S = 2.0
ASK_LIMIT_S = 3.0
ACT_LIMIT_S = 10.0
"""Two questions to three members of etcd that are cut off take 9 s, and then it is known that there is no majority."""
DRILL_WAIT_S = 1.0
"""What is done about Drills goes by the API server, which may be away: who is primary does not wait for it."""
DRILL_LIMIT_S = 10.0
"""What is not done by then is begun again."""
START_GRACE_S = 20.0
"""Until then objects and Secrets may not all be read: what is missing is not shown as missing."""
OLDEST_LOOK_S = 30.0
"""A loop that has not come round for longer does not turn any more: the kubelet starts the operator anew."""

NOT_READ_YET = {"SiteMissing", "SecretUnread"}

_log = structlog.get_logger(__name__)


class Asked:
    """This region's `sites`, at the address and with the credentials that its Site object names."""

    def __init__(self, here: str, objects: Objects, secrets: Secrets, reaching: Reaching) -> None:
        self._here, self._reaching = here, reaching
        self._objects, self._secrets = objects, secrets

    async def status(self) -> SitesStatus | Silence:
        """What it says, or why it says nothing."""
        credentials = [one.spec["credentials"] for one in self._objects.all_sites()]
        self._secrets.name(reference["name"] for one in credentials for reference in one.values())
        sites = self._reaching.sites(self._here)
        if isinstance(sites, Silence):
            return sites
        try:
            answer = await sites.GetSitesStatus(GetSitesStatusRequest(), timeout=ASK_LIMIT_S)
        except grpc.RpcError as error:
            message = f"`sites` of {self._here} does not answer: {error.code().name}, {error.details()}"
            return Silence("SitesSilent", message)
        return answer.status

    def lacking(self, site: Object) -> list[Silence]:
        """Credentials that a Site object names and that are not to be had."""
        held = [self._secrets.held(one["name"]) for one in site.spec["credentials"].values()]
        return [one for one in held if isinstance(one, Silence) and one.reason not in NOT_READ_YET]


class Looking:
    """Looks every LOOK_EVERY_S, whoever does not answer."""

    def __init__(
        self,
        here: str,
        topology: Topology,
        objects: Objects,
        asked: Asked,
        writer: Writer,
        acting: Acting,
        drilling: Drilling,
    ) -> None:
        self._here, self._topology, self._objects = here, topology, objects
        self._asked, self._writer, self._acting, self._drilling = asked, writer, acting, drilling
        self._statuses: dict[About, dict[str, Any]] = {}
        """Of the last look. What stands in an object may be older: the API server was away."""
        self._began_s = self._finished_s = time.monotonic()
        self._last_silence: Silence | None = None
        self._last_fault = self._last_drill_fault = ""
        self._at_drills: asyncio.Task[dict[str, dict[str, Any]]] | None = None
        """It may take longer than a look."""

    async def run(self) -> None:
        """For ever."""
        while True:
            began_s = time.monotonic()
            await self._look()
            self._finished_s = time.monotonic()
            instruments.look_finished.set(time.time())
            await asyncio.sleep(max(0.0, began_s + LOOK_EVERY_S - time.monotonic()))

    def too_old(self) -> str:
        """Why the kubelet is to start the operator anew; empty: it looks."""
        age_s = time.monotonic() - self._finished_s
        return f"no look for {age_s:.0f} s" if age_s > OLDEST_LOOK_S else ""

    async def _look(self) -> None:
        said = await self._asked.status()
        if isinstance(said, Silence):
            if said.reason in NOT_READ_YET and self._starts:
                return
            instruments.looks_failed.add(1, {"cause": said.reason})
        self._log_change(said)
        sight = Sight(self._here, now(), said)
        statuses: dict[About, dict[str, Any]] = {}
        for one in self._objects.all_sites():
            before = self._before(one)
            lacking = self._asked.lacking(one)
            status = site_status(one.name, one.spec, one.generation, before, sight, self._topology, lacking)
            self._show(one, before, status, sight, statuses)
        rehearsed: dict[str, Rehearsed] = {}
        for one in self._objects.all_replications():
            told = await self._tell(said, one)
            before = self._before(one)
            status = replication_status(one.spec, one.generation, before, sight, told)
            self._show(one, before, status, sight, statuses)
            rehearsed[one.name] = rehearsed_of(one.spec, status)
        await self._drill(rehearsed, sight, statuses)
        self._statuses = statuses
        self._writer.keep(set(statuses))
        for kind in SHOWN:
            instruments.objects.set(sum(about.kind == kind for about in statuses), {"kind": kind})

    def _log_change(self, said: SitesStatus | Silence) -> None:
        silence = said if isinstance(said, Silence) else None
        if silence is not None and (
            self._last_silence is None or silence.reason != self._last_silence.reason
        ):
            _log.warning("nothing_seen", reason=silence.reason, message=silence.message)
        elif silence is None and self._last_silence is not None:
            _log.info("seen_again")
        self._last_silence = silence

    async def _tell(self, said: SitesStatus | Silence, replication: Object) -> Told:
        status = None if isinstance(said, Silence) else said
        told = NOTHING
        try:
            async with asyncio.timeout(ACT_LIMIT_S):
                told = await self._acting.look(status, replication.spec)
        except Exception as error:
            # Whatever is wrong with acting, looking goes on and says so.
            instruments.looks_failed.add(1, {"cause": "Acting"})
            if repr(error) != self._last_fault:
                _log.exception("nothing_told", replication=replication.name)
            self._last_fault = repr(error)
        else:
            self._last_fault = ""
        instruments.acting.set(-1 if told.acting is None else int(told.acting))
        return told

    async def _drill(
        self, replications: Mapping[str, Rehearsed], sight: Sight, statuses: dict[About, dict[str, Any]]
    ) -> None:
        drills = [
            one
            for one in self._objects.all_drills()
            if one.spec["replicationRef"]["name"] in replications or not self._starts
        ]
        before = {one.uid: self._before(one) for one in drills}
        if self._at_drills is None and drills:
            self._at_drills = asyncio.create_task(
                self._look_at_drills(drills, replications, before, sight.at)
            )
        shown = before
        if self._at_drills is not None:
            done, _ = await asyncio.wait({self._at_drills}, timeout=DRILL_WAIT_S)
            if done:
                shown = {**before, **self._at_drills.result()}
                self._at_drills = None
        for one in drills:
            self._show(one, before[one.uid], shown[one.uid], sight, statuses)

    async def _look_at_drills(
        self,
        drills: Sequence[Object],
        replications: Mapping[str, Rehearsed],
        before: Mapping[str, dict[str, Any]],
        at: datetime,
    ) -> dict[str, dict[str, Any]]:
        """Their statuses, by uid; empty where it came to nothing: what was known stays."""
        try:
            async with asyncio.timeout(DRILL_LIMIT_S):
                shown = await self._drilling.look(drills, replications, before, at)
        except Exception as error:
            # As with acting.
            instruments.looks_failed.add(1, {"cause": "Drilling"})
            if repr(error) != self._last_drill_fault:
                _log.exception("no_drill_run")
            self._last_drill_fault = repr(error)
            return {}
        self._last_drill_fault = ""
        return shown

    @property
    def _starts(self) -> bool:
        """Whether objects and Secrets may not all be read yet."""
        return time.monotonic() - self._began_s < START_GRACE_S

    def _before(self, one: Object) -> dict[str, Any]:
        return self._statuses.get(About(one.kind, one.name, one.uid)) or dict(one.status)

    def _show(
        self,
        one: Object,
        before: dict[str, Any],
        status: dict[str, Any],
        sight: Sight,
        statuses: dict[About, dict[str, Any]],
    ) -> None:
        about = About(one.kind, one.name, one.uid)
        statuses[about] = status
        self._writer.want(about, status, one.status, notes(one.kind, before, status), sight.at)
