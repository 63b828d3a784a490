"""A platform in the foreground of one terminal: starts it, shows the race, stops it at a signal."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from rich.console import Console

from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.up.demo import Demo, Race
from ardoise.up.foreground import Startable, run_until_stopped
from ardoise.up.plan import PORTS, Platform
from ardoise.up.ports import Ports
from ardoise.up.services import SOURCES, SUPERVISOR
from ardoise.up.summary import View, show


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
    await _in_foreground(platform, platform, 0.0)


async def _demo(race: Race, seconds: float) -> None:
    demo = Demo(race)
    await _in_foreground(demo, demo.platform, seconds)


async def _in_foreground(what: Startable, platform: Platform, seconds: float) -> None:
    def started(console: Console) -> set[asyncio.Future]:
        pages = _pages(platform)
        for page in pages:
            console.print(page, highlight=False, soft_wrap=True)
        return {asyncio.ensure_future(_show(platform, pages, console)), platform.supervisor.failed}

    await run_until_stopped(what, "up", seconds, started)


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
    links.append(f"relays and race control: {_target(platform, 'ingest')}")
    phones = f"as {SOURCES} says" if SOURCES in os.environ else f"http://{platform.ports.at('osmand')}"
    links.append(f"phones: {phones}; ardoise tracker: {_target(platform, 'trackers')}")
    links.append(f"logs: {platform.state_dir / 'logs'}")
    return links


def _target(platform: Platform, service: str) -> str:
    """Where it answers; as what to tell a shell where that is not the usual port."""
    at = platform.ports.at(service)
    unusual = platform.ports.numbers[service] != PORTS[service]
    return f"export ARDOISE_{service.upper()}_TARGET={at}" if unusual else at


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
