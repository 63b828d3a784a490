"""A SitesService that says what a test wants: served over gRPC with TLS, as the real one is."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.rpc import OPERATORS, RpcServer, Servicer
from ardoise.chassis.settings import CommonSettings
from ardoise.pb import sites_pb2, sites_pb2_grpc
from ardoise_operator.secrets import HOLDER

NAME = "sites"
START_LIMIT_S = 20.0


class ScriptedSites(sites_pb2_grpc.SitesServiceServicer):
    """`status`: what it says; None: it says that it cannot."""

    def __init__(self, status: sites_pb2.SitesStatus) -> None:
        self.status: sites_pb2.SitesStatus | None = status
        self.asked = 0

    async def GetSitesStatus(
        self, request: sites_pb2.GetSitesStatusRequest, context: grpc.aio.ServicerContext
    ) -> sites_pb2.GetSitesStatusResponse:
        """All sites."""
        del request
        self.asked += 1
        if self.status is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "scripted")
        return sites_pb2.GetSitesStatusResponse(status=self.status)

    def servicer(self) -> Servicer:
        """For services and operators, as the real one."""
        added = sites_pb2_grpc.add_SitesServiceServicer_to_server
        return Servicer(self, added, "ardoise.v1.SitesService", {"*": OPERATORS})


def identities(directory: Path) -> dict[str, bytes]:
    """Makes a CA and those of `sites` and of the operator; returns what a Secret for the operator has."""
    ensure_development_identity(directory, NAME, Role.SERVICE)
    ensure_development_identity(directory, HOLDER, Role.RACE_OPERATIONS)
    names = ("ca.pem", f"{HOLDER}.pem", f"{HOLDER}.key")
    return {name: (directory / name).read_bytes() for name in names}


@asynccontextmanager
async def served(sites: ScriptedSites, directory: Path) -> AsyncIterator[str]:
    """At a free port, which is told, with the identity of `sites` in the directory."""
    settings = CommonSettings(state_dir=directory, identity_dir=directory, grpc_listen="127.0.0.1:0")
    server = RpcServer(NAME, settings, (sites.servicer(),))
    await server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        await server.drain()


class SitesThread:
    """The same from a thread of its own, for tests that wait for others without a loop."""

    def __init__(self, sites: ScriptedSites, directory: Path) -> None:
        self._sites, self._directory = sites, directory
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._targets: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self.target = ""
        """host:port, from start() on."""

    def start(self) -> None:
        """Returns once it answers."""
        self._thread.start()
        self.target = self._targets.get(timeout=START_LIMIT_S)

    def stop(self) -> None:
        """Ends it."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with served(self._sites, self._directory) as target:
            self._targets.put(target)
            await self._stopping.wait()
