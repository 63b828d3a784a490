"""The wall's own server in the test's loop, and scripts that feed it races instead of positioning."""

import asyncio
import itertools
from collections.abc import Callable

from ardoise.mediawall.domain.stage import stage_view
from ardoise.mediawall.public import public_app
from ardoise.mediawall.wall import Wall
from ardoise.mediawall.web import Port
from ardoise.pb import race_pb2, setup_pb2

from tests.browser import race_day


class Stand:
    """A public page with a race on it. start() and stop(), as often as a test likes, at the same port."""

    def __init__(self, *, screens_limit: int = 50) -> None:
        self.wall = Wall(screens_limit, screens_limit)
        self.number = 0
        self._tasks: list[asyncio.Task] = []
        self._port: Port | None = None
        self._stopping = asyncio.Event()
        for name in ("positioning", "analytics"):
            self.wall.show_link(name, "connected")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.number}"

    def start(self) -> None:
        """Opens the port: the one it had before, else any free one."""
        self._stopping = asyncio.Event()
        self._port = Port(
            f"127.0.0.1:{self.number}", public_app(self.wall, self._stopping), None, "WEB_LISTEN"
        )
        self.number = self._port.number
        self._tasks = [asyncio.create_task(self._port.serve())]

    async def stop(self) -> None:
        """Ends the streams and closes the port."""
        if self._port is None:
            return
        self._stopping.set()
        await self._port.drain()
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._port = None

    def load(self, setup: setup_pb2.StageSetup | None = None, epoch: int = race_day.EPOCH) -> None:
        """A stage is on."""
        self.wall.show_stage(stage_view(epoch, setup or race_day.stage()))

    def show(self, second: int, *, predictions: bool = True, **more: object) -> race_pb2.Snapshot:
        """The race at that second; returns what was shown."""
        snapshot = race_day.snapshot(second, **more)  # type: ignore[arg-type]
        if predictions and second >= 0:
            self.wall.show_predictions(race_day.predictions(second))
        self.wall.show_snapshot(snapshot)
        return snapshot

    def run(self, second: int, *, every_s: float = 1.0) -> asyncio.Task[None]:
        """Lets the race go on from that second, a second of it every `every_s`: see `keep`."""
        seconds = itertools.count(second)
        return self.keep(lambda: self.show(next(seconds)), every_s)

    def keep(self, showing: Callable[[], object], every_s: float = 0.5) -> asyncio.Task[None]:
        """Shows something again and again, so that it does not get old, until it is cancelled or the stand stops."""

        async def go_on() -> None:
            while True:
                showing()
                await asyncio.sleep(every_s)

        self._tasks.append(asyncio.create_task(go_on()))
        return self._tasks[-1]
