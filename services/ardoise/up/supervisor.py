"""Processes that belong together: started group by group, started again when they die, stopped in reverse.

A child cannot outlive this process, however it ends (chassis.child). What a child prints goes to a file of its own.
"""

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog

from ardoise.chassis import child

MAX_RESTARTS = 10
RESTART_WINDOW_S = 60.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0
STOP_LIMIT_S = 12.0
MAX_LOG_BYTES = 32 * 1024 * 1024
LAST_WORDS_BYTES = 2_000
UNWELL_EVERY_S = 5.0
UNWELL_TIMES = 3
"""So often in a row before it is started anew: what passes by itself may pass."""

_log = structlog.get_logger(__name__)


class GaveUp(RuntimeError):
    """A process died more than MAX_RESTARTS times within RESTART_WINDOW_S, or never became ready."""


@dataclass
class Part:
    """One process. `command` is asked for the argv before each start."""

    name: str
    command: Callable[[], list[str]]
    environment: dict[str, str] = field(default_factory=dict)
    ready: Callable[[], Awaitable[None]] | None = None
    unwell: Callable[[], Awaitable[bool]] | None = None
    """Whether it says, now, that it is not well: asked every UNWELL_EVERY_S, so that it is started anew."""
    stop_signal: signal.Signals = signal.SIGTERM
    needs_peers: bool = False
    """It is ready only with its like at other sites: a site that comes back alone does not wait for it."""
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None
    released: asyncio.Event | None = None
    """Set while it is held down: comes when it may start again."""


class Supervisor:
    """Owns the parts. `failed` completes when it has to give up."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        log_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._groups: list[tuple[Part, ...]] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watches: list[asyncio.Task] = []
        self._stopping = False

    @property
    def parts(self) -> list[Part]:
        """All of them, in the order of their start."""
        return [part for group in self._groups for part in group]

    async def start(self, *group: Part) -> None:
        """Starts parts side by side and waits until all are ready. Raises GaveUp with a part's last words."""
        self._groups.append(group)
        await asyncio.gather(*map(self._start, group))

    async def hold(self, *parts: Part) -> None:
        """Kills the parts and what they started with SIGKILL, all at once, and keeps them down until release()."""
        for part in parts:
            part.released = part.released or asyncio.Event()
        running = [part for part in parts if part.process.returncode is None]
        children = [child for part in running for child in _children(part)]
        for part in running:
            part.process.kill()
        for one in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        await asyncio.gather(*(part.process.wait() for part in parts))
        # Until they have ended files are open, and ports taken.
        await asyncio.to_thread(psutil.wait_procs, children, STOP_LIMIT_S)

    async def release(self, *parts: Part) -> None:
        """Starts parts that were held, each group once the one before is ready. Raises GaveUp.

        Parts that need their peers are started and not waited for: these may be out of reach.
        """
        for group in self._groups:
            await asyncio.gather(*(self._release(part) for part in group if part in parts and part.released))

    async def stop(self) -> None:
        """Stops every part, the group started last first; SIGKILL for what does not listen within STOP_LIMIT_S."""
        self._stopping = True
        for watch in self._watches:
            watch.cancel()
        for group in reversed(self._groups):
            await asyncio.gather(*map(self._end, group))

    def log_path(self, part: Part) -> Path:
        """Where the part's output goes."""
        return self._log_dir / f"{part.name}.log"

    def last_words(self, part: Part) -> str:
        """The end of the part's output."""
        content = self.log_path(part).read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
        return content.strip() or "it said nothing"

    async def _start(self, part: Part) -> None:
        await self._launch(part)
        await self._until_ready(part)
        self._watches.append(asyncio.create_task(self._watch(part), name=f"watch {part.name}"))
        if part.unwell is not None:
            self._watches.append(asyncio.create_task(self._heed(part), name=f"heed {part.name}"))

    async def _release(self, part: Part) -> None:
        await self._launch(part)
        part.released.set()
        part.released = None
        if not part.needs_peers:
            await self._until_ready(part)

    async def _end(self, part: Part) -> None:
        process = part.process
        if process is None or process.returncode is not None:
            return
        process.send_signal(part.stop_signal)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            _log.error("part_killed", part=part.name, pid=process.pid)
            process.kill()
            await process.wait()

    async def _until_ready(self, part: Part) -> None:
        if part.ready is None:
            return
        ready = asyncio.ensure_future(part.ready())
        ended = asyncio.ensure_future(part.process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not ready.done():
            ready.cancel()
            raise GaveUp(f"{part.name} ended before it was ready: {self.last_words(part)}")
        try:
            await ready
        except TimeoutError as error:
            raise GaveUp(f"{part.name} did not become ready: {self.last_words(part)}") from error

    async def _launch(self, part: Part) -> None:
        with self.log_path(part).open("ab") as log:
            if log.tell() > MAX_LOG_BYTES:
                log.truncate(0)
            part.process = await asyncio.create_subprocess_exec(
                *part.command(),
                env=part.environment or None,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def _watch(self, part: Part) -> None:
        died: deque[float] = deque(maxlen=MAX_RESTARTS)
        backoff_s = FIRST_BACKOFF_S
        while True:
            began_s = time.monotonic()
            process = part.process
            code = await process.wait()
            if self._stopping:
                return
            if await _held(part):
                continue
            now_s = time.monotonic()
            if len(died) == MAX_RESTARTS and now_s - died[0] < RESTART_WINDOW_S:
                if not self.failed.done():
                    self.failed.set_exception(GaveUp(f"{part.name} keeps dying: {self.last_words(part)}"))
                return
            died.append(now_s)
            backoff_s = FIRST_BACKOFF_S if now_s - began_s > RESTART_WINDOW_S else backoff_s
            part.restarts += 1
            _log.warning("part_died", part=part.name, code=code, restart=part.restarts)
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)
            # Held and released within the pause, it has been started anew already.
            if not await _held(part) and part.process is process:
                try:
                    await self._launch(part)
                except OSError as error:
                    # A disk without room for what it is told; the next time is counted as another death.
                    _log.warning("part_not_started", part=part.name, why=str(error))

    async def _heed(self, part: Part) -> None:
        said = 0
        while True:
            await asyncio.sleep(UNWELL_EVERY_S)
            process = part.process
            said = said + 1 if await part.unwell() else 0
            if process is not part.process or process.returncode is not None:
                said = 0
            elif said == UNWELL_TIMES:
                _log.warning("part_unwell", part=part.name, pid=process.pid)
                process.kill()
                said = 0


def _children(part: Part) -> list[psutil.Process]:
    try:
        return psutil.Process(part.process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


async def _held(part: Part) -> bool:
    """Whether the part was held down; then it has been started anew by the time this returns."""
    if part.released is None:
        return False
    await part.released.wait()
    return True


def bound_command(argv: list[str]) -> Callable[[], list[str]]:
    """The argv as a child that cannot outlive us."""
    return lambda: child.bound(argv, signal.SIGTERM)
