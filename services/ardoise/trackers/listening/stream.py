"""A protocol that is spoken on a TCP connection itself: hardware trackers, receivers of NMEA sentences."""

import asyncio
from collections.abc import Mapping

from ardoise.trackers.decoding import Decoded, Refused
from ardoise.trackers.domain.stream import Stream
from ardoise.trackers.gateway import LogAway
from ardoise.trackers.listening.intake import Intake, now_ms
from ardoise.trackers.listening.tcp import Connection


class Conversation:
    """Reads messages, and answers each once its fixes are in the log, in the order in which they came."""

    def __init__(self, intake: Intake, options: Mapping[str, str]) -> None:
        self._intake = intake
        self._options = options

    async def __call__(self, connection: Connection) -> bool:
        """Until the peer ends it, or has to be ended: whether that was for what it said.

        Raises TimeoutError, ConnectionError.
        """
        answers: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue(self._intake.limits.unanswered)
        taking: set[asyncio.Task[bytes]] = set()
        answering = asyncio.create_task(_answer(answers, taking, connection))
        reading = asyncio.create_task(self._read(connection, answers, taking))
        try:
            # Who is not answered any more is not read further; who has said the last is answered still.
            await asyncio.wait({answering, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            await answering
            return await reading
        finally:
            reading.cancel()
            answering.cancel()
            await asyncio.gather(reading, answering, return_exceptions=True)
            # Only now is nothing added to them any more.
            for task in taking:
                task.cancel()
            await asyncio.gather(*taking, return_exceptions=True)

    async def _read(
        self,
        connection: Connection,
        answers: asyncio.Queue[asyncio.Task[bytes] | None],
        taking: set[asyncio.Task[bytes]],
    ) -> bool:
        stream = Stream(self._intake.decoder, self._intake.decoder.begin(self._options))
        most_refused = self._intake.limits.refused_in_a_row
        refused_in_a_row = 0
        while refused_in_a_row < most_refused:
            chunk = await connection.read(begun=stream.begun)
            if not chunk:
                break
            received_ms = now_ms()
            for body, said in stream.feed(chunk, received_ms):
                connection.ended()
                if not self._intake.admits(connection.address, body):
                    refused_in_a_row += 1
                elif isinstance(said, Refused):
                    self._intake.refuse(said, connection.address, body)
                    refused_in_a_row += 1
                else:
                    refused_in_a_row = 0
                    task = asyncio.create_task(self._take(said, connection.address, received_ms))
                    taking.add(task)
                    await answers.put(task)
                if refused_in_a_row >= most_refused:
                    break
        await answers.put(None)
        return refused_in_a_row >= most_refused

    async def _take(self, said: Decoded, address: str, received_ms: int) -> bytes:
        """What is answered. Raises _Unanswered."""
        try:
            await self._intake.take(said, address, received_ms)
        except Refused:
            return b""
        except LogAway as away:
            raise _Unanswered from away
        return said.reply


class _Unanswered(ConnectionError):
    """The connection ends: whoever has no answer sends again, on another one."""


async def _answer(
    answers: asyncio.Queue[asyncio.Task[bytes] | None],
    taking: set[asyncio.Task[bytes]],
    connection: Connection,
) -> None:
    """Until there is no more. Raises TimeoutError, ConnectionError."""
    while task := await answers.get():
        reply = await task
        taking.discard(task)
        if reply:
            await connection.write(reply)
