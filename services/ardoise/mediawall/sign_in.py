"""Signing in to the operators' page: the token says the role, and whoever holds it says who they are."""

import html
import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from ardoise.chassis.identity import Role
from ardoise.mediawall.access import Access

COOKIE = "ardoise_operator"
COOKIE_LIFE_S = 14 * 3600  # a working day on a race
# As security takes it, and as a header carries it: that is why without accents.
_NAME = re.compile(r"[A-Za-z0-9.@+_-]{1,100}")

SIGN_IN_FIRST = """Not signed in. Open /sign-in?token=<token> on this address; the token of your role is in the file
<identity directory>/tokens/race-operations or <identity directory>/tokens/security on the wall's machine.

Non connecté. Ouvrez /sign-in?token=<jeton> à cette adresse ; le jeton de votre rôle est dans le fichier
<répertoire d'identité>/tokens/race-operations ou <répertoire d'identité>/tokens/security sur la machine du mur.
"""
_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Ardoise</title>
<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/slate.css">
<link rel="stylesheet" href="/static/operators.css">"""
_WHO = (
    _HEAD
    + """</head><body><main><form class="sign-in" action="/sign-in">
<input type="hidden" name="token" value="{token}">
<label for="name">Who are you? What you decide is kept under this name.<br>
<span lang="fr">Qui êtes-vous ? Vos décisions sont gardées sous ce nom.</span></label>
<input id="name" name="name" required maxlength="100" pattern="[A-Za-z0-9.@+_\\-]+" placeholder="marie.dupont"
 autocomplete="username" autocapitalize="none" autofocus>
<button type="submit">Sign in · <span lang="fr">Se connecter</span></button></form></main></body></html>"""
)
_SIGNED_IN = (
    _HEAD
    + """<meta http-equiv="refresh" content="0; url=/"></head>
<body><p><a href="/">Signed in. Go on. — Connecté. Continuer.</a></p></body></html>"""
)
_NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Operator:
    """Who sees and decides on the operators' page."""

    name: str
    role: Role


def operator(access: Access, cookie: str) -> Operator | None:
    """Whose cookie this is; None where it is nobody's."""
    name, _, token = cookie.partition("/")
    return _operator(access, name, token)


def sign_in(request: Request, access: Access) -> Response:
    """Asks for a name where the token is right and the name is missing; with both, signs in."""
    asked: QueryParams = request.query_params
    token, name = asked.get("token", ""), asked.get("name", "")
    if access.role(token) is None:
        return PlainTextResponse(SIGN_IN_FIRST, 401)
    if _operator(access, name, token) is None:
        return HTMLResponse(_WHO.format(token=html.escape(token)), headers=_NO_STORE)
    # Not a redirect: on one that began elsewhere a browser leaves a strict cookie out.
    response = HTMLResponse(_SIGNED_IN, headers=_NO_STORE)
    response.set_cookie(
        COOKIE,
        f"{name}/{token}",
        max_age=COOKIE_LIFE_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def _operator(access: Access, name: str, token: str) -> Operator | None:
    role = access.role(token)
    return Operator(name, role) if role is not None and _NAME.fullmatch(name) else None
