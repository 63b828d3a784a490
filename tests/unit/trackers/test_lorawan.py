"""Uplinks as ChirpStack and The Things Stack publish them, and what codecs make of the same tracker."""

import json
from datetime import datetime

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoders import chirpstack, ttn
from ardoise.trackers.decoding import UNKNOWN, Decoded, Decoder, Fix, Message, Refused
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.hostile import json_values, spoiled

NETWORK = "2026-07-05T12:00:01.500123456Z"
NETWORK_MS = round(datetime.fromisoformat(NETWORK).timestamp() * 1000)
DEVICE_TIME = "2026-07-05T11:59:58Z"
DEVICE_MS = NETWORK_MS - 3_500
PLACE = {"latitude": 45.0127, "longitude": 5.0213, "altitude": 212}

CHIRPSTACK = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": NETWORK,
    "deviceInfo": {
        "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
        "tenantName": "Race",
        "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
        "applicationName": "Bikes",
        "deviceProfileName": "Tracker",
        "deviceName": "bike 7",
        "devEui": "0101010101010101",
        "tags": {"team": "AAA"},
    },
    "devAddr": "00189440",
    "dr": 1,
    "fCnt": 4,
    "fPort": 1,
    "data": "qgG2BA==",
    "object": PLACE,
    "rxInfo": [
        {"gatewayId": "0016c001f153a14c", "gwTime": NETWORK, "rssi": -35, "location": {"latitude": 1.5}}
    ],
}
TTN = {
    "end_device_ids": {
        "device_id": "bike-7",
        "application_ids": {"application_id": "bikes"},
        "dev_eui": "0004A30B001C0530",
        "dev_addr": "00BCB929",
    },
    "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYYYY"],
    "received_at": "2026-07-05T12:00:02Z",
    "uplink_message": {
        "f_cnt": 1,
        "f_port": 1,
        "frm_payload": "gkHe",
        "decoded_payload": PLACE,
        "rx_metadata": [
            {"gateway_ids": {"gateway_id": "gtw1"}, "location": {"latitude": 37.97, "longitude": -121.6}}
        ],
        "locations": {"user": {"latitude": 10.0, "longitude": 10.0, "source": "SOURCE_REGISTRY"}},
        "received_at": NETWORK,
    },
}


def through_chirpstack(decoded: object, **changes: object) -> Decoded:
    body = json.dumps({**CHIRPSTACK, "object": decoded, **changes}).encode()
    return chirpstack.DECODER.decode(
        Message(body, "application/17c8/device/0101/event/up", received_ms=1), None
    )


def through_ttn(decoded: object, **changes: object) -> Decoded:
    uplink = {**TTN["uplink_message"], "decoded_payload": decoded, **changes}
    body = json.dumps({**TTN, "uplink_message": uplink}).encode()
    return ttn.DECODER.decode(Message(body, "v3/bikes@race/devices/bike-7/up", received_ms=1), None)


def fix_of(decoded: object) -> Fix:
    (fix,) = through_chirpstack(decoded).fixes
    assert through_ttn(decoded).fixes == (replace(fix, device="0004a30b001c0530"),)
    return fix


def test_a_fix_is_of_its_deveui_at_the_network_servers_time():
    fix = fix_of(PLACE)
    assert fix == Fix("0101010101010101", NETWORK_MS, 450_127_000, 50_213_000)


@pytest.mark.parametrize(
    "place",
    [
        {"lat": 45.0127, "lon": 5.0213},
        {"Latitude": 45.0127, "Longitude": 5.0213},
        {"lat": 45.0127, "lng": 5.0213},
        {"gpsLatitude": 45.0127, "gpsLongitude": 5.0213},
        {"gps_lat": 45.0127, "GPS-LON": 5.0213},
        {"gps": {"lat": 45.0127, "long": 5.0213}},
        {"location": {"latitude": 45.0127, "longitude": 5.0213}},
        {"position": {"latitude": 45.0127, "longitude": 5.0213}},
        {"gps_1": PLACE, "temperature_2": 21.5},  # Cayenne LPP at The Things Stack.
        {"gpsLocation": {"1": PLACE}, "temperatureSensor": {"2": 21.5}},  # Cayenne LPP at ChirpStack.
    ],
)
def test_codecs_common_spellings_of_a_place_are_known(place: dict):
    fix = fix_of(place)
    assert (fix.latitude_e7, fix.longitude_e7) == (450_127_000, 50_213_000)


