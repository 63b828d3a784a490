"""Whether the database takes rows, as those who write to it find; and waiting until it does."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from ardoise.chassis.store import StoreUnavailable
from ardoise.chassis.telemetry import gauge

# A failover ends in a given second, and whoever waits longer than this between two questions makes it longer; a
# connection that is refused costs a millisecond, one that hangs takes its time by itself (connect_timeout).
RETRY_S = 0.25

_log = structlog.get_logger(__name__)
_available = gauge("recorder.store_available", "1", "1: the database takes rows; 0: it is away, rows wait.")


class StoreWatch:
    """One for all who write to the same database."""

    def __init__(self) -> None:
        self.available = True
        self._change = asyncio.Event()

    async def changed(self) -> None:
        """Returns when `available` has changed."""
        await self._change.wait()

    def answered(self) -> None:
        """The database did what somebody asked."""
        _available.set(1)
        if not self.available:
            _log.info("store_back")
            self._set(available=True)

    def away(self, error: StoreUnavailable) -> None:
        """The database did not."""
        _available.set(0)
        if self.available:
            _log.warning("store_away", error=str(error))
            self._set(available=False)

    async def until_available[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks the database until it answers, every RETRY_S."""
        while True:
            try:
                answer = await ask()
            except StoreUnavailable as error:
                self.away(error)
                await asyncio.sleep(RETRY_S)
            else:
                self.answered()
                return answer

    def _set(self, available: bool) -> None:
        self.available = available
        self._change.set()
        self._change = asyncio.Event()
