"""A TCP port: so many connections, each with deadlines. What is spoken on them is `converse`'s."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from ardoise.chassis.settings import host_and_port
from ardoise.trackers.domain.limits import Limits, counted_as
from ardoise.trackers.listening.intake import Intake, too_many, too_slow

CHUNK_BYTES = 16 * 1024
BACKLOG = 256
LAST_WORD_LIMIT_S = 2.0
"""A peer that is still sending when it was refused: so long, and MOST_UNHEARD_BYTES, it may take the answer."""
MOST_UNHEARD_BYTES = 256 * 1024

_log = structlog.get_logger(__name__)


@dataclass
class Connection:
    """One connection: `read` and `write` end it where a deadline passes (TimeoutError)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str
    limits: Limits
    heard: bool = False
    """Whether it has said anything."""
    _began_s: float | None = None

    async def read(self, *, begun: bool) -> bytes:
        """The next bytes; empty at the end, also of who has been silent too long.

        `begun`: a message has begun and not ended. Raises TimeoutError where it does not, or none begins at all.
        """
        now_s = asyncio.get_running_loop().time()
        if not begun:
            self._began_s = None
        elif self._began_s is None:
            self._began_s = now_s
        if self._began_s is not None:
            left_s = self._began_s + self.limits.message_s - now_s
        else:
            left_s = self.limits.silence_s if self.heard else self.limits.first_message_s
        try:
            chunk = await asyncio.wait_for(self.reader.read(CHUNK_BYTES), max(0.0, left_s))
        except TimeoutError:
            if self.heard and self._began_s is None:
                return b""  # It has said what it had to, and is gone or asleep.
            raise
        self.heard = True
        return chunk

    def ended(self) -> None:
        """A message has ended: the next one has its own time, though its first bytes may be here already."""
        self._began_s = None

    async def write(self, answer: bytes) -> None:
        """Raises TimeoutError, ConnectionError."""
        self.writer.write(answer)
        await asyncio.wait_for(self.writer.drain(), self.limits.answer_s)

    async def close(self) -> None:
        """Once the peer has what it was answered: a port that is closed on unread bytes takes the answer back."""
        if self.writer.can_write_eof():
            self.writer.write_eof()
        heard = 0
        with contextlib.suppress(OSError):
            async with asyncio.timeout(LAST_WORD_LIMIT_S):
                while heard < MOST_UNHEARD_BYTES and (chunk := await self.reader.read(CHUNK_BYTES)):
                    heard += len(chunk)


Converse = Callable[[Connection], Awaitable[None]]


class TcpPort:
    """open() listens, close() ends every connection."""

    def __init__(self, listen: str, intake: Intake, converse: Converse) -> None:
        """Raises ValueError."""
        self._host, self._port = host_and_port(listen)
        self.address = listen
        self._intake = intake
        self._converse = converse
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task] = set()

    async def open(self) -> None:
        """Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(
            self._connected, self._host, self._port, backlog=BACKLOG, limit=CHUNK_BYTES
        )
        self.address = f"{self._host}:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Nobody is taken in any more; who is there is let go."""
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("unknown",))[0])
        if not self._intake.admission.connects(counted_as(address)):
            self._intake.refuse(too_many("connections"), address)
            writer.transport.abort()
            return
        task = asyncio.create_task(self._served(Connection(reader, writer, address, self._intake.limits)))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _served(self, connection: Connection) -> None:
        try:
            await self._converse(connection)
            await connection.close()
        except TimeoutError:
            self._intake.refuse(too_slow("a message that does not end, or none"), connection.address)
        except OSError:
            pass  # Phones lose their network: nothing is said by it. Not all of it is a ConnectionError.
        except Exception:
            _log.exception("connection_failed", source=self._intake.source, peer=connection.address)
        finally:
            self._intake.admission.leaves(counted_as(connection.address))
            connection.writer.transport.abort()
            with contextlib.suppress(OSError):
                await connection.writer.wait_closed()
