"""Sources that are serial devices: what may be said of one."""

import asyncio
import contextlib
import os
import time
import tty
from collections.abc import Mapping
from dataclasses import replace

import pytest
from ardoise.chassis.refusals import Refusals
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoders.nmea import DECODER, Session
from ardoise.trackers.decoding import Decoded, Message, Transport
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.limits import MOST_REFUSED_IN_A_ROW, Limits
from ardoise.trackers.domain.sources import Source, sources_of
from ardoise.trackers.gateway import Gateway
from ardoise.trackers.listening import serial
from ardoise.trackers.listening.intake import Intake
from ardoise.trackers.listening.serial import AGAIN_FIRST_S, SILENT, UNREADABLE, SerialPort

from tests.support.logs import logged_by

LIMIT_S = 10.0
SOON_S = 0.1


def port(entry: str) -> SerialPort:
    (source,) = sources_of(entry)
    # Nothing comes in here that could be refused.
    intake = Intake("nmea", DECODER, Gateway("gateway", Devices()), None, Limits())  # type: ignore[arg-type]
    return SerialPort(source.address, intake, source.options)


def test_a_source_is_a_device_with_its_baud():
    entry = "nmea=serial:///dev/ttyUSB0?device=moto-1&baud=115200"
    options = {"device": "moto-1", "baud": "115200"}
    assert sources_of(entry) == (Source("nmea", "nmea", Transport.SERIAL, "/dev/ttyUSB0", options),)
    assert port(entry).address == "/dev/ttyUSB0"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("nmea=serial://dev/ttyUSB0", "serial:///dev"),
        ("nmea=serial:///dev/ttyUSB0?baud=fast", "baud=fast"),
        ("nmea=serial:///dev/ttyUSB0?baud=9601", "baud=9601"),
    ],
)
def test_what_is_no_device_and_no_baud_is_no_source(entry: str, says: str):
    with pytest.raises(ValueError, match=says):
        port(entry)


async def test_a_device_that_is_waited_for_is_let_go_of_at_once(tmp_path):
    opened = port(f"nmea=serial://{tmp_path}/ttyUSB0?device=moto-1")
    await opened.open()
    began = time.monotonic()
    await opened.close()
    assert time.monotonic() - began < AGAIN_FIRST_S


async def test_a_failure_that_nobody_expected_is_logged_and_the_device_read_again(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(serial, "AGAIN_FIRST_S", 0.01)
    begun, heard = 0, asyncio.Event()

    def begin(options: Mapping[str, str]) -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise RuntimeError("a decoder of somebody's own")

    def decode(message: Message, session: None) -> Decoded[None]:
        heard.set()
        return Decoded()

    ours, theirs = os.openpty()
    with contextlib.ExitStack() as ends, logged_by(serial) as logged:
        ends.callback(os.close, ours)
        ends.callback(os.close, theirs)
        tty.setraw(theirs)
        intake = Intake(
            "nmea", replace(DECODER, begin=begin, decode=decode), Gateway("gateway", Devices()), None
        )  # type: ignore[arg-type]
        opened = SerialPort(os.ttyname(theirs), intake, {})
        await opened.open()
        async with asyncio.timeout(LIMIT_S):
            while True:
                os.write(ours, b"$GPGSV,1\r\n")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(heard.wait(), 0.05)
                    break
        await opened.close()
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["serial_failed"]


@pytest.mark.parametrize(
    ("said", "limits", "why", "counted"),
    [
        (b"", Limits(first_message_s=SOON_S), SILENT, {}),
        (b"$GPGSV,1\r\n", Limits(silence_s=SOON_S), SILENT, {}),
        (b"nonsense\n" * MOST_REFUSED_IN_A_ROW, Limits(), UNREADABLE, {"MALFORMED": MOST_REFUSED_IN_A_ROW}),
        (b"\xf8\x80", Limits(message_s=SOON_S), UNREADABLE, {"TOO_SLOW": 1}),
    ],
    ids=["never_heard", "fallen_silent", "garbage", "too_little_garbage_for_a_line"],
)
async def test_it_is_told_apart_whether_a_device_is_silent_or_unreadable(
    monkeypatch: pytest.MonkeyPatch, said: bytes, limits: Limits, why: str, counted: dict[str, int]
):
    monkeypatch.setattr(serial, "AGAIN_FIRST_S", SOON_S)
    monkeypatch.setattr(serial, "AGAIN_MOST_S", SOON_S)
    refusals = Refusals(None)  # type: ignore[arg-type]
    read = asyncio.Semaphore(0)

    def begin(options: Mapping[str, str]) -> Session:
        read.release()
        return DECODER.begin(options)

    ours, theirs = os.openpty()
    with contextlib.ExitStack() as ends, logged_by(serial) as logged:
        ends.callback(os.close, ours)
        ends.callback(os.close, theirs)
        tty.setraw(theirs)
        intake = Intake(
            "nmea", replace(DECODER, begin=begin), Gateway("gateway", Devices()), refusals, limits
        )
        opened = SerialPort(os.ttyname(theirs), intake, {"device": "moto-1"})
        await opened.open()
        async with asyncio.timeout(LIMIT_S):
            await read.acquire()
            os.write(ours, said)
            await read.acquire()  # Again, and so what it was is told.
        await opened.close()
    assert [entry["why"] for entry in logged if entry["event"] == "serial_away"] == [why]
    assert {
        RefusalReason.Name(record.reason).removeprefix("REFUSAL_REASON_"): record.count
        for record in refusals._pending.values()
    } == counted
