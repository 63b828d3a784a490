"""The public page: static files, the race as events and as JSON. No sign-in, nothing that the public may not see."""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from ardoise.chassis.steady_clock import now_ms
from ardoise.mediawall.events import GZIP_HEADER, Event, to_json
from ardoise.mediawall.screens import Screen
from ardoise.mediawall.wall import Frame, Wall
from ardoise.mediawall.web import STATIC, EventStream, page

BEAT_S = 1.0
# Screens that lost the server all at once come back spread over this and the page's own jitter.
RETRY_MS = 1_000


def public_app(wall: Wall, stopping: asyncio.Event) -> Starlette:
    """The application on web_listen."""

    async def events(request: Request) -> Response:
        screen = wall.screens.connect(_peer(request))
        if screen is None:
            return PlainTextResponse(
                "as many screens as may be are connected: try again later\n", 503, {"retry-after": "10"}
            )
        compressed = "gzip" in request.headers.get("accept-encoding", "")
        last_id = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return EventStream(
            _stream(wall, screen, last_id, compressed, stopping),
            compressed=compressed,
            ended=lambda: wall.screens.disconnect(screen),
        )

    async def state(_: Request) -> Response:
        body = to_json(wall.state_json())
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"serving": not stopping.is_set(), "screens": len(wall.screens)})

    return Starlette(
        routes=[
            Route("/", page("index.html")),
            Route("/events", events),
            Route("/api/state", state),
            Route("/healthz", healthz),
            Mount("/static", static_files()),
        ]
    )


def static_files() -> ASGIApp:
    """Scripts, styles and fonts, compressed; asked for anew each time, because a page must not mix two versions."""
    files = GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=1_000)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def revalidated(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"cache-control", b"no-cache")]
            await send(message)

        await files(scope, receive, revalidated)

    return answer


async def _stream(
    wall: Wall, screen: Screen, last_id: str, compressed: bool, stopping: asyncio.Event
) -> AsyncIterator[bytes]:
    def written(*events: Event) -> bytes:
        return b"".join(event.compressed if compressed else event.plain for event in events)

    hello = Event("hello", {"now_ms": now_ms(), "screen": screen.screen_id, "retry_ms": RETRY_MS})
    yield (GZIP_HEADER if compressed else b"") + written(hello)
    sent, version = _resumed(wall, last_id), 0
    while not stopping.is_set():
        newest = await wall.frames.next(version, BEAT_S)
        if newest is None:
            yield written(Event("beat", {"now_ms": now_ms(), "log_time_ms": wall.log_time_ms}))
            continue
        version, frame = newest
        if sent is not None and frame.ticks > sent.ticks + 1:
            screen.skip(frame.ticks - sent.ticks - 1)
        due = frame.due(sent)
        sent = frame
        screen.sent = (frame.state.event_id if frame.state else "") or screen.sent
        if due:
            yield written(*due)


def _resumed(wall: Wall, last_id: str) -> Frame | None:
    """What a screen that comes back still has: the stage, where it is still on. States it gets whole."""
    newest = wall.frames.value
    if newest is None or newest.stage is None or last_id.partition("-")[0] != str(wall.epoch):
        return None
    return Frame(Event("links", {}), newest.stage, ticks=newest.ticks)


def _peer(request: Request) -> str:
    return f"{request.client.host}:{request.client.port}" if request.client else "unknown"
