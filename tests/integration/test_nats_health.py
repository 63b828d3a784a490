"""Whether a nats-server says that it is not well, asked as the supervisor asks it."""

import asyncio
from pathlib import Path

import pytest
from ardoise.chassis.nats_server import NatsServer, says_unwell
from ardoise.up.ports import Ports


async def test_a_server_that_is_well_does_not_say_that_it_is_not_and_one_that_is_gone_says_nothing(
    tmp_path: Path,
):
    ports = Ports({"nats-health": 0})
    server = NatsServer(tmp_path, health_port=ports.numbers["nats-health"])
    await server.start()
    assert not await says_unwell(ports.at("nats-health"))
    await server.stop()
    assert not await says_unwell(ports.at("nats-health"))
    ports.close()


@pytest.mark.parametrize(
    ("answer", "unwell"),
    [("503 Service Unavailable", True), ("200 OK", False), ("404 Not Found", False), ("", False)],
)
async def test_only_the_answer_that_it_is_unavailable_says_so(answer: str, unwell: bool):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode() if answer else b"")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as serving:
        host, port = serving.sockets[0].getsockname()
        assert await says_unwell(f"{host}:{port}") is unwell


async def test_a_proxy_of_the_machine_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def unavailable(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    ports = Ports({"nats-health": 0})
    async with await asyncio.start_server(unavailable, "127.0.0.1", 0) as proxy:
        host, port = proxy.sockets[0].getsockname()
        monkeypatch.setenv("HTTP_PROXY", f"http://{host}:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        assert not await says_unwell(ports.at("nats-health"))
    ports.close()


def test_what_it_is_told_is_written_once(tmp_path: Path):
    server = NatsServer(tmp_path)
    server.command()
    # A full disk takes nothing: no byte of it may be written anew.
    (tmp_path / "nats-server.conf").chmod(0o400)
    before = (tmp_path / "nats-server.conf").stat().st_mtime_ns
    server.command()
    assert (tmp_path / "nats-server.conf").stat().st_mtime_ns == before
