"""GT06: frames as Concox's documents print them, and others from an encoder of their own."""

from datetime import UTC, datetime, timedelta

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason as Reason
from ardoise.trackers.decoders.gt06 import DECODER, checksum
from ardoise.trackers.decoding import UNKNOWN, Fix

from tests.support.hardware import (
    GT06_MASTS,
    crc_itu,
    gt06_alarm_state,
    gt06_frame,
    gt06_login,
    gt06_place,
    heard,
)

IMEI = "123456789012345"
WHEN = datetime(2026, 8, 5, 5, 52, 34, tzinfo=UTC)
WHEN_MS = round(WHEN.timestamp() * 1000)


def place(when: datetime = WHEN, latitude: float = 45.0, longitude: float = 5.01, **more: object) -> bytes:
    return gt06_place(when, latitude, longitude, **more)


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        ("78780D01012345678901234500018CDD0D0A", "787805010001D9DC0D0A"),
        ("78781101075253367890024270003201000512790D0A", "7878050100059FF80D0A"),
    ],
    ids=["login", "login with a time zone"],
)
def test_documented_frames_are_answered_as_documented(frame: str, reply: str):
    found = heard(DECODER, bytes.fromhex(frame))
    assert found.refused == []
    assert [said.hex() for said in found.replies] == [bytes.fromhex(reply).hex()]


@pytest.mark.parametrize(
    ("frame", "kind", "number"),
    [("78780A134004040001000FDCEE0D0A", 0x13, 0x0F), ("78780B23C00122040001000818720D0A", 0x23, 8)],
    ids=["of 2G", "of 4G"],
)
def test_documented_heartbeats_are_answered(frame: str, kind: int, number: int):
    assert heard(DECODER, bytes.fromhex(frame)).replies == [gt06_frame(kind, b"", number)]
    # The answer that the document prints for a heartbeat whose own bytes it prints wrong.
    assert gt06_frame(0x13, b"", 0x11) == bytes.fromhex("787805130011F9700D0A")


def test_a_documented_alarm_is_a_fix_and_is_answered():
    login = bytes.fromhex("78780D01012345678901234500018CDD0D0A")
    alarm = bytes.fromhex(
        "787825160B0B0F0E241DCF027AC8870C4657E60014020901CC00287D001F726506040101003656A40D0A"
    )
    found = heard(DECODER, login + alarm)
    time_ms = round(datetime(2011, 11, 15, 14, 36, 29, tzinfo=UTC).timestamp() * 1000)
    assert found.fixes == [
        Fix(IMEI, time_ms, 231_117_550, 1_144_092_300, 0, satellites=15, battery_percent=100)
    ]
    assert found.replies[1:] == [gt06_frame(0x16, b"", 0x36)]


def test_a_documented_location_is_a_fix_and_is_not_answered():
    login = bytes.fromhex("78781101075253367890024270003201000512790D0A")
    location = bytes.fromhex("787822220F0C1D023305C9027AC8180C46586000140001CC00287D001F71000001000820860D0A")
    found = heard(DECODER, login + location)
    time_ms = round(datetime(2015, 12, 29, 2, 51, 5, tzinfo=UTC).timestamp() * 1000)
    assert found.fixes == [Fix("752533678900242", time_ms, 231_116_933, 1_144_092_978, 0, satellites=9)]
    assert len(found.replies) == 1


def test_the_checksum_is_the_one_of_x25():
    assert checksum(b"123456789") == crc_itu(b"123456789") == 0x906E
    for length in range(40):
        data = bytes((7 * at + length) % 256 for at in range(length))
        assert checksum(data) == crc_itu(data)


@pytest.mark.parametrize(
    ("kind", "long"), [(0x10, False), (0x11, False), (0x12, False), (0x22, False), (0xA0, True)]
)
@pytest.mark.parametrize(
    ("latitude", "longitude"), [(45.0, 5.01), (-33.9, 18.4), (40.7, -74.0), (-23.5, -46.6)]
)
def test_every_location_is_a_fix_on_its_side_of_the_world(
    kind: int, long: bool, latitude: float, longitude: float
):
    content = place(WHEN, latitude, longitude, kmh=54, course=271, satellites=11) + GT06_MASTS
    found = heard(DECODER, gt06_login(IMEI) + gt06_frame(kind, content, 2, long=long))
    assert found.fixes == [
        Fix(IMEI, WHEN_MS, round(latitude * 1e7), round(longitude * 1e7), 15_000, satellites=11)
    ]
    assert found.replies == [gt06_frame(0x01, b"", 1)]


