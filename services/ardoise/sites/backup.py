"""Backups of a region in a directory: which there are, when one is whole, which go. docs/backup-and-restore.md."""

import datetime as dt
import json
import os
import shutil
from pathlib import Path

DATABASE, LOGS, TOLD = "database", "logs", "backup.json"
PARTIAL = ".partial"
_NAME = "%Y-%m-%dT%H-%M-%SZ"


def begin(directory: Path, now: dt.datetime) -> Path:
    """The folder of a new backup, not whole yet. What an earlier one left half done goes."""
    for left in directory.glob(f"*{PARTIAL}"):
        shutil.rmtree(left)
    made = directory / f"{now.astimezone(dt.UTC).strftime(_NAME)}{PARTIAL}"
    made.mkdir(parents=True)
    return made


def complete(partial: Path, site: str, logs: dict[int, int]) -> Path:
    """Gives it its name: from now on it counts. `logs`: the last sequence of each, by epoch."""
    told = {"site": site, "logs": {str(epoch): last for epoch, last in logs.items()}}
    (partial / TOLD).write_text(json.dumps(told, indent=1))
    os.sync()
    return partial.rename(partial.with_suffix(""))


def whole(directory: Path) -> list[Path]:
    """Backups that are whole, oldest first."""
    return sorted(path.parent for path in directory.glob(f"*/{TOLD}") if path.parent.suffix != PARTIAL)


def prune(directory: Path, keep: int) -> list[Path]:
    """Removes the oldest beyond `keep`; returns which."""
    gone = whole(directory)[:-keep]
    for path in gone:
        shutil.rmtree(path)
    return gone
