"""`ardoise tracker` as a person runs it beside a gateway."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass

from tests.support.gateway import Gateway

LIMIT_S = 60.0


@dataclass(frozen=True)
class Done:
    """What it said, and its exit code."""

    code: int
    out: str
    err: str


class Command:
    """One run. `line()` waits for what is printed next."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._out = ""

    @classmethod
    async def start(cls, gateway: Gateway, *arguments: str, **surroundings: str) -> "Command":
        """`surroundings`: variables on top of where the gateway's services are."""
        told = {
            "ARDOISE_STATE_DIR": str(gateway.platform.state_dir),
            "ARDOISE_IDENTITY_DIR": str(gateway.platform.identity_dir),
            "ARDOISE_INGEST_TARGET": f"127.0.0.1:{gateway.ingest_port}",
            "ARDOISE_TRACKERS_TARGET": f"127.0.0.1:{gateway.port}",
            # Nobody is there: names and the road are left out.
            "ARDOISE_POSITIONING_TARGET": "127.0.0.1:1",
            "COLUMNS": "250",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ardoise", "tracker", *arguments),
            env={**os.environ, **told, **surroundings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def line(self, beginning: str) -> str:
        """The next line that begins so."""
        async with asyncio.timeout(LIMIT_S):
            while line := (await self._process.stdout.readline()).decode():
                self._out += line
                if line.startswith(beginning):
                    return line.strip()
        raise AssertionError(f"no line {beginning!r}: {self._out}{(await self.done()).err}")

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    async def done(self) -> Done:
        """Waits for its end."""
        async with asyncio.timeout(LIMIT_S):
            out, err = await self._process.communicate()
        return Done(self._process.returncode, self._out + out.decode(), err.decode())


async def tracker(gateway: Gateway, *arguments: str, **surroundings: str) -> Done:
    """Runs it to its end."""
    return await (await Command.start(gateway, *arguments, **surroundings)).done()
