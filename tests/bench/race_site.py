"""`ardoise up` in a directory of its own, and a stage whose relays are played by the bench."""

import asyncio
import contextlib
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import grpc
import psutil
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.relay import RelayClient
from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import RelayResponse, TelemetryFrame
from ardoise.up.plan import PORTS, SUPERVISOR, Platform
from ardoise.up.ports import Ports

from tests.bench.processes import cpu_s, family

NEUTRAL_ZONE_S = 600

OnAnswer = Callable[[str, RelayResponse, float], None]


class RaceSite:
    """One platform. start(), then open_stage(), then relays()."""

    def __init__(self, directory: Path) -> None:
        self.platform = Platform(directory, Ports(dict.fromkeys(PORTS, 0)))

    async def start(self) -> None:
        """Starts every process and waits until each is ready."""
        await self.platform.start(lambda _: None)

    async def stop(self) -> None:
        """Stops them."""
        await self.platform.stop()

    @property
    def settings(self) -> CommonSettings:
        """Those of a process of this site."""
        environment = self.platform.environment()
        return CommonSettings(state_dir=self.platform.state_dir, nats_url=environment["ARDOISE_NATS_URL"])

    @property
    def database_url(self) -> str:
        """Where the recorder writes."""
        return self.platform.environment()["ARDOISE_DATABASE_URL"]

    def channel(self, service: str, identity: str = SUPERVISOR) -> grpc.aio.Channel:
        """To the gRPC port of a service, as the holder of an identity."""
        return channel(self.platform.ports.at(service), self.settings, identity)

    async def open_stage(self, stage: StageSetup, underway_s: float) -> int:
        """Loads the stage, makes it live, and starts its race so long ago; returns the epoch."""
        async with self.channel("ingest") as opened:
            control = RaceControlServiceStub(opened)
            load = control_pb2.LoadStageRequest(request_id=uuid.uuid4().hex, setup=stage)
            epoch = (await control.LoadStage(load)).epoch
            activate = control_pb2.ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=epoch)
            await control.ActivateStage(activate)
            start = control_pb2.Decision(
                reason="bench",
                start=control_pb2.StartRace(),
                effective_time_ms=round((time.time() - underway_s + NEUTRAL_ZONE_S) * 1000),
            )
            await control.RecordDecision(
                control_pb2.RecordDecisionRequest(request_id=uuid.uuid4().hex, epoch=epoch, decision=start)
            )
        return epoch

    @contextlib.asynccontextmanager
    async def relays(
        self, relay_ids: Iterable[str], on_answer: OnAnswer
    ) -> AsyncIterator[dict[str, RelayClient]]:
        """Relays by id, each with a certificate and a connection of its own; `on_answer` is told whose answer it is."""
        async with contextlib.AsyncExitStack() as stack:
            clients: dict[str, RelayClient] = {}
            running = []
            for relay_id in relay_ids:
                ensure_development_identity(self.settings.identity_dir, relay_id, Role.RELAY)
                opened = await stack.enter_async_context(self.channel("ingest", relay_id))
                await opened.channel_ready()
                clients[relay_id] = RelayClient(relay_id, opened, on_answer=_of(relay_id, on_answer))
                running.append(asyncio.create_task(clients[relay_id].run(), name=relay_id))
            try:
                yield clients
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    def cpu_s(self) -> dict[str, float]:
        """Seconds of processor time that each process and its children have taken so far; the bench last."""
        spent = {
            part.name: cpu_s(family(part.process.pid))
            for part in self.platform.supervisor.parts
            if part.process is not None
        }
        return {**spent, "relays and bench": cpu_s([psutil.Process()])}


def at(frame: TelemetryFrame, first_time_ms: int) -> TelemetryFrame:
    """A frame of a race that counts from 0, in a race whose first second is this."""
    moved = TelemetryFrame()
    moved.CopyFrom(frame)
    moved.base_time_ms += first_time_ms
    return moved


def load() -> str:
    """How busy the machine is besides us: figures of a busy one say little."""
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"


def _of(relay_id: str, on_answer: OnAnswer) -> Callable[[RelayResponse, float], None]:
    return lambda response, seconds: on_answer(relay_id, response, seconds)
