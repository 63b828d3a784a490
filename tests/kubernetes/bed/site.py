"""One site: its process 1 started, found again, ended; by nothing but files and what the kernel says."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.kubernetes.bed import cgroups, first, layout
from tests.kubernetes.bed.first import start_time

START_LIMIT_S = 10.0
END_LIMIT_S = 20.0
POLL_S = 0.02


class SiteFailed(RuntimeError):
    """A site could not be started or ended; the message says where to look."""


class Opened:
    """Process 1 of a site, which waits for its network."""

    def __init__(self, pid: int, launcher: subprocess.Popen) -> None:
        self.pid = pid
        self._launcher = launcher

    def go(self) -> None:
        """Lets it start what it has to."""
        assert self._launcher.stdin is not None
        self._launcher.stdin.write(b"go\n")
        self._launcher.stdin.close()


def launch(plan: dict, plan_file: Path, log: Path) -> Opened:
    """Starts process 1 in namespaces of its own. Raises SiteFailed."""
    plan_file.parent.mkdir(parents=True, exist_ok=True)
    plan_file.write_text(json.dumps(plan, indent=1))
    log.parent.mkdir(parents=True, exist_ok=True)
    pid_file = Path(plan["pid_file"])
    pid_file.unlink(missing_ok=True)
    with log.open("ab") as written:
        # Nothing of whoever starts it: a site that a test brings back is the bed's, and outlives the test.
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", first.__file__, plan_file],
            stdin=subprocess.PIPE, stdout=written, stderr=written, env={},
        )  # fmt: skip
    try:
        code = launcher.wait(START_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        launcher.kill()
        raise SiteFailed(f"{plan['name']} did not start in {START_LIMIT_S:.0f} s: {log}") from error
    pid = running(pid_file)
    if code != 0 or pid is None:
        said = log.read_text(errors="replace").strip().splitlines()[-1:] or [f"exit code {code}"]
        raise SiteFailed(f"{plan['name']}: {said[0]} ({log})")
    return Opened(pid, launcher)


def running(pid_file: Path) -> int | None:
    """The pid that a file names, where that process still is the one that was meant."""
    with contextlib.suppress(OSError, ValueError):
        pid, _, started = pid_file.read_text().partition(" ")
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if start_time(int(pid)) == started and state not in "ZX":
            return int(pid)
    return None


def end(site: str) -> None:
    """Kills everything of a site, wherever it hides, and waits until it is gone. Raises SiteFailed."""
    deadline = time.monotonic() + END_LIMIT_S
    pid = running(layout.RUN_DIR / site / "pid")
    # First what would start the rest again; the kernel takes everything in its PID namespace with it.
    if pid is not None:
        _kill(pid)
    with contextlib.suppress(cgroups.CgroupsMissing):
        if cgroups.exists(site):
            # What is frozen does not die before it thaws.
            cgroups.freeze(site, frozen=False)
    while left := cgroups.processes(site) | ({pid} if _is_running(site) else set()):
        for one in cgroups.processes(site):
            _kill(one)
        if time.monotonic() > deadline:
            raise SiteFailed(f"processes of {site} do not end: {sorted(left)}")
        time.sleep(POLL_S)


def _is_running(site: str) -> bool:
    return running(layout.RUN_DIR / site / "pid") is not None


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
