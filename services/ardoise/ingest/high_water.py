"""How far this site has acknowledged, kept outside JetStream: a log that starts below it has lost its tail."""

import asyncio
import json
import os
import struct
import zlib
from pathlib import Path

from ardoise.pb.setup_pb2 import StageSetup

MOST_SEAMS = 256
"""Starts in a row that no region could be asked at; of more, the newest count."""
_RECORD = struct.Struct("<QQL")


class HighWaterMarks:
    """One file an epoch: two slots of (counter, sequence, checksum), written in turn, so that a torn write costs
    one slot and not the mark; beside it the stage's set-up, for an epoch whose log is gone altogether.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files: dict[int, int] = {}
        self._counters: dict[int, int] = {}

    def epochs(self) -> list[int]:
        """Epochs that have a mark, oldest first."""
        return sorted(int(path.stem) for path in self._directory.glob("*.mark"))

    def read(self, epoch: int) -> int:
        """The highest sequence acknowledged; 0 where none was, or nothing readable is left."""
        return self._newest(epoch)[1]

    def set_up(self, epoch: int) -> StageSetup:
        """The epoch's set-up as open() was given it. Raises FileNotFoundError."""
        return StageSetup.FromString((self._directory / f"{epoch}.setup").read_bytes())

    def open(self, epoch: int, setup: StageSetup) -> None:
        """Begins to keep the mark of an epoch, durable before it returns."""
        path = self._directory / f"{epoch}.setup"
        if not path.exists():
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                file.write(setup.SerializeToString())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        if epoch not in self._files:
            mark = self._directory / f"{epoch}.mark"
            self._counters[epoch] = self._newest(epoch)[0]
            self._files[epoch] = os.open(mark, os.O_RDWR | os.O_CREAT, 0o600)
            directory = os.open(self._directory, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)

    async def raise_to(self, epoch: int, sequence: int) -> None:
        """Moves the mark up, on disk before it returns."""
        await asyncio.to_thread(self._write, epoch, sequence)

    def seams(self, epoch: int) -> list[int]:
        """Sequences that were the first to be written after a start, since a region last could not be compared."""
        try:
            return json.loads((self._directory / f"{epoch}.seams").read_text())
        except (FileNotFoundError, ValueError):
            return []

    def keep_seam(self, epoch: int, sequence: int) -> None:
        """Adds one, on disk before it returns: what is written from there on a region may know otherwise."""
        path = self._directory / f"{epoch}.seams"
        partial = path.with_suffix(".partial-seams")
        with partial.open("w") as file:
            file.write(json.dumps(sorted({*self.seams(epoch), sequence})[-MOST_SEAMS:]))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def forget_seams(self, epoch: int) -> None:
        """Every region was compared."""
        (self._directory / f"{epoch}.seams").unlink(missing_ok=True)

    def retire(self, epoch: int) -> None:
        """Stops keeping an epoch whose loss has been recorded in its successor."""
        file = self._files.pop(epoch, None)
        if file is not None:
            os.close(file)
        for suffix in ("mark", "setup", "seams"):
            (self._directory / f"{epoch}.{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the files."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _write(self, epoch: int, sequence: int) -> None:
        counter = self._counters[epoch] = self._counters[epoch] + 1
        body = struct.pack("<QQ", counter, sequence)
        record = body + struct.pack("<L", zlib.crc32(body))
        os.pwrite(self._files[epoch], record, (counter % 2) * _RECORD.size)
        os.fdatasync(self._files[epoch])

    def _newest(self, epoch: int) -> tuple[int, int]:
        try:
            content = (self._directory / f"{epoch}.mark").read_bytes()
        except FileNotFoundError:
            return 0, 0
        found = (0, 0)
        for slot in (content[: _RECORD.size], content[_RECORD.size :]):
            if len(slot) == _RECORD.size and zlib.crc32(slot[:16]) == _RECORD.unpack(slot)[2]:
                counter, sequence, _ = _RECORD.unpack(slot)
                found = max(found, (counter, sequence))
        return found
