"""Whoever means harm at a port: each limit of the gateway, met by real sockets, counted by source and reason."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from ardoise.trackers.domain.limits import MOST_REFUSED_IN_A_ROW, Limits
from ardoise.trackers.listening.http import MOST_HEAD_BYTES

from tests.support.gateway import Gateway, gateway
from tests.support.platform import Platform
from tests.support.template import installed

HTTP, TCP, UDP = "osmand http", "plainline tcp", "plainline udp"
SOURCES = (
    "osmand=http://127.0.0.1:0,plainline=tcp://127.0.0.1:0,plainline=udp://127.0.0.1:0?name=plainline-udp"
)
HASTY = Limits(message_s=0.4, first_message_s=0.4, answer_s=0.4)
BUSY_S = 3.0
"""Between two answers there is a frame of the gateway's, and all that this machine does besides."""
ENDED_LIMIT_S = 20.0
"""By then a connection is closed that should be: the machine may be busy."""
STRANGER = "127.0.0.2"
MANY = 1_000_000
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(autouse=True)
def plainline(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package's decoder, of streams and datagrams."""
    monkeypatch.syspath_prepend(str(installed(repository, tmp_path)))


@pytest.fixture
async def ports(platform: Platform, free_port, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    """The gateway, with the limits that the test is parametrised with."""
    async with gateway(platform, free_port, SOURCES, limits=getattr(request, "param", Limits())) as opened:
        yield opened


def limited(limits: Limits) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("ports", [limits], indirect=True, ids=[""])


@contextlib.asynccontextmanager
async def connected(
    ports: Gateway, port: str, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, number = ports.addresses[port].split(":")
    reader, writer = await asyncio.open_connection(host, int(number), local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until_ended(reader: asyncio.StreamReader) -> bytes:
    """All that is said until the connection ends."""
    said = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(ENDED_LIMIT_S):
            while chunk := await reader.read(65_536):
                said += chunk
    return said


async def answer(ports: Gateway, port: str, data: bytes) -> bytes:
    """What one connection is told that says this."""
    async with connected(ports, port) as (reader, writer):
        writer.write(data)
        return await until_ended(reader)


async def is_served(ports: Gateway, address: str = "127.0.0.1") -> bool:
    """Whether an honest phone of that address is."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport) as http:
        said = await http.get(
            f"http://{ports.addresses[HTTP]}/?id=9001&lat=45.0&lon=5.01&timestamp={time.time():.0f}"
        )
    return said.status_code == 200


@limited(HASTY)
@pytest.mark.parametrize(
    ("port", "begin", "drip", "source"),
    [
        (HTTP, b"GET / HTTP/1.1\r\nX-A: ", b"a", "tracker-osmand"),
        (HTTP, HEAD + b"Content-Length: 5000\r\n\r\n", b"a", "tracker-osmand"),
        (HTTP, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", "tracker-osmand"),
        (TCP, b"", b"9", "tracker-plainline"),
    ],
    ids=["head", "body", "chunks", "line"],
)
async def test_who_drips_a_message_is_ended(
    ports: Gateway, port: str, begin: bytes, drip: bytes, source: str
):
    async with connected(ports, port) as (reader, writer):
        writer.write(begin)
        ended = asyncio.create_task(until_ended(reader))
        while not ended.done():
            with contextlib.suppress(ConnectionError):
                writer.write(drip)
                await writer.drain()
            await asyncio.wait({ended}, timeout=HASTY.message_s / 8)
        assert await ended == b""
    await ports.refused("TOO_SLOW", source)
    assert await is_served(ports)


@limited(HASTY)
async def test_who_connects_and_says_nothing_is_ended(ports: Gateway):
    async with contextlib.AsyncExitStack() as open_:
        readers = [(await open_.enter_async_context(connected(ports, TCP)))[0] for _ in range(20)]
        assert await asyncio.gather(*map(until_ended, readers)) == [b""] * 20
    await ports.refused("TOO_SLOW", "tracker-plainline", 20)


@limited(replace(Limits(), message_s=BUSY_S))
async def test_who_is_never_heard_to_the_end_of_a_line_but_says_lines_is_no_slow_one(ports: Gateway):
    """As receivers do whose sentences the network cuts anywhere: each read ends in the middle of one."""
    assert await is_served(ports), "the gateway has its stream to ingest: answers come within frames"
    line = f"9001,{time.time():.0f},45.0,5.01,36\n".encode()
    async with connected(ports, TCP) as (reader, writer):
        writer.write(line[:9])
        begin = time.monotonic()
        said = 0
        while time.monotonic() < begin + 2 * BUSY_S:
            writer.write(line[9:] + line[:9])
            said += 1
            assert await asyncio.wait_for(reader.readexactly(3), ENDED_LIMIT_S) == b"OK\n"
        assert said > 1


@limited(replace(Limits(), connections_an_address=3, connections=5))
async def test_connections_are_counted_by_address_and_in_all(ports: Gateway):
    async with contextlib.AsyncExitStack() as open_:
        for address in ("127.0.0.1",) * 3 + (STRANGER,) * 2:
            await open_.enter_async_context(connected(ports, HTTP, address))
        for address in ("127.0.0.1", STRANGER, "127.0.0.3"):
            async with connected(ports, HTTP, address) as (reader, _):
                assert await until_ended(reader) == b""
        await ports.refused("TOO_MANY", "tracker-osmand", 3)
    async with asyncio.timeout(ENDED_LIMIT_S):
        while True:  # Its ends are heard in their turn.
            with contextlib.suppress(httpx.TransportError):
                if await is_served(ports):
                    break


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"a" * 2 * MOST_HEAD_BYTES,
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * MOST_HEAD_BYTES,
        HEAD + b"Content-Length: 1000000\r\n\r\n" + b"a" * MANY,
        HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"8000\r\n"
        + b"a" * 0x8000
        + b"\r\n"
        + b"1\r\na\r\n" * 40_000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * MANY,
    ],
    ids=["target", "headers", "body", "chunks", "chunk_extension"],
)
async def test_what_is_too_large_is_refused_before_it_is_all_there(ports: Gateway, data: bytes):
    said = await answer(ports, HTTP, data)
    assert said.startswith(b"HTTP/1.1 413 ")
    await ports.refused("TOO_LARGE", "tracker-osmand")
    assert await is_served(ports)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"content-length: 0"),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", b"compressed"),
        (
            HEAD + b"Content-Encoding: GZIP\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
            b"compressed",
        ),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /", b"two lengths"),
        (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", b"conflicting"),
        (HEAD + b"Content-Length: +5\r\n\r\nhello", b"Content-Length"),
        (HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", b"header line"),
        (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n", b"chunked"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", b"chunk header"),
        (b"CONNECT /:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET or POST"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"Host"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xa5" * 32 + b"\r\n\r\n", b"no HTTP"),
        (b"\r\n\xff\x00garbage\r\n\r\n", b"no HTTP"),
    ],
)
async def test_what_is_no_request_of_a_tracker_is_refused(ports: Gateway, data: bytes, says: bytes):
    said = await answer(ports, HTTP, data)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 400 ") == 1
    assert says in said
    (record,) = await ports.refused("MALFORMED", "tracker-osmand")
    assert record.peer == "127.0.0.1"
    assert record.detail


async def test_a_network_that_goes_away_is_nobodys_fault(ports: Gateway):
    async with connected(ports, HTTP) as (_, writer):
        writer.write(HEAD + b"Content-Length: 100\r\n\r\nabc")
        writer.write_eof()
    await answer(ports, HTTP, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n")
    (only,) = await ports.refused("MALFORMED", "tracker-osmand")
    assert only.count == 1


@limited(replace(Limits(), messages_at_once=20.0, messages_hz=0.1))
async def test_a_flood_of_one_address_costs_no_other(ports: Gateway):
    cell = b"GET /?id=9001&cell=1 HTTP/1.1\r\nHost: a\r\n\r\n"
    said = await answer(ports, HTTP, cell * 500)
    assert (said.count(b"HTTP/1.1 200"), said.count(b"HTTP/1.1 429")) == (20, 1)
    assert not await is_served(ports)
    assert await is_served(ports, STRANGER)
    await ports.refused("TOO_MANY", "tracker-osmand", 2)


@limited(replace(Limits(), messages_at_once=20.0, messages_hz=0.1))
async def test_a_flood_of_datagrams_costs_no_other(ports: Gateway):
    host, number = ports.addresses[UDP].split(":")
    line = f"9001,{time.time():.0f},45.0,5.01,36".encode()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as honest,
    ):
        stranger.bind((STRANGER, 0))
        honest.bind(("127.0.0.1", 0))
        honest.setblocking(False)
        loop = asyncio.get_running_loop()
        heard = asyncio.create_task(loop.sock_recv(honest, 16))
        async with asyncio.timeout(ENDED_LIMIT_S):
            while not heard.done():  # As trackers do; the machine's buffer may be full of the other's.
                for _ in range(30):
                    stranger.sendto(b"nonsense", (host, int(number)))
                honest.sendto(line, (host, int(number)))
                await asyncio.wait({heard}, timeout=1)
        assert heard.result() == b"OK\n"
    await ports.refused("MALFORMED", "tracker-plainline-udp", 20)
    await ports.refused("TOO_MANY", "tracker-plainline-udp", 1)


@pytest.mark.parametrize(
    ("port", "source"), [(TCP, "tracker-plainline"), (UDP, "tracker-plainline-udp")], ids=["tcp", "udp"]
)
async def test_after_so_much_garbage_in_a_row_no_more_is_looked_at(ports: Gateway, port: str, source: str):
    garbage = b"nonsense\n" * 1_000
    if port == TCP:
        assert await answer(ports, TCP, garbage) == b""
    else:
        host, number = ports.addresses[UDP].split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(garbage, (host, int(number)))
    found = await ports.refused("MALFORMED", source, MOST_REFUSED_IN_A_ROW)
    assert await is_served(ports)
    assert sum(record.count for record in found) == MOST_REFUSED_IN_A_ROW
