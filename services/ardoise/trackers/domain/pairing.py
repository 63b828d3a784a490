"""What a device is told, so that it sends to this gateway: links for a QR code, messages by SMS. Pure."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from ardoise.trackers.domain.reach import is_address

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0 o, 1 i l: such names are read aloud, and typed."""
DEVICE_CHARACTERS = 12
"""31^12 names: at a thousand guesses a second one of forty is found in half a million years."""
OSMAND = "osmand"
OWNTRACKS = "owntracks"
NMEA = "nmea"
TRACCAR_SETTINGS = {
    "accuracy": "highest",  # satellites, always
    "distance": 0,  # by time, not by metres
    "interval": 1,
    "fastest_interval": 1,
    "buffer": "true",  # without a network: keep, and send later
    "wakelock": "true",
    "stop_detection": "false",  # a rider who stands is a rider
}
"""Of Traccar Client, seconds; 10 knows no fastest_interval and leaves it out."""
HARDWARE_EVERY_S = 5
"""How often a hardware tracker sends, ignition on or off; what is least differs by model."""


def is_drawn(decoder: str, transport: str) -> bool:
    """Whether devices take a name that they are given; all others bring one (an IMEI, a broker's user)."""
    return decoder in (OSMAND, OWNTRACKS) and transport == "http"


def draw_device(choose: Callable[[Sequence[str]], str]) -> str:
    """A name that nobody guesses; `choose` has to be a cryptographic one (secrets.choice)."""
    return "".join(choose(ALPHABET) for _ in range(DEVICE_CHARACTERS))


def traccar_link(url: str, device: str) -> str:
    """What the QR code for Traccar Client 9 and newer says: server and settings in one URL.

    Its scanner takes the server's address from an http(s) URL without its query, and its settings from the query:
    applyUri in https://github.com/traccar/traccar-client/blob/main/lib/configuration_service.dart. A phone's own
    camera opens the same URL in a browser, which the gateway answers with an empty page.
    """
    return f"{url}/?{urlencode({'id': device, **TRACCAR_SETTINGS})}"


def owntracks_link(url: str, device: str, key: str = "") -> str:
    """What OwnTracks opens itself, on a tap or from a QR code: https://owntracks.org/booklet/features/remoteconfig.

    `key`: with what it encrypts; empty: it does not.
    """
    return _owntracks(device, key, {"mode": 3, "url": f"{url}/"})  # HTTP


@dataclass(frozen=True)
class Broker:
    """Where a phone speaks MQTT, and as whom."""

    host: str
    port: int
    secure: bool
    """With TLS: the host stands in the broker's certificate, and the phone knows its CA."""
    password: str
    client_id: str
    """Nobody's guess: who says it ends the phone's connection."""


def owntracks_broker_link(broker: Broker, device: str, key: str = "") -> str:
    """The same, by MQTT. `device`: user/device, the user being the broker's. Raises ValueError."""
    user, _, name = device.partition("/")
    if not user or not name or set(name) & set("/+#"):
        raise ValueError(f"{device}: a phone with OwnTracks is called user/device, as in anne/phone")
    return _owntracks(
        device,
        key,
        {
            "mode": 0,  # MQTT
            "host": broker.host,
            "port": broker.port,
            "tls": broker.secure,
            "auth": True,
            "password": broker.password,
            "clientId": broker.client_id,
            "mqttProtocolLevel": 4,  # 3.1.1: nats-server knows no other, and a phone's own choice is 3.1
            "cleanSession": False,
            "pubQos": 1,
            "pubRetain": True,
            "sub": False,
            "cmd": False,
        },
    )


def _owntracks(device: str, key: str, way: Mapping[str, str | int | bool]) -> str:
    user, _, name = device.partition("/")
    configuration = {
        "_type": "configuration",
        **way,
        "username": user,
        "deviceId": name,
        "monitoring": 2,  # move mode: by time
        "moveModeLocatorInterval": 1,  # Android
        "locatorInterval": 1,  # iPhone
        "pegLocatorFastestIntervalToInterval": True,
    }
    if key:
        configuration["encryptionKey"] = key
    inline = base64.b64encode(json.dumps(configuration, separators=(",", ":")).encode()).decode()
    # Android decodes a plus sign of the query as a space.
    return f"owntracks:///config?inline={quote(inline, safe='')}"


def sms_lines(decoder: str, host: str, port: int) -> list[str]:
    """What is sent to a hardware tracker by SMS, one message a line: server, UTC, interval. Empty: it takes none.

    gt06: as Concox's trackers and their many copies take it; h02: as SinoTrack's do, with the password they come
    with (0000). Others of either family may differ: their manual has the last word.
    """
    if decoder == "gt06":
        by_name = 0 if is_address(host) else 1
        return [
            f"SERVER,{by_name},{host},{port},0#",
            "GMT,E,0,0#",
            f"TIMER,{HARDWARE_EVERY_S},{HARDWARE_EVERY_S}#",
        ]
    if decoder == "h02":
        return [
            f"8040000 {host} {port}",
            "8960000E00",
            f"8050000 {HARDWARE_EVERY_S}",
            f"8090000 {HARDWARE_EVERY_S}",
        ]
    return []
