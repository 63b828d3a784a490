"""Security under test: the service on a platform, and those who write what it reads."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import grpc
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.refusals import Refusals
from ardoise.chassis.rpc import Reason, failure_of
from ardoise.pb import security_pb2
from ardoise.pb.log_pb2 import RefusalRecord
from ardoise.pb.race_pb2 import ODDITY_KIND_JUMP, OddityRecord
from ardoise.pb.security_pb2_grpc import SecurityServiceStub
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.positioning.oddities import Oddities
from ardoise.security.app import run
from ardoise.security.settings import SecuritySettings
from grpc.aio import AioRpcError

from tests.support.attack import START_MS
from tests.support.platform import Platform, running

# Long: a machine that does other things at the same time is no fault of security.
LIMIT_S = 60
POLL_S = 0.05


async def eventually[T](probe: Callable[[], Awaitable[T | None]]) -> T:
    """What the probe gives once it gives anything; TimeoutError after LIMIT_S. For states that nobody announces."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            if found := await probe():
                return found
            await asyncio.sleep(POLL_S)


class SecurityPlatform(Platform):
    """A platform whose security runs at `port`."""

    def __init__(self, directory: Path, port: int) -> None:
        super().__init__(directory)
        self.port = port

    def security(self, **values) -> contextlib.AbstractAsyncContextManager[asyncio.Task]:
        """Security as a task of this loop, ready to be called."""
        return running(run(self.security_settings(**values)), self.port, self)

    def security_settings(self, **values) -> SecuritySettings:
        return self.settings(SecuritySettings, **{"grpc_listen": f"127.0.0.1:{self.port}", **values})

    @contextlib.asynccontextmanager
    async def as_holder(self, name: str) -> AsyncIterator[SecurityServiceStub]:
        """SecurityService as the holder of a certificate calls it."""
        async with self.channel(self.port, name) as channel:
            yield SecurityServiceStub(channel)

    async def alert(
        self,
        wanted: Callable[[security_pb2.Alert], bool],
        after: security_pb2.WatchAlertsRequest | None = None,
    ) -> security_pb2.Alert:
        """The first alert that a watch tells and that is wanted; TimeoutError after LIMIT_S."""
        async with asyncio.timeout(LIMIT_S), self.as_holder("guard") as stub:
            async for response in stub.WatchAlerts(security_pb2.WatchAlertsRequest(), wait_for_ready=True):
                if response.HasField("alert") and wanted(response.alert):
                    return response.alert
        raise AssertionError("the watch ended")


class Reporter:
    """Writes to REFUSED as ingest does, and to ODDITIES as positioning does."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def prepare(self) -> None:
        await Refusals(self.bus).prepare()
        await Oddities(self.bus).prepare()

    async def refused(self, records: Iterable[RefusalRecord]) -> None:
        """Written and on the disk when this returns."""
        waiting: tuple[str, bytes] | None = None
        for record in records:
            if waiting:
                await self.bus.nc.publish(*waiting)
            waiting = f"refused.{record.source}", record.SerializeToString()
        if waiting:
            await self.bus.js.publish(*waiting)

    async def odd(self, records: Iterable[OddityRecord]) -> None:
        """Written and on the disk when this returns."""
        for record in records:
            await self.bus.js.publish("oddity.jump", record.SerializeToString())


EPOCH = START_MS
MALFORMED = RefusalReason.REFUSAL_REASON_MALFORMED


def malformed(
    number: int, *, source: str = "moto-2", start_ms: int = START_MS, count: int = 1
) -> list[RefusalRecord]:
    return [
        RefusalRecord(
            time_ms=start_ms + position * 10,
            reason=MALFORMED,
            source=source,
            peer="ipv4:192.0.2.7:40112",
            count=count,
            detail="not a RelayRequest",
        )
        for position in range(number)
    ]


def jumps(number: int, tracker: int = 9123) -> list[OddityRecord]:
    return [
        OddityRecord(
            oddity_id=f"{EPOCH}-{100 + position}-0",
            epoch=EPOCH,
            sequence=100 + position,
            kind=ODDITY_KIND_JUMP,
            time_ms=START_MS + position * 1000,
            relay_id="moto-1",
            tracker=tracker,
            bib=12,
            distance_m=4100,
        )
        for position in range(number)
    ]


async def failure(call: grpc.aio.Call) -> tuple[grpc.StatusCode, int]:
    """Status and reason of the error that a call ends with."""
    with pytest.raises(AioRpcError) as refused:
        await (call.read() if hasattr(call, "read") else call)
    return refused.value.code(), failure_of(refused.value).reason


DENIED = (grpc.StatusCode.PERMISSION_DENIED, Reason.ERROR_REASON_ROLE_MISSING)
INVALID = (grpc.StatusCode.INVALID_ARGUMENT, Reason.ERROR_REASON_FIELD_INVALID)


async def raised(platform: SecurityPlatform, reporter: Reporter) -> security_pb2.Alert:
    """A flood of 20 malformed frames by moto-2, and the alert about it."""
    await reporter.refused(malformed(20))
    return await platform.alert(lambda alert: alert.count == 20)
