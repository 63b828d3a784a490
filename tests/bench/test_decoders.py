"""Messages a second through each decoder, from bytes to fixes, on one core, beside the fastest library for the format.

Where no library makes fixes of a format, the peer is the fastest reading of it and nothing more: parse_qsl of a query,
msgspec of JSON, libsodium and msgspec of what is encrypted. GT06 and H02 have none. Of NMEA pynmea2 is the fastest,
which looks at a field once it is asked for (so it is asked for what a fix is made of); pynmeagps is better kept.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import msgspec
import pynmea2
import pynmeagps
import pytest
from ardoise.trackers.decoders import chirpstack, gt06, h02, nmea, osmand, owntracks, ttn
from ardoise.trackers.decoding import Decoder, Message, Refused
from ardoise.trackers.domain.stream import Stream
from nacl.secret import SecretBox

from tests.bench.pace import Work, measured
from tests.bench.race_site import load
from tests.support.hardware import (
    GT06_MASTS,
    gt06_frame,
    gt06_login,
    gt06_place,
    h02_binary,
    h02_text,
    sentence,
)

LEAST_A_SECOND = 100_000
"""At the reference's pace. A thousand trackers at 1 Hz are a hundredth of it."""
EPOCHS = 1_000
CHUNK_BYTES = 4_096
TIMES = 1_000
"""So often is a message that comes alone decoded in one go."""
FIRST = datetime(2026, 7, 4, 12, 0, 0, tzinfo=UTC)
WHENS = [FIRST + timedelta(seconds=at) for at in range(EPOCHS)]
PLAIN = "id=861001000719969&lat=41.666667&lon=-0.883333&timestamp=1782561600&speed=12.0&accuracy=4.5&batt=87"
ESCAPED = (
    "lat=49.60688&lon=6.15788&timestamp=2026-06-27+09%3A10%3A11&altitude=384.7&speed=0.0&id=353861053849681"
)
TRACCAR = next(message for sample in osmand.SAMPLES for message in sample.messages if message.headers)
BOX = SecretBox(b"mysecreTpass01".ljust(SecretBox.KEY_SIZE, b"\0"))
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


def nmea_sentences() -> list[bytes]:
    found = []
    for at, when in enumerate(WHENS):
        place = f"45{at % 6000 / 100:08.5f},N,00500.60000,E"
        found.append(sentence(f"GNGGA,{when:%H%M%S}.000,{place},1,14,0.9,76.5,M,-21.6,M,,"))
        found.append(sentence(f"GNRMC,{when:%H%M%S}.000,A,{place},20.00,286.35,{when:%d%m%y},,,A,V"))
    return found


def gt06_frames() -> list[bytes]:
    places = [gt06_place(when, 45.0 + at * 1e-5, 5.01, kmh=36) for at, when in enumerate(WHENS)]
    frames = [gt06_frame(0x22, place + GT06_MASTS, at) for at, place in enumerate(places)]
    return [gt06_login("123456789012345"), *frames]


def h02_texts() -> list[bytes]:
    return [h02_text("4106000826", when, 45.0 + at * 1e-5, 5.01, knots=20) for at, when in enumerate(WHENS)]


def h02_binaries() -> list[bytes]:
    return [h02_binary("4106000826", when, 45.0 + at * 1e-5, 5.01, knots=20) for at, when in enumerate(WHENS)]


def connection(
    decoder: Decoder, messages: Sequence[bytes], options: Mapping[str, str] | None = None
) -> tuple[Work, int]:
    """As they come on one; each position has to be a fix."""
    data = b"".join(messages)

    def work() -> None:
        fixes = 0
        stream = Stream(decoder, decoder.begin(options or {}))
        for at in range(0, len(data), CHUNK_BYTES):
            for _, said in stream.feed(data[at : at + CHUNK_BYTES], 0):
                assert not isinstance(said, Refused)
                fixes += len(said.fixes)
        assert fixes == EPOCHS

    return work, len(messages)


def alone(decoder: Decoder, message: Message, session: object = None) -> tuple[Work, int]:
    """A request or a packet of a broker, which has one fix."""
    session = session or decoder.begin({})
    assert len(decoder.said(message, session).fixes) == 1
    return often(lambda: decoder.said(message, session))


