"""LoRaWAN through The Things Stack's MQTT server: uplinks of every application that the password opens.

https://www.thethingsindustries.com/docs/integrations/data-formats. A device is called by its DevEUI. Its formatter's
fields: lorawan.py. A fix's time is the device's where the formatter gives one, else the network server's `received_at`.
"""

from collections.abc import Mapping

from ardoise.trackers.decoders.json_fields import document, number, object_of, text
from ardoise.trackers.decoders.lorawan import first_time_ms, fix_of, undecoded
from ardoise.trackers.decoding import Decoded, Decoder, Message, Sample, Transport, device_of

TOPICS = ("v3/+/devices/+/up",)
FROM_PAYLOAD = "frm-payload"
"""Of `locations`: what came with this uplink. `user` is where somebody pinned the device on a map, months ago."""


def begin(options: Mapping[str, str]) -> None:
    """It has no options of its own."""


def decode(message: Message, session: None) -> Decoded[None]:
    """One uplink. Raises Refused."""
    said = object_of(document(message.body), "a message")
    if said.get("uplink_message") is None:
        return Decoded()
    names = object_of(said.get("end_device_ids"), "end_device_ids")
    device = device_of(text(names, "dev_eui").lower() or text(names, "device_id"))
    uplink = object_of(said["uplink_message"], "uplink_message")
    locations = object_of(uplink.get("locations") or {}, "locations")
    decoded, place = uplink.get("decoded_payload"), locations.get(FROM_PAYLOAD)
    if decoded is None and place is None:
        if uplink.get("frm_payload"):
            raise undecoded("payload formatter")
        return Decoded()
    level = number(object_of(uplink.get("last_battery_percentage") or {}, "last_battery_percentage"), "value")
    at_ms = first_time_ms((uplink.get("received_at"), said.get("received_at")), message.received_ms)
    for fields in (decoded, place):
        if fields is not None:
            fix = fix_of(device, object_of(fields, "decoded_payload"), at_ms, level)
            if fix is not None:
                return Decoded((fix,))
    return Decoded()


SAMPLE = Message(
    b'{"end_device_ids":{"device_id":"bike-7","dev_eui":"0004A30B001C0530"},"received_at":"2026-07-05T12:00:02Z",'
    b'"uplink_message":{"f_cnt":1,"f_port":1,"frm_payload":"gkHe","decoded_payload":{"gps_1":{"latitude":45.0127,'
    b'"longitude":5.0213,"altitude":212}},"locations":{"user":{"latitude":10,"longitude":10,"source":"SOURCE_REGISTRY"}}'
    b',"last_battery_percentage":{"value":87},"received_at":"2026-07-05T12:00:01.500123456Z"}}',
    "v3/bikes@race/devices/bike-7/up",
)
DECODER = Decoder(
    "ttn", frozenset({Transport.MQTT}), decode, begin, topics=TOPICS, samples=(Sample((SAMPLE,)),)
)
