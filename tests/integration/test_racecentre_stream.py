"""The stream client against real HTTP servers that serve a recording, break off, or misbehave."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from ardoise.ingest.racecentre.client import RaceCentreStream, StreamRefused
from ardoise.ingest.racecentre.decoder import decode
from ardoise.ingest.racecentre.discovery import discover_setup
from ardoise.ingest.racecentre.recording import Recording, parse_recording, read_recording
from ardoise.ingest.racecentre.stage import NoRoute
from ardoise.rehearsal.recording_server import recording_app

TRACE = {
    "name": "Aval > Amont",
    "totalDistance": 10.0,
    "routePoints": [{"lat": 45.0 + step * 0.01, "lon": 6.0, "ele": 400 + step} for step in range(11)],
}


def recording(events: int = 40) -> Recording:
    def text(number: int) -> str:
        rider = {"Bib": 5, "Latitude": 45.02, "Longitude": 6.0, "kph": 30}
        data = {"TimeStamp": 1_783_420_242 + 6 * number, "Riders": [rider]}
        return json.dumps({"bind": "telemetryCompetitor-2026", "data": data})

    stages = {"2026-07-07": {"stage": 4, "date": "2026-07-07T00:00:00+02:00"}}
    news = {"dt": 0, "data": json.dumps({"bind": "news-2026", "data": {}})}
    telemetry = [{"dt": 6000, "data": text(number)} for number in range(events)]
    return parse_recording({"rest": {"trace": TRACE, "stages": stages}, "events": [news, *telemetry]})


@asynccontextmanager
async def http_server(app: object) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    task = asyncio.create_task(server.main_loop())
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.force_exit = server.should_exit = True
        await task
        await server.shutdown()


@asynccontextmanager
async def raw_server(answer: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """For what no decent server does: `answer` gets the request's head and writes what it likes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def take(stream: RaceCentreStream, count: int) -> list[str]:
    texts = []
    async with aclosing(stream.events()) as events:
        async for event in events:
            texts.append(event.text)
            if len(texts) == count:
                break
    return texts


async def test_set_up_and_every_event_come_from_one_url(http: httpx.AsyncClient):
    whole = recording()
    async with http_server(recording_app(whole, speed=600.0)) as origin:
        url = f"{origin}/live-stream"
        setup = await discover_setup(url, http)
        texts = await take(RaceCentreStream(url, http), len(whole.texts))

    assert setup.stage_name == "Stage 4: Aval - Amont"
    assert texts == list(whole.texts)


async def test_a_stream_without_a_road_says_how_to_give_one(http: httpx.AsyncClient):
    async with http_server(recording_app(recording(), speed=600.0, with_setup=False)) as origin:
        with pytest.raises(NoRoute, match="SETUP="):
            await discover_setup(f"{origin}/live-stream", http)


async def test_a_server_that_is_not_there_is_said_so_at_once(http: httpx.AsyncClient, free_port):
    with pytest.raises(StreamRefused, match="cannot be reached"):
        await discover_setup(f"http://127.0.0.1:{free_port()}/live-stream", http)


async def test_a_stream_that_breaks_off_goes_on_after_the_last_event(http: httpx.AsyncClient):
    asked_from: list[str] = []

    async def three_at_a_time(head: bytes, writer: asyncio.StreamWriter) -> None:
        last = [line for line in head.decode().splitlines() if line.lower().startswith("last-event-id:")]
        asked_from.append(last[0].split(": ")[1] if last else "")
        first = int(asked_from[-1] or -1) + 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for number in range(first, first + 3):
            writer.write(f"event: update\nid: {number}\ndata: number {number}\n\n".encode())
        writer.write(b"event: update\ndata: only half of an ev")

    async with raw_server(three_at_a_time) as origin:
        stream = RaceCentreStream(origin, http)
        texts = await take(stream, 7)

    assert texts == [f"number {number}" for number in range(7)]
    assert asked_from == ["", "2", "5"]
    assert stream.reconnects == 2


async def test_an_endless_event_costs_its_connection_not_the_memory(http: httpx.AsyncClient):
    connections = 0

    async def endless_first(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        if connections > 1:
            writer.write(b"data: sober again\n\n")
            return
        while not writer.is_closing():
            writer.write(b"data: " + b"x" * 65_536 + b"\n")
            await writer.drain()

    async with raw_server(endless_first) as origin:
        stream = RaceCentreStream(origin, http)
        texts = await take(stream, 1)

    assert texts == ["sober again"]
    assert stream.oversized == 1


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 404 Not Found\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"],
)
async def test_a_url_that_is_no_stream_is_said_so_at_once(http: httpx.AsyncClient, head: bytes):
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    async with raw_server(answer) as origin:
        with pytest.raises(StreamRefused, match=origin):
            await take(RaceCentreStream(origin, http), 1)


async def test_the_real_recording_comes_through_whole(http: httpx.AsyncClient, shared_data: Path):
    whole = read_recording(shared_data / "race/tour-2026-stage-04.json.gz")
    async with http_server(recording_app(whole, speed=math.inf)) as origin:
        url = f"{origin}/live-stream"
        setup = await discover_setup(url, http)
        texts = await take(RaceCentreStream(url, http), len(whole.texts))

    assert setup == whole.setup()
    assert texts == list(whole.texts)
    telemetry = [decode(text) for text in texts]
    assert sum(len(one.bib) for one in telemetry if one) == 283_782
    assert not any(one.refused for one in telemetry if one)
