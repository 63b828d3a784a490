"""LoRaWAN through ChirpStack 4's MQTT integration, marshalled as JSON: events `up` of every application.

https://www.chirpstack.io/docs/chirpstack/integrations/events.html. A device is called by its DevEUI. Its codec's
fields: lorawan.py. A fix's time is the device's where the codec gives one, else ChirpStack's `time`.
"""

from collections.abc import Mapping

from ardoise.trackers.decoders.json_fields import document, object_of, text
from ardoise.trackers.decoders.lorawan import first_time_ms, fix_of, undecoded
from ardoise.trackers.decoding import Decoded, Decoder, Message, Sample, Transport, device_of

TOPICS = ("application/+/device/+/event/up",)


def begin(options: Mapping[str, str]) -> None:
    """It has no options of its own."""


def decode(message: Message, session: None) -> Decoded[None]:
    """One uplink. Raises Refused."""
    said = object_of(document(message.body), "an event")
    device = device_of(text(object_of(said.get("deviceInfo"), "deviceInfo"), "devEui")).lower()
    if said.get("object") is None:
        if said.get("data"):
            raise undecoded("codec in the device profile")
        return Decoded()
    decoded = object_of(said["object"], "object")
    gateways = said.get("rxInfo")
    first = gateways[0] if isinstance(gateways, list) and gateways else None
    heard = first if isinstance(first, dict) else {}
    times = (said.get("time"), heard.get("gwTime"), heard.get("nsTime"))
    fix = fix_of(device, decoded, first_time_ms(times, message.received_ms), None)
    return Decoded(() if fix is None else (fix,))


SAMPLE = Message(
    b'{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-07-05T12:00:01.500123+00:00","deviceInfo":'
    b'{"applicationName":"Bikes","deviceName":"bike 7","devEui":"0101010101010101","tags":{"team":"AAA"}},"fCnt":4,'
    b'"fPort":1,"data":"qgG2BA==","object":{"latitude":45.0127,"longitude":5.0213,"altitude":212,"battery":87,'
    b'"satellites":9},"rxInfo":[{"gatewayId":"0016c001f153a14c","gwTime":"2026-07-05T12:00:01.5+00:00","rssi":-35}]}',
    "application/17c8/device/0101010101010101/event/up",
)
DECODER = Decoder(
    "chirpstack",
    frozenset({Transport.MQTT}),
    decode,
    begin,
    topics=TOPICS,
    samples=(Sample((SAMPLE,)),),
)