@pytest.mark.parametrize(
    "time",
    [
        {"time": DEVICE_TIME},
        {"timestamp": DEVICE_MS // 1000 + 0.5, "hdop": 1},
        {"gpsTime": DEVICE_MS},
        {"utc_time": "2026-07-05 11:59:58"},
        {"fix_time": "2026-07-05T13:59:58+02:00"},
    ],
)
def test_the_devices_own_time_counts_where_it_gives_one(time: dict):
    assert abs(fix_of({**PLACE, **time}).time_ms - DEVICE_MS) <= 500
    assert abs(fix_of({"gps": {**PLACE, **time}}).time_ms - DEVICE_MS) <= 500


@pytest.mark.parametrize(
    "time", ["11:59:58", 4711, 0, "1980-01-06T00:00:00Z", "soon", None, [], 10**400, float("nan")]
)
def test_what_is_no_time_is_left_aside(time: object):
    assert fix_of({**PLACE, "time": time}).time_ms == NETWORK_MS


def test_without_any_time_it_is_when_the_message_came():
    assert through_chirpstack(PLACE, time=None, rxInfo=[]).fixes[0].time_ms == 1
    assert through_chirpstack(PLACE, time=None).fixes[0].time_ms == NETWORK_MS


def test_what_codecs_measure_beside_a_place_is_taken_where_its_unit_is_known():
    fix = fix_of({**PLACE, "accuracy": 3.5, "speed_kmh": 36, "satellites": 9, "batteryLevel": 81})
    assert (fix.accuracy_cm, fix.speed_mmps, fix.satellites, fix.battery_percent) == (350, 10_000, 9, 81)
    fix = fix_of({**PLACE, "speed": 36, "battery": 3.7, "accuracy": "good", "satellites": True})
    assert (fix.accuracy_cm, fix.speed_mmps, fix.satellites, fix.battery_percent) == (UNKNOWN,) * 4
    assert fix_of({"gps": PLACE, "battery": 81}).battery_percent == 81
    assert fix_of({**PLACE, "battery": 3700}).battery_percent == UNKNOWN


def test_the_things_stacks_own_battery_level_counts_where_the_codec_has_none():
    level = {"f_cnt": 1, "value": 87.4, "received_at": NETWORK}
    assert through_ttn(PLACE, last_battery_percentage=level).fixes[0].battery_percent == 87
    fix = through_ttn({**PLACE, "battery": 50}, last_battery_percentage=level).fixes[0]
    assert fix.battery_percent == 50


def test_a_place_that_came_with_the_uplink_counts_and_never_one_that_somebody_pinned():
    pinned = TTN["uplink_message"]["locations"]["user"]
    assert through_ttn({"temperature": 20}, locations={"user": pinned}).fixes == ()
    (fix,) = through_ttn(
        None, locations={"user": pinned, "frm-payload": {**PLACE, "source": "SOURCE_GPS"}}
    ).fixes
    assert (fix.latitude_e7, fix.time_ms) == (450_127_000, NETWORK_MS)


@pytest.mark.parametrize(
    "decoded", [{}, {"temperature": 21}, {"latitude": 45}, {"lat": 0, "lon": 0.0}, {"gps": None}]
)
def test_an_uplink_without_a_place_is_no_fix_and_no_refusal(decoded: dict):
    assert through_chirpstack(decoded) == Decoded()
    assert through_ttn(decoded) == Decoded()


def test_other_messages_are_no_fix_and_no_refusal():
    joined = {"end_device_ids": TTN["end_device_ids"], "join_accept": {"session_key_id": "AX"}}
    assert ttn.DECODER.decode(Message(json.dumps(joined).encode()), None) == Decoded()
    assert through_chirpstack(None, data="") == Decoded()
    assert through_ttn(None, frm_payload="") == Decoded()


@pytest.mark.parametrize(("through", "says"), [(through_chirpstack, "codec"), (through_ttn, "formatter")])
def test_bytes_that_nobody_decoded_are_refused_with_what_to_set(through, says: str):
    with pytest.raises(Refused, match=says):
        through(None)


@pytest.mark.parametrize("through", [through_chirpstack, through_ttn])
@pytest.mark.parametrize(
    ("decoded", "reason"),
    [
        ({"lat": 95.5, "lon": 5}, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        ({"lat": float("inf"), "lon": 5}, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        ({"lat": 10**400, "lon": 5}, RefusalReason.REFUSAL_REASON_MALFORMED),
        ([], RefusalReason.REFUSAL_REASON_MALFORMED),
    ],
)
def test_nonsense_is_refused_by_its_reason(through, decoded: object, reason: RefusalReason):
    with pytest.raises(Refused) as refused:
        through(decoded)
    assert refused.value.reason == reason


@given(st.binary(max_size=200), st.sampled_from([chirpstack.DECODER, ttn.DECODER]))
def test_whatever_bytes_come_nothing_but_a_refusal_is_raised(body: bytes, decoder: Decoder):
    _decodes(decoder, body)


@given(json_values(CHIRPSTACK))
def test_whatever_json_comes_to_chirpstack_nothing_but_a_refusal_is_raised(value: object):
    _decodes(chirpstack.DECODER, json.dumps(value).encode())


@given(json_values(TTN))
def test_whatever_json_comes_to_ttn_nothing_but_a_refusal_is_raised(value: object):
    _decodes(ttn.DECODER, json.dumps(value).encode())


def test_whatever_stands_in_the_place_of_a_field_nothing_but_a_refusal_is_raised():
    rich = {"lat": 1, "lon": 1, "time": 1, "speed_kmh": 1, "satellites": 1, "battery": 1, "accuracy": 1}
    level = {"value": 1}
    for fields in (rich, {"gps_1": rich}, {"gpsLocation": {"1": rich}}):
        for said in spoiled({**CHIRPSTACK, "object": fields}):
            _decodes(chirpstack.DECODER, json.dumps(said).encode())
        uplink = {**TTN["uplink_message"], "decoded_payload": fields, "last_battery_percentage": level}
        for said in spoiled({**TTN, "uplink_message": uplink}):
            _decodes(ttn.DECODER, json.dumps(said).encode())


def _decodes(decoder: Decoder, body: bytes) -> None:
    try:
        decoder.decode(Message(body, received_ms=1), None)
    except Refused:
        return
