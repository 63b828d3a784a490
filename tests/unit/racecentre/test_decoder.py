import json
import math

import pytest
from ardoise.ingest.racecentre.decoder import (
    MOST_EVENT_CHARACTERS,
    MOST_RIDERS,
    EventRefused,
    Telemetry,
    decode,
)
from ardoise.pb.telemetry_pb2 import (
    REFUSAL_REASON_IMPOSSIBLE_POSITION,
    REFUSAL_REASON_IMPOSSIBLE_TIME,
    REFUSAL_REASON_MALFORMED,
    REFUSAL_REASON_TOO_LARGE,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NOON_S = 1_783_420_200


def event(*riders: object, stamp: object = NOON_S, bind: object = "telemetryCompetitor-2026") -> str:
    return json.dumps({"bind": bind, "data": {"TimeStamp": stamp, "Riders": list(riders)}})


def rider(**changes: object) -> dict[str, object]:
    return {"Bib": 34, "Latitude": 42.9391081, "Longitude": 2.2407991, "kph": 36.0} | changes


def read(text: str) -> Telemetry:
    telemetry = decode(text)
    assert telemetry is not None
    return telemetry


def test_a_rider_becomes_a_fix_of_the_tracker_with_his_bib():
    frame = read(event(rider())).frame(boot_id=7, frame_number=3)

    assert (frame.relay_id, frame.boot_id, frame.frame_number) == ("race-centre", 7, 3)
    assert frame.base_time_ms == NOON_S * 1000
    assert list(frame.tracker) == [34]
    assert list(frame.time_offset_ms) == [0]
    assert (frame.latitude_e7[0], frame.longitude_e7[0]) == (429_391_081, 22_407_991)
    assert list(frame.speed_mmps) == [10_000]


@pytest.mark.parametrize("kph", [-0.22, None, "36", math.nan, math.inf, True, 201.0])
def test_a_speed_that_cannot_be_is_unknown_and_the_position_stays(kph: object):
    telemetry = read(event(rider(kph=kph)))

    assert telemetry.speed_mmps == [-1]
    assert telemetry.bib == [34]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Latitude": None}, REFUSAL_REASON_MALFORMED),
        ({"Longitude": "2.24"}, REFUSAL_REASON_MALFORMED),
        ({"Latitude": math.nan}, REFUSAL_REASON_MALFORMED),
        ({"Bib": 0}, REFUSAL_REASON_MALFORMED),
        ({"Bib": 3.5}, REFUSAL_REASON_MALFORMED),
        ({"Bib": True}, REFUSAL_REASON_MALFORMED),
        ({"Bib": 10**400}, REFUSAL_REASON_MALFORMED),
        ({"Latitude": 91.0}, REFUSAL_REASON_IMPOSSIBLE_POSITION),
        ({"Longitude": -180.1}, REFUSAL_REASON_IMPOSSIBLE_POSITION),
        ({"Latitude": 0, "Longitude": 0}, REFUSAL_REASON_IMPOSSIBLE_POSITION),
    ],
)
def test_a_rider_that_is_no_fix_is_refused_alone(changes: dict[str, object], reason: int):
    telemetry = read(event(rider(**changes), rider(Bib=35)))

    assert telemetry.bib == [35]
    assert dict(telemetry.refusals()) == {reason: 1}


def test_a_rider_without_a_position_is_refused_alone():
    telemetry = read(event({"Bib": 2, "kmToFinish": 12.0}, rider()))

    assert telemetry.bib == [34]
    assert [(one.bib, one.reason) for one in telemetry.refused] == [(2, REFUSAL_REASON_MALFORMED)]


def test_a_time_stamp_in_milliseconds_means_the_same_instant():
    assert read(event(rider(), stamp=NOON_S * 1000)).time_ms == NOON_S * 1000


@pytest.mark.parametrize("bind", ["checkpoint-2026-4", "rankingTypeJerseys-2026-4", ""])
def test_news_that_is_not_telemetry_is_left_alone(bind: str):
    assert decode(event(rider(), bind=bind)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", REFUSAL_REASON_MALFORMED),
        ("{", REFUSAL_REASON_MALFORMED),
        ("[]", REFUSAL_REASON_MALFORMED),
        ("[" * 100_000, REFUSAL_REASON_MALFORMED),
        ("[" * 500 + "]" * 500, REFUSAL_REASON_MALFORMED),
        (event(bind=7), REFUSAL_REASON_MALFORMED),
        (event(stamp=None), REFUSAL_REASON_MALFORMED),
        (event(stamp=math.nan), REFUSAL_REASON_MALFORMED),
        (event(stamp=[[[[]]]]), REFUSAL_REASON_MALFORMED),
        (event(stamp=3), REFUSAL_REASON_IMPOSSIBLE_TIME),
        (event(stamp=5e9), REFUSAL_REASON_IMPOSSIBLE_TIME),
        ('{"bind": "telemetryCompetitor-2026", "data": {"Riders": 3}}', REFUSAL_REASON_MALFORMED),
        (event(*([1] * (MOST_RIDERS + 1))), REFUSAL_REASON_TOO_LARGE),
        (" " * (MOST_EVENT_CHARACTERS + 1), REFUSAL_REASON_TOO_LARGE),
    ],
)
def test_an_event_that_cannot_be_read_is_refused_whole_with_its_reason(text: str, reason: int):
    with pytest.raises(EventRefused) as refused:
        decode(text)

    assert refused.value.reason == reason
    assert len(refused.value.excerpt) <= 256


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
wild_riders = st.fixed_dictionaries(
    {},
    optional={name: json_values | st.floats() for name in ("Bib", "Latitude", "Longitude", "kph")},
)


wild_events = st.builds(
    event,
    wild_riders | json_values,
    wild_riders,
    stamp=json_values,
    bind=st.just("telemetryCompetitor-1") | json_values,
)


@settings(max_examples=300)
@given(st.text() | wild_events)
def test_no_text_brings_the_decoder_down_and_no_fix_is_out_of_range(text: str):
    try:
        telemetry = decode(text)
    except EventRefused:
        return
    if telemetry is None:
        return
    frame = telemetry.frame(1, 1)  # raises where a column does not fit the wire
    assert len(frame.tracker) == len(frame.latitude_e7) == len(frame.longitude_e7) == len(frame.speed_mmps)
    assert all(1 <= bib <= 999 for bib in frame.tracker)
    assert all(abs(latitude) <= 900_000_000 for latitude in frame.latitude_e7)
