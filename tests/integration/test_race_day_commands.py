"""The README's race day, command by command, beside a running `ardoise up`."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.pages import commands, race_day_commands

START_LIMIT_S = 90
STOP_LIMIT_S = 30
COMMAND_LIMIT_S = 60
pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("demo")]


@pytest.fixture
def surroundings(repository: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a shell beside a running site."""
    environment = {**os.environ, "ARDOISE_STATE_DIR": str(tmp_path / "state")}
    output = tmp_path / "up.txt"
    with output.open("wb") as sink:
        up = subprocess.Popen(
            [".venv/bin/ardoise", "up"],
            cwd=repository,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while "the race: http" not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            assert up.poll() is None, output.read_text()
            time.sleep(0.1)
        yield {**environment, "ARDOISE_INGEST_TARGET": ingest_target(up.pid)}
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(STOP_LIMIT_S)


def ingest_target(supervisor: int) -> str:
    """Where ingest listens: its usual port, or another where that was taken on this machine."""
    for process in psutil.Process(supervisor).children(recursive=True):
        if process.cmdline()[-1:] == ["ingest"]:
            return process.environ()["ARDOISE_GRPC_LISTEN"]
    raise AssertionError("no ingest")


def test_the_readme_takes_a_stage_from_its_file_to_its_start(repository: Path, surroundings: dict[str, str]):
    up, *beside = race_day_commands(list(commands(repository / "README.md")))
    assert up == ".venv/bin/ardoise up"
    said = {}
    for command in beside:
        done = subprocess.run(
            command,
            shell=True,
            cwd=repository,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert "flag dropped" in said[".venv/bin/ardoise race decisions"]
