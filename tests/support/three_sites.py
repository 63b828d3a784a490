"""A truck and two regions on loopback: one CA, three nats-servers, the truck a leaf of both."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import nats.errors
from ardoise.chassis.relay import RelayClient
from ardoise.sites.app import TEAMS_IDENTITY
from ardoise.sites.mirrors import Finding, MirrorState
from ardoise.sites.watchdog import Others, Watchdog, region_watchdog
from nats.js.errors import APIError

from tests.support.platform import Platform

REGIONS = ("amsterdam", "london")
LIMIT_S = 30.0
RELAY = "moto-1"


class ThreeSites:
    """`truck`, `amsterdam`, `london`: each a Platform of its own. Stop a region's server, and its leaf is cut."""

    def __init__(self, directory: Path, free_port: Callable[[], int]) -> None:
        identity_dir = directory / "identity"
        self.leaf_ports = {name: free_port() for name in REGIONS}
        at = {name: f"127.0.0.1:{port}" for name, port in self.leaf_ports.items()}
        self.regions = {
            name: Platform(directory / name, name, identity_dir=identity_dir, leaf_listen=at[name])
            for name in REGIONS
        }
        self.amsterdam, self.london = (self.regions[name] for name in REGIONS)
        self.truck = Platform(directory / "truck", identity_dir=identity_dir, regions=tuple(at.values()))
        self.file = directory / "sites.yaml"
        rest = "etcd: h:1, positioning: h:2, sites: h:3"
        lines = [f"- {{name: truck, kind: edge, nats: h:3, {rest}}}"]
        lines += [
            f"- {{name: {name}, kind: region, nats: h:3, {rest}, patroni: h:4, postgres: h:5}}"
            for name in REGIONS
        ]
        self.file.write_text("\n".join(["sites:", *lines]))

    async def start(self) -> None:
        """Regions first, so that the truck's leaves connect at once."""
        for site in (*self.regions.values(), self.truck):
            await site.server.start()

    async def stop(self) -> None:
        for site in (self.truck, *self.regions.values()):
            await site.server.stop()

    @contextlib.asynccontextmanager
    async def watchdog(
        self, region: Platform, seed: int = 1, others: Others = lambda _: {}
    ) -> AsyncIterator[Watchdog]:
        """A region's watchdog, as `ardoise sites` runs it."""
        race, teams = await region.bus("sites"), await region.bus(TEAMS_IDENTITY)
        watchdog = region_watchdog(region.name, self.truck.name, race, teams, others=others, seed=seed)
        task = asyncio.create_task(watchdog.run())
        try:
            yield watchdog
            assert not task.done(), task.exception()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            for bus in (race, teams):
                # Its server may have been started again a moment ago, and the connection not yet.
                with contextlib.suppress(nats.errors.Error):
                    await bus.close()


async def found(watchdog: Watchdog, stream: str, state: MirrorState, within_s: float = LIMIT_S) -> Finding:
    """Waits until the watchdog says this of the stream."""
    deadline, version, last = time.monotonic() + within_s, 0, None
    while (left_s := deadline - time.monotonic()) > 0:
        newest = await watchdog.newest.next(version, left_s)
        if newest is None:
            break
        version, report = newest
        last = report.findings.get(stream)
        if last is not None and last.state is state:
            return last
    raise AssertionError(f"{stream} not {state} within {within_s} s: {last}")


async def until[T](ask: Callable[[], Awaitable[T]], limit_s: float = LIMIT_S) -> T:
    """Asks again until the answer is true; a NATS error counts as none."""
    deadline, last = time.monotonic() + limit_s, None
    while time.monotonic() < deadline:
        try:
            if last := await ask():
                return last
        except (nats.errors.Error, APIError, TimeoutError) as error:
            last = error
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {limit_s} s: {last!r}")


@contextlib.asynccontextmanager
async def relay(sites: ThreeSites, port: int) -> AsyncIterator[RelayClient]:
    """A relay that sends what it is given for as long as the block lasts."""
    async with sites.truck.channel(port, RELAY) as channel:
        client = RelayClient(RELAY, channel)
        task = asyncio.create_task(client.run())
        yield client
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
