"""WAL that is gone: what a stopped server needs no more to start, and its neighbours may need to come back to it."""

import re
import subprocess
from pathlib import Path

SEGMENT = re.compile(r"[0-9A-F]{24}")
NEEDED = re.compile(r"^Latest checkpoint's REDO WAL file: +([0-9A-F]{24})$", re.MULTILINE)
LOOK_LIMIT_S = 10
TIMELINE_CHARACTERS = 8
"""In front of a segment's name."""


def lose_wal(binaries: Path, data: Path) -> list[str]:
    """Takes away all WAL before the last checkpoint, as where too little of it was kept; the segments' names.

    Raises OSError, subprocess.SubprocessError.
    """
    command = [binaries / "pg_controldata", data]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LOOK_LIMIT_S, check=True, env={"LC_ALL": "C"}
    )
    needed = NEEDED.search(done.stdout)
    if needed is None:
        raise OSError(f"{data}: pg_controldata names no checkpoint")
    lost = sorted(
        segment.name
        for segment in (data / "pg_wal").iterdir()
        if SEGMENT.fullmatch(segment.name)
        and segment.name[TIMELINE_CHARACTERS:] < needed[1][TIMELINE_CHARACTERS:]
    )
    for name in lost:
        (data / "pg_wal" / name).unlink()
    return lost
