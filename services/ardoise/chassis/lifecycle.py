"""A process that knows what it owns: it starts it, watches it, and stops all of it.

Named tasks; the first to end stops the rest; SIGTERM drains: no new work, running work within a bound,
and what is stuck after that is reported by name.
"""

import asyncio
import contextlib
import faulthandler
import resource
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Self

import structlog

from ardoise.chassis.bus import Bus
from ardoise.chassis.health_port import HealthPort
from ardoise.chassis.identity import Credentials, credentials
from ardoise.chassis.rpc import RpcServer, Servicer
from ardoise.chassis.settings import CommonSettings
from ardoise.chassis.telemetry import Telemetry, configure_logging

DRAIN_STEP_LIMIT_S = 8.0
CANCEL_LIMIT_S = 3.0
LEFT_LIMIT_S = 5.0


class TaskEnded(Exception):
    """A task that should run for ever did not."""


class Service:
    """One service of the platform in this process.

    Use: `async with Service("ingest", settings) as service: ...; await service.run()`.
    """

    def __init__(self, name: str, settings: CommonSettings, *, certified: bool = True) -> None:
        """`certified`: it holds a certificate of its own; else its metrics are open to whoever reaches their port."""
        self.name = name
        self._certified = certified
        self.settings = settings
        self.stopping = asyncio.Event()
        self.log = structlog.get_logger(name)
        self.rpc: RpcServer | None = None
        self._tasks: dict[asyncio.Task, str] = {}
        self._drains: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._failed: BaseException | None = None
        self._telemetry: Telemetry | None = None
        self.health: HealthPort | None = None

    async def __aenter__(self) -> Self:
        configure_logging(self.settings.log_level, service=self.name, site=self.settings.site)
        self.settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        identity: Credentials | None = None
        if self._certified and not self.settings.plaintext:
            identity = credentials(self.settings.identity_dir, self.name)
        self._telemetry = Telemetry(self.name, self.settings, identity)
        self._telemetry.start()
        self.heed_signals()
        if self.settings.health_listen:
            self.health = HealthPort(self.settings.health_listen)
            await self.health.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stopping.set()
        if self.health is not None:
            await self.health.set_ready(False)
        await self._drain()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        if self.health is not None:
            await self.health.stop()
        if self._telemetry is not None:
            await asyncio.to_thread(self._telemetry.stop)
        self.log.info("service_stopped")

    def heed_signals(self) -> None:
        """Stops at SIGTERM and Ctrl-C; once more after a library has taken them for itself."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number.name)

    def spawn(self, name: str, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task:
        """Starts a task that is meant to run as long as the service does."""
        task = asyncio.create_task(coroutine, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)
        return task

    def on_drain(self, name: str, callback: Callable[[], Awaitable[None]]) -> None:
        """Registers what is to be done when stopping; the last registered is done first."""
        self._drains.append((name, callback))

    async def bus(self, identity: str = "") -> Bus:
        """A new connection to the site's nats-server, as the service or as another identity it holds."""
        bus = await Bus.connect(self.settings, identity or self.name)
        self.on_drain("bus", bus.close)
        return bus

    async def serve_rpc(self, *servicers: Servicer) -> int:
        """Opens the gRPC port with these services, health and reflection; returns the port."""
        self.rpc = RpcServer(self.name, self.settings, servicers)
        await self.rpc.start()
        self.on_drain("rpc", self.rpc.drain)
        return self.rpc.port

    async def run(self) -> None:
        """Says that the service is ready, waits until it is to stop. Raises what a task failed with."""
        assert self._telemetry is not None
        port = self.rpc.port if self.rpc else None
        if self.health is not None:
            await self.health.set_ready(True)
        self.log.info("service_ready", grpc_port=port, scrape_port=self._telemetry.scrape_port)
        await self.stopping.wait()
        if self._failed is not None:
            raise self._failed

    def _stop(self, why: str) -> None:
        if not self.stopping.is_set():
            self.log.info("service_stopping", why=why)
            self.stopping.set()

    def _ended(self, task: asyncio.Task) -> None:
        name = self._tasks.pop(task)
        if task.cancelled() or self.stopping.is_set():
            return
        error = task.exception()
        self._failed = error or TaskEnded(f"task {name} ended")
        self.log.error("task_ended", task=name, error=repr(error), exc_info=error)
        self._stop(f"task {name} ended")

    async def _drain(self) -> None:
        held_up: dict[asyncio.Future, str] = {}
        for name, callback in reversed(self._drains):
            step = asyncio.ensure_future(callback())
            # Not asyncio.timeout: it waits for the step it cancels, and nats-py swallows cancellations (2.16).
            await asyncio.wait({step}, timeout=DRAIN_STEP_LIMIT_S)
            if not step.done():
                self.log.warning("drain_step_stuck", step=name, seconds=DRAIN_STEP_LIMIT_S)
                step.cancel()
                held_up[step] = name
            elif not step.cancelled() and (error := step.exception()):
                # One step that fails does not keep the others from running.
                self.log.warning("drain_step_failed", step=name, error=repr(error))
        tasks = {**self._tasks, **held_up}
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=CANCEL_LIMIT_S)
            for task in stuck:
                self.log.error("task_stuck", task=tasks[task])


def run_service(main: Coroutine[Any, Any, None]) -> None:
    """Runs a service's coroutine to its end; Ctrl-C is a stop like SIGTERM, not a traceback.

    A process starts with leave for 1024 open files on most systems, and each screen, relay and watcher takes one.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_bounded(main))
    finally:
        faulthandler.cancel_dump_traceback_later()


async def _bounded(main: Coroutine[Any, Any, None]) -> None:
    """What is left when it has ended, tasks that swallow cancellation and threads, is waited for by asyncio without a
    limit: past ours the process ends, and says where they are. Whoever started it may be gone, and ends nobody."""
    try:
        await main
    finally:
        faulthandler.dump_traceback_later(LEFT_LIMIT_S, exit=True)
