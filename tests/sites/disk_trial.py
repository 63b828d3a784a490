"""A program: cuts a disk's power, fills it, has it stand still, and says what came of it. Run by test_disk."""

import json
import os
import sys
import time
from pathlib import Path

from ardoise.up.disk import STALL_S, Disk, DiskUnavailable

STALLS_WITHIN_S = 20.0
CONTENT = b"x" * 65_536


def main(directory: Path) -> None:
    try:
        disk = Disk(directory / "disk.img", directory / "disk")
    except DiskUnavailable as error:
        print(json.dumps({"unavailable": str(error)}))
        return
    synced, lazy = directory / "disk" / "synced", directory / "disk" / "lazy"
    for path in (synced, lazy):
        path.write_text(path.name)
    sync(synced)
    disk.image()
    disk.restore_image()
    found: dict[str, object] = {path.name: path.exists() and path.read_text() for path in (synced, lazy)}
    disk.fill()
    found["full"] = not written(directory / "disk" / "more")
    disk.ease()
    found["has room"] = written(directory / "disk" / "more")
    disk.stall()
    found["stands"] = slow_write(directory / "disk" / "more")
    disk.ease()
    found["eased"] = write_s(directory / "disk" / "more") < STALL_S / 2
    print(json.dumps(found))


def sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def written(path: Path) -> bool:
    try:
        path.write_bytes(CONTENT)
        sync(path)
    except OSError:
        return False
    return True


def write_s(path: Path) -> float:
    began_s = time.monotonic()
    written(path)
    return time.monotonic() - began_s


def slow_write(path: Path) -> bool:
    """Whether one of them waits for the disk, sooner or later."""
    deadline_s = time.monotonic() + STALLS_WITHIN_S
    while time.monotonic() < deadline_s:
        if write_s(path) > STALL_S / 2:
            return True
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]))
