"""A platform for one test: identities, nats-server with TLS, services as tasks or processes."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role
from ardoise.chassis.rpc import channel, listening
from ardoise.chassis.settings import CommonSettings
from ardoise.ingest.app import run as run_ingest
from ardoise.ingest.settings import IngestSettings
from ardoise.pb.control_pb2 import ActivateStageRequest, LoadStageRequest
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.setup_pb2 import StageSetup

from tests.support.site import Site
from tests.support.stage import small_stage

HOLDERS = {
    "director": Role.RACE_OPERATIONS,
    "guard": Role.SECURITY,
    "fan": Role.PUBLIC,
    "moto-1": Role.RELAY,
    "moto-2": Role.RELAY,
    "moto-3": Role.RELAY,
}
READY_LIMIT_S = 20.0


class Platform(Site):
    """A site with people and relays; start its services as tasks of the test's own loop."""

    def __init__(self, directory: Path, *args: object, **options: object) -> None:
        super().__init__(directory, *args, **options)
        for name, role in HOLDERS.items():
            self.identity(name, role)

    async def bus(self, name: str) -> Bus:
        """A connection as the holder `name`."""
        return await Bus.connect(self.settings(CommonSettings), name)

    def channel(self, port: int, identity: str) -> grpc.aio.Channel:
        """A channel to one of the services."""
        return channel(f"127.0.0.1:{port}", self.settings(CommonSettings), identity)

    @contextlib.asynccontextmanager
    async def ingest(self, port: int, **settings: object) -> AsyncIterator[asyncio.Task]:
        """Ingest as a task of this loop, ready to be called."""
        configured = self.settings(IngestSettings, grpc_listen=f"127.0.0.1:{port}", **settings)
        async with running(run_ingest(configured), port, self) as task:
            yield task


@contextlib.asynccontextmanager
async def running(service, port: int, platform: Platform) -> AsyncIterator[asyncio.Task]:
    """Runs a service's coroutine until the block ends; the block begins when its port answers."""
    task = asyncio.create_task(service)
    async with platform.channel(port, "director") as probe:
        ready = asyncio.create_task(serving(port, probe))
        await asyncio.wait({task, ready}, timeout=READY_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        ready.cancel()
        task.cancel()
        await asyncio.wait({task})
        raise RuntimeError(f"the service did not open port {port}") from (
            task.cancelled() or task.exception() or None
        )
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def serving(port: int, probe: grpc.aio.Channel) -> None:
    """Returns once the service at this port takes the channel's calls."""
    await listening(f"127.0.0.1:{port}")
    await probe.channel_ready()


async def activate(platform: Platform, port: int, setup: StageSetup | None = None) -> int:
    """Loads a stage at ingest and makes it live; returns its epoch."""
    async with platform.channel(port, "director") as channel:
        control = RaceControlServiceStub(channel)
        load = LoadStageRequest(request_id=uuid.uuid4().hex, setup=setup or small_stage())
        epoch = (await control.LoadStage(load)).epoch
        await control.ActivateStage(ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=epoch))
    return epoch
