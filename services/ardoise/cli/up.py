"""`ardoise up` and `ardoise demo`: everything on one machine, in one terminal."""

import asyncio
import contextlib
import fcntl
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Protocol

import typer
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


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("up")(up)
    app.command("demo")(demo)


def up(
    nats_url: Annotated[str, typer.Option(help="A nats-server of your own. Default: one is started.")] = "",
    database_url: Annotated[str, typer.Option(help="A database of your own. Default: one is started.")] = "",
    race_centre_url: Annotated[
        str, typer.Option(help="A race-centre stream to take in beside the relays.")
    ] = "",
) -> None:
    """Runs all services as one, with nats-server and PostgreSQL, until Ctrl-C. State stays in ARDOISE_STATE_DIR."""
    settings = CommonSettings()
    with _only_one(settings.state_dir):
        _run(lambda: _up(settings, nats_url, database_url, race_centre_url))


def demo(
    race: Annotated[
        str, typer.Option(help="A recording, or the URL of a race-centre stream. Default: simulated.")
    ] = "",
    setup: Annotated[
        str, typer.Option(help="Event file or recording with the stage, for a stream without.")
    ] = "",
    speed: Annotated[float, typer.Option(min=0, help="Times real time, for a recording. Default: 10.")] = 0.0,
    seconds: Annotated[
        float, typer.Option(min=0, help="Stop by itself after so long. Default: at Ctrl-C.")
    ] = 0.0,
) -> None:
    """A race of 176 riders on this machine: in the terminal, and on a page."""
    _run(lambda: _demo(Race(race, setup, speed), seconds))


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
