"""Ports of this machine that lead into a site: a connection lives until both of its ends are done."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator

import pytest
from ardoise.up.forwards import Forwards

WITHIN_S = 10.0
SERVER = ("truck", "web")


@pytest.fixture
async def far() -> AsyncIterator[tuple[socket.socket, str]]:
    """A listening socket at a site, and where this machine reaches it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(WITHIN_S)
        forwards = Forwards({SERVER: 0})
        serving = asyncio.create_task(forwards.serve({SERVER: listening.getsockname()}))
        yield listening, forwards.at(SERVER)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        forwards.close()


async def test_who_has_said_all_still_gets_a_late_answer(far: tuple[socket.socket, str]):
    listening, address = far
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), WITHIN_S) as near:
        near.sendall(b"asked")
        near.shutdown(socket.SHUT_WR)
        there, _ = await asyncio.to_thread(listening.accept)
        with there:
            there.settimeout(WITHIN_S)
            assert await asyncio.to_thread(there.recv, 16) == b"asked"
            assert await asyncio.to_thread(there.recv, 16) == b""
            gc.collect()
            there.sendall(b"answered")
        assert await asyncio.to_thread(near.recv, 16) == b"answered"
        assert await asyncio.to_thread(near.recv, 16) == b""
