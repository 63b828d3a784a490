"""How a service is, for whoever speaks no TLS: a kubelet's probe. A port of its own with grpc.health.v1 on it, no more.

alive    its loop runs; from the moment it has one, whatever it still waits for
(empty)  it does its work; from `run` until it is to stop
"""

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from ardoise.chassis.settings import host_and_port

ALIVE, READY = "alive", ""
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class HealthPort:
    """start() opens it, stop() closes it. `port` is its number."""

    def __init__(self, listen: str) -> None:
        """`listen`: host:port; port 0: any free one. Raises ValueError, RuntimeError where it is taken."""
        host, port = host_and_port(listen)
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self.port = self._server.add_insecure_port(f"{host}:{port}")

    async def start(self) -> None:
        """Opens the port: alive, not ready yet."""
        await self._health.set(ALIVE, SERVING)
        await self.set_ready(False)
        await self._server.start()

    async def set_ready(self, ready: bool) -> None:
        """Whether it does its work."""
        await self._health.set(READY, SERVING if ready else NOT_SERVING)

    async def stop(self) -> None:
        """Closes the port."""
        await self._server.stop(None)
