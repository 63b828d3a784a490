"""The README's race day, command by command, beside a running `ardoise up`."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ardoise.up.plan import PORTS

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
    # Somebody else has ingest's usual port, on every machine: what is printed has to be enough.
    taken = socket.socket()
    with contextlib.suppress(OSError):
        taken.bind(("127.0.0.1", PORTS["ingest"]))
        taken.listen()
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
        while "logs: " not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            assert up.poll() is None, output.read_text()
            time.sleep(0.1)
        [target] = re.findall(r"export ARDOISE_INGEST_TARGET=(\S+)", output.read_text())
        yield {**environment, "ARDOISE_INGEST_TARGET": target}
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(STOP_LIMIT_S)
        taken.close()


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
