"""A UDP port: each datagram one message or several. Nothing is answered but what the protocol answers."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ardoise.chassis.settings import host_and_port
from ardoise.trackers.decoding import Decoded, Message, Refused
from ardoise.trackers.domain.sessions import Sessions
from ardoise.trackers.domain.stream import Stream, too_large
from ardoise.trackers.gateway import LogAway
from ardoise.trackers.listening.intake import Intake, now_ms, too_many

MOST_UNANSWERED = 4_096
"""Datagrams of the port whose fixes are not in the log yet."""


class UdpPort(asyncio.DatagramProtocol):
    """open() listens, close() ends it."""

    def __init__(self, listen: str, intake: Intake, options: Mapping[str, str]) -> None:
        """Raises ValueError."""
        self._host, self._port = host_and_port(listen)
        self.address = listen
        self._intake = intake
        self._options = options
        self._sessions: Sessions[Any] = Sessions(intake.limits.silence_s)
        self._taking: set[asyncio.Task] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Raises OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self._host, self._port)
        )
        self.address = f"{self._host}:{self._transport.get_extra_info('sockname')[1]}"

    async def close(self) -> None:
        """What is being taken is not waited for: nobody was told that it was."""
        assert self._transport is not None
        self._transport.close()
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)

    def datagram_received(self, data: bytes, peer: Any) -> None:
        """One datagram. Of one that holds many messages each counts; what is no message in a row ends it."""
        address = str(peer[0])
        received_ms = now_ms()
        refused_in_a_row = 0
        for body, said in self._said(data, peer, received_ms):
            if not self._intake.admits(address, body):
                return
            if isinstance(said, Refused):
                self._intake.refuse(said, address, body)
                refused_in_a_row += 1
                if refused_in_a_row >= self._intake.limits.refused_in_a_row:
                    return
                continue
            refused_in_a_row = 0
            if len(self._taking) >= MOST_UNANSWERED:
                self._intake.refuse(too_many("messages"), address, body)
                return
            task = asyncio.create_task(self._take(said, peer, received_ms))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    def _said(self, data: bytes, peer: Any, received_ms: int) -> Iterator[tuple[bytes, Decoded | Refused]]:
        decoder = self._intake.decoder
        now_s = time.monotonic()
        known = self._sessions.of(peer, now_s)
        begun = decoder.begin(self._options) if known is None else known
        for body, one in self._messages(data, begun, received_ms):
            if isinstance(one, Decoded):
                # Of refusals nothing is remembered: whoever invents peers pushes out nobody that way.
                known = known if one.session is None else one.session
                if known is not None:
                    self._sessions.keep(peer, known, now_s)
            yield body, one

    def _messages(
        self, data: bytes, session: Any, received_ms: int
    ) -> Iterator[tuple[bytes, Decoded | Refused]]:
        decoder = self._intake.decoder
        if decoder.cut is not None:
            stream = Stream(decoder, session)
            yield from stream.feed(data, received_ms)
            yield from stream.end(received_ms)
        elif len(data) > decoder.most_message_bytes:
            yield data, too_large(decoder)
        else:
            try:
                yield data, decoder.said(Message(data, received_ms=received_ms), session)
            except Refused as refused:
                yield data, refused

    async def _take(self, said: Decoded, peer: Any, received_ms: int) -> None:
        try:
            await self._intake.take(said, str(peer[0]), received_ms)
        except (LogAway, Refused):
            return
        if said.reply and self._transport is not None:
            self._transport.sendto(said.reply, peer)
