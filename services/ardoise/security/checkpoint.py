"""The checkpoint: one file with positions, windows and alerts that belong together, replaced as a whole.

After kill -9 the few seconds since are read again from the streams; ids are derived, so nothing is raised twice.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from ardoise.security.domain.rules import Rule
from ardoise.security.monitor import Monitor

FILE_NAME = "checkpoint.json"
CHECKPOINT_EVERY_S = 5.0

_log = structlog.get_logger(__name__)


def restored(directory: Path, rules: Sequence[Rule]) -> Monitor:
    """A monitor as it was saved last. A file that cannot be read is set aside: the streams are read anew."""
    path = directory / FILE_NAME
    monitor = Monitor(rules)
    try:
        monitor.restore(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return monitor
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        aside = path.with_suffix(".unreadable")
        path.replace(aside)
        _log.error(
            "checkpoint_unreadable", error=repr(error), hint=f"kept as {aside}; reading the streams anew"
        )
        return Monitor(rules)
    return monitor


class Checkpoint:
    """Saves a monitor under state_dir/security."""

    def __init__(self, directory: Path, monitor: Monitor) -> None:
        self._path = directory / FILE_NAME
        self._monitor = monitor
        self._saved: object = None

    async def save(self) -> None:
        """Writes the state, on the disk when this returns. Raises OSError."""
        state = (dict(self._monitor.positions), self._monitor.book.revision)
        if state == self._saved:
            return
        content = json.dumps(self._monitor.dump(), separators=(",", ":")).encode()
        await asyncio.to_thread(replace_file, self._path, content)
        self._saved = state

    async def save_forever(self) -> None:
        """Every CHECKPOINT_EVERY_S. A disk that is full or gone costs only how far back a restart begins."""
        while True:
            await asyncio.sleep(CHECKPOINT_EVERY_S)
            try:
                await self.save()
            except OSError as error:
                _log.warning("checkpoint_failed", error=repr(error), hint="look at the disk under state_dir")


def replace_file(path: Path, content: bytes) -> None:
    """Either the old content or the new is there, whatever happens meanwhile. Raises OSError."""
    partial = path.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
