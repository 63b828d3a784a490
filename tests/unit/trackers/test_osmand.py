"""OsmAnd's protocol: what phones really send, and what somebody sends who means harm."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoders.osmand import DECODER, MOST_FIELDS, _fields
from ardoise.trackers.decoding import MOST_FIXES, UNKNOWN, Fix, Message, Refused
from hypothesis import given
from hypothesis import strategies as st

RECEIVED_MS = 1_782_561_600_000
GOOD = "/?id=9001&lat=45.0&lon=5.01&timestamp=1782561600"
JSON = {"content-type": "application/json"}


def query(
    target: str, body: bytes = b"", headers: dict[str, str] | None = None, **options: str
) -> tuple[Fix, ...]:
    message = Message(body, target, headers or {}, RECEIVED_MS)
    return DECODER.decode(message, DECODER.begin(options)).fixes


def document(body: object) -> tuple[Fix, ...]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return query("/", raw, JSON)


def location(**values: object) -> dict[str, object]:
    coords = {"latitude": 45.0, "longitude": 5.01}
    return {
        "device_id": "9001",
        "location": {"timestamp": "2026-06-27T12:00:00Z", "coords": coords, **values},
    }


def reason(caught: pytest.ExceptionInfo[Refused]) -> str:
    return RefusalReason.Name(caught.value.reason).removeprefix("REFUSAL_REASON_")


def test_each_query_that_phones_really_sent(shared_data: Path):
    """In the file's order: device, time (None: when it came), degrees, mm/s, cm; or a reason; or no fix."""
    expected = [
        (),
        "NO_DEVICE",
        ("902064", 1_453_920_947_000, 42.06288, -88.23412, 0, 1800, UNKNOWN),
        ("902064", 1_442_068_686_579, 42.06288, -88.23412, 0, 1800, UNKNOWN),
        ("353861053849681", 1_401_873_011_000, 49.60688, 6.15788, 0, UNKNOWN, UNKNOWN),
        ("123456", 1_377_177_267_000, 60.0, 30.0, 0, UNKNOWN, UNKNOWN),
        ("123456", 1_377_177_267_000, 60.0, 30.0, UNKNOWN, UNKNOWN, UNKNOWN),
        ("123456", RECEIVED_MS, 60.0, 30.0, 0, UNKNOWN, UNKNOWN),
        ("861001000719969", RECEIVED_MS, 41.666667, -0.883333, 0, UNKNOWN, 87),
        ("123456", 1_377_177_267_000, 60.0, 30.0, UNKNOWN, UNKNOWN, UNKNOWN),
        ("123456789012345", 1_504_763_810_000, 40.7232949, -74.0061409, 20_578, UNKNOWN, UNKNOWN),
    ]
    assert [_read(line) for line in _lines(shared_data, "osmand-queries.txt")] == expected


def _lines(shared_data: Path, name: str) -> list[str]:
    return [line for line in (shared_data / "trackers" / name).read_text().splitlines() if line]


def _read(target: str) -> object:
    try:
        fixes = query(target)
    except Refused as refused:
        return RefusalReason.Name(refused.reason).removeprefix("REFUSAL_REASON_")
    return _columns(fixes[0]) if fixes else ()


def _columns(fix: Fix) -> tuple:
    place = (fix.latitude_e7 / 1e7, fix.longitude_e7 / 1e7)
    return (fix.device, fix.time_ms, *place, fix.speed_mmps, fix.accuracy_cm, fix.battery_percent)


def test_each_document_that_phones_really_sent(shared_data: Path):
    found = [
        _columns(fix)
        for line in _lines(shared_data, "traccar-client.jsonl")
        for fix in document(line.encode())
    ]
    assert found == [
        ("48241179", 1_749_995_112_862, 37.4219983, -122.084, 0, 500, 100),
        ("48241179", 1_749_995_112_862, 37.4219983, -122.084, 0, 500, 100),
        ("658765", 1_746_763_890_579, 37.785834, -122.406417, UNKNOWN, 500, UNKNOWN),
        ("8737767034", 1_626_854_794_444, -6.1148096, 106.6837015, 18_670, 380, 79),
    ]


@pytest.mark.parametrize(
    ("more", "values"),
    [
        ("&speed=10", {"speed_mmps": 5144}),
        ("&accuracy=4.5", {"accuracy_cm": 450}),
        ("&accuracy=0&hdop=1.5", {"accuracy_cm": 450}),
        ("&speed=nan&accuracy=inf&batt=-1&heartRate=1e999", {"speed_mmps": UNKNOWN, "accuracy_cm": UNKNOWN}),
        ("&batt=101&speed=-3", {"battery_percent": UNKNOWN, "speed_mmps": UNKNOWN}),
        ("&id=9002", {"device": "9002"}),
        ("&id=%C3%A9lodie+b", {"device": "élodie b"}),
        ("&lat=46", {"latitude_e7": 460_000_000}),
        ("&location=46,6&lat=1", {"latitude_e7": 460_000_000, "longitude_e7": 60_000_000}),
        ("&timestamp=2026-06-27+12%3A00%3A00%2B02%3A00", {"time_ms": 1_782_554_400_000}),
        ("&timestamp=1782561600123", {"time_ms": 1_782_561_600_123}),
    ],
)
def test_what_a_query_says_is_taken(more: str, values: dict[str, object]):
    (fix,) = query(GOOD + more)
    assert {name: getattr(fix, name) for name in values} == values


def test_without_a_time_it_is_when_it_came():
    assert query("/?id=9001&lat=45&lon=5")[0].time_ms == RECEIVED_MS


