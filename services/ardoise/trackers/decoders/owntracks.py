"""OwnTracks, as phones speak it over MQTT and HTTP: https://owntracks.org/booklet/tech/json.

A device is called user/device, by its topic, or over HTTP by X-Limit-U and X-Limit-D, by u= and d= in the query, or by
the topic that an iPhone puts into the message. Whoever has a key in `key_file` has to use it.
"""

import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoders.json_fields import document, number, object_of, text
from ardoise.trackers.decoding import (
    MOST_FIXES,
    Decoded,
    Decoder,
    Fix,
    Message,
    Refused,
    Sample,
    Transport,
    accuracy_cm,
    device_of,
    e7,
    malformed,
    measured,
    speed_mmps,
    time_ms_of,
)
from ardoise.trackers.domain.sources import KEY_FILE

KMH_MPS = 1 / 3.6
TOPIC = "owntracks/"
TOPICS = (f"{TOPIC}+/+",)
"""Fixes and last wills; what is below (events, waypoints, cards) has none."""
REPLY = b"[]"
"""No friends, no commands."""
MOST_QUERY_FIELDS = 8


@dataclass(frozen=True)
class Keys:
    """Secrets, as SecretBox. One for everybody, or one each."""

    shared: SecretBox | None = None
    by_device: Mapping[str, SecretBox] = field(default_factory=dict)
    """By user/device."""

    def of(self, device: str) -> SecretBox | None:
        """None: it speaks in plain."""
        return self.by_device.get(device, self.shared)


def begin(options: Mapping[str, str]) -> Keys:
    """Raises ValueError."""
    return _keys(options[KEY_FILE]) if KEY_FILE in options else Keys()


def decode(message: Message, keys: Keys) -> Decoded[Keys]:
    """One message, or over HTTP several in a list. Raises Refused."""
    if not message.body:
        return Decoded(reply=REPLY)  # A friend was deleted in the app, a retained place was cleared.
    said = document(message.body)
    name = _name(message)
    several = said if isinstance(said, list) else [said]
    if len(several) > MOST_FIXES:
        raise Refused(RefusalReason.REFUSAL_REASON_TOO_LARGE, f"more than {MOST_FIXES} messages in a list")
    fixes = [_fix(object_of(one, "a message"), name, keys) for one in several]
    return Decoded(tuple(fix for fix in fixes if fix is not None), reply=REPLY)


def sender(topic: str) -> str:
    """Behind a topic is its user: brokers let one publish for oneself, under whatever names of devices."""
    return "/".join(topic.split("/", 2)[:2])


def _fix(said: Mapping[str, Any], name: str, keys: Keys) -> Fix | None:
    encrypted = said.get("_type") == "encrypted"
    if encrypted:
        said = _opened(said, name, keys)
    if said.get("_type") != "location":
        return None
    name = name or _of_topic(text(said, "topic"))
    if not encrypted and keys.of(name) is not None:
        raise malformed(f"{name[:64]} has a key, and does not use it")
    latitude, longitude, seconds = number(said, "lat"), number(said, "lon"), number(said, "tst")
    if latitude is None or longitude is None or seconds is None:
        raise malformed("a location has lat, lon and tst")
    speed_kmh = number(said, "vel")
    return Fix(
        device_of(name),
        time_ms_of(seconds),
        e7(latitude, 90),
        e7(longitude, 180),
        speed_mmps(None if speed_kmh is None else speed_kmh * KMH_MPS),
        accuracy_cm(number(said, "acc")),
        battery_percent=measured(number(said, "batt"), 100),
    )


def _opened(said: Mapping[str, Any], name: str, keys: Keys) -> Mapping[str, Any]:
    box = keys.of(name)
    if box is None:
        raise malformed(f"encrypted, and key_file has no key for {name[:64] or 'a device without a name'}")
    try:
        plain = box.decrypt(binascii.a2b_base64(text(said, "data")))
    except (ValueError, CryptoError):
        raise malformed("encrypted with another key, or altered") from None
    inner = object_of(document(plain), "what is encrypted")
    if inner.get("_type") == "encrypted":
        raise malformed("encrypted twice")
    return inner


def _name(message: Message) -> str:
    """Empty: only the message itself can say it."""
    if message.target.startswith(TOPIC):
        return _of_topic(message.target)
    user, device = message.headers.get("x-limit-u", ""), message.headers.get("x-limit-d", "")
    if not (user and device):
        try:
            query = parse_qs(message.target.partition("?")[2], max_num_fields=MOST_QUERY_FIELDS)
        except ValueError as error:
            raise malformed(f"no query: {error}") from None
        user, device = user or query.get("u", [""])[0], device or query.get("d", [""])[0]
    return _named(user, device)


def _of_topic(topic: str) -> str:
    _, user, device, *_ = (*topic.split("/"), "", "")
    return _named(user, device)


def _named(user: str, device: str) -> str:
    """As it stands in lists, before anybody looks for its key."""
    return device_of(f"{user}/{device}") if user and device else ""


@cache
def _keys(file: str) -> Keys:
    """Raises ValueError."""
    secrets = _secrets(file)
    if isinstance(secrets, str):
        return Keys(shared=_box(file, secrets))
    return Keys(by_device={device: _box(file, secret) for device, secret in secrets.items()})


def secret_of(file: str, device: str) -> str:
    """What user/device is to encrypt with; empty: it has no key, and speaks in plain. Raises ValueError."""
    _keys(file)
    secrets = _secrets(file)
    return secrets if isinstance(secrets, str) else secrets.get(device, "")


def _secrets(file: str) -> str | dict[str, str]:
    """One secret, or a JSON object of them by user/device. Raises ValueError."""
    try:
        said = Path(file).read_text().strip()
        return json.loads(said) if said.startswith("{") else said
    except (OSError, ValueError) as error:
        raise ValueError(f"key_file={file}: {error}") from error


def _box(file: str, secret: Any) -> SecretBox:
    key = secret.encode() if isinstance(secret, str) else b""
    if not 0 < len(key) <= SecretBox.KEY_SIZE:
        raise ValueError(f"key_file={file}: a secret is a text of 1 to {SecretBox.KEY_SIZE} bytes")
    return SecretBox(key.ljust(SecretBox.KEY_SIZE, b"\0"))


SAMPLE = Message(
    b'{"_type":"location","acc":4,"alt":212,"batt":87,"bs":1,"conn":"m","lat":45.0127,"lon":5.0213,"m":2,"t":"t",'
    b'"tid":"AN","tst":1783252800,"vel":36}',
    "owntracks/anne/phone",
)
DECODER = Decoder(
    "owntracks",
    frozenset({Transport.HTTP, Transport.MQTT}),
    decode,
    begin,
    reply_type="application/json",
    topics=TOPICS,
    sender=sender,
    samples=(Sample((SAMPLE,)),),
)
