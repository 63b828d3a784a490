"""One browser's connection, which nobody can keep for nothing: uvicorn itself waits for ever for a request's head.

It also waits for ever for a reader that takes nothing, even when it has closed the connection.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_LIMIT_S = 20.0
"""From the connection, or from the last answer, to a whole head. What is left of an answer then (64 KiB at
the most) has gone to a phone with 3 kB/s too."""
STALL_LIMIT_S = 30.0
"""A screen that takes nothing for so long is gone, or will be told everything anew when it is back."""


class Connection(H11Protocol):
    """Ends by itself where no request is under way within REQUEST_LIMIT_S, or the peer reads nothing."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._without_request: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The clock starts with the connection, not with its first byte."""
        super().connection_made(transport)
        self._watch_request()

    def data_received(self, data: bytes) -> None:
        """A whole head stops the clock; a piece of one does not."""
        super().data_received(data)
        self._watch_request()

    def on_response_complete(self) -> None:
        """The next request has its time."""
        super().on_response_complete()
        self._watch_request()

    def pause_writing(self) -> None:
        """More waits to be read than the buffers take."""
        super().pause_writing()
        self._unread = self.loop.call_later(STALL_LIMIT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The peer reads on."""
        super().resume_writing()
        self._unread = _stopped(self._unread)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to be bounded."""
        self._without_request = _stopped(self._without_request)
        self._unread = _stopped(self._unread)
        super().connection_lost(exc)

    def _watch_request(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._without_request = _stopped(self._without_request)
        elif self._without_request is None:
            self._without_request = self.loop.call_later(REQUEST_LIMIT_S, self.transport.abort)


def _stopped(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
