"""`make demo` as a newcomer meets it: two at once, a page each, and nothing left however it ends."""

import os
import re
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

START_LIMIT_S = 90
STOP_LIMIT_S = 30
ON_THE_ROAD = {"racing", "neutral"}
MARK = "DEMO_MARK"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("demo")]


class Demo:
    """One running `make demo`, in a process group of its own as a terminal gives it, its output in a file."""

    def __init__(self, repository: Path, directory: Path, *arguments: str) -> None:
        self.mark = uuid.uuid4().hex
        self._directory = directory
        self._output = directory / f"{self.mark}.txt"
        environment = {**os.environ, MARK: self.mark, "TMPDIR": str(directory)}
        with self._output.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", "demo", *arguments],
                cwd=repository,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._output.read_text()

    @property
    def processes(self) -> list[psutil.Process]:
        """What lives of it, found by the environment that all of it inherits: also in other process groups."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def page(self) -> str:
        """URL of the race page, once it is printed."""
        found = self.wait(lambda: re.search(r"the race: (http://\S+)", self.said), "page")
        return found[1]

    def race(self) -> dict[str, Any]:
        """The race as the page has it, once its riders ride."""
        url = f"{self.page()}/api/state"

        def look() -> dict[str, Any] | None:
            state = httpx.get(url).json()["state"]
            riding = (
                [status for status in state["riders"]["status"] if status in ON_THE_ROAD] if state else []
            )
            return state if len(riding) > 100 else None

        return self.wait(look, "race")

    def wait[T](self, look: Callable[[], T | None], what: str) -> T:
        """What look finds, as soon as it does. Raises AssertionError with all that the demo said."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.make.poll() is None:
            if found := look():
                return found
            time.sleep(0.1)
        raise AssertionError(f"no {what}:\n{self.said}")

    @property
    def left(self) -> list[Path]:
        """What it left on the disk."""
        return list(self._directory.glob("ardoise-demo-*"))

    def outlived_by(self) -> list[str]:
        """The commands of it that still run when all of it should have ended: none."""
        deadline = time.monotonic() + STOP_LIMIT_S
        self.make.wait(STOP_LIMIT_S)
        while self.processes and time.monotonic() < deadline:
            time.sleep(0.05)
        return [" ".join(process.cmdline()) for process in self.processes]


@pytest.fixture
def demo(repository: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []
    # Not under tmp_path: a socket's path may have 107 characters.
    directory = tempfile.TemporaryDirectory(prefix="demo-")

    def start(*arguments: str) -> Demo:
        started.append(Demo(repository, Path(directory.name), *arguments))
        return started[-1]

    yield start
    for running in started:
        for process in running.processes:
            process.kill()
        running.make.wait(STOP_LIMIT_S)
    directory.cleanup()


def test_two_demos_run_at_once_and_leave_nothing_behind(demo: Callable[..., Demo]):
    first, second = demo(), demo()
    assert first.page() != second.page()
    assert len(first.race()["riders"]["bib"]) == 176
    assert len(second.race()["riders"]["bib"]) == 176

    # Ctrl-C reaches the whole group; a service manager's SIGTERM reaches make alone.
    os.killpg(first.make.pid, signal.SIGINT)
    second.make.terminate()

    assert first.outlived_by() == []
    assert second.outlived_by() == []
    assert first.left == []


def test_a_recorded_stage_of_the_real_race_runs_the_same_way(demo: Callable[..., Demo], shared_data: Path):
    running = demo(f"RACE={shared_data / 'race/tour-2026-stage-04.json.gz'}", "SPEED=60")
    assert len(running.race()["riders"]["bib"]) == 184
    running.make.terminate()
    assert running.outlived_by() == []


def test_a_demo_that_cannot_start_says_why_in_a_line_and_leaves_nothing(demo: Callable[..., Demo]):
    running = demo("RACE=/nowhere.json.gz")
    assert running.outlived_by() == []
    assert running.make.returncode != 0
    assert "/nowhere.json.gz" in running.said
    assert "Traceback" not in running.said
    assert running.left == []


def test_a_demo_killed_with_sigkill_takes_its_servers_with_it(demo: Callable[..., Demo]):
    running = demo()
    running.page()
    supervisor = next(p for p in running.processes if "demo" in p.cmdline() and "make" not in p.name())
    supervisor.kill()
    assert running.outlived_by() == []
