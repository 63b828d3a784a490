"""HTTP as both pages need it: a port of its own inside the service's loop, static files, streams of events."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ardoise.chassis.identity import Credentials
from ardoise.chassis.settings import host_and_port
from ardoise.chassis.web_server import WebServer
from ardoise.mediawall.connection import Connection

STATIC = Path(__file__).parent / "static"
LANGUAGES = ("en", "fr")
DRAIN_LIMIT_S = 3
HEAD_LIMIT_BYTES = 16 * 1024
LISTEN_BACKLOG = 2_048

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class PortTaken(OSError):
    """A page's address cannot be bound; the message says what to do."""


class Port:
    """One HTTP port of the service. Bound when made, so that a port that is taken is told at once."""

    def __init__(self, listen: str, app: Starlette, identity: Credentials | None, setting: str) -> None:
        host, port = host_and_port(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise PortTaken(f"cannot listen on {listen} ({error.strerror}): set ARDOISE_{setting}") from error
        self._socket.listen(LISTEN_BACKLOG)
        self.number: int = self._socket.getsockname()[1]
        self.url = f"{'https' if identity else 'http'}://{host}:{self.number}"
        self._ended = asyncio.Event()
        self._server = WebServer(
            uvicorn.Config(
                _Armoured(app),
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=DRAIN_LIMIT_S,
                h11_max_incomplete_event_size=HEAD_LIMIT_BYTES,
                ssl_certfile=identity.certificate if identity else None,
                ssl_keyfile=identity.key if identity else None,
                ssl_version=ssl.PROTOCOL_TLS_SERVER,
            )
        )

    async def serve(self) -> None:
        """Answers until drained."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._ended.set()

    async def drain(self) -> None:
        """Takes no new requests, lets the running ones end within DRAIN_LIMIT_S."""
        self._server.should_exit = True
        await self._ended.wait()


class _Armoured:
    """Adds the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def armoured(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, armoured)


class EventStream(Response):
    """Server-sent events as they come from `pieces`, to one reader at the speed at which it reads."""

    def __init__(self, pieces: AsyncIterator[bytes], *, compressed: bool, ended: Callable[[], None]) -> None:
        self.status_code = 200
        self.background = None
        self._pieces = pieces
        self._ended = ended
        headers = {"cache-control": "no-store", "vary": "accept-encoding"}
        if compressed:
            headers["content-encoding"] = "gzip"
        self.media_type = "text/event-stream"
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the reader goes or the pieces end."""
        gone = asyncio.create_task(_until_gone(receive))
        sending = asyncio.create_task(self._send(send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
            self._ended()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        async with contextlib.aclosing(self._pieces) as pieces:  # type: ignore[type-var]
            await send(start)
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def page(name: str) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers with one HTML page in the reader's language."""
    markup = (STATIC / name).read_text(encoding="utf-8")
    in_language = {language: markup.replace('lang="en"', f'lang="{language}"', 1) for language in LANGUAGES}

    async def answer(request: Request) -> Response:
        language = preferred_language(request.headers.get("accept-language", ""))
        headers = {"vary": "accept-language", "cache-control": "no-cache", "content-language": language}
        return Response(in_language[language], media_type="text/html", headers=headers)

    return answer


def preferred_language(accept: str) -> str:
    """The one of LANGUAGES that an Accept-Language header likes best; English where it likes none."""
    best, liking = LANGUAGES[0], 0.0
    for choice in accept.split(","):
        tag, _, parameter = choice.strip().partition(";")
        language = tag.partition("-")[0].lower()
        with contextlib.suppress(ValueError):
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
            if language in LANGUAGES and quality > liking:
                best, liking = language, quality
    return best