def test_a_query_may_come_in_the_body_and_speak_metres_a_second():
    (fix,) = query("/", b"id=9001&lat=45&lon=5&speed=10", speed="mps")
    assert fix.speed_mmps == 10_000
    with pytest.raises(ValueError, match="speed=parsecs"):
        DECODER.begin({"speed": "parsecs"})


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/", "NO_DEVICE"),
        ("/?id=&lat=45&lon=5", "NO_DEVICE"),
        ("/?id=%20%20&lat=45&lon=5", "NO_DEVICE"),
        ("/?id=a%00b&lat=45&lon=5", "MALFORMED"),
        ("/?id=%E2%80%AEabc&lat=45&lon=5", "MALFORMED"),
        ("/?id=" + "a" * 65 + "&lat=45&lon=5", "MALFORMED"),
        ("/?id=%ff%fe&lat=45&lon=5", "MALFORMED"),
        ("/?id=%ed%a0%80&lat=45&lon=5", "MALFORMED"),
        (GOOD + "&lat=nan", "IMPOSSIBLE_POSITION"),
        (GOOD + "&lat=-inf", "IMPOSSIBLE_POSITION"),
        (GOOD + "&lon=1e999", "IMPOSSIBLE_POSITION"),
        (GOOD + "&lat=90.00001", "IMPOSSIBLE_POSITION"),
        (GOOD + "&lat=0x10", "MALFORMED"),
        (GOOD + "&lat=45,5", "MALFORMED"),
        (GOOD + "&location=45", "MALFORMED"),
        (GOOD + "&timestamp=nan", "IMPOSSIBLE_TIME"),
        (GOOD + "&timestamp=-1e300", "IMPOSSIBLE_TIME"),
        (GOOD + "&timestamp=" + "9" * 5000, "IMPOSSIBLE_TIME"),
        (GOOD + "&timestamp=yesterday", "MALFORMED"),
        (GOOD + "&a=1" * MOST_FIELDS, "MALFORMED"),
        (GOOD + "&a=%41" * MOST_FIELDS, "MALFORMED"),
    ],
)
def test_a_query_that_means_nothing_is_refused(target: str, why: str):
    with pytest.raises(Refused) as caught:
        query(target)
    assert reason(caught) == why


def test_a_document_of_several_places_is_as_many_fixes():
    one = location()["location"]
    assert len(document({"device_id": 9001, "location": [one] * 3})) == 3
    with pytest.raises(Refused) as caught:
        document({"device_id": "9001", "location": [one] * (MOST_FIXES + 1)})
    assert reason(caught) == "TOO_LARGE"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "MALFORMED"),
        (b"\xff\xfe\x00", "MALFORMED"),
        (b"null", "MALFORMED"),
        (b"[" * 10_000, "MALFORMED"),
        (b'{"device_id":"a","location":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "MALFORMED"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "MALFORMED"),
        (b'{"device_id":' + b"9" * 5000 + b"}", "MALFORMED"),
        (b'{"device_id":' + b"9" * 4000 + b',"location":[]}', "MALFORMED"),
        ({"location": location()["location"]}, "NO_DEVICE"),
        ({**location(), "device_id": ["9001"]}, "MALFORMED"),
        ({**location(), "device_id": {"id": "9001"}}, "MALFORMED"),
        ({**location(), "device_id": True}, "MALFORMED"),
        (b'{"device_id":"\\ud800","location":[]}', "MALFORMED"),
        (location(coords={"latitude": float("nan"), "longitude": 5}), "IMPOSSIBLE_POSITION"),
        (location(coords={"latitude": float("inf"), "longitude": 5}), "IMPOSSIBLE_POSITION"),
        (location(coords={"latitude": 10**400, "longitude": 5}), "MALFORMED"),
        (location(coords={"latitude": "45", "longitude": 5}), "MALFORMED"),
        (location(coords={"latitude": True, "longitude": 5}), "MALFORMED"),
        (location(coords=None), "MALFORMED"),
        (location(coords=[45, 5]), "MALFORMED"),
        (location(battery=[1]), "MALFORMED"),
        (location(timestamp=None), "MALFORMED"),
        (location(timestamp=[]), "MALFORMED"),
        (location(timestamp=1e300), "IMPOSSIBLE_TIME"),
        ({"device_id": "9001", "location": [None]}, "MALFORMED"),
        ({"device_id": "9001"}, "MALFORMED"),
    ],
)
def test_a_document_that_means_nothing_is_refused(body: object, why: str):
    with pytest.raises(Refused) as caught:
        document(body)
    assert reason(caught) == why


def test_of_two_keys_with_one_name_the_last_counts():
    body = json.dumps(location()).replace('"device_id": "9001"', '"device_id": "1", "device_id": "9001"')
    assert document(body.encode())[0].device == "9001"


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_known_by_its_header_alone(content_type: str):
    body = json.dumps(location()).encode()
    assert query("/", body, {"content-type": content_type})
    with pytest.raises(Refused):
        query("/", body, {"content-type": "text/plain"})


@given(
    st.lists(st.tuples(st.text(), st.text()), max_size=MOST_FIELDS).map(
        lambda pairs: "&".join(map("=".join, pairs))
    )
    | st.text("aC3A9é%+&=;", max_size=32)
)
def test_a_query_is_split_as_the_library_does(text: str):
    try:
        expected = dict(parse_qsl(text, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError:
        with pytest.raises(ValueError, match=r"\w"):
            _fields(text)
    else:
        assert _fields(text) == expected
