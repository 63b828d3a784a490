"""The operators' page, on a port of its own: alerts, services, screens. Nothing of it without a role's token."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ardoise.chassis.identity import Role
from ardoise.chassis.rpc import Failure, Reason
from ardoise.mediawall.access import Access
from ardoise.mediawall.alerts import Alerts
from ardoise.mediawall.events import Event, to_json
from ardoise.mediawall.public import static_files
from ardoise.mediawall.screens import now_ms
from ardoise.mediawall.wall import Wall
from ardoise.mediawall.web import EventStream, page

COOKIE = "ardoise_operator"
COOKIE_LIFE_S = 14 * 3600  # a working day on a race
LOOK_S = 0.5
BEAT_S = 1.0
MOST_BODY_BYTES = 4_096
MOST_SCREENS_SHOWN = 100
MOST_OPERATORS = 100

SIGNED_IN = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=/"><title>Ardoise</title>
<link rel="icon" href="/static/icon.svg"></head>
<body><p><a href="/">Signed in. Go on. — Connecté. Continuer.</a></p></body></html>"""
SIGN_IN_FIRST = """Not signed in. Open /sign-in?token=<token> on this address; the token of your role is in the file
<identity directory>/tokens/race-operations or <identity directory>/tokens/security on the wall's machine.

Non connecté. Ouvrez /sign-in?token=<jeton> à cette adresse ; le jeton de votre rôle est dans le fichier
<répertoire d'identité>/tokens/race-operations ou <répertoire d'identité>/tokens/security sur la machine du mur.
"""


def operators_app(wall: Wall, alerts: Alerts, access: Access, stopping: asyncio.Event) -> Starlette:
    """The application on operators_listen."""
    watching: set[Request] = set()

    async def sign_in(request: Request) -> Response:
        token = request.query_params.get("token", "")
        if access.role(token) is None:
            return PlainTextResponse(SIGN_IN_FIRST, 401)
        # Not a redirect: on one that began elsewhere a browser leaves a strict cookie out.
        response = HTMLResponse(SIGNED_IN, headers={"cache-control": "no-store"})
        response.set_cookie(
            COOKIE,
            token,
            max_age=COOKIE_LIFE_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    async def events(request: Request) -> Response:
        if len(watching) >= MOST_OPERATORS:
            return PlainTextResponse("as many pages as may be are open\n", 503, {"retry-after": "10"})
        watching.add(request)
        return EventStream(
            _stream(wall, alerts, request.state.role, stopping),
            compressed=False,
            ended=lambda: watching.discard(request),
        )

    async def acknowledge(request: Request) -> Response:
        if not _from_our_page(request):
            return _refused(403, "FOREIGN_ORIGIN", "the request does not come from this page")
        if request.state.role is not Role.SECURITY:
            return _refused(403, "ROLE_MISSING", "only role security may acknowledge")
        wanted = await _body(request)
        if wanted is None:
            return _refused(400, "FIELD_INVALID", "send alert_id, request_id and note as JSON text")
        try:
            await alerts.acknowledge(**wanted, person=request.state.role)
        except Failure as failure:
            status = 404 if failure.reason == Reason.ERROR_REASON_NOT_FOUND else 502
            return _refused(status, failure.reason_name, failure.message)
        return JSONResponse({"acknowledged": wanted["alert_id"]})

    async def healthz(_: Request) -> Response:
        return JSONResponse({"serving": not stopping.is_set()})

    return Starlette(
        routes=[
            Route("/sign-in", sign_in),
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

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self.OPEN:
            role = self._access.role(HTTPConnection(scope).cookies.get(COOKIE, ""))
            if role is None:
                await PlainTextResponse(SIGN_IN_FIRST, 401)(scope, receive, send)
                return
            scope.setdefault("state", {})["role"] = role
        await self._app(scope, receive, send)


async def _stream(wall: Wall, alerts: Alerts, role: Role, stopping: asyncio.Event) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    yield Event("hello", {"now_ms": now_ms(), "screen": "", "retry_ms": 1_000, "role": role}).plain
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
    return {"links": links, "alerts": alerts.as_json(), "screens": screens, "screen_count": len(wall.screens)}


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
