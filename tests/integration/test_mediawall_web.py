"""The public page's port as any client meets it, race or no race."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psutil
import pytest
from ardoise.mediawall import connection
from ardoise.mediawall.public import public_app
from ardoise.mediawall.web import Port, PortTaken
from httpx_sse import ServerSentEvent, aconnect_sse

from tests.browser import race_day
from tests.browser.stand import Stand

LIMIT_S = 10.0


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    """A page with a race on it."""
    stand = Stand(screens_limit=3)
    stand.load()
    stand.show(9_000)
    stand.start()
    yield stand
    await stand.stop()


async def take(stand: Stand, wanted: int, headers: dict[str, str] | None = None) -> list[ServerSentEvent]:
    """The first events of a new stream."""
    got = []
    async with (
        asyncio.timeout(LIMIT_S),
        httpx.AsyncClient() as client,
        aconnect_sse(client, "GET", f"{stand.url}/events", headers=headers or {}) as stream,
    ):
        async for event in stream.aiter_sse():
            got.append(event)
            if len(got) == wanted:
                break
    return got


async def until(condition: Any) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 (screens come and go without telling anybody)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_screen_gets_the_stage_and_the_race_at_once(stand: Stand, encoding: str):
    events = await take(stand, 4, {"accept-encoding": encoding})
    assert [event.event for event in events] == ["hello", "links", "stage", "state"]
    assert json.loads(events[2].data)["stage_name"] == race_day.stage().stage_name
    assert events[3].id == f"{race_day.EPOCH}-19000"
    assert len(json.loads(events[3].data)["riders"]["bib"]) == 176


async def test_a_screen_that_comes_back_is_not_sent_the_stage_again(stand: Stand):
    events = await take(stand, 3, {"last-event-id": f"{race_day.EPOCH}-18950"})
    assert [event.event for event in events] == ["hello", "links", "state"]


async def test_a_screen_that_comes_back_to_another_stage_is_sent_it(stand: Stand):
    events = await take(stand, 4, {"last-event-id": "1234-18950"})
    assert [event.event for event in events] == ["hello", "links", "stage", "state"]


async def test_a_quiet_race_beats_every_second_with_its_log_time(stand: Stand):
    events = await take(stand, 6)
    assert [event.event for event in events[4:]] == ["beat", "beat"]
    beat = json.loads(events[4].data)
    assert beat["log_time_ms"] == race_day.START_MS + 9_000_000
    assert 900 <= json.loads(events[5].data)["now_ms"] - beat["now_ms"] <= 2_500


async def test_a_slow_screen_gets_the_newest_and_slows_nobody(stand: Stand):
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    slow.connect(("127.0.0.1", stand.number))
    slow.setblocking(False)
    loop = asyncio.get_running_loop()
    with slow:
        await loop.sock_sendall(slow, b"GET /events HTTP/1.1\r\nHost: wall\r\n\r\n")
        await until(lambda: len(stand.wall.screens) == 1)
        [screen] = stand.wall.screens
        shown = 9_000
        # Until the buffers between us are full.
        while not screen.sent or 10_000 + shown - int(screen.sent.split("-")[1]) < 100:
            shown += 1
            stand.show(shown, predictions=False)
            await asyncio.sleep(0)
            assert shown < 20_000, "nothing ever filled up"
        async with asyncio.timeout(LIMIT_S):
            fast = await take(stand, 4)
            assert json.loads(fast[3].data)["time_ms"] == race_day.START_MS + shown * 1000
            received = b""
            newest = f"{race_day.EPOCH}-{10_000 + shown}".encode()
            while newest not in received:
                received += await loop.sock_recv(slow, 1 << 20)
    assert received.count(b"event: ") < shown - 9_000 - 90
    assert screen.skipped >= 99
    await until(lambda: len(stand.wall.screens) == 0)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: wall\r\nX-Slow",
        b"GET /healthz HTTP/1.1\r\nHost: wall\r\n\r\nGET / HTTP/1.1\r\nHost",
        b"POST / HTTP/1.1\r\nHost: wall\r\nContent-Length: 1000000\r\n\r\nslowly",
    ],
    ids=["nothing", "half a head", "half a second head", "half a body for nobody"],
)
async def test_who_never_ends_a_request_loses_the_connection(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, sent: bytes
):
    monkeypatch.setattr(connection, "REQUEST_LIMIT_S", 0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.number)
    writer.write(sent)
    trickling = asyncio.create_task(trickle(writer)) if sent else None
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), LIMIT_S)
    if trickling is not None:
        trickling.cancel()
    writer.close()


async def trickle(writer: asyncio.StreamWriter) -> None:
    """Keeps a connection from being idle: a byte of a header, again and again."""
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)


async def test_a_long_answer_is_not_cut_by_the_limit_for_requests(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "REQUEST_LIMIT_S", 0.2)
    events = await take(stand, 6)
    assert [event.event for event in events[4:]] == ["beat", "beat"]


async def test_who_reads_nothing_loses_the_connection(stand: Stand, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "STALL_LIMIT_S", 0.3)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.connect(("127.0.0.1", stand.number))
    deaf.setblocking(False)
    with deaf:
        await asyncio.get_running_loop().sock_sendall(deaf, b"GET /events HTTP/1.1\r\nHost: wall\r\n\r\n")
        await until(lambda: len(stand.wall.screens) == 1)
        shown = 9_000
        async with asyncio.timeout(LIMIT_S):
            while len(stand.wall.screens):
                shown += 1
                stand.show(shown, predictions=False)
                await asyncio.sleep(0)
        await until(lambda: deaf.getsockname() not in peers(stand))


def peers(stand: Stand) -> list[tuple[str, int]]:
    """Who is connected, as the operating system has it."""
    sockets = psutil.Process().net_connections("tcp")
    return [tuple(one.raddr) for one in sockets if one.laddr.port == stand.number and one.raddr]


async def test_screens_beyond_the_limit_are_told_to_come_later(stand: Stand):
    async with httpx.AsyncClient() as client, asyncio.timeout(LIMIT_S):
        first, second, third = (client.stream("GET", f"{stand.url}/events") for _ in range(3))
        async with first, second:
            async with third as last:
                assert last.status_code == 200
                refused = await client.get(f"{stand.url}/events")
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
            await until(lambda: len(stand.wall.screens) == 2)
            async with client.stream("GET", f"{stand.url}/events") as again:
                assert again.status_code == 200


async def test_who_polls_gets_the_same_as_json(stand: Stand):
    async with httpx.AsyncClient() as client:
        answer = (await client.get(f"{stand.url}/api/state")).json()
        assert answer["links"] == {"positioning": "connected", "analytics": "connected"}
        assert answer["state"]["groups"][0]["role"] == "head"
        assert answer["stage"]["epoch"] == race_day.EPOCH
        health = await client.get(f"{stand.url}/healthz")
        assert health.json()["serving"] is True


async def test_every_answer_forbids_what_the_page_does_not_need(stand: Stand):
    async with httpx.AsyncClient() as client:
        for path in ("/", "/static/app.js", "/api/state", "/nowhere", "/static/../settings.py"):
            answer = await client.get(stand.url + path)
            assert "default-src 'none'" in answer.headers["content-security-policy"], path
            assert answer.headers["x-content-type-options"] == "nosniff", path


@pytest.mark.parametrize(
    "path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static/..%2fsettings.py"]
)
async def test_nothing_but_the_static_files_is_served(stand: Stand, path: str):
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.number)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: wall\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), LIMIT_S)
    writer.close()
    assert b" 404 " in answer.splitlines()[0]


@pytest.mark.parametrize(("asked", "language"), [("fr-CH,fr;q=0.9", "fr"), ("en", "en"), ("", "en")])
async def test_the_page_comes_in_the_language_of_the_browser(stand: Stand, asked: str, language: str):
    async with httpx.AsyncClient() as client:
        answer = await client.get(stand.url, headers={"accept-language": asked})
    assert f'<html lang="{language}">' in answer.text


async def test_a_port_that_is_taken_is_told_with_the_setting_to_change(stand: Stand):
    with pytest.raises(PortTaken, match="ARDOISE_WEB_LISTEN"):
        Port(f"127.0.0.1:{stand.number}", public_app(stand.wall, asyncio.Event()), None, "WEB_LISTEN")


async def test_a_server_that_stops_ends_its_streams(stand: Stand):
    async with httpx.AsyncClient() as client, client.stream("GET", f"{stand.url}/events") as stream:
        async with asyncio.timeout(LIMIT_S):
            stopping = asyncio.create_task(stand.stop())
            async for _ in stream.aiter_bytes():
                pass
            await stopping
