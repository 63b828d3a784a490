"""Something that runs in a terminal: started, watched, and stopped at a signal, a failure, or when the time is up."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from typing import Protocol

from rich.console import Console

from ardoise.chassis.telemetry import configure_logging


class Startable(Protocol):
    """What is run."""

    async def start(self, progress: Callable[[str], None]) -> None:
        """Starts all of it, telling `progress` what comes next."""

    async def stop(self) -> None:
        """Stops whatever had started."""


async def run_until_stopped(
    what: Startable, name: str, seconds: float, started: Callable[[Console], Iterable[asyncio.Future]]
) -> None:
    """`started` is called once it runs; the first of its tasks to end ends all. `seconds` 0: until a signal."""
    console = Console()
    configure_logging("ERROR", service=name)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    tasks: set[asyncio.Future] = {asyncio.ensure_future(stop.wait())}
    try:
        starting = asyncio.ensure_future(
            what.start(lambda step: console.print(f"starting {step} ...", style="dim"))
        )
        await asyncio.wait({starting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
            return
        starting.result()
        tasks |= set(started(console))
        done, _ = await asyncio.wait(tasks, timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        console.print("stopping ...", style="dim")
        await what.stop()
