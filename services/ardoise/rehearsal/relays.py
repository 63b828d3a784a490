"""All relays of a simulated stage in one process: what the demo and the benches run."""

import asyncio
import contextlib
import secrets
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import structlog

from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.relay import RelayClient, refusals_by_name
from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.rehearsal.attack import Attack
from ardoise.rehearsal.simulator import Simulation, TruthFile

HISTORY_STEP_S = 10
"""Of what went before now one second in so many is enough: passages in between are interpolated."""
REPORT_EVERY_S = 30
CATCHING_UP_S = 2.0
"""Further behind the clock than this, each second is sent when the one before is in the region: relays in step."""

_log = structlog.get_logger(__name__)


async def run_relays(
    stage: StageSetup,
    settings: CommonSettings,
    ingest_target: str,
    *,
    seed: int,
    start_offset_s: int,
    history_s: int = 0,
    speed: float = 1.0,
    attack: Attack | None = None,
    truth_path: Path | None = None,
) -> None:
    """Simulates the stage and sends it through all its relays until it is over or the process is stopped.

    The race is at `start_offset_s` when the wall clock's next second begins; the `history_s` before that are sent
    at once, as relays do that were out of touch: gaps are times between two riders at one point of the road, and
    without a past there would be none for minutes. The attack counts its seconds from there. Makes development
    identities for the relays that have none; each relay has a connection of its own.
    """
    history_s = min(history_s, start_offset_s)
    if attack:
        attack = replace(attack, begins_s=attack.begins_s + history_s)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    simulation = await asyncio.to_thread(
        Simulation,
        stage,
        seed,
        start_offset_s=start_offset_s - history_s,
        attack=attack,
        radio_seed=secrets.randbits(63),
    )
    async with AsyncExitStack() as stack:
        clients: dict[str, RelayClient] = {}
        tasks = []
        for relay_id in simulation.relay_ids:
            if not settings.plaintext:
                ensure_development_identity(settings.identity_dir, relay_id, Role.RELAY)
            opened = await stack.enter_async_context(channel(ingest_target, settings, relay_id))
            clients[relay_id] = RelayClient(relay_id, opened)
            tasks.append(asyncio.create_task(clients[relay_id].run(), name=relay_id))
        truth = None
        if truth_path:
            truth = stack.enter_context(TruthFile(truth_path, [rider.bib for rider in stage.riders]))
        sending = asyncio.create_task(_send(simulation, clients, history_s, speed, truth))
        stopped = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait({sending, stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            await asyncio.gather(*(client.drained() for client in clients.values()))
        for task in (sending, stopped, *tasks):
            task.cancel()
        await asyncio.gather(sending, stopped, *tasks, return_exceptions=True)
        _report(clients)
        for task in done:
            task.result()  # raises what ended the race before its time


async def _send(
    simulation: Simulation,
    clients: dict[str, RelayClient],
    history_s: int,
    speed: float,
    truth: TruthFile | None,
) -> None:
    first_time_ms = (time.time_ns() // 1_000_000_000 + 1 - history_s) * 1000
    began_s = time.monotonic() + first_time_ms / 1000 - time.time() + history_s * (1 - 1 / speed)

    def wait_s(number: int) -> float:
        return began_s + number / speed - time.monotonic()

    def unheard(number: int) -> bool:
        return wait_s(number) <= -CATCHING_UP_S and number % HISTORY_STEP_S != 0

    for second in simulation.seconds(first_time_ms, unheard=unheard):
        number = (second.time_ms - first_time_ms) // 1000
        if (early_s := wait_s(number)) > -CATCHING_UP_S:
            await asyncio.sleep(max(0.0, early_s))
        else:
            await asyncio.gather(*(client.drained() for client in clients.values()))
        for frame in second.frames:
            clients[frame.relay_id].send(frame)
        if truth:
            truth.add(second)
        if number % REPORT_EVERY_S == 0:
            _report(clients)


def _report(clients: dict[str, RelayClient]) -> None:
    tallies = [client.tally for client in clients.values()]
    errors = {name: client.tally.last_error for name, client in clients.items() if client.tally.last_error}
    refused = sum((tally.refused_frames for tally in tallies), start=Counter())
    with contextlib.suppress(BrokenPipeError):
        _log.info(
            "relays",
            sent=sum(tally.sent for tally in tallies),
            on_disk=sum(tally.on_disk for tally in tallies),
            in_region=sum(tally.in_region for tally in tallies),
            kept=sum(client.unacknowledged for client in clients.values()),
            refused=refusals_by_name(refused),
            errors=errors,
        )
