"""Logs written record by record, and positioning over them as a real process."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.log import stream_of
from ardoise.pb.control_pb2 import Decision, StartRace
from ardoise.pb.log_pb2 import EpochActivated, EpochOpened, Heartbeat, LogRecord
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.positioning.app import run as run_positioning
from ardoise.positioning.settings import PositioningSettings
from nats.js.api import StreamConfig

from tests.support.platform import Platform, running, serving
from tests.support.stage import small_stage

READY_LIMIT_S = 20.0
T0_MS = 1_700_000_000_000
STEP_E7_PER_M = 126.83
"""One metre eastwards on the small stage's road."""


class Log:
    """A log that the test writes; `at` is seconds of log time since T0_MS."""

    def __init__(self, bus: Bus, epoch: int) -> None:
        self.bus, self.epoch = bus, epoch
        self.last_sequence = 0

    async def open(self, setup: StageSetup | None = None, *, activated_ms: int | None = None) -> None:
        """Makes the stream, with its first records."""
        await self.bus.ensure_stream(
            StreamConfig(name=stream_of(self.epoch), subjects=[f"log.{self.epoch}.>"])
        )
        await self.write("opened", 0, epoch_opened=EpochOpened(epoch=self.epoch))
        await self.write("setup", 0, stage_setup=setup or small_stage())
        if activated_ms is not None:
            await self.activate(activated_ms)

    async def activate(self, activated_ms: int) -> None:
        await self.write("activated", 0, epoch_activated=EpochActivated(activated_ms=activated_ms))

    async def start(self, at: float = 0.0) -> None:
        decision = Decision(decision_id="start", effective_time_ms=_ms(at), start=StartRace())
        await self.write("decision", at, decision=decision)

    async def beat(self, at: float) -> None:
        await self.write("beat", at, heartbeat=Heartbeat())

    async def frame(self, at: float, distances_m: dict[int, float], relay: str = "moto-1") -> None:
        """One fix of each of these bibs."""
        frame = TelemetryFrame(
            relay_id=relay,
            boot_id=1,
            frame_number=1,
            base_time_ms=_ms(at),
            tracker=[9000 + bib for bib in distances_m],
            time_offset_ms=[0] * len(distances_m),
            latitude_e7=[450_000_000] * len(distances_m),
            longitude_e7=[50_000_000 + round(m * STEP_E7_PER_M) for m in distances_m.values()],
        )
        await self.write(f"fix.{relay}", at, frame=frame)

    async def write(self, kind: str, at: float, **body: object) -> None:
        record = LogRecord(log_time_ms=_ms(at), **body)
        acknowledged = await self.bus.js.publish(f"log.{self.epoch}.{kind}", record.SerializeToString())
        self.last_sequence = acknowledged.seq


class Process:
    """`ardoise positioning` at a platform; killed, it is started again by `start`."""

    def __init__(self, platform: Platform, port: int, site: str = "truck") -> None:
        self._platform, self.port, self._site = platform, port, site
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, **environment: str) -> None:
        surroundings = {
            "ARDOISE_STATE_DIR": str(self._platform.state_dir),
            "ARDOISE_IDENTITY_DIR": str(self._platform.identity_dir),
            "ARDOISE_NATS_URL": self._platform.server.url,
            "ARDOISE_GRPC_LISTEN": f"127.0.0.1:{self.port}",
            "ARDOISE_SITE": self._site,
        }
        with (self._platform.state_dir / f"positioning-{self._site}.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                "from ardoise.cli import main; main()",
                "positioning",
                env=os.environ | surroundings | environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(READY_LIMIT_S), self.channel() as channel:
            await serving(self.port, channel)

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), READY_LIMIT_S)

    def channel(self, identity: str = "fan") -> grpc.aio.Channel:
        return self._platform.channel(self.port, identity)

    @property
    def checkpoints(self) -> list[Path]:
        """Of this site, oldest first."""
        found = (self._platform.state_dir / self._site / "checkpoints").glob("*-*-*")
        return sorted(
            (path for path in found if path.suffix != ".new"), key=lambda path: int(path.name.split("-")[-1])
        )


def _ms(at: float) -> int:
    return T0_MS + round(at * 1000)


async def until(ask, limit_s: float = READY_LIMIT_S):
    """Asks again until there is an answer that is true; the answer. Errors of the call count as none."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            answer = await ask()
        except grpc.aio.AioRpcError as error:
            answer, last = None, error
        else:
            last = answer
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {limit_s} s: {last!r}"
        await asyncio.sleep(0.02)


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """nats-server with TLS, and identities for everybody."""
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()


@pytest.fixture
async def log(platform: Platform) -> AsyncIterator[Log]:
    """A log of the small stage, active, not started."""
    bus = await platform.bus("ingest")
    log = Log(bus, 1_000)
    await log.open(activated_ms=1)
    yield log
    await bus.close()


@pytest.fixture
async def positioning(platform: Platform, free_port) -> AsyncIterator[Process]:
    """A positioning process, running."""
    process = Process(platform, free_port())
    await process.start()
    yield process
    await process.kill()


@pytest.fixture
async def race(platform: Platform, free_port) -> AsyncIterator[RaceServiceStub]:
    """RaceService as a fan calls it, served by a positioning in this very loop."""
    port = free_port()
    settings = platform.settings(PositioningSettings, grpc_listen=f"127.0.0.1:{port}")
    async with running(run_positioning(settings), port, platform), platform.channel(port, "fan") as channel:
        yield RaceServiceStub(channel)
