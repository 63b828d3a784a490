"""Relays at ingest while somebody floods a trackers' port: how long they wait for answers, with and without."""

import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ardoise.chassis.identity import Role
from ardoise.chassis.relay import RelayClient
from ardoise.pb.telemetry_pb2 import RelayResponse, TelemetryFrame
from ardoise.pb.trackers_pb2 import ListSourcesRequest
from ardoise.pb.trackers_pb2_grpc import TrackerServiceStub
from ardoise.trackers.app import RELAY_ID
from ardoise.up.site import YIELDS

from tests.bench.race_site import load
from tests.support.platform import Platform, activate, serving
from tests.support.template import installed

FLOOD_HZ = 50_000
PHASE_S, ROUNDS = 6.0, 3
FRAME_EVERY_S = 0.05
MOST_TIMES = 2.0
START_LIMIT_S = 60.0
RUN = "import sys; from ardoise.cli.one_service import run_named; run_named(sys.argv[1])"


@contextlib.asynccontextmanager
async def process(
    platform: Platform, name: str, port: int, *before: str, path: Path | None = None, **settings: str
) -> AsyncIterator[None]:
    """A service as a process of its own, ready to be called."""
    surroundings = {
        "SITE": platform.name,
        "STATE_DIR": str(platform.state_dir),
        "IDENTITY_DIR": str(platform.identity_dir),
        "NATS_URL": platform.server.url,
        "GRPC_LISTEN": f"127.0.0.1:{port}",
    }
    environment = {f"ARDOISE_{key.upper()}": value for key, value in (surroundings | settings).items()}
    started = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-c", RUN, name,
        env={**os.environ, **environment, "PYTHONPATH": str(path or "")}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_LIMIT_S), platform.channel(port, "director") as probe:
            await serving(port, probe)
        yield
    finally:
        started.terminate()
        await started.wait()


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    platform = Platform(tmp_path / "site")
    platform.identity(RELAY_ID, Role.RELAY)
    await platform.server.start()
    yield platform
    await platform.server.stop()


async def waits_s(relay: RelayClient, heard: asyncio.Queue[float], number: int) -> list[float]:
    """A frame at a time, as often as a relay that hears a whole race; how long each waited."""
    found = []
    end = time.monotonic() + PHASE_S
    while time.monotonic() < end:
        number += 1
        relay.send(
            TelemetryFrame(
                relay_id="moto-1", boot_id=1, frame_number=number, base_time_ms=time.time_ns() // 1_000_000,
                tracker=[9001], time_offset_ms=[0], latitude_e7=[450_000_000], longitude_e7=[50_100_000],
            )
        )  # fmt: skip
        found.append(await heard.get())
        await asyncio.sleep(FRAME_EVERY_S)
    return found


async def flooded(address: str) -> asyncio.subprocess.Process:
    host, port = address.split(":")
    command = ("-m", "tests.support.flood", host, port, str(FLOOD_HZ), str(PHASE_S + 1))
    return await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)


@pytest.mark.timeout(300)
async def test_relays_wait_no_longer_for_a_flood_at_a_trackers_port(
    platform: Platform, free_port, repository: Path, tmp_path: Path
):
    ingest_port, gateway_port = free_port(), free_port()
    place = installed(repository, tmp_path)
    sources = "plainline=udp://127.0.0.1:0"
    target = f"127.0.0.1:{ingest_port}"
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(process(platform, "ingest", ingest_port))
        await activate(platform, ingest_port)
        gateway = process(
            platform, "trackers", gateway_port, *YIELDS, path=place, sources=sources, ingest_target=target
        )
        await stack.enter_async_context(gateway)
        opened = await stack.enter_async_context(platform.channel(gateway_port, "director"))
        (source,) = (await TrackerServiceStub(opened).ListSources(ListSourcesRequest())).sources
        heard: asyncio.Queue[float] = asyncio.Queue()

        def answered(response: RelayResponse, seconds: float) -> None:
            heard.put_nowait(seconds)

        channel = await stack.enter_async_context(platform.channel(ingest_port, "moto-1"))
        relay = RelayClient("moto-1", channel, on_answer=answered)
        running = asyncio.create_task(relay.run())
        quiet_s, flood_s, sent = [], [], 0
        await waits_s(relay, heard, 0)  # What starts up is no figure.
        for round_ in range(1, ROUNDS + 1):
            quiet_s += await waits_s(relay, heard, round_ * 10_000)
            flood = await flooded(source.address)
            flood_s += await waits_s(relay, heard, round_ * 10_000 + 5_000)
            said, _ = await flood.communicate()
            sent += int(said)
        running.cancel()
        await asyncio.wait({running})
    without, with_ = (_figures_ms(found) for found in (quiet_s, flood_s))
    print(
        f"\nacknowledgements without a flood: {without}; with {sent / ROUNDS / (PHASE_S + 1):,.0f} a second: {with_};",
        load(),
    )
    assert sent > FLOOD_HZ * ROUNDS * PHASE_S / 2, "it was no flood"
    assert statistics.median(flood_s) < MOST_TIMES * statistics.median(quiet_s)


def _figures_ms(found_s: list[float]) -> str:
    ordered = sorted(found_s)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"p50 {statistics.median(ordered) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms of {len(ordered)}"