@pytest.mark.parametrize("kind", [0x16, 0x26, 0x27])
def test_every_alarm_is_a_fix_with_its_battery_and_is_answered(kind: int):
    frame = gt06_frame(kind, place() + gt06_alarm_state(3), 77)
    found = heard(DECODER, gt06_login(IMEI) + frame)
    assert [(fix.time_ms, fix.battery_percent) for fix in found.fixes] == [(WHEN_MS, 50)]
    assert found.replies[1:] == [gt06_frame(kind, b"", 77)]


@pytest.mark.parametrize(("level", "percent"), [(0, 0), (1, 17), (3, 50), (6, 100), (7, UNKNOWN)])
def test_a_heartbeats_battery_is_the_next_fixs(level: int, percent: int):
    heartbeat = gt06_frame(0x13, bytes((0x44, level, 4, 0, 2)), 2)
    found = heard(DECODER, gt06_login(IMEI) + heartbeat + gt06_frame(0x22, place() + GT06_MASTS, 3))
    assert [fix.battery_percent for fix in found.fixes] == [percent]


@pytest.mark.parametrize(("kind", "is_utc"), [(0x12, False), (0x16, False), (0x22, True), (0x26, True)])
@pytest.mark.parametrize("zone_minutes", [0, 120, 480, 345, -570])
def test_a_trackers_clock_is_in_the_zone_that_its_login_said(kind: int, is_utc: bool, zone_minutes: int):
    shown = WHEN if is_utc else WHEN + timedelta(minutes=zone_minutes)
    frame = gt06_frame(kind, place(shown) + gt06_alarm_state(6), 2)
    found = heard(DECODER, gt06_login(IMEI, zone_minutes=zone_minutes) + frame)
    assert [fix.time_ms for fix in found.fixes] == [WHEN_MS]


def test_no_position_is_no_fix_and_no_refusal():
    frames = [
        gt06_frame(0x12, place(valid=False) + GT06_MASTS, 2),
        gt06_frame(0x11, GT06_MASTS, 3),
        gt06_frame(0x28, bytes(40), 4),
        gt06_frame(0x94, b"\x0aICCID", 5, long=True),
    ]
    found = heard(DECODER, gt06_login(IMEI) + b"".join(frames))
    assert (found.fixes, found.refused) == ([], [])


def broken(frame: bytes, at: int) -> bytes:
    return frame[:at] + bytes((frame[at] ^ 1,)) + frame[at + 1 :]


LOCATION = gt06_frame(0x12, gt06_place(WHEN, 45.0, 5.01) + GT06_MASTS, 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LOCATION, Reason.REFUSAL_REASON_NO_DEVICE),
        (gt06_login(IMEI) + broken(LOCATION, 10), Reason.REFUSAL_REASON_MALFORMED),
        (gt06_login(IMEI) + gt06_frame(0x12, place()[:17], 2), Reason.REFUSAL_REASON_MALFORMED),
        (gt06_frame(0x01, bytes.fromhex("0123456789ABCDEF"), 1), Reason.REFUSAL_REASON_MALFORMED),
        (gt06_frame(0x01, b"\x01\x23", 1), Reason.REFUSAL_REASON_MALFORMED),
        (
            gt06_login(IMEI) + gt06_frame(0x12, b"\x1a\x0d" + place()[2:], 2),
            Reason.REFUSAL_REASON_IMPOSSIBLE_TIME,
        ),
        (
            gt06_login(IMEI) + gt06_frame(0x12, place(latitude=91.0), 2),
            Reason.REFUSAL_REASON_IMPOSSIBLE_POSITION,
        ),
        (b"GET / HTTP/1.1\r\n\r\n", Reason.REFUSAL_REASON_MALFORMED),
        (b"\x78\x78\x04\x01\x00\x01\x00\x00\x0d\x0a", Reason.REFUSAL_REASON_MALFORMED),
        (b"\x79\x79\xff\xff\x01", Reason.REFUSAL_REASON_MALFORMED),
    ],
    ids=[
        "early",
        "checksum",
        "short",
        "hex",
        "no imei",
        "month 26",
        "91 degrees",
        "http",
        "length 4",
        "64 KiB",
    ],
)
def test_nonsense_is_refused_by_its_kind(data: bytes, reason: Reason):
    found = heard(DECODER, data)
    assert (found.fixes, found.refused[0]) == ([], reason)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff",
        b"\x78",
        b"\x79",
        b"\x78\x79",
        b"\x78\x78\x78",
        b"\x79\x79\xff",
        LOCATION[:-1],
        LOCATION[:7],
        b"xxxx",
    ],
)
def test_a_frame_is_found_behind_garbage(garbage: bytes):
    # What a torn frame says of its length has to be there before it is known to be torn.
    found = heard(DECODER, gt06_login(IMEI) + garbage + LOCATION * 9)
    assert len(found.fixes) in (8, 9)
    assert set(found.refused) == {Reason.REFUSAL_REASON_MALFORMED}