def published(decoder: Decoder, said: Mapping) -> tuple[Work, int]:
    """By a broker, as JSON."""
    return alone(decoder, Message(json.dumps(said).encode(), "owntracks/anne/phone"))


def often(one: Work) -> tuple[Work, int]:
    """TIMES of one."""

    def work() -> None:
        for _ in range(TIMES):
            one()

    return work, TIMES


def read_as_json(said: Mapping) -> dict[str, tuple[Work, int]]:
    """The peer of what JSON says."""
    body = json.dumps(said).encode()
    return {"msgspec alone": often(lambda: msgspec.json.decode(body))}


def read_by_pynmea2(lines: Sequence[str]) -> None:
    for line in lines:
        message = pynmea2.parse(line, check=True)
        _ = message.timestamp, message.latitude, message.longitude
        if message.sentence_type == "RMC":
            _ = message.datestamp, message.spd_over_grnd, message.status
        else:
            _ = message.horizontal_dil, message.num_sats, message.gps_qual


def read_by_pynmeagps(sentences: Sequence[bytes]) -> None:
    for one in sentences:
        pynmeagps.NMEAReader.parse(one)


Case = tuple[tuple[Work, int], dict[str, tuple[Work, int]]]
"""What is measured, and its peers: each in one go, of so many messages."""


def of_nmea() -> Case:
    made = nmea_sentences()
    lines = [one.decode() for one in made]
    few = made[: len(made) // 10]  # It takes its time.
    return connection(nmea.DECODER, made, {"device": "moto-1"}), {
        "pynmea2": (lambda: read_by_pynmea2(lines), len(lines)),
        "pynmeagps": (lambda: read_by_pynmeagps(few), len(few)),
    }


def of_encrypted() -> Case:
    sealed = BOX.encrypt(json.dumps(LOCATION).encode())
    body = json.dumps({"_type": "encrypted", "data": base64.b64encode(sealed).decode()}).encode()
    return alone(owntracks.DECODER, Message(body, "owntracks/anne/phone"), owntracks.Keys(shared=BOX)), {
        "opening and msgspec alone": often(lambda: msgspec.json.decode(BOX.decrypt(bytes(sealed))))
    }


def of_query(query: str) -> Case:
    message = Message(b"", f"/?{query}", {"host": "a"})
    return alone(osmand.DECODER, message), {"parse_qsl alone": often(lambda: parse_qsl(query))}


CASES: dict[str, Callable[[], Case]] = {
    "nmea": of_nmea,
    "gt06": lambda: (connection(gt06.DECODER, gt06_frames()), {}),
    "h02 in text": lambda: (connection(h02.DECODER, h02_texts()), {}),
    "h02 in binary": lambda: (connection(h02.DECODER, h02_binaries()), {}),
    "osmand, a query": lambda: of_query(PLAIN),
    "osmand, an escaped query": lambda: of_query(ESCAPED),
    "osmand, Traccar's JSON": lambda: (
        alone(osmand.DECODER, TRACCAR),
        read_as_json(json.loads(TRACCAR.body)),
    ),
    "owntracks": lambda: (published(owntracks.DECODER, LOCATION), read_as_json(LOCATION)),
    "owntracks, encrypted": of_encrypted,
    "chirpstack": lambda: (published(chirpstack.DECODER, CHIRPSTACK), read_as_json(CHIRPSTACK)),
    "ttn": lambda: (published(ttn.DECODER, TTN), read_as_json(TTN)),
}
LEAST_OF_PEER = {"pynmea2": 1.0}
"""It makes no fixes of what it reads, and finds no sentences in a stream."""


@pytest.mark.parametrize("name", CASES)
def test_a_decoder_follows_a_hundred_thousand_messages_a_second(name: str):
    (work, messages), peers = CASES[name]()
    found = measured(work, messages, peers)
    beside = "".join(
        f", {times:.2f} of {peer}'s {found.a_second / times:,.0f}" for peer, times in found.of_peers.items()
    )
    print(
        f"\n{name}: {found.a_second:,.0f} messages/s{beside}; {found.at_pace:,.0f} at the reference's pace"
        f" (limit {LEAST_A_SECOND:,}); {load()}"
    )
    assert found.at_pace > LEAST_A_SECOND
    for peer, least in LEAST_OF_PEER.items():
        assert found.of_peers.get(peer, least) >= least, peer
