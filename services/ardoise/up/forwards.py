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

type Server = tuple[str, str]
"""A site and the name of one of its ports."""


class Forwards:
    """Opens its ports where it is made; `serve` connects from wherever the process is then."""

    def __init__(self, wanted: Mapping[Server, int]) -> None:
        """`wanted`: preferred numbers, 0: any; another free one is taken where somebody has it."""
        self._ports = Ports({" ".join(server): number for server, number in wanted.items()})
        self._listening = {
            server: socket.create_server(
                ("127.0.0.1", self._ports.numbers[" ".join(server)]), backlog=BACKLOG
            )
            for server in wanted
        }
        self._serving: list[asyncio.Server] = []

    @property
    def names(self) -> tuple[Server, ...]:
        """The servers that are reached."""
        return tuple(self._listening)

    def at(self, server: Server) -> str:
        """host:port on this machine."""
        return self._ports.at(" ".join(server))

    async def serve(self, targets: Mapping[Server, tuple[str, int]]) -> None:
        """Carries each port's connections to its (host, port), until cancelled."""
        for server, (host, port) in targets.items():
            carry = _Forward(host, port).carry
            self._serving.append(await asyncio.start_server(carry, sock=self._listening[server]))
        await asyncio.gather(*(serving.serve_forever() for serving in self._serving))

    def close(self) -> None:
        """Closes the ports; connections end with the process."""
        for serving in self._serving:
            serving.close()
        for listening in self._listening.values():
            listening.close()
        self._ports.close()


class _Forward:
    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._open: set[asyncio.Task[None] | None] = set()
        """Held here: of a connection whose one end has closed, asyncio keeps nothing that would keep its task."""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        if len(self._open) >= MOST_CONNECTIONS:
            writer.close()
            return
        task = asyncio.current_task()
        self._open.add(task)
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                there, to_there = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError):
            writer.transport.abort()
        else:
            with contextlib.closing(writer), contextlib.closing(to_there):
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(reader, to_there))
                    group.create_task(_pump(there, writer))
        finally:
            self._open.discard(task)


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
