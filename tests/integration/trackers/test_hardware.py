"""Hardware trackers and receivers before the gateway and a real ingest: over TCP, UDP and a serial line."""

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ardoise.trackers.domain.numbers import tracker_of

from tests.support.gateway import Gateway, gateway
from tests.support.hardware import (
    GT06_MASTS,
    at_another_baud,
    gt06_alarm_state,
    gt06_frame,
    gt06_login,
    gt06_place,
    h02_binary,
    h02_text,
    sentence,
)
from tests.support.platform import Platform
from tests.support.stage import stage_with

LIMIT_S = 15.0
AGAIN_S = 0.05
IMEI = "123456789012345"
DIGITS = "4106000826"
MOTO = tracker_of("nmea", "moto-1")
STAGE = stage_with(
    ("gt06", IMEI), ("h02", DIGITS), ("h02-udp", DIGITS), ("nmea", "moto-1"), ("nmea", "moto-2")
)
"""Its riders have a tracker of each kind."""
PLACE = "4500.0000,N,00500.6000,E"
"""45 degrees north, 5.01 degrees east."""


def epoch(when: datetime) -> bytes:
    """What a receiver says of one instant."""
    time = f"{when:%H%M%S}.{when.microsecond // 1000:03d}"
    return sentence(f"GNGGA,{time},{PLACE},1,14,0.9,180.0,M,47.0,M,,") + sentence(
        f"GNRMC,{time},A,{PLACE},20.0,90.0,{when:%d%m%y},,,A,V"
    )


def now() -> datetime:
    """To the fifth of a second, as receivers at 5 Hz have it."""
    when = datetime.now(UTC)
    return when.replace(microsecond=when.microsecond // 200_000 * 200_000)


def ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)


@dataclass(frozen=True)
class Logged:
    """A fix in the log."""

    tracker: int
    time_ms: int
    latitude_e7: int
    longitude_e7: int
    speed_mmps: int
    accuracy_cm: int


async def logged(opened: Gateway, count: int) -> list[Logged]:
    """What the log has once it has so many fixes."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            fixes = [
                Logged(tracker, frame.base_time_ms + offset_ms, *rest)
                for frame in await opened.frames()
                for tracker, offset_ms, *rest in zip(
                    frame.tracker,
                    frame.time_offset_ms,
                    frame.latitude_e7,
                    frame.longitude_e7,
                    frame.speed_mmps,
                    frame.accuracy_cm,
                    strict=True,
                )
            ]
            if len(fixes) >= count:
                return fixes
            await asyncio.sleep(AGAIN_S)


@contextlib.asynccontextmanager
async def tcp(
    opened: Gateway, source: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to one of its ports."""
    host, _, port = opened.addresses[source].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


