"""All sites as seen from this one: the others are asked every second for what they know of themselves."""

import asyncio
import time
from collections.abc import Mapping

import grpc
import nats.errors
import structlog
from nats.js.api import Header
from nats.js.errors import APIError

from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.chassis.telemetry import counter, gauge
from ardoise.pb.race_pb2 import OddityKind, OddityRecord
from ardoise.pb.sites_pb2 import GetSiteRequest, SiteReport, SitesStatus, SiteStatus, Truth
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.alarms import oddities
from ardoise.sites.digests import Digests
from ardoise.sites.reporting import Reporter
from ardoise.sites.stagger import Elsewhere
from ardoise.sites.status import complete
from ardoise.sites.topology import SiteKind, Topology

ASK_EVERY_S = 1.0
ASK_LIMIT_S = 1.5
SUBJECTS = {
    OddityKind.ODDITY_KIND_PICTURES_DIFFER: "oddity.pictures_differ",
    OddityKind.ODDITY_KIND_LOG_FILLING: "oddity.log_filling",
    OddityKind.ODDITY_KIND_LOG_GIVEN_UP: "oddity.log_given_up",
}
STALE_S = 4.0
"""A report that is older says nothing of now: its site is taken for silent."""

_differences = counter(
    "sites.digests.differing", "1", "Snapshots of the same name that differ between sites."
)
_conditions = gauge("sites.condition", "1", "1: so; 0: not so; -1: unknown. By condition.")
_log = structlog.get_logger(__name__)


class Peer:
    """Another site's `sites` process."""

    def __init__(self, name: str, channel: grpc.aio.Channel) -> None:
        self.name = name
        self._stub = SitesServiceStub(channel)
        self.report: SiteReport | None = None
        self.round_trip_ms = 0
        self.heard_s = 0.0
        self.silent_since_ms: int | None = None

    async def ask_forever(self) -> None:
        """Asks every ASK_EVERY_S; what does not answer is asked again."""
        while True:
            began_s = time.monotonic()
            try:
                answer = await self._stub.GetSite(GetSiteRequest(), timeout=ASK_LIMIT_S, wait_for_ready=False)
            except grpc.RpcError:
                if self.report is not None and self.silent_since_ms is None:
                    self.silent_since_ms = time.time_ns() // 1_000_000
            else:
                self.heard_s = time.monotonic()
                self.round_trip_ms = round((self.heard_s - began_s) * 1000)
                self.report, self.silent_since_ms = answer.report, None
            await asyncio.sleep(max(0.0, began_s + ASK_EVERY_S - time.monotonic()))

    @property
    def answers(self) -> bool:
        """Whether its newest report is of now."""
        return self.report is not None and time.monotonic() - self.heard_s < STALE_S

    def mirror_of(self, log: str) -> Elsewhere | None:
        """What it says of its mirror of a log; None: nothing that is of now."""
        if not self.answers or not self.report.HasField("logs"):
            return None
        state = next((mirror.state for mirror in self.report.mirrors if mirror.stream == log), None)
        held = next((one for one in self.report.logs.logs if stream_of(one.epoch) == log), None)
        if state is None or held is None:
            return None
        return Elsewhere(state, held.first_sequence, held.last_sequence)


class Observer:
    """Puts the reports together."""

    def __init__(
        self, here: str, topology: Topology, reporter: Reporter, peers: Mapping[str, Peer], bus: Bus
    ) -> None:
        self._here, self._topology, self._reporter, self._peers = here, topology, reporter, peers
        self._bus = bus
        self._digests = Digests()
        self._told: set[str] = set()
        """Troubles of logs: at most two a log."""

    async def compare_forever(self) -> None:
        """Compares snapshots as reports come, and says which differ."""
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            reports = {name: peer.report for name, peer in self._peers.items() if peer.answers}
            if self._reporter.newest.value is not None:
                reports[self._here] = self._reporter.newest.value
            for name, report in reports.items():
                self._digests.add(name, report.race.snapshots)
            for engine_version, epoch, sequence in self._digests.compare(reports):
                _differences.add(1)
                _log.error("pictures_differ", engine_version=engine_version, epoch=epoch, sequence=sequence)
                await self._tell_security(
                    OddityRecord(
                        oddity_id=f"{epoch}-{sequence}-pictures",
                        kind=OddityKind.ODDITY_KIND_PICTURES_DIFFER,
                        time_ms=time.time_ns() // 1_000_000,
                        relay_id="sites",
                        epoch=epoch,
                        sequence=sequence,
                    )
                )
            for oddity in oddities(reports, self._topology.edge.name, time.time_ns() // 1_000_000):
                if oddity.oddity_id not in self._told and await self._tell_security(oddity):
                    _log.error("log_in_trouble", oddity=oddity.oddity_id)
                    self._told.add(oddity.oddity_id)
            for condition in self.status().conditions:
                value = {Truth.TRUTH_YES: 1, Truth.TRUTH_NO: 0}.get(condition.status, -1)
                _conditions.set(value, {"condition": condition.type})

    async def _tell_security(self, oddity: OddityRecord) -> bool:
        """An alert of every site's security, under one id; False: NATS is away, the condition says it all the same."""
        try:
            await self._bus.js.publish(
                SUBJECTS[oddity.kind],
                oddity.SerializeToString(),
                headers={Header.MSG_ID: oddity.oddity_id},
                timeout=ASK_LIMIT_S,
            )
        except (nats.errors.Error, APIError, TimeoutError) as error:
            _log.warning("security_not_told", error=repr(error))
            return False
        return True

    def status(self) -> SitesStatus:
        """Everything that is known now, and what follows from it."""
        status = SitesStatus(seen_from=self._here, time_ms=time.time_ns() // 1_000_000)
        for site in self._topology.sites:
            seen = SiteStatus(site=site.name, region=site.kind is SiteKind.REGION)
            if site.name == self._here:
                if self._reporter.newest.value is not None:
                    seen.report.CopyFrom(self._reporter.newest.value)
                    seen.round_trip_ms = 0
            else:
                self._see(self._peers[site.name], seen)
            status.sites.append(seen)
        return complete(status, self._topology, self._digests.status())

    @staticmethod
    def _see(peer: Peer, seen: SiteStatus) -> None:
        if peer.answers:
            seen.report.CopyFrom(peer.report)
            seen.round_trip_ms = peer.round_trip_ms
        elif peer.silent_since_ms is not None:
            seen.silent_since_ms = peer.silent_since_ms
