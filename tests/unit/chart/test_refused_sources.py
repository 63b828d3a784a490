"""Sources of trackers, and phones by MQTT, that could not work are refused with words that say what to write."""

from typing import Any

import pytest
from ardoise.chassis.phones import SOURCE

from tests.support.chart import Refused, example, overlaid, rendered

PHONES = {"decoder": "osmand", "transport": "http", "port": 5055}
BY_BROKER = {"decoder": "owntracks", "transport": "mqtt", "broker": "broker.example.org:8883"}
LET_OUT = {"ports": [{"port": 8883}]}
# Sources of the truck, and what a person reads.
WRONG_SOURCES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "no port": ([{"decoder": "osmand", "transport": "http"}], "trackers.sources[0]: http needs a port"),
    "a port of root": (
        [{**PHONES, "port": 80}],
        "at '/trackers/sources/0/port': minimum: got 80, want 1,024",
    ),
    "a port above all ports": (
        [{**PHONES, "port": 70000}],
        "at '/trackers/sources/0/port': maximum: got 70,000, want 65,535",
    ),
    "a port as words": ([{**PHONES, "port": "5055"}], "'/trackers/sources/0/port': got string, want integer"),
    "one port for two": (
        [PHONES, {"decoder": "h02", "transport": "tcp", "port": 5055}],
        "trackers.sources[1]: port 5055 of TCP is taken by trackers.sources[0]: give each source a port of its own",
    ),
    "the gateway's own port": (
        [{**PHONES, "port": 7407}],
        "trackers.sources[0]: port 7407 of TCP is TrackerService of the gateway itself: give each source a port",
    ),
    "the port of its metrics": (
        [{**PHONES, "port": 9409}],
        "port 9409 of TCP is metrics of the gateway itself",
    ),
    "a decoder that is no name": (
        [{**PHONES, "decoder": "OsmAnd"}],
        "trackers.sources[0].decoder is OsmAnd: write a decoder's name, 1 to 16 small letters and digits",
    ),
    "a transport that there is not": (
        [{**PHONES, "transport": "https"}],
        "at '/trackers/sources/0/transport': value must be one of 'http', 'tcp', 'udp', 'mqtt', 'mqtts'",
    ),
    "a word that is no value": (
        [{**PHONES, "host": "0.0.0.0"}],
        "at '/trackers/sources/0': additional properties 'host' not allowed",
    ),
    "a serial port": (
        [{"decoder": "nmea", "transport": "serial", "options": {"device": "/dev/ttyUSB0"}}],
        "serial is a receiver at a machine's own port, which a pod does not have: run `ardoise up` on that machine",
    ),
    "a broker without mqtt": (
        [{**PHONES, "broker": "broker.example.org:8883"}],
        "broker, user and secret are of mqtt and mqtts, and its transport is http",
    ),
    "mqtt without a broker": (
        [{"decoder": "owntracks", "transport": "mqtt"}],
        "mqtt has no port of ours, the gateway calls a broker: name it in broker, as host:port",
    ),
    "mqtt with a port": ([{**BY_BROKER, "port": 1883}], "take port out, broker has the broker's"),
    "a password in the options": (
        [{**BY_BROKER, "options": {"password": "chalk"}}],
        "trackers.sources[0].options: password follows from user and secret, a Secret with the keys password",
    ),
    "a password at the broker": (
        [{**BY_BROKER, "broker": "truck:chalk@broker.example.org:8883"}],
        "trackers.sources[0].broker: write host:port, as in broker.example.org:8883; who logs in stands in user",
    ),
    "a password for a Secret": (
        [{**BY_BROKER, "user": "truck", "secret": "CHALK"}],
        "trackers.sources[0].secret: write the name of a Secret",
    ),
    "a user without a password": (
        [{**BY_BROKER, "user": "truck"}],
        "trackers.sources[0]: user has a password: put it into a Secret under the key password",
    ),
    "a password without a user": (
        [{**BY_BROKER, "secret": "broker"}],
        "secret has the password of a user, and none is named: add user",
    ),
    "a broker whose certificate nobody could tell": (
        [{**BY_BROKER, "transport": "mqtts"}],
        "mqtts takes the CA of the broker's certificate, and the image trusts none by itself: put it into a Secret",
    ),
    "two of one name": (
        [PHONES, {**PHONES, "port": 5056, "options": {"speed": "mps"}}],
        "trackers.sources[1]: trackers.sources[0] is called osmand already, and devices belong to one source: add name",
    ),
    "a name that is another's": (
        [PHONES, {"decoder": "h02", "transport": "tcp", "port": 5013, "name": "osmand"}],
        "trackers.sources[1]: trackers.sources[0] is called osmand already",
    ),
    "a name that is none": (
        [{**PHONES, "name": "Phones & co"}],
        "trackers.sources[0].name is Phones & co: write a source's name, 1 to 32 small letters, digits and dashes",
    ),
    "a name in the options": (
        [{**PHONES, "options": {"name": "phones"}}],
        "trackers.sources[0].options: name is the source's, beside decoder: write it there",
    ),
    "an option that would be two": (
        [{**PHONES, "options": {"device=a&b": "c"}}],
        "trackers.sources[0].options: device=a&b is device=a&b: write an option's name in small letters",
    ),
}


