"""The trackers' gateway before a real ingest, for one test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role
from ardoise.chassis.log import LogReader
from ardoise.chassis.refusals import FLUSH_S, STREAM
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import RefusalReason, TelemetryFrame
from ardoise.pb.trackers_pb2 import Device, ListDevicesRequest, ListSourcesRequest
from ardoise.pb.trackers_pb2_grpc import TrackerServiceStub
from ardoise.trackers.app import RELAY_ID
from ardoise.trackers.app import run as run_trackers
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.settings import TrackersSettings
from nats.js.errors import NotFoundError

from tests.support.platform import Platform, activate, running
from tests.support.stage import stage_with

REFUSED_LIMIT_S = 20.0
RIDDEN = tuple(("osmand", str(number)) for number in range(9001, 9005))
"""Phones of riders 1 to 4."""


@dataclass
class Gateway:
    """Its ports, the log behind it, and what it says of its devices."""

    platform: Platform
    epoch: int
    ingest_port: int
    port: int
    """Of TrackerService."""
    addresses: dict[str, str]
    """host:port by decoder and transport ("osmand http")."""

    async def devices(self, *, unknown_only: bool = False) -> list[Device]:
        """As TrackerService lists them."""
        async with self.platform.channel(self.port, "director") as channel:
            request = ListDevicesRequest(unknown_only=unknown_only)
            return list((await TrackerServiceStub(channel).ListDevices(request)).devices)

    async def frames(self) -> list[TelemetryFrame]:
        """What the log has of the gateway now."""
        bus = await self.platform.bus("positioning")
        found = await LogReader(bus).by_subject(self.epoch, f"log.{self.epoch}.fix.{RELAY_ID}")
        await bus.close()
        return [entry.record.frame for entry in found if entry.record]

    async def refused(self, reason: str, source: str, count: int = 1) -> list[RefusalRecord]:
        """The records of that reason (TOO_SLOW) and source, once they stand for so many: as security reads them."""
        bus = await self.platform.bus("ingest")
        async with asyncio.timeout(REFUSED_LIMIT_S):
            while True:
                records = [record async for record in _records(bus)]
                found = [
                    record
                    for record in records
                    if record.source == source
                    and record.reason == RefusalReason.Value(f"REFUSAL_REASON_{reason}")
                ]
                if sum(record.count for record in found) >= count:
                    await bus.close()
                    return found
                await asyncio.sleep(FLUSH_S / 5)


async def _records(bus: Bus) -> AsyncIterator[RefusalRecord]:
    sequence = 1
    while True:
        try:
            message = await bus.js.get_msg(STREAM, seq=sequence, subject="refused.>", next=True)
        except NotFoundError:
            return
        yield RefusalRecord.FromString(message.data or b"")
        sequence = message.seq + 1


@contextlib.asynccontextmanager
async def gateway(
    platform: Platform,
    free_port,
    sources: str,
    *,
    setup: StageSetup | None = None,
    limits: Limits | None = None,
    active: bool = True,
) -> AsyncIterator[Gateway]:
    """Ingest with this stage, one of four phones (RIDDEN), or none (not `active`), and the gateway with these."""
    platform.identity(RELAY_ID, Role.RELAY)
    ingest_port, port = free_port(), free_port()
    async with platform.ingest(ingest_port):
        epoch = await activate(platform, ingest_port, setup or stage_with(*RIDDEN)) if active else 0
        configured = platform.settings(
            TrackersSettings,
            grpc_listen=f"127.0.0.1:{port}",
            ingest_target=f"127.0.0.1:{ingest_port}",
            sources=sources,
        )
        async with running(run_trackers(configured, limits), port, platform):
            async with platform.channel(port, "director") as channel:
                listed = await TrackerServiceStub(channel).ListSources(ListSourcesRequest())
            addresses = {f"{one.decoder} {one.transport}": one.address for one in listed.sources}
            yield Gateway(platform, epoch, ingest_port, port, addresses)
