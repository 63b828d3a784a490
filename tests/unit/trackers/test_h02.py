"""H02: messages as devices were seen to send them, and others from an encoder of their own."""

from datetime import UTC, datetime

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason as Reason
from ardoise.trackers.decoders.h02 import DECODER
from ardoise.trackers.decoding import UNKNOWN, Fix

from tests.support.hardware import h02_binary, h02_text, heard

WHEN = datetime(2026, 8, 5, 5, 52, 34, tzinfo=UTC)
WHEN_MS = round(WHEN.timestamp() * 1000)
PLACES = [(45.0, 5.01), (-33.9, 18.4), (40.7, -74.0), (-23.5, -46.6)]
TAIL = bytes.fromhex("ff001006000000002402022a109c0106")
"""What some makers add: in it a $ and a *."""


def at_ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def test_one_device_says_the_same_in_text_and_in_binary():
    text = heard(
        DECODER, b"*HQ,2705171109,V1,213324,A,5002.5849,N,01433.7822,E,0.00,000,140613,FFFFFFFF#"
    ).fixes
    binary = heard(
        DECODER, bytes.fromhex("2427051711092133391406135002584900014337822e000000ffffffffff0000")
    ).fixes
    first = at_ms(2013, 6, 14, 21, 33, 24)
    assert text == [Fix("2705171109", first, 500_430_817, 145_630_367, 0)]
    assert binary == [Fix("2705171109", first + 15_000, 500_430_817, 145_630_367, 0)]


@pytest.mark.parametrize(
    ("message", "latitude_e7", "longitude_e7", "speed_mmps", "battery_percent"),
    [
        (
            "*HQ,4970105243,V1,104000,A,2235.1777,N,11357.8913,E,000.27,235,130721,FFFFFBFF,460,11,d18e105,7752,6#",
            225_862_950, 1_139_648_550, 139, 100,
        ),
        (
            "*HQ,9117925867,V6,111804,A,5547.7871,N,3734.7756,E,0.00,0.00,030423,FFF7FBFF,250,1,6303,50173,"
            "89701010068690251659,#",
            557_964_517, 375_795_933, 0, UNKNOWN,
        ),
        (
            "*TH,2020916012,V4,S14,100,10,1,3,130305,050316,A,2212.8745,N,11346.6574,E,14.28,028,220902,FFFFFBFF#",
            222_145_750, 1_137_776_233, 7_346, UNKNOWN,
        ),
        (
            "*HQ,5905101893,V1,105759,A,37573392,S,145037022,E,000.00,173,280122,FF7FFBFF,,,9059e2c,8232,4#",
            -379_556_533, 1_450_617_033, 0, UNKNOWN,
        ),
        (
            "*HQ,1451316485,V1,121557,A,-23-3.3408,S,-48-2.8926,W,0.1,158,241115,FFFFFFFF#",
            -230_556_800, -480_482_100, 51, UNKNOWN,
        ),
    ],
    ids=["battery", "V6", "V4", "no points", "dashes"],
)  # fmt: skip
def test_messages_that_devices_send_are_fixes(
    message: str, latitude_e7: int, longitude_e7: int, speed_mmps: int, battery_percent: int
):
    (fix,) = heard(DECODER, message.encode()).fixes
    assert (fix.latitude_e7, fix.longitude_e7) == (latitude_e7, longitude_e7)
    assert (fix.speed_mmps, fix.battery_percent) == (speed_mmps, battery_percent)


@pytest.mark.parametrize(
    ("message", "device", "latitude_e7", "longitude_e7"),
    [
        ("24410600082621532131081504419390060740418306000000fffffbfdff0015060000002c02dc0c000000001f",
         "4106000826", 46_989_833, -740_697_167),
        ("2435248308419329301047591808172627335900074412294E024138FEFFFFFFFF01120064BA73005ECC",
         "352483084193293", 264_555_983, 746_871_567),
    ],
    ids=["45 bytes", "42 bytes with an IMEI"],
)  # fmt: skip
def test_longer_binary_messages_are_fixes_and_what_makers_add_is_passed_over(
    message: str, device: str, latitude_e7: int, longitude_e7: int
):
    data = bytes.fromhex(message)
    found = heard(DECODER, *(data[at : at + 1] for at in range(len(data))))
    assert [(fix.device, fix.latitude_e7, fix.longitude_e7) for fix in found.fixes] == [
        (device, latitude_e7, longitude_e7)
    ]
    assert found.refused == []


@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
@pytest.mark.parametrize("kind", ["V1", "V2", "V4", "V5", "V6", "V19"])
def test_texts_are_fixes_on_their_side_of_the_world(kind: str, latitude: float, longitude: float):
    before = "S20,DONE,055200," if kind == "V4" else ""
    text = h02_text("4106000826", WHEN, latitude, longitude, knots=20, kind=kind, before=before)
    assert heard(DECODER, text).fixes == [
        Fix("4106000826", WHEN_MS, round(latitude * 1e7), round(longitude * 1e7), 10_289)
    ]


