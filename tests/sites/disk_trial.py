"""A program: writes to a disk, cuts its power, and says what is left. Run by test_disk."""

import json
import os
import sys
from pathlib import Path

from ardoise.up.disk import Disk, DiskUnavailable


def main(directory: Path) -> None:
    try:
        disk = Disk(directory / "disk.img", directory / "disk")
    except DiskUnavailable as error:
        print(json.dumps({"unavailable": str(error)}))
        return
    synced, lazy = directory / "disk" / "synced", directory / "disk" / "lazy"
    for path in (synced, lazy):
        path.write_text(path.name)
    with synced.open("rb") as file:
        os.fsync(file.fileno())
    disk.image()
    disk.restore_image()
    print(json.dumps({path.name: path.exists() and path.read_text() for path in (synced, lazy)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
