"""Server-sent events out of chunks of bytes, with a bound on each. Pure.

The parser of the HTML standard (9.2.6), by hand for one reason: httpx-sse and httpx's own `aiter_lines`
hold an event that never ends in memory without limit, and this stream comes from a stranger.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass


class EventTooLarge(Exception):
    """One event passed the bound; nothing after it in this connection can be trusted to be whole."""


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: its type ("message" where none was named), its text, and the last id seen."""

    type: str
    text: str
    event_id: str


class EventStreamParser:
    """Feed it chunks as they arrive; it yields whole events."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._held_back = ""
        self._pieces: list[str] = []
        self._pieces_size = 0
        self._data: list[str] = []
        self._size = 0
        self._type = ""
        self.last_event_id = ""
        self.retry_ms: int | None = None
        """What the server asks for between two attempts."""

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Raises EventTooLarge."""
        text = self._held_back + self._decoder.decode(chunk)
        self._held_back = "\r" if text.endswith("\r") else ""  # may be the first half of \r\n
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        first, *others = text.split("\n")
        # Pieces of a line are joined once, at its end: a stranger may send a megabyte in crumbs.
        self._pieces.append(first)
        self._pieces_size += len(first)
        if others:
            line = "".join(self._pieces)
            self._pieces, self._pieces_size = [others[-1]], len(others[-1])
            for whole in (line, *others[:-1]):
                yield from self._line(whole)
        if self._size + self._pieces_size > self._most_bytes:
            raise EventTooLarge(f"an event of more than {self._most_bytes} bytes")

    def _line(self, line: str) -> Iterator[ServerSentEvent]:
        if not line:
            if self._data:
                yield ServerSentEvent(self._type or "message", "\n".join(self._data), self.last_event_id)
            self._data, self._size, self._type = [], 0, ""
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > self._most_bytes:
                raise EventTooLarge(f"an event of more than {self._most_bytes} bytes")
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self.last_event_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value[:9])
