"""What OwnTracks sends, as its booklet has it, and what nobody should."""

import base64
import json
from pathlib import Path

import pytest
from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoders.owntracks import DECODER, Keys, secret_of
from ardoise.trackers.decoding import MOST_FIXES, UNKNOWN, Decoded, Message, Refused
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import SecretBox

from tests.support.hostile import json_values, spoiled

TST = 1_782_000_000
PLACE = {
    "_type": "location",
    "acc": 4,
    "alt": 212,
    "batt": 87,
    "bs": 1,
    "conn": "m",
    "created_at": TST + 1,
    "inregions": ["Start"],
    "lat": 45.0127,
    "lon": 5.0213,
    "m": 2,
    "t": "t",
    "tid": "AN",
    "tst": TST,
    "vel": 36,
}


def said(
    body: object, topic: str = "owntracks/anne/phone", keys: Keys | None = None, **headers: str
) -> Decoded:
    return DECODER.decode(Message(json.dumps(body).encode(), topic, headers), keys or Keys())


def refusal(body: object, **options: object) -> Refused:
    with pytest.raises(Refused) as refused:
        said(body, **options)
    return refused.value


def encrypted(body: object, secret: str = "mysecreTpass01") -> dict:
    box = SecretBox(secret.encode().ljust(32, b"\0"))
    return {"_type": "encrypted", "data": base64.b64encode(box.encrypt(json.dumps(body).encode())).decode()}


def keys_in(tmp_path: Path, content: str) -> Keys:
    file = tmp_path / "keys"
    file.write_text(content)
    return DECODER.begin({"key_file": str(file)})


def test_a_location_is_a_fix_of_the_topics_device():
    decoded = said(PLACE)
    (fix,) = decoded.fixes
    assert (fix.device, fix.time_ms) == ("anne/phone", TST * 1000)
    assert (fix.latitude_e7, fix.longitude_e7) == (450_127_000, 50_213_000)
    assert (fix.speed_mmps, fix.accuracy_cm, fix.battery_percent) == (10_000, 400, 87)
    assert decoded.reply == b"[]"


def test_what_a_location_leaves_out_is_unknown():
    (fix,) = said({key: PLACE[key] for key in ("_type", "lat", "lon", "tst")}).fixes
    assert (fix.speed_mmps, fix.accuracy_cm, fix.battery_percent) == (UNKNOWN, UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    "kind",
    [
        "lwt",
        "transition",
        "waypoint",
        "waypoints",
        "status",
        "card",
        "steps",
        "beacon",
        "cmd",
        "request",
        None,
    ],
)
def test_other_messages_are_no_fix_and_no_refusal(kind: str | None):
    assert said({**PLACE, "_type": kind}) == Decoded(reply=b"[]")


def test_an_empty_message_is_answered_as_any_other():
    assert DECODER.decode(Message(b"", "/pub"), Keys()) == Decoded(reply=b"[]")


@pytest.mark.parametrize(
    ("target", "headers", "device"),
    [
        ("/pub", {"x-limit-u": "anne", "x-limit-d": "phone"}, "anne/phone"),
        ("/pub?u=anne&d=phone", {"host": "x"}, "anne/phone"),
        ("/pub?d=query&u=query", {"x-limit-u": "anne", "x-limit-d": "phone"}, "anne/phone"),
        ("/pub", {"host": "x"}, "inside/iphone"),
    ],
)
def test_over_http_a_device_is_called_by_headers_or_query_or_the_messages_topic(
    target: str, headers: dict, device: str
):
    (fix,) = said({**PLACE, "topic": "owntracks/inside/iphone"}, target, **headers).fixes
    assert fix.device == device


def test_several_that_waited_come_in_one_list():
    waited = [{**PLACE, "tst": TST + second} for second in range(3)]
    decoded = said([*waited, {"_type": "lwt"}], "/pub?u=anne&d=phone", host="x")
    assert [fix.time_ms for fix in decoded.fixes] == [(TST + second) * 1000 for second in range(3)]
    assert refusal([PLACE] * (MOST_FIXES + 1)).reason == RefusalReason.REFUSAL_REASON_TOO_LARGE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lat": 91}, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        ({"lon": float("nan")}, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_POSITION),
        ({"tst": 1e300}, RefusalReason.REFUSAL_REASON_IMPOSSIBLE_TIME),
        ({"tst": 10**400}, RefusalReason.REFUSAL_REASON_MALFORMED),
        ({"tst": None}, RefusalReason.REFUSAL_REASON_MALFORMED),
        ({"lat": "45"}, RefusalReason.REFUSAL_REASON_MALFORMED),
        ({"lat": True}, RefusalReason.REFUSAL_REASON_MALFORMED),
    ],
)
def test_nonsense_is_refused_by_its_reason(change: dict, reason: RefusalReason):
    assert refusal({**PLACE, **change}).reason == reason


def test_a_message_of_nobody_is_refused():
    assert refusal(PLACE, topic="/pub", host="x").reason == RefusalReason.REFUSAL_REASON_NO_DEVICE
    assert refusal(PLACE, topic="owntracks//phone").reason == RefusalReason.REFUSAL_REASON_NO_DEVICE