@pytest.mark.parametrize(("sources", "message"), WRONG_SOURCES.values(), ids=WRONG_SOURCES)
def test_sources_that_cannot_be_are_refused_with_what_to_write(sources: list[dict[str, Any]], message: str):
    given = {"trackers": {"sources": sources}, "networkPolicy": {"egress": {"trackers": [LET_OUT]}}}
    # A rule for a pod that is not here would be what is wrong.
    given = given if sources[0]["transport"].startswith("mqtt") else {"trackers": {"sources": sources}}
    with pytest.raises(Refused) as refused:
        rendered(overlaid(example("truck"), given))
    assert message in str(refused.value)
    assert "chalk" not in str(refused.value).lower()


def test_a_source_called_as_that_of_phones_by_mqtt_is_refused():
    own = {"trackers": {"sources": [{**PHONES, "name": SOURCE}], "mqtt": {"phonesSecret": "phones"}}}
    with pytest.raises(Refused, match=r"sources\[0\]: trackers\.mqtt is called owntracks-mqtt already"):
        rendered(overlaid(example("truck"), own))


def test_a_broker_that_no_policy_lets_the_gateway_call_is_refused_with_the_rule_to_write():
    broker = {"trackers": {"sources": [BY_BROKER]}}
    with pytest.raises(Refused, match=r"add its address to networkPolicy\.egress\.trackers, as in \[\{to: "):
        rendered(overlaid(example("truck"), broker))
    for given in ({"enabled": False}, {"egress": {"trackers": [LET_OUT]}}, {"egress": {"all": [LET_OUT]}}):
        assert rendered(overlaid(example("truck"), broker, {"networkPolicy": given}))


def test_trackers_in_a_region_are_refused_with_where_they_belong():
    with pytest.raises(Refused, match=r"trackers\.sources: trackers are taken in at the truck"):
        rendered(overlaid(example("amsterdam"), {"trackers": {"sources": [PHONES]}}))


def test_one_number_may_be_a_port_of_tcp_and_one_of_udp():
    sources = [PHONES, {"decoder": "h02", "transport": "udp", "port": 5055}]
    assert rendered(overlaid(example("truck"), {"trackers": {"sources": sources}}))


BY_MQTT = {"phonesSecret": "phones"}
# What is written of phones by MQTT, of which site, and what a person reads.
WRONG_PHONES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a region": (
        "amsterdam",
        BY_MQTT,
        "trackers.mqtt: phones are taken in at the truck, whose log is the race's",
    ),
    "a certificate for nobody": (
        "truck",
        {"tlsSecret": "page"},
        "trackers.mqtt: nobody comes by MQTT while phonesSecret is empty: name a Secret there",
    ),
    "a name for nobody": (
        "truck",
        {"host": "truck.example.org"},
        "nobody comes by MQTT while phonesSecret is",
    ),
    "two certificates": (
        "truck",
        {**BY_MQTT, "tlsSecret": "page", "issuer": {"name": "public"}, "host": "truck.example.org"},
        "a certificate is given and cert-manager is to make one: leave tlsSecret or issuer.name empty",
    ),
    "a certificate for no name": (
        "truck",
        {**BY_MQTT, "issuer": {"name": "public"}},
        "cert-manager makes a certificate for a name, and there is none: set host to the name that phones call",
    ),
    "passwords and certificate in one": (
        "truck",
        {**BY_MQTT, "tlsSecret": "phones"},
        "the Secret phones would hold passwords and certificate: each key of phonesSecret is a phone, name another",
    ),
    "a password for a Secret": (
        "truck",
        {"phonesSecret": "anne:CHALK"},
        "trackers.mqtt.phonesSecret: write the name of a Secret",
    ),
    "a key for a Secret": (
        "truck",
        {**BY_MQTT, "tlsSecret": "-----BEGIN CHALK"},
        "trackers.mqtt.tlsSecret: write the name of a Secret",
    ),
    "a URL for a name": (
        "truck",
        {**BY_MQTT, "host": "mqtts://truck.example.org:8883"},
        "trackers.mqtt.host is mqtts://truck.example.org:8883: write a host name alone",
    ),
    "an issuer that is no name": (
        "truck",
        {**BY_MQTT, "host": "truck.example.org", "issuer": {"name": "Let's Encrypt"}},
        "trackers.mqtt.issuer.name is Let's Encrypt: write the name of an object of the cluster",
    ),
    "names of phones": (
        "truck",
        {**BY_MQTT, "phones": ["anne"]},
        "at '/trackers/mqtt': additional properties 'phones' not allowed",
    ),
}


@pytest.mark.parametrize(("site", "mqtt", "message"), WRONG_PHONES.values(), ids=WRONG_PHONES)
def test_phones_by_mqtt_that_could_not_come_are_refused_with_what_to_write(
    site: str, mqtt: dict[str, Any], message: str
):
    with pytest.raises(Refused) as refused:
        rendered(overlaid(example(site), {"trackers": {"mqtt": mqtt}}))
    assert message in str(refused.value)
    assert "chalk" not in str(refused.value).lower()


def test_phones_at_an_external_nats_server_are_refused_with_where_to_name_it():
    values = overlaid(example("truck"), {"trackers": {"mqtt": BY_MQTT}, "nats": {"url": "tls://nats:4222"}})
    with pytest.raises(Refused, match=r"take phonesSecret out, and name it in trackers\.sources as a broker"):
        rendered(values)


@pytest.mark.parametrize("name", ["LISTEN", "PHONES", "PASSWORDS", "CERTIFICATE"])
def test_a_setting_of_phones_by_mqtt_is_refused_among_the_services_where_nobody_would_read_it(name: str):
    values = overlaid(example("truck"), {"services": {"settings": {f"ARDOISE_MQTT_{name}": "x"}}})
    with pytest.raises(Refused, match=f"ARDOISE_MQTT_{name} follows from the other values"):
        rendered(values)
