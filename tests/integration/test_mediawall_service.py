"""The media wall as a service: between positioning, security and people."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from ardoise.chassis.identity import Role
from ardoise.chassis.store import Store
from ardoise.mediawall.app import run as run_mediawall
from ardoise.mediawall.settings import MediawallSettings
from ardoise.pb.wall_pb2 import ListScreensRequest
from ardoise.pb.wall_pb2_grpc import WallServiceStub
from ardoise.positioning.app import run as run_positioning
from ardoise.positioning.migrations import migrate
from ardoise.positioning.settings import PositioningSettings

from tests.support.platform import activate, running
from tests.support.receiver import Receiver
from tests.support.security import Reporter, SecurityPlatform, failure, malformed

LIMIT_S = 20.0
POLL_S = 0.05


class WallPlatform(SecurityPlatform):
    """A platform with a wall; people reach its pages over HTTPS as the development CA vouches for it."""

    def __init__(self, directory: Path, free_port: Callable[[], int]) -> None:
        super().__init__(directory, free_port())
        self.positioning_port, self.wall_port = free_port(), free_port()
        self.web_port, self.operators_port = free_port(), free_port()

    def positioning(self) -> contextlib.AbstractAsyncContextManager[asyncio.Task]:
        listen = f"127.0.0.1:{self.positioning_port}"
        settings = self.settings(PositioningSettings, grpc_listen=listen)
        return running(run_positioning(settings), self.positioning_port, self)

    def wall(self, **values: Any) -> contextlib.AbstractAsyncContextManager[asyncio.Task]:
        settings = self.settings(
            MediawallSettings,
            grpc_listen=f"127.0.0.1:{self.wall_port}",
            web_listen=f"127.0.0.1:{self.web_port}",
            operators_listen=f"127.0.0.1:{self.operators_port}",
            **{"positioning_target": "", "analytics_target": "", "security_target": "", **values},
        )
        return running(run_mediawall(settings), self.wall_port, self)

    def people(self, port: int) -> httpx.AsyncClient:
        """Somebody with a browser that knows the development CA."""
        trust = ssl.create_default_context(cafile=self.identity_dir / "ca.pem")
        return httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=trust, timeout=LIMIT_S)

    def token(self, role: Role) -> str:
        return (self.identity_dir / "tokens" / role).read_text()


@pytest.fixture
async def platform(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[WallPlatform]:
    """nats-server with TLS, and identities for everybody."""
    platform = WallPlatform(tmp_path, free_port)
    await platform.server.start()
    yield platform
    await platform.server.stop()


async def eventually(ask: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool]) -> Any:
    """The first answer that is wanted; the last one is in the error."""
    answer = None
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                answer = await ask()
                if wanted(answer):
                    return answer
                await asyncio.sleep(POLL_S)
    except TimeoutError as error:
        raise AssertionError(f"never: {answer}") from error


async def test_the_race_reaches_the_page_and_comes_back_after_positioning_was_away(
    platform: WallPlatform, free_port: Callable[[], int]
):
    target, ingest_port = f"127.0.0.1:{platform.positioning_port}", free_port()
    async with (
        platform.ingest(ingest_port),
        platform.wall(positioning_target=target),
        platform.people(platform.web_port) as people,
    ):

        async def shown() -> dict[str, Any]:
            return (await people.get("/api/state")).json()

        before = await shown()
        assert before["links"] == {"positioning": "reconnecting", "analytics": "absent"}
        assert before["stage"] is None
        async with platform.positioning():
            await activate(platform, ingest_port)
            first = await eventually(shown, lambda page: page["state"] is not None)
            assert first["stage"]["stage_id"] == "test-1"
            assert first["links"]["positioning"] == "connected"
        lost = await eventually(shown, lambda page: page["links"]["positioning"] == "reconnecting")
        assert lost["state"]["time_ms"] >= first["state"]["time_ms"], "what was known stays on the page"
        async with platform.positioning():
            back = await eventually(shown, lambda page: page["state"]["time_ms"] > lost["state"]["time_ms"])
            assert back["links"]["positioning"] == "connected"


async def test_who_watches_is_known_to_operators_and_to_nobody_else(platform: WallPlatform):
    async with (
        platform.wall(),
        platform.people(platform.web_port) as people,
        people.stream("GET", "/events") as stream,
        platform.channel(platform.wall_port, "director") as channel,
        platform.channel(platform.wall_port, "fan") as fan,
    ):
        read = stream.aiter_bytes()
        await anext(read)
        listed = await WallServiceStub(channel).ListScreens(ListScreensRequest())
        assert [screen.peer.partition(":")[0] for screen in listed.screens] == ["127.0.0.1"]
        code, _ = await failure(WallServiceStub(fan).ListScreens(ListScreensRequest()))
        assert code == grpc.StatusCode.PERMISSION_DENIED


async def test_without_leave_to_speak_plaintext_no_page_answers_it(platform: WallPlatform):
    async with platform.wall(), httpx.AsyncClient() as client:
        for port in (platform.web_port, platform.operators_port):
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"http://127.0.0.1:{port}/healthz")


async def test_with_leave_for_the_public_page_the_operators_page_stays_private(platform: WallPlatform):
    async with platform.wall(web_plaintext=True), httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{platform.web_port}/healthz")).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{platform.operators_port}/healthz")


@pytest.mark.parametrize("path", ["/", "/events", "/static/operators.js", "/api/acknowledge", "/nowhere"])
async def test_a_stranger_is_told_how_to_sign_in_and_nothing_else(platform: WallPlatform, path: str):
    async with platform.wall(), platform.people(platform.operators_port) as people:
        for cookies in ({}, {"ardoise_operator": "guessed"}):
            people.cookies = httpx.Cookies(cookies)
            answer = await people.get(path)
            assert answer.status_code == 401
            assert "/sign-in?token=" in answer.text
        assert (await people.get("/sign-in?token=guessed")).status_code == 401
        for role in (Role.SECURITY, Role.RACE_OPERATIONS):
            assert platform.token(role) not in answer.text


@pytest.mark.parametrize("name", ["", "&name=", "&name=h%C3%A9l%C3%A8ne", "&name=a%0d%0ab", "&name=a/b"])
async def test_nobody_signs_in_without_a_name_that_can_be_kept(platform: WallPlatform, name: str):
    async with platform.wall(), platform.people(platform.operators_port) as people:
        asked = await people.get(f"/sign-in?token={platform.token(Role.SECURITY)}{name}")
        assert asked.status_code == 200
        assert "Who are you?" in asked.text
        assert "set-cookie" not in asked.headers
        assert (await people.get("/")).status_code == 401


async def operators_state(people: httpx.AsyncClient, wanted: Callable[[dict], bool]) -> dict[str, Any]:
    async with asyncio.timeout(LIMIT_S), people.stream("GET", "/events") as stream:
        kind = ""
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "state" and wanted(found := json.loads(value)):
                return found
    raise AssertionError("the stream ended")


async def test_an_alert_is_seen_and_acknowledged_by_security_alone(platform: WallPlatform):
    target = f"127.0.0.1:{platform.port}"
    bus = await platform.bus("ingest")
    reporter = Reporter(bus)
    await reporter.prepare()
    async with platform.security(), platform.wall(security_target=target):
        await reporter.refused(malformed(25))
        async with platform.people(platform.operators_port) as director:
            signed_in = await director.get(f"/sign-in?name=paul&token={platform.token(Role.RACE_OPERATIONS)}")
            cookie = signed_in.headers["set-cookie"]
            assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Secure"))
            state = await operators_state(director, lambda state: bool(state["alerts"]))
            [alert] = state["alerts"]
            assert (alert["rule"], alert["acknowledged_by"]) == ("malformed-flood", "")
            assert alert["action"]
            assert alert["evidence"][0]["source"] == "moto-2"
            assert state["links"]["security"]["state"] == "connected"
            decision = {"alert_id": alert["id"], "request_id": "one", "note": "relay replaced"}
            ours = {"origin": f"https://127.0.0.1:{platform.operators_port}"}
            refused = await director.post("/api/acknowledge", json=decision, headers=ours)
            assert (refused.status_code, refused.json()["reason"]) == (403, "ROLE_MISSING")
        async with platform.people(platform.operators_port) as guard:
            await guard.get(f"/sign-in?name=marie.dupont&token={platform.token(Role.SECURITY)}")
            for headers in ({}, {"origin": "https://elsewhere.example"}):
                foreign = await guard.post("/api/acknowledge", json=decision, headers=headers)
                assert (foreign.status_code, foreign.json()["reason"]) == (403, "FOREIGN_ORIGIN")
            form = await guard.post("/api/acknowledge", data=decision, headers=ours)
            assert form.status_code == 403
            unknown = await guard.post(
                "/api/acknowledge", json={**decision, "alert_id": "none"}, headers=ours
            )
            assert (unknown.status_code, unknown.json()["reason"]) == (404, "NOT_FOUND")
            huge = await guard.post("/api/acknowledge", json={**decision, "note": "x" * 9_000}, headers=ours)
            assert huge.status_code == 400
            done = await guard.post("/api/acknowledge", json=decision, headers=ours)
            assert done.status_code == 200, done.text
            assert done.json() == {"acknowledged": alert["id"], "kept_at": "site"}
            state = await operators_state(guard, lambda state: bool(state["alerts"][0]["acknowledged_by"]))
            assert state["alerts"][0]["acknowledged_by"] == "marie.dupont"
    await bus.close()


async def test_operators_see_what_has_left_and_that_decisions_are_on_one_region_only(
    platform: WallPlatform, plain_url: str
):
    store = Store(plain_url, "test")
    await migrate(store)
    bus = await platform.bus("ingest")
    reporter = Reporter(bus)
    await reporter.prepare()
    with Receiver() as receiver:
        security = platform.security(database_url=plain_url, security_webhook_url=receiver.url)
        async with security, platform.wall(security_target=f"127.0.0.1:{platform.port}"):
            await reporter.refused(malformed(1000))
            async with platform.people(platform.operators_port) as director:
                await director.get(f"/sign-in?name=paul&token={platform.token(Role.RACE_OPERATIONS)}")
                state = await operators_state(
                    director,
                    lambda state: (
                        state["kept_at"] == "one_region"
                        and [entry["state"] for entry in state["sent"]] == ["delivered"]
                    ),
                )
    assert state["sent"][0]["alert_id"] == state["alerts"][0]["id"] == receiver.alert_ids[0]
    await bus.close()
    await store.close()