def test_an_encrypted_location_is_opened_with_one_key_for_all(tmp_path: Path):
    keys = keys_in(tmp_path, "mysecreTpass01\n")
    assert said(encrypted(PLACE), keys=keys).fixes == said(PLACE).fixes
    inside = encrypted({**PLACE, "topic": "owntracks/inside/iphone"})
    assert said(inside, "/pub", keys, host="x").fixes[0].device == "inside/iphone"


def test_each_device_may_have_a_key_of_its_own_and_has_to_use_it_then(tmp_path: Path):
    keys = keys_in(tmp_path, json.dumps({"anne/phone": "hers", "ben/phone": "his"}))
    assert said(encrypted(PLACE, "hers"), keys=keys).fixes == said(PLACE).fixes
    assert "another key" in refusal(encrypted(PLACE, "his"), keys=keys).detail
    assert "does not use it" in refusal(PLACE, keys=keys).detail
    assert "no key for moto/1" in refusal(encrypted(PLACE), topic="owntracks/moto/1", keys=keys).detail
    assert said(PLACE, "owntracks/moto/1", keys).fixes, "whoever has no key speaks in plain"
    assert said({"_type": "lwt"}, keys=keys) == Decoded(reply=b"[]"), "a last will is the broker's to send"


def test_a_device_is_told_the_secret_that_it_is_opened_with(tmp_path: Path):
    shared, each = tmp_path / "shared", tmp_path / "each"
    shared.write_text("mysecreTpass01\n")
    each.write_text('{"anne/phone": "hers"}')
    assert secret_of(str(shared), "anne/phone") == "mysecreTpass01"
    assert secret_of(str(each), "anne/phone") == "hers"
    assert secret_of(str(each), "ben/phone") == "", "speaks in plain"


def test_whoever_has_a_key_is_not_called_as_somebody_else_by_what_is_inside(tmp_path: Path):
    keys = keys_in(tmp_path, json.dumps({"anne/phone": "hers"}))
    inside = {**PLACE, "topic": "owntracks/ben/phone"}
    assert said(encrypted(inside, "hers"), keys=keys).fixes[0].device == "anne/phone"
    assert (
        "does not use it"
        in refusal({**PLACE, "topic": "owntracks/anne/phone"}, topic="/", keys=keys, host="x").detail
    )


def test_encrypted_twice_or_altered_is_refused(tmp_path: Path):
    keys = keys_in(tmp_path, "mysecreTpass01")
    assert "twice" in refusal(encrypted(encrypted(PLACE)), keys=keys).detail
    altered = encrypted(PLACE)
    altered["data"] = altered["data"][:-4] + "AAA="
    assert "altered" in refusal(altered, keys=keys).detail
    for data in ("", "AAAA", "no base64 é", "A"):
        assert "altered" in refusal({"_type": "encrypted", "data": data}, keys=keys).detail
    assert "no key" in refusal(encrypted(PLACE)).detail


@pytest.mark.parametrize("content", ["", "x" * 33, '{"anne/phone": 7}', '{"anne/phone"'])
def test_keys_that_are_none_are_said_at_the_start(tmp_path: Path, content: str):
    with pytest.raises(ValueError, match="key_file"):
        keys_in(tmp_path, content)
    with pytest.raises(ValueError, match="key_file"):
        DECODER.begin({"key_file": str(tmp_path / "none")})


def test_nobody_is_somebody_else_by_a_question_mark_in_a_topic_or_a_blank_before_a_name(tmp_path: Path):
    assert said(PLACE, "owntracks/anne/x?u=ben&d=phone").fixes[0].device == "anne/x?u=ben&d=phone"
    keys = keys_in(tmp_path, json.dumps({"anne/phone": "hers"}))
    for target in ("/pub?u=%20anne&d=phone", "owntracks/ anne/phone"):
        assert "does not use it" in refusal(PLACE, topic=target, keys=keys).detail


def test_behind_a_topic_is_its_user_whatever_devices_it_invents():
    assert DECODER.sender("owntracks/anne/phone") == DECODER.sender("owntracks/anne/x7") == "owntracks/anne"
    assert DECODER.sender("owntracks/ben/phone") == "owntracks/ben"


KEYS = Keys(shared=SecretBox(bytes(32)))


@given(
    st.binary(max_size=200), st.text(max_size=40), st.dictionaries(st.text(max_size=9), st.text(max_size=9))
)
def test_whatever_bytes_come_nothing_but_a_refusal_is_raised(body: bytes, target: str, headers: dict):
    for keys in (Keys(), KEYS):
        try:
            DECODER.decode(Message(body, target, headers), keys)
        except Refused:
            continue


@given(json_values(PLACE), st.booleans())
def test_whatever_json_comes_nothing_but_a_refusal_is_raised(value: object, sealed: bool):
    body = json.dumps(value).encode()
    if sealed:
        data = base64.b64encode(KEYS.shared.encrypt(body)).decode()
        body = json.dumps({"_type": "encrypted", "data": data}).encode()
    for keys in (Keys(), KEYS):
        try:
            DECODER.decode(Message(body, "owntracks/anne/phone"), keys)
        except Refused:
            continue


def test_whatever_stands_in_the_place_of_a_field_nothing_but_a_refusal_is_raised():
    for value in spoiled({**PLACE, "topic": "owntracks/anne/phone"}):
        for target in ("owntracks/anne/phone", "/pub?"):
            try:
                DECODER.decode(Message(json.dumps(value).encode(), target), Keys())
            except Refused:
                continue
