"""An API server as bad as a test wants it: over HTTP. A real one: tests/kubernetes/alone.py."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

NAMESPACE = "race"
UNTIL_LIMIT_S = 10.0


async def until(holds: Callable[[], Any]) -> None:
    """Returns once it holds; a test fails where it does not within UNTIL_LIMIT_S."""
    async with asyncio.timeout(UNTIL_LIMIT_S):
        while not holds():  # noqa: ASYNC110 (another task's state)
            await asyncio.sleep(0.01)


@dataclass
class ScriptedApi:
    """What it is to answer, and what it was asked."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """(status code, headers) to the next requests; after them everything is taken. Code 0: no answer at all."""
    statuses: list[dict[str, Any]] = field(default_factory=list)
    """That it has taken."""
    events: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, tuple[str, dict[str, bytes]]] = field(default_factory=dict)
    """(resource version, content) by name."""
    uids: dict[str, str] = field(default_factory=dict)
    """Of the objects of our kinds that there are, by plural and name (`sites/london`)."""
    asked: int = 0
    event_s: float = 0.0
    """What it takes for each event."""
    unheard: int = 0
    """So many of the next events are taken without an answer."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.asked += 1
        code, headers = self.answers.pop(0) if self.answers else (200, {})
        if code == 0:
            await asyncio.sleep(3600)
        if code != 200:
            said = {"kind": "Status", "code": code, "message": f"scripted {code}", "status": "Failure"}
            return web.json_response(said, status=code, headers=headers)
        *_, folder, name = request.path.split("/")
        if request.method == "GET":
            return self._secret(name) if folder == "secrets" else self._list(name)
        body = json.loads(await request.text())
        if request.method == "PATCH":
            assert name == "status"
            assert request.query["force"] == "true"
            return self._status("/".join(request.path.split("/")[-3:-1]), body)
        return await self._event(body)

    def _status(self, which: str, body: dict[str, Any]) -> web.Response:
        """As a server does: of the object that bears the name, whatever uid was said."""
        if which not in self.uids:
            said = {"kind": "Status", "code": 404, "message": f"{which} not found", "status": "Failure"}
            return web.json_response(said, status=404)
        body["metadata"]["uid"] = self.uids[which]
        self.statuses.append(body)
        return web.json_response(body)

    def _list(self, plural: str) -> web.Response:
        items = [{"metadata": {"uid": uid}} for which, uid in self.uids.items() if which.startswith(plural)]
        return web.json_response({"kind": "List", "metadata": {}, "items": items})

    async def _event(self, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(self.event_s)
        name = body["metadata"].get("name")
        if name is not None and name in [one["metadata"]["name"] for one in self.events]:
            said = {"kind": "Status", "code": 409, "message": f"{name} already exists", "status": "Failure"}
            return web.json_response(said, status=409)
        self.events.append(body)
        if self.unheard:
            self.unheard -= 1
            await asyncio.sleep(3600)
        return web.json_response(body)

    def _secret(self, name: str) -> web.Response:
        if name not in self.secrets:
            said = {"kind": "Status", "code": 404, "message": f"{name} not found", "status": "Failure"}
            return web.json_response(said, status=404)
        version, content = self.secrets[name]
        data = {key: base64.b64encode(value).decode() for key, value in content.items()}
        about = {"name": name, "resourceVersion": version}
        return web.json_response({"kind": "Secret", "apiVersion": "v1", "metadata": about, "data": data})


@asynccontextmanager
async def served(
    api: ScriptedApi, kubeconfig: Path, setenv: Callable[[str, str], None]
) -> AsyncIterator[None]:
    """At a free port, named by KUBECONFIG."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        config = {
            **{"apiVersion": "v1", "kind": "Config", "current-context": "it"},
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": NAMESPACE}}],
            "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "it", "user": {"token": "none"}}],
        }
        kubeconfig.write_text(json.dumps(config))
        setenv("KUBECONFIG", str(kubeconfig))
        yield
    finally:
        await runner.cleanup()
