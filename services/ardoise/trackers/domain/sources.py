"""What is switched on: a decoder, and where it is spoken. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ardoise.trackers.decoding import Transport

MQTTS = "mqtts"
NAME = "name"
"""The option that names a source; without it the source is called as its decoder."""
KEY_FILE = "key_file"
"""The option of decoders whose devices encrypt: where their secrets are."""
DEVICE = "device"
"""The option of decoders whose devices may not say who they are: who it is."""
NAMES = "[a-z0-9][a-z0-9-]{0,31}"


@dataclass(frozen=True)
class Source:
    """One entry of ARDOISE_SOURCES."""

    name: str
    """Of its own: devices belong to it, and are strangers at every other source and under every other name."""
    decoder: str
    transport: Transport
    address: str
    """host:port; of a serial device its path; of MQTT the broker's."""
    options: Mapping[str, str]
    """The decoder's and the transport's."""
    secure: bool = False
    """Of MQTT: with TLS, mqtts://."""


def sources_of(text: str) -> tuple[Source, ...]:
    """`osmand=http://0.0.0.0:5055,nmea=tcp://0.0.0.0:10110?device=moto-1`. Raises ValueError."""
    found: dict[str, Source] = {}
    for entry in text.split(","):
        if entry.strip():
            source = _source(entry.strip())
            if source.name in found:
                raise ValueError(
                    f"two sources are called {source.name}: give one a name of its own, as in "
                    f"{entry.strip().partition('?')[0]}?{NAME}={source.name}-2"
                )
            found[source.name] = source
    return tuple(found.values())


def _source(entry: str) -> Source:
    decoder, separator, where = entry.partition("=")
    url = urlsplit(where)
    if not separator or not decoder or not url.scheme:
        raise ValueError(f"{entry!r} is no source: write decoder=transport://host:port")
    secure = url.scheme == MQTTS
    if "@" in url.netloc:
        # Not quoted: a password may stand there, and addresses are printed.
        raise ValueError(
            f"{decoder}: no user or password before the host, but user= and password_file= behind it"
        )
    try:
        transport = Transport.MQTT if secure else Transport(url.scheme)
    except ValueError:
        raise ValueError(f"{url.scheme} is no transport: there are {', '.join(Transport)}") from None
    if not (url.netloc or url.path):
        raise ValueError(f"{entry!r} does not say where: write decoder=transport://host:port")
    if "&" in url.netloc + url.path:
        raise ValueError(f"{entry}: options begin with a question mark, and further ones with an ampersand")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    name = options.pop(NAME, decoder)
    if not re.fullmatch(NAMES, name):
        raise ValueError(f"{NAME}={name}: a source is called by 1 to 32 of a-z, 0-9 and -")
    return Source(name, decoder, transport, url.netloc or url.path, options, secure)
