"""An API server alone, with its etcd and no node: what takes objects, validates them and shows them."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from ardoise.chassis.child import bound
from ardoise.up.ports import Ports
from ardoise.up.programs import Programs, ProgramsMissing, debian_programs

from tests.kubernetes.bed import layout, pki, plan, settings
from tests.kubernetes.bed.api import Api, ApiRefused
from tests.kubernetes.bed.cluster import Cluster
from tests.kubernetes.bed.parts import Built, PartsMissing, found

NAME = layout.SITES[0]
"""It bears a site's certificates."""
START_LIMIT_S = 240.0
"""Ready after 3 s on two idle cores; a minute where others have them."""
MOST_STARTS = 5
"""Of the API server, which gives its own start up where it is let run too little."""
REQUEST_LIMIT_S = 60.0
"""It takes milliseconds where it is let run."""
STOP_LIMIT_S = 10.0
POLL_S = 0.05


class ApiServer:
    """As the bed's, at free ports of loopback, in a directory of its own; needs no root."""

    def __init__(self, directory: Path, built: Built, programs: Programs) -> None:
        self.directory = directory
        self.kubeconfig = directory / "kubeconfig"
        self.api: Api
        """From start() to stop()."""
        self._built, self._programs = built, programs
        self._ports = Ports({"etcd": 0, "peers": 0, "api": 0})
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def cluster(self) -> Cluster:
        """The same by kubectl."""
        return Cluster(NAME, NAME, self._built.program("kubectl"), str(self.kubeconfig))

    def start(self) -> None:
        """Returns once it takes objects. Raises RuntimeError with the end of the logs where it does not."""
        keys, ports = self.directory / "pki", self._ports.numbers
        pki.write(NAME, keys)
        authentication = self.directory / "authentication.json"
        authentication.write_text(settings.authentication())
        config = settings.kubeconfig(NAME, f"https://{self._ports.at('api')}", keys, "admin")
        self.kubeconfig.write_text(settings.text(config))
        self.api = Api(self.kubeconfig, REQUEST_LIMIT_S)
        kept = plan.etcd_options(keys, self.directory / "etcd", ports["etcd"], ports["peers"])
        self._running.append(self._process(self._programs.etcd, *kept))
        server = (
            *plan.api_server_options(keys, authentication, ports["etcd"], ports["api"]),
            "--bind-address=127.0.0.1",
            # It would tell pods of an address that only loopback has; there are no pods.
            "--endpoint-reconciler-type=none",
        )
        deadline = time.monotonic() + START_LIMIT_S
        for _ in range(MOST_STARTS):
            if time.monotonic() > deadline:
                break
            self._running.append(self._process(self._built.program("kube-apiserver"), *server))
            if self._comes_up(deadline):
                return
            self._end(self._running.pop())
        last_words = self._last_words()
        self.stop()
        raise RuntimeError(f"the API server did not start:\n{last_words}")

    def signal(self, number: signal.Signals) -> None:
        """To the API server, not to its etcd: SIGSTOP leaves whoever asks it without an answer."""
        self._running[-1].send_signal(number)

    def restart(self) -> None:
        """Kills the API server and starts it anew over the same etcd."""
        process = self._running.pop()
        command = process.args
        process.kill()
        process.wait()
        with (self.directory / "kube-apiserver.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory
                )
            )
        if not self._comes_up(time.monotonic() + START_LIMIT_S):
            raise RuntimeError(f"the API server did not start again:\n{self._last_words()}")

    def stop(self) -> None:
        """Does nothing where it does not run."""
        if self._running:
            self.api.close()
        while self._running:
            self._end(self._running.pop())
        self._ports.close()

    def _comes_up(self, deadline: float) -> bool:
        """Whether it does before it ends or the time is over."""
        while time.monotonic() < deadline and self._running[-1].poll() is None:
            if self._ready():
                return True
            time.sleep(POLL_S)
        return False

    def _ready(self) -> bool:
        """A namespace that it makes by itself is there: only then it takes objects into one."""
        try:
            return self.api.ready() and bool(self.api.get("/api/v1/namespaces/default"))
        except (ApiRefused, httpx.HTTPError):
            return False

    def _process(self, program: Path, *options: str) -> subprocess.Popen[bytes]:
        command = bound([str(program), *options], signal.SIGKILL)
        with (self.directory / f"{program.name}.log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory
            )

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _last_words(self) -> str:
        logs = sorted(self.directory.glob("*.log"))
        return "\n".join("\n".join(log.read_text().splitlines()[-10:]) for log in logs)


@contextmanager
def serving(directory: Path, what: str) -> Iterator[ApiServer]:
    """One that takes objects, in an empty directory. Skips where the parts are not here: then `what` is not tested."""
    try:
        parts = found("kubernetes"), debian_programs(print)
    except (PartsMissing, ProgramsMissing) as error:
        pytest.skip(f"not tested: {what}. {error}")
    server = ApiServer(directory, *parts)
    with pytest.MonkeyPatch.context() as patch:
        # kubectl keeps by host and port which kinds a server knows, and another run's server may have had this port.
        patch.setenv("KUBECACHEDIR", str(directory / "cache"))
        try:
            server.start()
            yield server
        finally:
            server.stop()
