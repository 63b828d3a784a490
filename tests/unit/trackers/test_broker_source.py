"""A broker as a source: what is wrong with it is said at the start, and who it is nobody guesses."""

import asyncio
from pathlib import Path

import pytest
from ardoise.trackers.decoding import Transport
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.domain.sources import sources_of
from ardoise.trackers.listening import mqtt
from ardoise.trackers.ports import port_of

from tests.support.logs import logged_by

LIMIT_S = 10.0


def port(text: str) -> mqtt.MqttPort:
    (source,) = sources_of(text)
    assert source.transport is Transport.MQTT
    return port_of(source, None, None, Limits())


def test_mqtts_is_mqtt_with_tls():
    plain, secure = sources_of("owntracks=mqtt://127.0.0.1:1883,ttn=mqtts://broker.example:8883?user=x")
    assert (plain.transport, plain.secure, plain.address) == (Transport.MQTT, False, "127.0.0.1:1883")
    assert (secure.transport, secure.secure, secure.options) == (Transport.MQTT, True, {"user": "x"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("owntracks=mqtt://127.0.0.1", "no address"),
        ("owntracks=mqtt://127.0.0.1:0", "no broker"),
        ("owntracks=mqtt://:1883", "no broker"),
        ("owntracks=mqtt://127.0.0.1:1883?user=x&password_file=/nowhere", "/nowhere"),
        ("owntracks=mqtts://127.0.0.1:8883?ca_file=/nowhere", "No such file"),
        ("owntracks=mqtt://127.0.0.1:1883?key_file=/nowhere", "/nowhere"),
        ("osmand=mqtt://127.0.0.1:1883", "not spoken over mqtt"),
    ],
)
def test_what_is_wrong_with_a_broker_is_said_at_the_start(text: str, says: str):
    with pytest.raises(ValueError, match=says):
        port(text)


def test_a_session_cannot_be_taken_over_by_whoever_knows_the_decoders_name(tmp_path: Path):
    ids = []
    for password in ("one", "two", "one"):
        file = tmp_path / "password"
        file.write_text(f"{password}\n")
        told = port(f"owntracks=mqtt://127.0.0.1:1883?user=trackers&password_file={file}")
        ids.append(told._client()._client_id)
    assert ids[0] == ids[2] != ids[1]
    given = port("owntracks=mqtt://127.0.0.1:1883?client_id=truck-2")
    assert given._client()._client_id == b"truck-2"


async def test_what_fails_on_the_way_to_a_broker_is_logged_and_tried_again(
    tmp_path: Path, free_port, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mqtt, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(mqtt, "BEGIN_LIMIT_S", 0.01)
    file = tmp_path / "password"
    file.write_text("one")
    told = port(f"owntracks=mqtt://127.0.0.1:{free_port()}?user=x&password_file={file}")
    file.unlink()
    with logged_by(mqtt) as logged:
        await told.open()
        async with asyncio.timeout(LIMIT_S):
            while True:
                if [entry["event"] for entry in logged].count("broker_failed") > 1:
                    break
                await asyncio.sleep(0.01)
        await told.close()
