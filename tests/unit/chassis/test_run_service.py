"""A service's process ends once its work has, whatever a library has left behind."""

import subprocess
import sys

LIMIT_S = 30
STUBBORN = """
import asyncio
from ardoise.chassis import lifecycle

lifecycle.LEFT_LIMIT_S = 0.2

async def swallows_cancellation():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

async def main():
    task = asyncio.create_task(swallows_cancellation())
    await asyncio.sleep(0)
    print("done", flush=True)

lifecycle.run_service(main())
"""


def test_a_task_that_cannot_be_cancelled_does_not_keep_the_process():
    ended = subprocess.run(
        [sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert ended.stdout == "done\n"
    assert ended.returncode == 1
    assert "asyncio" in ended.stderr, "it says where it was"