@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
@pytest.mark.parametrize("device", ["4106000826", "352483084193293"])
def test_binary_messages_are_fixes_on_their_side_of_the_world(device: str, latitude: float, longitude: float):
    data = h02_binary(device, WHEN, latitude, longitude, knots=20, level=5)
    assert heard(DECODER, data).fixes == [
        Fix(device, WHEN_MS, round(latitude * 1e7), round(longitude * 1e7), 10_289, battery_percent=83)
    ]


def test_a_binary_message_that_can_be_read_in_two_ways_is_no_fix():
    # Of an IMEI whose last digits are a time of day, two minutes after one in the morning.
    data = h02_binary("352483084112303", datetime(2026, 8, 1, 1, 2, 3, tzinfo=UTC), 45.1, 5.01)
    found = heard(DECODER, data[:16] + b"\x00\x00\x50\x10" + data[20:])
    assert (found.fixes, found.refused[0]) == ([], Reason.REFUSAL_REASON_MALFORMED)


@pytest.mark.parametrize(
    ("message", "percent"),
    [("*HQ,4106000826,LINK,112137,20,8,67,0,0,081116,FFFFFBFF#", 67), ("*HQ,4106000826,HTBT,100#", 100),
     ("*HQ,1600068860,HTBT,100#", UNKNOWN), ("*HQ,4106000826,HTBT#", UNKNOWN)],
)  # fmt: skip
def test_a_battery_that_was_said_is_that_devices_next_fixs(message: str, percent: int):
    for place in (h02_text("4106000826", WHEN, 45.0, 5.01), h02_binary("4106000826", WHEN, 45.0, 5.01)):
        found = heard(DECODER, message.encode() + place)
        assert [fix.battery_percent for fix in found.fixes] == [percent]


@pytest.mark.parametrize(
    "message",
    [
        h02_text("4106000826", WHEN, 45.0, 5.01, valid="V"),
        h02_text("4106000826", WHEN, 45.0, 5.01, valid="B"),
        h02_binary("4106000826", WHEN, 45.0, 5.01, valid=False),
        b"*HQ,353505510948929,V1,,V,,N,,E,0.00,0,,FFFFF7FF,f0,a,11a0,c0c6#",
        b"*HQ,1400046168,NBR,160169,460,0,1,4,9338,3692,150,9338,3691,145,180813,FFFFFBFF#",
        b"*HQ,8401016597,BASE,152609,0,0,0,0,211014,FFFFFFFF#",
        b"\r\n",
    ],
)
def test_no_position_is_no_fix_and_no_refusal(message: bytes):
    found = heard(DECODER, message)
    assert (found.fixes, found.refused) == ([], [])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (h02_text("", WHEN, 45.0, 5.01), Reason.REFUSAL_REASON_NO_DEVICE),
        (h02_text("4106000826", WHEN, 91.0, 5.01), Reason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        (h02_text("4106000826", WHEN, 45.0, 5.01).replace(b"050826", b"310226"), Reason.REFUSAL_REASON_IMPOSSIBLE_TIME),
        (h02_text("4106000826", WHEN, 45.0, 5.01).replace(b"055234", b"245234"), Reason.REFUSAL_REASON_IMPOSSIBLE_TIME),
        (h02_text("4106000826", WHEN, 45.0, 5.01).replace(b"4500.", b"4560."), Reason.REFUSAL_REASON_MALFORMED),
        (h02_text("4106000826", WHEN, 45.0, 5.01).replace(b"4500.", b"45x0."), Reason.REFUSAL_REASON_MALFORMED),
        (h02_text("4106000826", WHEN, 45.0, 5.01).replace(b"050826", b"5826"), Reason.REFUSAL_REASON_MALFORMED),
        (b"*HQ,4106000826#", Reason.REFUSAL_REASON_MALFORMED),
        (b"*HQ,4106000826,V1,\xff#", Reason.REFUSAL_REASON_MALFORMED),
        (b"$" + bytes((0xFF,)) * 31, Reason.REFUSAL_REASON_MALFORMED),
        (h02_binary("4106000826", datetime(2026, 2, 28, tzinfo=UTC), 45.0, 5.01).replace(b"\x28\x02", b"\x30\x02"),
         Reason.REFUSAL_REASON_IMPOSSIBLE_TIME),
        (b"GET / HTTP/1.1\r\n\r\n", Reason.REFUSAL_REASON_MALFORMED),
        (b"*HQ," + b"x" * 600, Reason.REFUSAL_REASON_TOO_LARGE),
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_its_kind(message: bytes, reason: Reason):
    found = heard(DECODER, message)
    assert (found.fixes, found.refused[0]) == ([], reason)


@pytest.mark.parametrize("garbage", [b"\x00\xff", b"$", b"$\x41", b"*", b"*HQ,41", TAIL + TAIL, b"#", b"$$$"])
def test_a_message_is_found_behind_garbage(garbage: bytes):
    for place in (h02_text("4106000826", WHEN, 45.0, 5.01), h02_binary("4106000826", WHEN, 45.0, 5.01)):
        found = heard(DECODER, place + garbage + place)
        assert len(found.fixes) == 2


@pytest.mark.parametrize("length", range(3, 17))
def test_whatever_makers_add_the_next_message_is_read(length: int):
    data = h02_binary("4106000826", WHEN, 45.0, 5.01, behind=TAIL[:length])
    found = heard(DECODER, data * 3)
    assert (len(found.fixes), found.refused) == (3, [])
