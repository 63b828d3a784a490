"""Messages of trackers a second on one core, against reading the same JSON, and opening the same box, and no more.

In processor time, the fastest of several rounds: neighbours on the machine change it little.
"""

import base64
import json
import time
from collections.abc import Callable

import pytest
from ardoise.trackers.decoders import chirpstack, owntracks, ttn
from ardoise.trackers.decoding import Message
from nacl.secret import SecretBox

from tests.bench.race_site import load

ROUNDS, MESSAGES = 7, 5_000
GOAL = 100_000
MOST_TIMES_AS_LONG = 8.0
"""As reading the JSON alone: what it says is checked field by field, in Python, and the JSON is read in C."""
PLACE = {"latitude": 45.0127, "longitude": 5.0213, "altitude": 212, "battery": 87, "satellites": 9}
LOCATION = {
    **{
        "_type": "location",
        "acc": 4,
        "alt": 212,
        "batt": 87,
        "bs": 1,
        "conn": "m",
        "lat": 45.0127,
        "lon": 5.0213,
    },
    **{"m": 2, "t": "t", "tid": "AN", "tst": 1_782_000_000, "vel": 36},
}
CHIRPSTACK = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-07-05T12:00:01.500123+00:00",
    "deviceInfo": {
        "tenantName": "Race",
        "applicationName": "Bikes",
        "devEui": "0101010101010101",
        "tags": {},
    },
    **{"devAddr": "00189440", "dr": 1, "fCnt": 4, "fPort": 1, "data": "qgG2BA==", "object": PLACE},
    "rxInfo": [
        {"gatewayId": "0016c001f153a14c", "gwTime": "2026-07-05T12:00:01.5+00:00", "rssi": -35, "snr": 9}
    ],
    "txInfo": {"frequency": 868100000, "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 7}}},
}
TTN = {
    "end_device_ids": {"device_id": "bike-7", "dev_eui": "0004A30B001C0530", "dev_addr": "00BCB929"},
    "received_at": "2026-07-05T12:00:02Z",
    "uplink_message": {
        **{"f_cnt": 1, "f_port": 1, "frm_payload": "gkHe", "decoded_payload": PLACE},
        "rx_metadata": [
            {"gateway_ids": {"gateway_id": "gtw1"}, "rssi": -35, "snr": 5.2, "uplink_token": "ChIKEA=="}
        ],
        "received_at": "2026-07-05T12:00:01.500123456Z",
    },
}


def a_second(work: Callable[[], object]) -> float:
    """How often, in the fastest round."""
    rounds_s = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(MESSAGES):
            work()
        rounds_s.append(time.process_time() - began)
    return MESSAGES / min(rounds_s)


@pytest.mark.parametrize(
    ("decoder", "said"),
    [(owntracks.DECODER, LOCATION), (chirpstack.DECODER, CHIRPSTACK), (ttn.DECODER, TTN)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_decoder_costs_little_beside_reading_its_json(decoder, said: dict):
    body, session = json.dumps(said).encode(), decoder.begin({})
    message = Message(body, "owntracks/anne/phone", received_ms=1_782_000_000_000)
    assert len(decoder.decode(message, session).fixes) == 1
    decoded, read = a_second(lambda: decoder.decode(message, session)), a_second(lambda: json.loads(body))
    print(
        f"\n{decoder.name}: {decoded:,.0f} messages of {len(body)} bytes a second on one core, {read:,.0f} as"
        f" JSON alone ({read / decoded:.1f} times as fast); goal {GOAL:,}; {load()}"
    )
    assert read / decoded < MOST_TIMES_AS_LONG


def test_an_encrypted_message_costs_little_beside_opening_it():
    box = SecretBox(b"mysecreTpass01".ljust(32, b"\0"))
    sealed = box.encrypt(json.dumps(LOCATION).encode())
    body = json.dumps({"_type": "encrypted", "data": base64.b64encode(sealed).decode()}).encode()
    message, keys = Message(body, "owntracks/anne/phone"), owntracks.Keys(shared=box)
    assert len(owntracks.DECODER.decode(message, keys).fixes) == 1
    decoded = a_second(lambda: owntracks.DECODER.decode(message, keys))
    opened = a_second(lambda: json.loads(box.decrypt(bytes(sealed))))
    print(
        f"\nowntracks, encrypted: {decoded:,.0f} messages of {len(body)} bytes a second on one core, {opened:,.0f}"
        f" opened and read alone ({opened / decoded:.1f} times as fast); {load()}"
    )
    assert opened / decoded < MOST_TIMES_AS_LONG
