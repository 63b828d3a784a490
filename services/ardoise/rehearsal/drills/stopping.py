"""A drill that somebody stops: asked once, it ends and puts everything right; asked twice, it leaves that too."""

import asyncio
from collections.abc import Coroutine
from typing import Any

ONCE, TWICE, THRICE = 1, 2, 3


class Stopped(Exception):
    """Somebody asked for it."""


class Stops:
    """How often somebody asked, and what listens to it."""

    def __init__(self) -> None:
        self.asked = 0
        self._running: dict[asyncio.Future, int] = {}

    def ask(self) -> None:
        """Once more."""
        self.asked += 1
        for work, times in self._running.items():
            if self.asked >= times:
                work.cancel()

    async def unless(self, times: int, work: Coroutine[Any, Any, Any]) -> Any:
        """Does the work. Raises Stopped where it is asked so often before that is done, and what the work raises."""
        running = asyncio.ensure_future(work)
        self._running[running] = times
        if self.asked >= times:
            running.cancel()
        try:
            return await running
        except asyncio.CancelledError:
            if self.asked >= times:
                raise Stopped from None
            raise
        finally:
            del self._running[running]

    async def listen(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Does the work to its end. Each time that this task is cancelled meanwhile counts as asked."""
        running = asyncio.ensure_future(work)
        while not running.done():
            try:
                await asyncio.wait({running})
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) is not None:
                    task.uncancel()
                self.ask()
        return running.result()
