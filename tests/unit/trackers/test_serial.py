"""Sources that are serial devices: what may be said of one."""

import asyncio
import contextlib
import os
import time
import tty
from collections.abc import Mapping
from dataclasses import replace

import pytest
from ardoise.trackers.decoders.nmea import DECODER
from ardoise.trackers.decoding import Decoded, Message, Transport
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.domain.sources import Source, sources_of
from ardoise.trackers.gateway import Gateway
from ardoise.trackers.listening import serial
from ardoise.trackers.listening.intake import Intake
from ardoise.trackers.listening.serial import AGAIN_FIRST_S, SerialPort

from tests.support.logs import logged_by

LIMIT_S = 10.0


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
