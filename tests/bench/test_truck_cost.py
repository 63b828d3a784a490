"""What the truck's set costs: memory and processor time of each part, without a race and in one.

Three sites run as `ardoise sites up` starts them: a truck without regions would have no mirrors to send its log to, no
majority of etcd, nobody to ask. What runs at the truck counts, as if it had the machine for itself
(tests/bench/processes.py).
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from ardoise.chassis import child
from ardoise.pb.race_pb2 import GetSnapshotRequest
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.stage import begin_race
from ardoise.up.demo import SIMULATED_EVENT
from ardoise.up.three_sites import TRUCK

from tests.bench.conftest import OFFSET_S
from tests.bench.processes import Memory, cpu_s, family, memory
from tests.bench.race_site import load
from tests.support.chart import Container, containers, example, objects, overlaid
from tests.support.sites_up import MARKS, SitesUp

pytestmark = MARKS

MOST_MIB = 512
CONTAINERS = {"nats-server": "nats", "etcd-truck": "etcd"}
"""What the chart calls a part, where it is not the same."""
PHONES = {"trackers": {"sources": [{"decoder": "osmand", "transport": "http", "port": 5055}]}}
"""As `ardoise sites up` has a port for them."""
# Race control's, the speaker's, television's, some of the village.
SCREENS = 10
HISTORY_S = 1_200
# Twice as long as from one checkpoint of positioning to the next: each takes some 10 MiB for a moment.
MEASURED_S, LOOK_EVERY_S = 60.0, 4.0
# Settled: the highest is at most so much higher than in the minute before.
GROWTH, MOST_MINUTES = 0.02, 5
MOST_AGE_MS = 3_000


@dataclass(frozen=True)
class Cost:
    """Of one part."""

    memory: Memory
    cpu_percent: float
    """Of one core."""


async def test_the_services_nats_and_etcd_of_the_truck_take_at_most_512_mib_in_a_race(
    tmp_path: Path, stage: StageSetup
):
    with SitesUp(tmp_path, truck_disk=False) as sites:
        async with sites.control() as control:
            reached = Reached(await control.state())
        idle = await _cost(reached)
        async with (
            reached.channel(TRUCK, "ingest") as ingest,
            reached.channel(TRUCK, "positioning") as positioning,
            _screens(f"http://{reached.at(TRUCK, 'web')}/events"),
        ):
            await begin_race(ingest, stage)
            with _relays(reached):
                racing = await _cost(reached)
                answer = await RaceServiceStub(positioning).GetSnapshot(GetSnapshotRequest())
                seen, now_ms = answer.snapshot, time.time() * 1000
    values = overlaid(example("truck"), PHONES)
    requesting = {one.name: one for one in containers(objects(values)) if one.stays}
    asked = {part: requesting[CONTAINERS.get(part, part)] for part in racing}
    all_mib = _print(idle, racing, asked)
    assert len(seen.riders) == len(stage.riders)
    assert now_ms - seen.race_time_ms < MOST_AGE_MS
    assert all_mib <= MOST_MIB


async def _cost(reached: Reached) -> dict[str, Cost]:
    """Of each part of the truck, when all together held most of the first minute in which they no longer grew."""
    parts = {name: family(part["pid"]) for name, part in reached.state["sites"][TRUCK]["parts"].items()}
    highest = [0.0]
    for _ in range(MOST_MINUTES):
        cost = await _of_a_minute(parts)
        highest.append(sum(one.memory.mib for one in cost.values()))
        if highest[-1] <= highest[-2] * (1 + GROWTH):
            return cost
    raise AssertionError(f"it grows from minute to minute: {[round(mib) for mib in highest]} MiB")


async def _of_a_minute(parts: dict[str, list[psutil.Process]]) -> dict[str, Cost]:
    looks: list[dict[str, Memory]] = []
    spent_s = {part: -cpu_s(processes) for part, processes in parts.items()}
    began_s = time.monotonic()
    while time.monotonic() < began_s + MEASURED_S:
        looks.append(await asyncio.to_thread(memory, parts))
        await asyncio.sleep(LOOK_EVERY_S)
    lasted_s = time.monotonic() - began_s
    held = max(looks, key=lambda look: sum(one.mib for one in look.values()))
    return {
        part: Cost(held[part], 100 * (spent_s[part] + cpu_s(processes)) / lasted_s)
        for part, processes in parts.items()
    }


@contextlib.contextmanager
def _relays(reached: Reached) -> Iterator[None]:
    """All relays of the stage, as the demo has them, until the block ends."""
    arguments = [str(SIMULATED_EVENT), f"--offset={OFFSET_S}", f"--history={HISTORY_S}"]
    arguments.append(f"--target={reached.at(TRUCK, 'ingest')}")
    command = child.bound([sys.executable, "-m", "ardoise", "rehearse", "relays", *arguments], signal.SIGTERM)
    told = {"ARDOISE_STATE_DIR": reached.state["state_dir"], "ARDOISE_LOG_LEVEL": "WARNING"}
    with subprocess.Popen(command, env={**os.environ, **told}, stdin=subprocess.DEVNULL) as running:
        try:
            yield
            assert running.poll() is None, "the relays ended"
        finally:
            running.terminate()


@contextlib.asynccontextmanager
async def _screens(url: str) -> AsyncIterator[None]:
    """SCREENS that show the race until the block ends."""

    async def watch(http: httpx.AsyncClient) -> None:
        async with http.stream("GET", url) as events:
            async for _ in events.aiter_raw():
                pass

    async with httpx.AsyncClient(timeout=None) as http:
        watching = [asyncio.create_task(watch(http)) for _ in range(SCREENS)]
        try:
            yield
            assert not any(task.done() for task in watching), "a screen ended"
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)


def _print(idle: dict[str, Cost], racing: dict[str, Cost], asked: dict[str, Container]) -> float:
    """Prints what each part costs; gives what all of them hold in the race, MiB."""
    rows = {
        part: (
            *(idle[part].memory.mib, idle[part].cpu_percent),
            *(now.memory.mib, now.memory.own_mib, now.cpu_percent),
            *(asked[part].requested_mib, asked[part].requested_cpu_percent),
        )
        for part, now in racing.items()
    }
    rows["all"] = tuple(map(sum, zip(*rows.values(), strict=True)))
    print(f"\nthe truck's set, 176 riders at 1 Hz, {SCREENS} screens; {load()}; limit {MOST_MIB} MiB")
    print("                  no race           in a race             requested")
    print("                MiB  % core      MiB  written  % core     MiB  % core")
    for part, figures in rows.items():
        print(f"  {part:12}" + "{:5.1f} {:7.1f}  {:7.1f}  {:7.1f} {:7.1f} {:7.0f} {:7.0f}".format(*figures))
    return rows["all"][2]
