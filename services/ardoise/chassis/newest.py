"""A value that many watch and one sets: a slow watcher gets the newest, never a queue."""

import asyncio


class Newest[T]:
    """Conflating broadcast. Versions count from 1; 0 means that nothing was set yet."""

    def __init__(self) -> None:
        self.value: T | None = None
        self.version = 0
        self._changed = asyncio.Event()

    def set(self, value: T) -> None:
        """Replaces the value and wakes every watcher."""
        self.value = value
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def next(self, after: int, timeout_s: float) -> tuple[int, T] | None:
        """The newest (version, value) with a version above `after`; None when none came within timeout_s."""
        if self.version <= after:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait()
            except TimeoutError:
                return None
        assert self.value is not None
        return self.version, self.value
