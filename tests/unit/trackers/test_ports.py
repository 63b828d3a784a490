"""TCP ports under real sockets, without a log behind them: what is left behind when a peer goes or will not listen."""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import AsyncIterator, Callable

import pytest
from ardoise.chassis.refusals import Refusals
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers import gateway
from ardoise.trackers.decoding import Cut, Decoded, Decoder, Fix, Message, Transport, malformed
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.gateway import Gateway
from ardoise.trackers.listening import tcp
from ardoise.trackers.listening.intake import Intake
from ardoise.trackers.listening.stream import Conversation
from ardoise.trackers.listening.tcp import LAST_WORD_LIMIT_S, Converse, TcpPort

from tests.support.logs import logged_by

LIMIT_S = 20.0
LIMITS = Limits(message_s=0.3, first_message_s=0.3, silence_s=0.3, answer_s=0.3, unanswered=4)
LARGE = b"a" * 16 * 1024 * 1024


def decode(message: Message, session: None) -> Decoded[None]:
    if message.body == b"alive\n":
        return Decoded(reply=LARGE)
    if message.body == b"fix\n":
        return Decoded((Fix("a", 0, 1, 1),), reply=b"ok\n")
    raise malformed("neither")


def cut(buffer: bytes) -> Cut:
    return Cut(buffer.find(b"\n") + 1)


LINES = Decoder("lines", frozenset({Transport.TCP}), decode, cut=cut)


@pytest.fixture
def refusals() -> Refusals:
    """Never flushed: no bus is there. What it was told stays in it."""
    return Refusals(None)  # type: ignore[arg-type]


def counted(refusals: Refusals) -> dict[str, int]:
    return {
        RefusalReason.Name(record.reason).removeprefix("REFUSAL_REASON_"): record.count
        for record in refusals._pending.values()
    }


@pytest.fixture
async def opened(refusals: Refusals) -> AsyncIterator[Callable]:
    """Opens a port where this is spoken; ends it, and fails where a task of it is left."""
    before = asyncio.all_tasks()
    async with contextlib.AsyncExitStack() as stack:

        async def open_(converse: Callable[[Intake], Converse]) -> TcpPort:
            intake = Intake("lines", LINES, Gateway("gateway", Devices()), refusals, LIMITS)
            port = TcpPort("127.0.0.1:0", intake, converse(intake))
            await port.open()
            stack.push_async_callback(port.close)
            return port

        yield open_
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    assert not left


async def connect(port: TcpPort) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, number = port.address.split(":")
    return await asyncio.open_connection(host, int(number), limit=2**26)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


def stream(intake: Intake) -> Converse:
    return Conversation(intake, {})


async def test_a_peer_that_does_not_read_its_answers_is_ended(opened, refusals):
    port = await opened(stream)
    reader, writer = await connect(port)
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(b"alive\n" * 3)
    await until(lambda: counted(refusals) == {"TOO_SLOW": 1})
    await until(lambda: not port._open)
    writer.transport.abort()


@pytest.mark.parametrize("reset", [False, True], ids=["ends", "resets"])
async def test_a_peer_that_goes_while_answers_are_due_leaves_no_task_and_no_error(
    opened, monkeypatch: pytest.MonkeyPatch, reset: bool
):
    monkeypatch.setattr(gateway, "ANSWER_LIMIT_S", 0.2)
    port = await opened(stream)
    unheard: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    _, writer = await connect(port)
    writer.write(b"fix\n" * 50)
    await until(lambda: len(port._open) == 1)
    if reset:
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    writer.transport.abort()
    await until(lambda: not port._open)
    gc.collect()
    assert unheard == []


async def test_a_peer_that_has_said_what_it_had_to_is_let_go_and_not_blamed(opened, refusals):
    port = await opened(stream)
    _, writer = await connect(port)
    writer.write(b"nonsense\n")
    await until(lambda: counted(refusals) == {"MALFORMED": 1})
    writer.transport.pause_reading()
    await until(lambda: not port._open)
    assert counted(refusals) == {"MALFORMED": 1}
    writer.transport.abort()


@pytest.mark.parametrize(
    "error", [OSError(113, "No route to host"), ConnectionResetError(), BrokenPipeError()]
)
async def test_whatever_a_network_does_ends_the_connection_alone(opened, refusals, error: OSError):
    async def converse(connection: object) -> None:
        raise error

    port = await opened(lambda intake: converse)
    unheard: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    with logged_by(tcp) as logged:
        reader, writer = await connect(port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), LIMIT_S) == b""
        writer.close()
        await until(lambda: not port._open)
    assert (counted(refusals), unheard, logged) == ({}, [], [])


async def test_a_refusal_reaches_a_peer_that_is_still_sending(opened):
    """A port that is closed on bytes it has not read takes back what it said last."""

    async def converse(connection) -> None:
        await connection.read(begun=False)
        await connection.write(b"too large\n")

    port = await opened(lambda intake: converse)
    reader, writer = await connect(port)
    writer.write(b"x" * 200_000)
    assert await asyncio.wait_for(reader.read(), LIMIT_S + LAST_WORD_LIMIT_S) == b"too large\n"
    writer.close()


async def test_a_connection_is_counted_until_it_has_ended(opened, refusals):
    port = await opened(stream)
    _, writer = await connect(port)
    await until(lambda: len(port._open) == 1)
    admission = port._intake.admission
    assert admission._connections == {"127.0.0.1": 1}
    writer.close()
    await until(lambda: not port._open)
    assert admission._connections == {}
