"""`kubectl ardoise` as kubectl runs it, and an operator whose part a test plays."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.kubernetes.alone import ApiServer
from tests.support.operator_pictures import World
from tests.support.own_kinds import GROUP, PLURALS, VERSION, example_objects

NAMESPACE = "race"
DRILL = "region-lost-weekly"
SCREEN_COLUMNS = 100
SAY_LIMIT_S = 60.0
POLL_S = 0.05


class Said:
    """A command that runs, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.text = process, ""
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while letter := self.process.stdout.read(1):
            self.text += letter

    def until(self, words: str) -> None:
        """Returns once it has said so."""
        deadline = time.monotonic() + SAY_LIMIT_S
        while words not in self.text:
            over = self.process.poll() is not None and not self._reading.is_alive()
            assert not over, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(POLL_S)

    def answer(self, text: str) -> None:
        """To what it asks."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def over(self) -> tuple[int, str]:
        """Its exit code and all that it said."""
        code = self.process.wait(SAY_LIMIT_S)
        self._reading.join()
        return code, self.text


@contextmanager
def begun(server: ApiServer, *arguments: str, kubeconfig: Path | None = None) -> Iterator[Said]:
    """`kubectl ardoise ...`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{server.cluster.kubectl_program.parent}{os.pathsep}/usr/bin"
    process = subprocess.Popen(
        # A run in the background is deaf to Ctrl-C, and so would be what it starts.
        ["env", "--default-signal=INT", server.cluster.kubectl_program, "ardoise", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={
            **os.environ,
            **{"PATH": path, "KUBECONFIG": str(kubeconfig or server.kubeconfig)},
            **{"COLUMNS": str(SCREEN_COLUMNS), "PYTHONUNBUFFERED": "1"},
        },
    )  # fmt: skip
    said = Said(process)
    try:
        yield said
    finally:
        process.kill()
        said.over()
        assert process.stdin is not None
        process.stdin.close()
        assert process.stdout is not None
        process.stdout.close()


def done(server: ApiServer, *arguments: str, kubeconfig: Path | None = None) -> tuple[int, str]:
    """Exit code and what was said, without an answer to anything."""
    with begun(server, *arguments, kubeconfig=kubeconfig) as said:
        assert said.process.stdin is not None
        said.process.stdin.close()
        return said.over()


def path_of(kind: str, name: str = "") -> str:
    """Of a kind's list in the namespace, or of an object."""
    listed = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{PLURALS[kind]}"
    return f"{listed}/{name}" if name else listed


class Operator:
    """What it would write; as somebody else does in the operator's place, the objects are made anew for each test."""

    def __init__(self, server: ApiServer) -> None:
        self.world = World()
        self._server = server
        for one in (self.world.replication, *self.world.sites.values(), dict(example_objects()[DRILL])):
            kind, name = one["kind"], one["metadata"]["name"]
            server.api.delete(path_of(kind, name))
            server.api.create(path_of(kind), {**one, "metadata": {"name": name, "namespace": NAMESPACE}})

    @property
    def replication(self) -> dict[str, Any]:
        """As it stands."""
        return self._server.api.get(path_of("Replication", "race"))

    @property
    def spec(self) -> dict[str, Any]:
        """The Replication's."""
        return self.replication["spec"]

    def write(self, **status: Any) -> None:
        """The world as it is, with this changed, of now and of the newest spec."""
        self.world.status.update(status)
        for site in self.world.sites.values():
            path = path_of("Site", site["metadata"]["name"])
            self._server.api.merge(f"{path}/status", {"status": site["status"]})
        self.world.status["observedGeneration"] = self.replication["metadata"]["generation"]
        self.beat()

    def beat(self) -> None:
        """It looked again, and all is as it was."""
        self.world.status["observedAt"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        absent = {"operation": None, "history": None}
        path = path_of("Replication", "race")
        self._server.api.merge(f"{path}/status", {"status": {**absent, **self.world.status}})

    def say(self, kind: str, status: str, reason: str, message: str = "") -> None:
        """A condition."""
        self.world.say(kind, status, reason, message)
        self.write()


def kubeconfig(server: ApiServer, path: Path, user: dict[str, Any]) -> Path:
    """The server's, with somebody else's credential."""
    config = json.loads(server.kubeconfig.read_text())
    config["users"][0]["user"] = user
    path.write_text(json.dumps(config))
    return path
