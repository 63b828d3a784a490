"""`ardoise drill` as a process: as the README shows it, Ctrl-C once and twice, a run that goes on after a refusal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ardoise.rehearsal.drills.inspection import connect, inspect
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.precheck import objections
from ardoise.up.control import Action

from tests.support.pages import commands, drill_commands
from tests.support.sites_up import MARKS, SitesUp
from tests.support.three_sites import until

pytestmark = [*MARKS, pytest.mark.slow]
LIMIT_S = 240
FEW_MESSAGES = 8


@contextmanager
def drill_run(sites_up: SitesUp, *names: str) -> Iterator[subprocess.Popen]:
    """The command, as someone types it."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ardoise",
            "drill",
            "run",
            *names,
            "--state-dir",
            str(sites_up.directory / "state"),
        ],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def typed(sites_up: SitesUp, command: str) -> None:
    here = Path(sys.executable).parent
    subprocess.run(
        command,
        shell=True,
        env={
            **os.environ,
            "ARDOISE_STATE_DIR": str(sites_up.directory / "state"),
            "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        },
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=LIMIT_S,
    )


def read_until(process: subprocess.Popen, text: str) -> str:
    """What it prints, up to the first line with this in it."""
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"it ended without {text!r}: {said}")


async def well(sites_up: SitesUp) -> None:
    """Comes back once the next drill may begin: mirrors are filled again, the database follows."""
    async with sites_up.control() as control:
        reached = Reached(await control.state())
        buses = await connect(reached)

        async def fit() -> bool:
            found = await inspect(control, reached, buses, own_race=True)
            newest = max(found.positions["truck"], default=0)
            ends = [logs.get(newest, 0) for logs in found.positions.values()]
            # A mirror that stands, and is not far behind yet, would be soon.
            return not objections(found) and max(ends) - min(ends) <= FEW_MESSAGES

        try:
            await until(fit, LIMIT_S)
        finally:
            await asyncio.gather(*(bus.close() for bus in buses.values()))


async def broken(sites_up: SitesUp) -> list[str]:
    """Links that are not whole, and parts that do not run."""
    async with sites_up.control() as control:
        state = await control.state()
    links = [f"{link['sender']} to {link['receiver']}" for link in state["links"]]
    return links + [
        f"{name} of {site}"
        for site, found in state["sites"].items()
        for name, part in found["parts"].items()
        if part["state"] != "running"
    ]


def test_the_readme_lists_the_drills_and_runs_one_that_holds(sites_up: SitesUp, repository: Path):
    said = {}
    for command in drill_commands(list(commands(repository / "README.md"))):
        done = subprocess.run(
            command,
            shell=True,
            cwd=repository,
            env={**os.environ, "ARDOISE_STATE_DIR": str(sites_up.directory / "state")},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert "region-lost" in said[".venv/bin/ardoise drill list"]
    assert "HELD  truck-isolated" in said[".venv/bin/ardoise drill run truck-isolated"]


async def test_ctrl_c_puts_right_what_was_broken_and_says_so(sites_up: SitesUp):
    with drill_run(sites_up, "truck-isolated", "region-lost") as drill:
        read_until(drill, "link truck - amsterdam: cut")
        assert await broken(sites_up) != []
        drill.send_signal(signal.SIGINT)
        said, _ = drill.communicate(timeout=LIMIT_S)

    assert drill.returncode == 130, said
    assert "ABORTED  truck-isolated" in said
    assert "it was ended from outside" in said
    assert "report: " in said
    assert "region-lost" not in said
    assert await broken(sites_up) == []


async def test_a_second_ctrl_c_says_what_is_broken_still_and_the_commands_it_prints_mend_it(
    sites_up: SitesUp,
):
    with drill_run(sites_up, "region-lost") as drill:
        read_until(drill, "kill everything")
        drill.send_signal(signal.SIGINT)
        read_until(drill, "back to normal")
        drill.send_signal(signal.SIGINT)
        said, _ = drill.communicate(timeout=LIMIT_S)

    assert drill.returncode == 130, said
    assert "it was left before everything was put right" in said
    assert "broken still: " in said
    mending = [line.split("to mend it: ")[1] for line in said.splitlines() if "to mend it: " in line]
    assert mending, said
    for command in mending:
        typed(sites_up, command)
    assert await broken(sites_up) == []
    await well(sites_up)


async def test_a_run_goes_on_after_a_drill_that_was_refused_and_ends_with_a_table(sites_up: SitesUp):
    async with sites_up.control() as control:
        await control.act("london", Action.KILL, "recorder")
        try:
            with drill_run(sites_up, "recorder-down", "switchover") as drill:
                said, _ = drill.communicate(timeout=LIMIT_S)
        finally:
            await control.act("london", Action.RESTORE, "recorder")

    assert drill.returncode == 1, said
    assert said.count("REFUSED") == 2
    table = said[said.rindex("verdict") :]
    assert "recorder-down" in table
    assert "switchover" in table
