"""Ports of this machine that lead into the sites' own network, so that a browser and a relay outside reach it."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping

from ardoise.up.ports import Ports

BACKLOG = 128
MOST_CONNECTIONS = 1_000
"""Of one port at once; those beyond are closed."""
CONNECT_LIMIT_S = 5.0
CHUNK_BYTES = 64 * 1024


class Forwards:
    """Opens its ports where it is made; `serve` connects from wherever the process is then."""

    def __init__(self, wanted: Mapping[str, int]) -> None:
        """`wanted`: preferred numbers by name; another free one is taken where somebody has it."""
        self.ports = Ports(dict(wanted))
        self._listening = {name: self._listen(number) for name, number in self.ports.numbers.items()}
        self._servers: list[asyncio.Server] = []

    async def serve(self, targets: Mapping[str, tuple[str, int]]) -> None:
        """Begins to carry each port's connections to its (host, port)."""
        for name, (host, port) in targets.items():
            forward = _Forward(host, port)
            self._servers.append(await asyncio.start_server(forward.carry, sock=self._listening[name]))

    def close(self) -> None:
        """Closes the ports; connections end with the process."""
        for server in self._servers:
            server.close()
        for listening in self._listening.values():
            listening.close()
        self.ports.close()

    @staticmethod
    def _listen(number: int) -> socket.socket:
        return socket.create_server(("127.0.0.1", number), backlog=BACKLOG)


class _Forward:
    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._open = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        if self._open >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                there, to_there = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError):
            writer.transport.abort()
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, to_there))
                group.create_task(_pump(there, writer))
        finally:
            self._open -= 1


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """One direction; its end is passed on, and a broken one breaks the other."""
    try:
        while chunk := await source.read(CHUNK_BYTES):
            target.write(chunk)
            await target.drain()
        target.write_eof()
    except OSError:
        target.transport.abort()
    except RuntimeError:  # closed from the other side meanwhile
        with contextlib.suppress(OSError):
            target.close()
