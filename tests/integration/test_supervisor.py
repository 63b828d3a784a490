"""Processes under a supervisor, killed, held and stopped."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from ardoise.up.supervisor import Part, Supervisor, bound_command

LIMIT_S = 20.0
POLL_S = 0.02
# Told to stop, it says so in a file of its own name, and ends when all the others named have said so too; with
# "already" it fails where they have not.
PROGRAM = """
import pathlib, signal, sys, time
when, directory, own, *others = sys.argv[1:]
directory = pathlib.Path(directory)
def stop(*_):
    (directory / own).touch()
    while not all((directory / other).exists() for other in others):
        if when == "already":
            sys.exit("stopped before its time")
        time.sleep(0.01)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    signal.pause()
"""


def sleeper(name: str) -> Part:
    return Part(name, bound_command([sys.executable, "-c", "import time; time.sleep(600)"]))


async def restarted(part: Part, count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if part.restarts >= count and part.process.returncode is None:
                return
            await asyncio.sleep(POLL_S)


async def test_a_part_that_is_held_stays_down_until_it_is_released(tmp_path: Path):
    supervisor = Supervisor(tmp_path)
    one, other = sleeper("one"), sleeper("other")
    await supervisor.start(one)
    await supervisor.start(other)
    before = one.process.pid
    await supervisor.hold(one, other)
    assert (one.process.returncode, other.process.returncode) == (-signal.SIGKILL, -signal.SIGKILL)
    await supervisor.release(one)
    assert one.process.pid != before
    assert other.process.returncode is not None
    # Watched again: a death after the release is followed by a restart.
    os.kill(one.process.pid, signal.SIGKILL)
    await restarted(one, 1)
    await supervisor.release(other)
    assert other.process.returncode is None
    await supervisor.stop()


async def test_a_part_that_is_held_while_it_waits_for_its_restart_is_not_restarted(tmp_path: Path):
    supervisor = Supervisor(tmp_path)
    part = sleeper("one")
    await supervisor.start(part)
    os.kill(part.process.pid, signal.SIGKILL)
    await part.process.wait()
    dead = part.process.pid
    await supervisor.hold(part)
    assert part.process.pid == dead
    await supervisor.release(part)
    alive = part.process.pid
    await asyncio.wait({asyncio.ensure_future(part.process.wait())}, timeout=0.5)
    assert (part.process.pid, part.process.returncode) == (alive, None)
    await supervisor.stop()


async def test_what_was_started_together_is_stopped_together_and_after_what_came_later(tmp_path: Path):
    supervisor = Supervisor(tmp_path / "logs")

    def part(when: str, own: str, *others: str) -> Part:
        async def ready() -> None:
            async with asyncio.timeout(LIMIT_S):
                while "ready" not in supervisor.log_path(made).read_text():  # noqa: ASYNC110 - another's file
                    await asyncio.sleep(POLL_S)

        argv = [sys.executable, "-c", PROGRAM, when, str(tmp_path), own, *others]
        made = Part(own, bound_command(argv), ready=ready)
        return made

    await supervisor.start(part("already", "database", "one", "other"))
    await supervisor.start(part("in time", "one", "other"), part("in time", "other", "one"))
    await supervisor.stop()

    assert {made.name: made.process.returncode for made in supervisor.parts} == {
        "database": 0,
        "one": 0,
        "other": 0,
    }


async def test_what_needs_its_peers_keeps_nothing_else_down_when_a_site_comes_back_alone(tmp_path: Path):
    peers = asyncio.Event()
    etcd, other = sleeper("etcd"), sleeper("other")
    etcd.ready, etcd.needs_peers = peers.wait, True
    supervisor = Supervisor(tmp_path)
    peers.set()
    await supervisor.start(etcd)
    await supervisor.start(other)
    await supervisor.hold(etcd, other)
    peers.clear()
    async with asyncio.timeout(LIMIT_S):
        await supervisor.release(etcd, other)
    assert (etcd.process.returncode, other.process.returncode) == (None, None)
    await supervisor.stop()


async def test_what_is_held_is_gone_with_all_that_it_started(tmp_path: Path):
    started = tmp_path / "started"
    program = (
        "import pathlib, subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"pathlib.Path({str(started)!r}).write_text(str(child.pid)); time.sleep(600)"
    )

    async def ready() -> None:
        async with asyncio.timeout(LIMIT_S):
            while not (started.exists() and started.read_text()):  # noqa: ASYNC110 - another's file
                await asyncio.sleep(POLL_S)

    supervisor = Supervisor(tmp_path / "logs")
    part = Part("keeper", bound_command([sys.executable, "-c", program]), ready=ready)
    await supervisor.start(part)
    await supervisor.hold(part)
    assert not psutil.pid_exists(int(started.read_text()))
    await supervisor.stop()


async def test_a_part_that_says_it_is_not_well_is_started_anew_and_one_that_says_nothing_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ardoise.up.supervisor.UNWELL_EVERY_S", POLL_S)
    supervisor = Supervisor(tmp_path)
    said = iter([True, True, False, True, True, True])
    asked = asyncio.Event()

    async def unwell() -> bool:
        answer = next(said, None)
        if answer is None:
            asked.set()
        return bool(answer)

    part = sleeper("one")
    part.unwell = unwell
    await supervisor.start(part)
    first = part.process.pid
    await restarted(part, 1)
    assert part.process.pid != first
    async with asyncio.timeout(LIMIT_S):
        await asked.wait()
    assert part.restarts == 1
    await supervisor.stop()
