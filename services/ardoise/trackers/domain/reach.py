"""How a device in the field, or this machine, reaches a source of the gateway. Pure."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from ardoise.chassis.settings import host_and_port


@dataclass(frozen=True)
class Reach:
    """Where a source is reached."""

    url: str
    """Of HTTP, without a slash at its end."""
    host: str
    port: int


class Unreachable(ValueError):
    """A device in the field does not get there; the message says what to do."""


def reach_of(source: str, said: str, outward: str) -> Reach:
    """`source`: where it listens, host:port. `said`: host, host:port or URL that people gave, or nothing.

    `outward`: this machine's address where it listens at all of them; empty: it has no way out. Raises Unreachable,
    ValueError.
    """
    listens, port = host_and_port(source)
    if said:
        return _said(said, port)
    if _is_loopback(listens):
        raise Unreachable(
            f"the gateway listens at {source}, where only this machine gets to: start it with "
            f"ARDOISE_SOURCES=osmand=http://0.0.0.0:{port} (docs/trackers), or say with --host what leads to it"
        )
    host = outward if listens in ("", "0.0.0.0", "::") else listens
    if not host:
        raise Unreachable(
            "this machine has no way out, and so no address to tell: say with --host where phones reach it"
        )
    return _at(host, port)


def broker_of(source: str, said: str) -> tuple[str, int]:
    """Host and port by which phones reach the broker that the gateway reaches at `source`.

    `said`: host or host:port that people gave, or nothing. Raises Unreachable, ValueError.
    """
    listens, port = host_and_port(source)
    if said:
        if "://" in said:
            raise ValueError(f"--host {said}: a broker's name, or name:port")
        reach = _said(said, port)
        return reach.host, reach.port
    if _is_loopback(listens):
        raise Unreachable(
            f"the gateway reaches its broker at {source}, where only this machine gets to: say with --host its name as "
            "phones know it, which is in its certificate"
        )
    return listens, port


def nearby(source: str, gateway: str) -> Reach:
    """From the machine where `gateway` (host:port of TrackerService) is reached. Raises ValueError."""
    listens, port = host_and_port(source)
    host, _ = host_and_port(gateway)
    return _at(host if listens in ("", "0.0.0.0", "::") else listens, port)


def _said(said: str, port: int) -> Reach:
    if "://" in said:
        url = urlsplit(said)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"--host {said}: a name, name:port, or a URL that begins with http")
        usual = 443 if url.scheme == "https" else 80
        return Reach(said.rstrip("/"), url.hostname, url.port or usual)
    if ":" not in said or is_address(said.strip("[]")):
        return _at(said.strip("[]"), port)
    return _at(*host_and_port(said))


def _at(host: str, port: int) -> Reach:
    written = f"[{host}]" if ":" in host else host
    return Reach(f"http://{written}:{port}", host, port)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(host: str) -> bool:
    """Whether it is an IP address, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
