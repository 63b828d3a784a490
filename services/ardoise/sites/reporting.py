"""What this site knows of itself, asked anew every second: its logs, its database, etcd, its live race."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import nats.errors
import structlog
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import STREAM_PREFIX
from ardoise.chassis.newest import Newest
from ardoise.pb.race_pb2 import WatchSnapshotsResponse
from ardoise.pb.sites_pb2 import (
    DatabaseReport,
    DigestReport,
    EtcdMember,
    ForcedFailover,
    LogsReport,
    RaceReport,
    SiteReport,
    StaleRows,
    WatermarksReport,
)
from ardoise.sites.database import database_report
from ardoise.sites.stale_rows import read_summaries
from ardoise.sites.topology import Site, Topology
from ardoise.sites.watchdog import Watchdog, streams_of
from ardoise.sites.witness import stand_in_of

LOOK_EVERY_S = 1.0
ASK_LIMIT_S = 1.5
SNAPSHOTS_KEPT = 60
"""A quarter of a minute: a peer that asks every second misses none over a bad link."""
RACE_SILENCE_S = 12.0
"""Positioning that has told nothing for so long is not known; its heartbeats come every 5 s."""

if TYPE_CHECKING:
    from ardoise.sites.store import SitesStore

_log = structlog.get_logger(__name__)


class OwnRace:
    """The newest snapshots of this site's positioning, as a watch brings them."""

    def __init__(self) -> None:
        self._snapshots: deque[DigestReport] = deque(maxlen=SNAPSHOTS_KEPT)
        self._heard_s = 0.0

    async def take(self, response: WatchSnapshotsResponse) -> None:
        """One response of WatchSnapshots."""
        self._heard_s = time.monotonic()
        if response.WhichOneof("update") == "snapshot":
            snapshot = response.snapshot
            self._snapshots.append(
                DigestReport(name=snapshot.name, digest=snapshot.digest, race_time_ms=snapshot.race_time_ms)
            )

    def report(self) -> RaceReport | None:
        """None: positioning does not speak."""
        if time.monotonic() - self._heard_s > RACE_SILENCE_S:
            return None
        return RaceReport(snapshots=self._snapshots)


class Reporter:
    """This site's report. `newest` holds the last one."""

    def __init__(
        self,
        here: Site,
        topology: Topology,
        http: httpx.AsyncClient,
        bus: Bus,
        race: OwnRace,
        *,
        store: SitesStore | None,
        watchdog: Watchdog | None,
        patroni_dir: Path | None,
    ) -> None:
        """`store`: this region's own server of the database, primary or not."""
        self._patroni_dir = patroni_dir
        self.forced: Callable[[], ForcedFailover | None] = lambda: None
        self._here = here
        stand_ins = {stand_in_of(site.name): site.stand_in for site in topology.sites if site.stand_in}
        self._members = {**{site.name: site.etcd for site in topology.sites}, **stand_ins}
        self._js = bus.nc.jetstream(timeout=ASK_LIMIT_S)
        self._race, self._store, self._watchdog = race, store, watchdog
        self._http = http
        self.newest: Newest[SiteReport] = Newest()

    async def run(self) -> None:
        """Looks for ever, every LOOK_EVERY_S."""
        while True:
            began_s = time.monotonic()
            self.newest.set(await self._look())
            await asyncio.sleep(max(0.0, began_s + LOOK_EVERY_S - time.monotonic()))

    async def close(self) -> None:
        """Ends what it keeps open."""
        if self._store is not None:
            await self._store.close()

    async def _look(self) -> SiteReport:
        logs, database, watermarks, *etcd = await asyncio.gather(
            self._logs(),
            self._database(),
            self._watermarks(),
            *(self._etcd(name, client) for name, client in self._members.items()),
        )
        report = SiteReport(
            site=self._here.name,
            time_ms=time.time_ns() // 1_000_000,
            logs=logs,
            database=database,
            watermarks=watermarks,
            etcd=etcd,
            race=self._race.report(),
            stale_rows=self._stale_rows(),
            forced=self.forced(),
        )
        mirrors = self._watchdog.newest.value if self._watchdog else None
        for finding in mirrors.findings.values() if mirrors else ():
            report.mirrors.add(
                stream=finding.stream, state=finding.state, reason=finding.reason, behind=finding.behind
            )
        return report

    async def _logs(self) -> LogsReport | None:
        try:
            async with asyncio.timeout(ASK_LIMIT_S):
                streams = await streams_of(self._js)
        except (nats.errors.Error, APIError, TimeoutError):
            return None
        report = LogsReport()
        for name, info in streams.items():
            epoch = name.removeprefix(STREAM_PREFIX)
            if epoch != name and epoch.isdecimal():
                # A stream without messages may say 0 for its first.
                first = info.state.first_seq if info.state.messages else info.state.last_seq + 1
                report.logs.add(
                    epoch=int(epoch),
                    first_sequence=first,
                    last_sequence=info.state.last_seq,
                    bytes=info.state.bytes,
                    # nats-server says -1 where there is none.
                    max_bytes=max(0, info.config.max_bytes or 0),
                )
        report.logs.sort(key=lambda log: log.epoch)
        return report

    async def _database(self) -> DatabaseReport | None:
        if not self._here.patroni:
            return None
        try:
            member = (await self._http.get(f"https://{self._here.patroni}/patroni")).json()
            cluster = (await self._http.get(f"https://{self._here.patroni}/cluster")).json()
        except (httpx.HTTPError, ValueError):
            return None
        return database_report(self._here.name, member, cluster)

    def _stale_rows(self) -> list[StaleRows]:
        if self._patroni_dir is None:
            return []
        try:
            return [StaleRows(**asdict(one)) for one in read_summaries(self._patroni_dir)]
        except (OSError, ValueError, TypeError) as error:
            # Half written, or somebody's hand: unknown, not none.
            _log.warning("stale_rows_unreadable", error=repr(error))
            return [StaleRows(time_ms=time.time_ns() // 1_000_000)]

    async def _watermarks(self) -> WatermarksReport | None:
        return await self._store.report() if self._store is not None else None

    async def _etcd(self, name: str, client: str) -> EtcdMember:
        try:
            answer = await self._http.post(f"https://{client}/v3/maintenance/status", content="{}")
            status = answer.json()
            leader = status.get("leader", "0")
            header = status["header"]
        except (httpx.HTTPError, ValueError, KeyError):
            return EtcdMember(site=name)
        return EtcdMember(
            site=name,
            answers=True,
            healthy=leader != "0",
            leader=leader == header["member_id"],
            learner=bool(status.get("isLearner")),
            cluster_id=header["cluster_id"],
        )