class Datagrams(asyncio.DatagramProtocol):
    """What comes back, in order."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.answers.put_nowait(data)


@contextlib.asynccontextmanager
async def udp(
    opened: Gateway, source: str
) -> AsyncIterator[tuple[asyncio.Queue[bytes], asyncio.DatagramTransport]]:
    """A socket whose peer is one of its ports."""
    host, _, port = opened.addresses[source].rpartition(":")
    loop = asyncio.get_running_loop()
    transport, datagrams = await loop.create_datagram_endpoint(Datagrams, remote_addr=(host, int(port)))
    try:
        yield datagrams.answers, transport
    finally:
        transport.close()


async def test_a_receivers_epochs_over_tcp_are_in_the_log(platform: Platform, free_port):
    async with gateway(platform, free_port, "nmea=tcp://127.0.0.1:0?device=moto-1", setup=STAGE) as opened:
        first = now()
        whens = [first + timedelta(milliseconds=200 * at) for at in range(10)]
        async with tcp(opened, "nmea tcp") as (_, writer):
            for when in whens:
                writer.write(epoch(when))
            fixes = await logged(opened, len(whens))
        assert fixes == [Logged(MOTO, ms(when), 450_000_000, 50_100_000, 10_289, 270) for when in whens]
        (device,) = await opened.devices()
        assert (device.name, device.satellites, device.known) == ("moto-1", 14, True)


async def test_receivers_of_one_port_are_told_apart_over_udp(platform: Platform, free_port):
    async with gateway(platform, free_port, "nmea=udp://127.0.0.1:0", setup=STAGE) as opened:
        when = now()
        async with udp(opened, "nmea udp") as (_, transport):
            for name in ("moto-1", "moto-2"):
                # A sentence a datagram, as routers send them on: an epoch comes in two.
                for line in epoch(when).splitlines(keepends=True):
                    transport.sendto(f"{name}:".encode() + line)
            fixes = await logged(opened, 2)
        assert {(fix.tracker, fix.time_ms) for fix in fixes} == {
            (MOTO, ms(when)),
            (tracker_of("nmea", "moto-2"), ms(when)),
        }


async def test_a_gt06_tracker_is_answered_as_its_protocol_has_it(platform: Platform, free_port):
    async with gateway(platform, free_port, "gt06=tcp://127.0.0.1:0", setup=STAGE) as opened:
        when = now().replace(microsecond=0)
        place = gt06_place(when, 45.0, 5.01, kmh=36)
        async with tcp(opened, "gt06 tcp") as (reader, writer), asyncio.timeout(LIMIT_S):
            writer.write(gt06_login(IMEI, 1))
            assert await reader.readexactly(10) == bytes.fromhex("787805010001d9dc0d0a")
            writer.write(gt06_frame(0x22, place + GT06_MASTS, 2))
            writer.write(gt06_frame(0x13, b"\x44\x06\x04\x00\x02", 3))
            # The location has no answer: the next is the heartbeat's, and it comes once the location is in the log.
            assert await reader.readexactly(10) == gt06_frame(0x13, b"", 3)
            assert len(await logged(opened, 1)) == 1
            writer.write(
                gt06_frame(0x26, gt06_place(when + timedelta(seconds=1), 45.0, 5.01) + gt06_alarm_state(6), 4)
            )
            assert await reader.readexactly(10) == gt06_frame(0x26, b"", 4)
        assert await logged(opened, 2) == [
            Logged(tracker_of("gt06", IMEI), ms(when), 450_000_000, 50_100_000, 10_000, -1),
            Logged(tracker_of("gt06", IMEI), ms(when) + 1000, 450_000_000, 50_100_000, 0, -1),
        ]
        (device,) = await opened.devices()
        assert (device.name, device.tracker, device.battery_percent) == (IMEI, tracker_of("gt06", IMEI), 100)


async def test_a_gt06_tracker_is_answered_over_udp_too(platform: Platform, free_port):
    async with gateway(platform, free_port, "gt06=udp://127.0.0.1:0", setup=STAGE) as opened:
        when = now().replace(microsecond=0)
        async with udp(opened, "gt06 udp") as (answers, transport), asyncio.timeout(LIMIT_S):
            transport.sendto(gt06_login(IMEI, 1))
            assert await answers.get() == bytes.fromhex("787805010001d9dc0d0a")
            transport.sendto(gt06_frame(0x12, gt06_place(when, 45.0, 5.01) + GT06_MASTS, 2))
            fixes = await logged(opened, 1)
        assert [(fix.tracker, fix.time_ms) for fix in fixes] == [(tracker_of("gt06", IMEI), ms(when))]


async def test_an_h02_tracker_is_heard_in_text_and_in_binary(platform: Platform, free_port):
    sources = "h02=tcp://127.0.0.1:0,h02=udp://127.0.0.1:0?name=h02-udp"
    async with gateway(platform, free_port, sources, setup=STAGE) as opened:
        first = now().replace(microsecond=0)
        whens = [first + timedelta(seconds=at) for at in range(3)]
        async with tcp(opened, "h02 tcp") as (_, writer), udp(opened, "h02 udp") as (_, transport):
            writer.write(h02_text(DIGITS, whens[0], 45.0, 5.01, knots=20) + b"\r\n")
            writer.write(h02_binary(DIGITS, whens[1], 45.0, 5.01, knots=20))
            transport.sendto(h02_text(DIGITS, whens[2], 45.0, 5.01, knots=20, kind="V6"))
            fixes = await logged(opened, 3)
        assert sorted(fixes, key=lambda fix: fix.time_ms) == [
            Logged(tracker_of(source, DIGITS), ms(when), 450_000_000, 50_100_000, 10_289, -1)
            for source, when in zip(("h02", "h02", "h02-udp"), whens, strict=True)
        ]


class Plug:
    """A serial device at a path, which can be unplugged and plugged in again: one end of a pseudo terminal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends: list[int] = []

    def plug_in(self) -> None:
        """The device is there."""
        self._ends = list(os.openpty())
        tty.setraw(self._ends[1])
        self.path.symlink_to(os.ttyname(self._ends[1]))

    def write(self, data: bytes) -> None:
        """What the device says."""
        os.write(self._ends[0], data)

    def unplug(self) -> None:
        """The device is gone, and so is its path."""
        self.path.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = []


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    plug = Plug(tmp_path / "ttyUSB0")
    yield plug
    plug.unplug()


@contextlib.asynccontextmanager
async def speaking(plug: Plug, what: Callable[[], bytes] = lambda: epoch(now())) -> AsyncIterator[None]:
    """A receiver goes on once a fifth of a second, heard or not, until the block ends."""

    async def speak() -> None:
        while True:
            plug.write(what())
            await asyncio.sleep(0.2)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def says_until(plug: Plug, opened: Gateway, count: int) -> list[Logged]:
    """Until the log has so many fixes."""
    async with speaking(plug):
        return await logged(opened, count)


async def test_a_serial_receiver_is_heard_and_again_after_it_was_unplugged(
    platform: Platform, free_port, plug: Plug
):
    plug.plug_in()
    source = f"nmea=serial://{plug.path}?device=moto-1&baud=115200"
    async with gateway(platform, free_port, source, setup=STAGE) as opened:
        assert opened.addresses == {"nmea serial": str(plug.path)}
        before = await says_until(plug, opened, 5)
        assert before[0].tracker == MOTO
        assert before[0].accuracy_cm == 270
        plug.unplug()
        plug.plug_in()
        after = await says_until(plug, opened, len(before) + 5)
        assert after[-1].time_ms > before[-1].time_ms


async def test_a_serial_device_that_is_not_there_yet_is_waited_for(platform: Platform, free_port, plug: Plug):
    source = f"nmea=serial://{plug.path}?device=moto-1"
    async with gateway(platform, free_port, source, setup=STAGE) as opened:
        plug.plug_in()
        assert await says_until(plug, opened, 1)


@pytest.mark.parametrize(("said", "read"), [(9_600, 115_200), (115_200, 9_600), (4_800, 9_600)])
async def test_what_another_baud_makes_of_a_receiver_is_counted_until_it_is_set_right(
    platform: Platform, free_port, plug: Plug, said: int, read: int
):
    plug.plug_in()
    source = f"nmea=serial://{plug.path}?device=moto-1&baud={read}"
    async with gateway(platform, free_port, source, setup=STAGE) as opened:
        async with speaking(plug, lambda: at_another_baud(epoch(now()) * 4, said, read)):
            (record,) = await opened.refused("TOO_LARGE", "tracker-nmea")
        assert record.peer == str(plug.path)
        assert await says_until(plug, opened, 1)
