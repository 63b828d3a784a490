"""One question to JetStream, which streams there are and how far they go, without a client.

Where it is asked every millisecond is one without a primary, and nats-py takes 150 of them to be imported: half of what
a switchover may cost over bare Patroni. The protocol is text: INFO, CONNECT, SUB, PUB, MSG.
"""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

STREAM_PREFIX = "LOG_"
PAGES = 100
"""Of 256 streams each."""
MOST_BYTES = 8 * 1024 * 1024
_PORT = 4222


class NoAnswer(Exception):
    """Nobody answered in time, or not as a JetStream does."""


class StreamLists:
    """A connection that asks. Use as a context manager; raises NoAnswer."""

    def __init__(self, url: str, tls: ssl.SSLContext | None, inbox: str, limit_s: float) -> None:
        """`inbox`: prefix of the subjects on which its holder may be answered."""
        where = urlsplit(url)
        self._limit_s = limit_s
        self._inbox = f"{inbox}.streams"
        try:
            plain = socket.create_connection((where.hostname, where.port or _PORT), timeout=limit_s)
            self._socket = plain
            self._lines = plain.makefile("rb")
            self._expect(b"INFO ", time.monotonic() + limit_s)
            if tls is not None:
                # The server sends nothing between INFO and the handshake: no byte of it waits in the old file.
                self._socket = tls.wrap_socket(plain, server_hostname=where.hostname)
                self._lines = self._socket.makefile("rb")
            options = {
                "verbose": False,
                "pedantic": False,
                "headers": True,
                "no_responders": True,
                "lang": "python",
            }
            self._send(f"CONNECT {json.dumps(options)}\r\nSUB {self._inbox} 1\r\n".encode())
        except (OSError, ValueError) as error:
            raise NoAnswer(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._socket.close()

    def logs(self, api: str) -> Mapping[int, tuple[int, int]]:
        """First and last sequence of each log in the JetStream domain behind `api`, by epoch."""
        found: dict[int, tuple[int, int]] = {}
        for stream in self._streams(api):
            epoch = stream["config"]["name"].removeprefix(STREAM_PREFIX)
            if epoch != stream["config"]["name"] and epoch.isdecimal():
                state = stream["state"]
                # A stream without messages may say 0 for its first.
                first = state["first_seq"] if state["messages"] else state["last_seq"] + 1
                found[int(epoch)] = (first, state["last_seq"])
        return found

    def _streams(self, api: str) -> Iterator[Mapping[str, Any]]:
        deadline, offset = time.monotonic() + self._limit_s, 0
        for _ in range(PAGES):
            page = self._ask(f"{api}.STREAM.LIST", {"offset": offset}, deadline)
            streams = page.get("streams") or []
            yield from streams
            offset += len(streams)
            if not streams or offset >= page["total"]:
                return
        raise NoAnswer("too many streams")

    def _ask(self, subject: str, body: Mapping[str, int], deadline: float) -> Mapping[str, Any]:
        payload = json.dumps(body)
        try:
            self._send(f"PUB {subject} {self._inbox} {len(payload)}\r\n{payload}\r\n".encode())
            answer = json.loads(self._message(deadline))
        except (OSError, ValueError) as error:
            raise NoAnswer(str(error)) from error
        if "error" in answer or "total" not in answer:
            raise NoAnswer(str(answer.get("error")))
        return answer

    def _message(self, deadline: float) -> bytes:
        header = self._expect(b"MSG ", deadline)
        length = int(header.split()[-1])
        if length > MOST_BYTES:
            raise NoAnswer(f"an answer of {length} bytes")
        return self._lines.read(length + 2)[:length]

    def _expect(self, beginning: bytes, deadline: float) -> bytes:
        while True:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            line = self._lines.readline(MOST_BYTES)
            if line.startswith(beginning):
                return line
            if line.startswith(b"PING"):
                self._send(b"PONG\r\n")
            elif not line or line.startswith((b"-ERR", b"HMSG")):
                # HMSG: a status without a message: nobody listens there.
                raise NoAnswer(line.decode(errors="replace").strip() or "the connection ended")

    def _send(self, content: bytes) -> None:
        self._socket.settimeout(self._limit_s)
        self._socket.sendall(content)
