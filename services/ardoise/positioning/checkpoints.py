"""Checkpoints of races on disk: whole or not there, newest first."""

import os
from collections.abc import Iterator
from pathlib import Path

import structlog
from google.protobuf.message import DecodeError

from ardoise.positioning.domain import Race
from ardoise.race.checkpoint import CheckpointError
from ardoise.race.engine import ENGINE_VERSION

KEPT = 3
"""Of each epoch: the newest may be torn by a bad disk, the one before is half a minute older."""

_log = structlog.get_logger(__name__)


class Checkpoints:
    """A directory of files named <engine version>-<epoch>-<sequence>."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for torn in directory.glob("*.new"):
            torn.unlink(missing_ok=True)

    def save(self, epoch: int, sequence: int, content: bytes) -> None:
        """Returns when it is on the disk; a crash at any instant leaves a whole file or none."""
        path = self._directory / f"{ENGINE_VERSION}-{epoch}-{sequence}"
        new = path.with_name(f"{path.name}.new")
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        for _, old in self._files(epoch)[KEPT:]:
            old.unlink(missing_ok=True)

    def races(self, epoch: int, at_most: int | None = None) -> Iterator[Race]:
        """Restored races of an epoch, newest first, none after sequence `at_most`; torn files are skipped."""
        for sequence, path in self._files(epoch):
            if at_most is not None and sequence > at_most:
                continue
            try:
                yield Race.restore(path.read_bytes())
            except (CheckpointError, DecodeError, ValueError, FileNotFoundError) as error:
                _log.warning("checkpoint_unusable", file=path.name, error=repr(error))

    def retain(self, epochs: set[int]) -> None:
        """Removes what belongs to other epochs or to another version of the engine."""
        for path in self._directory.iterdir():
            version, _, rest = path.name.partition("-")
            epoch, _, _ = rest.partition("-")
            if version != ENGINE_VERSION or not epoch.isdigit() or int(epoch) not in epochs:
                path.unlink(missing_ok=True)

    def _files(self, epoch: int) -> list[tuple[int, Path]]:
        prefix = f"{ENGINE_VERSION}-{epoch}-"
        found = [
            (int(path.name.removeprefix(prefix)), path)
            for path in self._directory.glob(f"{prefix}*")
            if path.name.removeprefix(prefix).isdigit()
        ]
        return sorted(found, reverse=True)
