"""A person's leave to promote a region although data may be lost: a file in the region, for one operation, used once.

It is a file and no key in etcd: where it is needed, etcd may have no majority to write one.
"""

import json
import os
import time
from pathlib import Path

FILE = "leave-to-promote.json"
# A forgotten leave must not let the next failover through.
VALID_S = 300


def give_leave(state_dir: Path, operation: str, valid_s: float = VALID_S) -> None:
    """Lets the region be promoted once within `valid_s`, whatever the guard says. `operation` is its id."""
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = state_dir / f"{FILE}.partial"
    partial.write_text(json.dumps({"operation": operation, "until_unix_s": time.time() + valid_s}))
    partial.replace(state_dir / FILE)


def withdraw_leave(state_dir: Path) -> None:
    """The operation is done without it, or is given up: the next failover asks the guard again."""
    (state_dir / FILE).unlink(missing_ok=True)


def use_leave(state_dir: Path) -> str | None:
    """The operation whose leave there is, used up by this call; None: none, or its time is over, or used before."""
    path = state_dir / FILE
    try:
        leave = json.loads(path.read_text())
        operation, until_unix_s = str(leave["operation"]), float(leave["until_unix_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        # The name says that it was used: a second leave of the same operation meets it.
        os.link(path, state_dir / f"leave-used-{operation.replace('/', '_')}.json")
        used_before = False
    except FileExistsError:
        used_before = True
    path.unlink(missing_ok=True)
    return None if used_before or time.time() > until_unix_s else operation
