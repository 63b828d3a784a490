"""What is switched on: a decoder, and where it is spoken. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from ardoise.trackers.decoding import Transport

MQTTS = "mqtts"


@dataclass(frozen=True)
class Source:
    """One entry of ARDOISE_SOURCES."""

    decoder: str
    transport: Transport
    address: str
    """host:port; of a serial device its path; of MQTT the broker's."""
    options: Mapping[str, str]
    secure: bool = False
    """Of MQTT: with TLS, mqtts://."""


def sources_of(text: str) -> tuple[Source, ...]:
    """`osmand=http://0.0.0.0:5055,nmea=tcp://0.0.0.0:10110?device=moto-1`. Raises ValueError."""
    return tuple(_source(entry.strip()) for entry in text.split(",") if entry.strip())


def _source(entry: str) -> Source:
    name, separator, where = entry.partition("=")
    url = urlsplit(where)
    if not separator or not name or not url.scheme:
        raise ValueError(f"{entry!r} is no source: write decoder=transport://host:port")
    secure = url.scheme == MQTTS
    if "@" in url.netloc:
        # Not quoted: a password may stand there, and addresses are printed.
        raise ValueError(
            f"{name}: no user or password before the host, but user= and password_file= behind it"
        )
    try:
        transport = Transport.MQTT if secure else Transport(url.scheme)
    except ValueError:
        raise ValueError(f"{url.scheme} is no transport: there are {', '.join(Transport)}") from None
    if not (url.netloc or url.path):
        raise ValueError(f"{entry!r} does not say where: write decoder=transport://host:port")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    return Source(name, transport, url.netloc or url.path, options, secure)
