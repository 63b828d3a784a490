"""The operators' page, on a port of its own: alerts, services, screens. Nothing of it without a role's token."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ardoise.chassis.identity import Role
from ardoise.chassis.rpc import Failure, Reason
from ardoise.chassis.steady_clock import now_ms
from ardoise.mediawall.access import Access
from ardoise.mediawall.alerts import Alerts
from ardoise.mediawall.events import Event, to_json
from ardoise.mediawall.public import static_files
from ardoise.mediawall.sign_in import COOKIE, SIGN_IN_FIRST, Operator, operator, sign_in
from ardoise.mediawall.wall import Wall
from ardoise.mediawall.web import EventStream, page

LOOK_S = 0.5
BEAT_S = 1.0
RETRY_MS = 1_000
MOST_BODY_BYTES = 4_096
MOST_SCREENS_SHOWN = 100
MOST_OPERATORS = 100


def operators_app(wall: Wall, alerts: Alerts, access: Access, stopping: asyncio.Event) -> Starlette:
    """The application on operators_listen."""
    watching: set[Request] = set()

    async def enter(request: Request) -> Response:
        return sign_in(request, access)

    async def events(request: Request) -> Response:
        if len(watching) >= MOST_OPERATORS:
            return PlainTextResponse("as many pages as may be are open\n", 503, {"retry-after": "10"})
        watching.add(request)
        return EventStream(
            _stream(wall, alerts, request.state.operator, stopping),
            compressed=False,
            ended=lambda: watching.discard(request),
        )

    async def acknowledge(request: Request) -> Response:
        if not _from_our_page(request):
            return _refused(403, "FOREIGN_ORIGIN", "the request does not come from this page")
        if request.state.operator.role is not Role.SECURITY:
            return _refused(403, "ROLE_MISSING", "only role security may acknowledge")
        wanted = await _body(request)
        if wanted is None:
            return _refused(400, "FIELD_INVALID", "send alert_id, request_id and note as JSON text")
        try:
            kept_at = await alerts.acknowledge(**wanted, person=request.state.operator.name)
        except Failure as failure:
            status = 404 if failure.reason == Reason.ERROR_REASON_NOT_FOUND else 502
            return _refused(status, failure.reason_name, failure.message)
        return JSONResponse({"acknowledged": wanted["alert_id"], "kept_at": kept_at})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"serving": not stopping.is_set()})

    return Starlette(
        routes=[
            Route("/sign-in", enter),
            Route("/healthz", healthz),
            Route("/", page("operators.html")),
            Route("/events", events),
            Route("/api/acknowledge", acknowledge, methods=["POST"]),
            Mount("/static", static_files()),
        ],
        middleware=[Middleware(_SignedIn, access=access)],
    )


class _SignedIn:
    """Lets nobody in without a token but to sign in and to ask whether the port serves."""

    OPEN = frozenset({"/sign-in", "/healthz"})
    # How the page to sign in looks; the public page gives these to everybody too.
    LOOKS = (".css", ".svg", ".woff2")

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._open(scope["path"]):
            who = operator(self._access, HTTPConnection(scope).cookies.get(COOKIE, ""))
            if who is None:
                await PlainTextResponse(SIGN_IN_FIRST, 401)(scope, receive, send)
                return
            scope.setdefault("state", {})["operator"] = who
        await self._app(scope, receive, send)

    def _open(self, path: str) -> bool:
        return path in self.OPEN or (path.startswith("/static/") and path.endswith(self.LOOKS))


async def _stream(wall: Wall, alerts: Alerts, who: Operator, stopping: asyncio.Event) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    hello = {"now_ms": now_ms(), "screen": "", "retry_ms": RETRY_MS, "name": who.name, "role": who.role}
    yield Event("hello", hello).plain
    shown, beat_at = b"", loop.time()
    while not stopping.is_set():
        state = to_json(_state(wall, alerts))
        if state != shown:
            shown = state
            yield b"event: state\ndata: " + state + b"\n\n"
        elif loop.time() - beat_at >= BEAT_S:
            beat_at = loop.time()
            yield Event("beat", {"now_ms": now_ms()}).plain
        await asyncio.sleep(LOOK_S)


def _state(wall: Wall, alerts: Alerts) -> dict[str, Any]:
    links = {
        name: {"state": link.state, "since_ms": link.since_ms, "detail": link.detail}
        for name, link in wall.links.items()
    }
    screens = [
        {
            "id": screen.screen_id,
            "peer": screen.peer,
            "connected_ms": screen.connected_ms,
            "skipped": screen.skipped,
        }
        for screen in list(wall.screens)[:MOST_SCREENS_SHOWN]
    ]
    return {
        "links": links,
        "alerts": alerts.as_json(),
        "kept_at": alerts.kept_at,
        "sent": alerts.sent_as_json(),
        "screens": screens,
        "screen_count": len(wall.screens),
    }


def _from_our_page(request: Request) -> bool:
    """Without a preflight another site can send neither JSON nor our origin."""
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    json_sent = request.headers.get("content-type", "").partition(";")[0] == "application/json"
    return json_sent and request.headers.get("origin") == origin


async def _body(request: Request) -> dict[str, str] | None:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY_BYTES:
            return None
    try:
        wanted = json.loads(body)
    except ValueError:
        return None
    names = ("alert_id", "request_id", "note")
    if not isinstance(wanted, dict) or not all(isinstance(wanted.get(name), str) for name in names):
        return None
    return {name: wanted[name] for name in names}


def _refused(status: int, reason: str, message: str) -> JSONResponse:
    return JSONResponse({"reason": reason, "message": message}, status)
