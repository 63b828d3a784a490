"""Processes under a supervisor, killed and held."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from ardoise.up.supervisor import Part, Supervisor, bound_command

LIMIT_S = 20.0


def sleeper(name: str) -> Part:
    return Part(name, bound_command([sys.executable, "-c", "import time; time.sleep(600)"]))


async def restarted(part: Part, count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if part.restarts >= count and part.process.returncode is None:
                return
            await asyncio.sleep(0.02)


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
