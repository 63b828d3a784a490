"""A platform in the foreground of one terminal: starts it, shows the race, stops it at a signal."""

import asyncio
import contextlib
import fcntl
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol

from rich.console import Console

from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.chassis.telemetry import configure_logging
from ardoise.up.demo import Demo, Race
from ardoise.up.plan import PORTS, Platform
from ardoise.up.ports import Ports
from ardoise.up.services import SUPERVISOR
from ardoise.up.summary import View, show


class _Startable(Protocol):
    async def start(self, progress: Callable[[str], None]) -> None: ...
    async def stop(self) -> None: ...


def run_platform(nats_url: str, database_url: str, race_centre_url: str) -> None:
    """Runs all services as one until Ctrl-C. Raises RuntimeError where that runs in this state directory already."""
    settings = CommonSettings()
    with _only_one(settings.state_dir):
        _run(lambda: _up(settings, nats_url, database_url, race_centre_url))


def run_demo(race: Race, seconds: float) -> None:
    """Runs a platform that goes away with it and a race on it: for so long, or until Ctrl-C where that is 0."""
    _run(lambda: _demo(race, seconds))


async def _up(settings: CommonSettings, nats_url: str, database_url: str, race_centre_url: str) -> None:
    ports = Ports(PORTS)
    platform = Platform(
        settings.state_dir,
        ports,
        nats_url=nats_url,
        database_url=database_url,
        race_centre_url=race_centre_url,
    )
    await _run_until_stopped(platform, platform, 0.0)


async def _demo(race: Race, seconds: float) -> None:
    demo = Demo(race)
    await _run_until_stopped(demo, demo.platform, seconds)


async def _run_until_stopped(what: _Startable, platform: Platform, seconds: float) -> None:
    """Starts, shows the race until a signal, a failure or the time is up, and stops whatever had started."""
    console = Console()
    configure_logging("ERROR", service="up")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    tasks = {asyncio.ensure_future(stop.wait())}
    try:
        starting = asyncio.ensure_future(
            what.start(lambda name: console.print(f"starting {name} ...", style="dim"))
        )
        await asyncio.wait({starting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
            return
        starting.result()
        pages = _pages(platform)
        for page in pages:
            console.print(page, highlight=False, soft_wrap=True)
        tasks |= {asyncio.ensure_future(_show(platform, pages, console)), platform.supervisor.failed}
        done, _ = await asyncio.wait(tasks, timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        console.print("stopping ...", style="dim")
        await what.stop()


async def _show(platform: Platform, pages: list[str], console: Console) -> None:
    race = channel(platform.ports.at("positioning"), platform.settings, SUPERVISOR)
    analytics = channel(platform.ports.at("analytics"), platform.settings, SUPERVISOR)
    async with race, analytics:
        await show(View(pages), race, analytics, console)


def _pages(platform: Platform) -> list[str]:
    tokens = platform.settings.identity_dir / "tokens"
    operators = f"https://{platform.ports.at('operators')}"
    links = [f"the race: http://{platform.ports.at('web')}"]
    for role in ("race-operations", "security"):
        token = tokens / role
        if token.exists():
            links.append(f"{role}: {operators}/sign-in?token={token.read_text().strip()}")
    links.append(f"logs: {platform.state_dir / 'logs'}")
    return links


def _run(main: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())


@contextlib.contextmanager
def _only_one(state_dir: Path) -> Iterator[None]:
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (state_dir / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError(
                f"another ardoise up runs in {state_dir.absolute()}: stop it, or set ARDOISE_STATE_DIR"
            ) from error
        yield
