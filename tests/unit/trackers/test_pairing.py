"""What devices are told so that they send here, and where they reach it."""

import base64
import json
import secrets
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from ardoise.trackers.domain.pairing import (
    ALPHABET,
    Broker,
    draw_device,
    owntracks_broker_link,
    owntracks_link,
    sms_lines,
    traccar_link,
)
from ardoise.trackers.domain.reach import Unreachable, broker_of, nearby, reach_of


def test_a_drawn_device_has_twelve_characters_that_nobody_takes_for_others():
    drawn = {draw_device(secrets.choice) for _ in range(200)}
    assert len(drawn) == 200
    assert {len(device) for device in drawn} == {12}
    assert not set("".join(drawn)) & set("0o1il")
    assert len(set(ALPHABET)) == len(ALPHABET) == 31


def test_traccar_clients_code_is_the_servers_address_with_its_settings_behind():
    """It takes scheme, host, port and path for the server, and id, accuracy, distance ... from the query."""
    url = urlsplit(traccar_link("http://192.168.1.20:5055", "k7m2p9qwxz4t"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "http://192.168.1.20:5055/"
    said = parse_qs(url.query, strict_parsing=True)
    assert said["id"] == ["k7m2p9qwxz4t"]
    assert (said["accuracy"], said["distance"], said["interval"], said["buffer"]) == (
        ["highest"],
        ["0"],
        ["1"],
        ["true"],
    )


def test_owntracks_link_survives_a_decoder_that_takes_a_plus_for_a_space():
    link = owntracks_link("https://race.example/t>>>???", "k7m2p9qwxz4t/phone")
    scheme, _, inline = link.partition("?inline=")
    assert scheme == "owntracks:///config"
    assert "+" not in inline
    said = json.loads(base64.b64decode(unquote(inline)))
    assert (said["_type"], said["mode"], said["url"]) == ("configuration", 3, "https://race.example/t>>>???/")
    assert (said["username"], said["deviceId"], said["monitoring"]) == ("k7m2p9qwxz4t", "phone", 2)


def test_a_phone_with_a_key_is_told_it_by_either_way():
    broker = Broker("truck.example.org", 8883, True, "x", "y")
    for link in (
        owntracks_link("http://race.example", "anne/phone", "a secret"),
        owntracks_broker_link(broker, "anne/phone", "a secret"),
    ):
        assert json.loads(base64.b64decode(unquote(link.partition("=")[2])))["encryptionKey"] == "a secret"
    without = owntracks_link("http://race.example", "anne/phone").partition("=")[2]
    assert "encryptionKey" not in json.loads(base64.b64decode(unquote(without)))


def test_by_mqtt_the_link_has_the_broker_and_who_the_phone_is_there():
    broker = Broker("truck.example.org", 8883, True, "pass+word/", "0123456789abcdef")
    _, _, inline = owntracks_broker_link(broker, "anne/phone").partition("?inline=")
    said = json.loads(base64.b64decode(unquote(inline)))
    assert (said["mode"], said["host"], said["port"], said["tls"]) == (0, "truck.example.org", 8883, True)
    assert (said["auth"], said["username"], said["password"]) == (True, "anne", "pass+word/")
    assert (said["deviceId"], said["clientId"]) == ("phone", "0123456789abcdef")
    assert (said["mqttProtocolLevel"], said["pubQos"], said["cleanSession"], said["monitoring"]) == (
        4,
        1,
        False,
        2,
    )
    assert "url" not in said


@pytest.mark.parametrize("device", ["anne", "anne/", "/phone", "anne/phone/2", "anne/+"])
def test_by_mqtt_a_phone_is_called_by_its_user_and_its_device(device: str):
    with pytest.raises(ValueError, match="as in anne/phone"):
        owntracks_broker_link(Broker("truck.example.org", 8883, True, "x", "y"), device)


@pytest.mark.parametrize(
    ("source", "said", "where"),
    [
        ("127.0.0.1:8883", "truck.example.org", ("truck.example.org", 8883)),
        ("127.0.0.1:8883", "truck.example.org:443", ("truck.example.org", 443)),
        ("broker.example.org:8883", "", ("broker.example.org", 8883)),
    ],
)
def test_where_a_phone_gets_to_a_broker(source: str, said: str, where: tuple[str, int]):
    assert broker_of(source, said) == where


@pytest.mark.parametrize(
    ("said", "says"), [("", "say with --host its name"), ("https://truck.example.org", "name:port")]
)
def test_a_broker_on_loopback_or_by_a_url_is_refused(said: str, says: str):
    with pytest.raises(ValueError, match=says):
        broker_of("127.0.0.1:8883", said)


@pytest.mark.parametrize(
    ("decoder", "host", "first"),
    [
        ("gt06", "203.0.113.7", "SERVER,0,203.0.113.7,5023,0#"),
        ("gt06", "race.example", "SERVER,1,race.example,5023,0#"),
        ("h02", "203.0.113.7", "8040000 203.0.113.7 5023"),
    ],
)
def test_hardware_is_told_its_server_and_utc_by_sms(decoder: str, host: str, first: str):
    lines = sms_lines(decoder, host, 5023)
    assert lines[0] == first
    assert lines[1] in ("GMT,E,0,0#", "8960000E00")
    assert all(len(line) <= 160 for line in lines)


def test_a_receiver_of_nmea_is_sent_nothing():
    assert sms_lines("nmea", "203.0.113.7", 10110) == []


@pytest.mark.parametrize(
    ("source", "said", "url"),
    [
        ("0.0.0.0:5055", "", "http://192.168.1.20:5055"),
        ("10.0.0.4:5055", "", "http://10.0.0.4:5055"),
        ("127.0.0.1:5055", "race.example", "http://race.example:5055"),
        ("127.0.0.1:5055", "race.example:80", "http://race.example:80"),
        ("127.0.0.1:5055", "https://race.example/phones/", "https://race.example/phones"),
        ("[::]:5055", "2001:db8::1", "http://[2001:db8::1]:5055"),
        ("[::]:5055", "[2001:db8::1]", "http://[2001:db8::1]:5055"),
    ],
)
def test_where_a_device_in_the_field_gets_to(source: str, said: str, url: str):
    assert reach_of(source, said, "192.168.1.20").url == url


@pytest.mark.parametrize("said", ["ftp://race.example", "race.example:phones", "https://"])
def test_what_is_no_way_to_a_gateway_is_refused(said: str):
    with pytest.raises(ValueError, match=r"host:port|begins with http"):
        reach_of("0.0.0.0:5055", said, "192.168.1.20")


@pytest.mark.parametrize("source", ["127.0.0.1:5055", "localhost:5055", "[::1]:5055"])
def test_a_gateway_on_loopback_says_how_to_start_it_for_the_field(source: str):
    with pytest.raises(Unreachable, match=r"ARDOISE_SOURCES=osmand=http://0\.0\.0\.0:5055"):
        reach_of(source, "", "192.168.1.20")


def test_a_machine_without_a_way_out_asks_for_the_address_that_phones_reach():
    with pytest.raises(Unreachable, match="say with --host where phones"):
        reach_of("0.0.0.0:5055", "", "")


def test_a_replay_goes_to_the_machine_that_the_gateway_is_on():
    assert nearby("0.0.0.0:5055", "truck:7407").url == "http://truck:5055"
    assert nearby("127.0.0.1:5055", "127.0.0.1:7407").url == "http://127.0.0.1:5055"
