"""Phones that come in by MQTT, at the broker that every truck has: who they are, and what each may do.

An account of their own, so that no phone can reach log, refusals or what belongs to the teams. A phone may write below
owntracks/<its name> and read nothing; the trackers' gateway alone reads, and writes nothing.
"""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from ardoise.chassis.settings import host_and_port

ACCOUNT = "PHONES"
SOURCE = "owntracks-mqtt"
"""What the gateway calls these phones' way in: phones with OwnTracks by HTTP are others, whatever their names."""
GATEWAY = "trackers"
"""The user that reads what phones write: the trackers' gateway."""
PASSWORD_BYTES = 18
LEAST_PASSWORD_CHARACTERS = 12
"""Of one that somebody else made: strangers may try as many as they like."""
MOST_STORE_BYTES = 1024**3
"""What waits for the gateway: forty phones that speak each second fill it in a day. Then phones keep theirs."""
MOST_STREAMS = 16
MOST_CONSUMERS = 64
"""nats-server makes five streams, and a consumer for each thing that the gateway reads."""
MOST_UNACKNOWLEDGED = 768
"""The gateway has room for 1,024: what phones retained, a message each, comes besides."""
ACKNOWLEDGE_LIMIT_S = 5
"""Then it sends a message again, to a gateway that was killed too; one that is still at it knows it by its number."""
NAME = "[a-z0-9][a-z0-9_-]{0,31}"
EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Phones:
    """Where they come in, and with which passwords."""

    listen: str
    """host:port."""
    passwords: Mapping[str, str]
    """By name of the phone, and by GATEWAY."""
    certificate: Path | None = None
    """Directory with tls.crt and tls.key, for whoever calls by a name that is in it. None: nats-server's own alone."""


def phones_at(listen: str, names: str, directory: Path) -> Phones | None:
    """What nats-server is told of phones, whose passwords are kept below `directory`. None: it listens to none.

    Raises ValueError, OSError.
    """
    return Phones(listen, passwords_of(directory / "phones", names_of(names))) if listen else None


def phones_given(listen: str, passwords: Path, certificate: Path | None) -> Phones | None:
    """The same where somebody else makes phones and passwords: <passwords>/<name>, and GATEWAY's beside them.

    Raises ValueError, OSError.
    """
    if not listen:
        return None
    # What Kubernetes mounts lies in directories beside, and is linked.
    found = {file.name: file.read_text().strip() for file in sorted(passwords.iterdir()) if file.is_file()}
    for name, password in found.items():
        if name != GATEWAY:
            _check(name)
        if len(password) < LEAST_PASSWORD_CHARACTERS:
            raise ValueError(
                f"{passwords / name}: a password of fewer than {LEAST_PASSWORD_CHARACTERS} characters is guessed"
            )
    if GATEWAY not in found:
        raise ValueError(f"{passwords} has no {GATEWAY}: the gateway's password, beside those of the phones")
    return Phones(listen, found, certificate)


def source_of(phones: Phones, directory: Path, ca: Path) -> str:
    """How a gateway on the same machine reads what they write: an entry of ARDOISE_SOURCES."""
    host, port = host_and_port(phones.listen)
    options = {
        "name": SOURCE,
        "user": GATEWAY,
        "password_file": directory / "phones" / f"{GATEWAY}.password",
        "ca_file": ca,
    }
    here = "127.0.0.1" if host in EVERYWHERE else host
    return f"owntracks=mqtts://{here}:{port}?{urlencode(options, safe='/')}"


def names_of(text: str) -> tuple[str, ...]:
    """`anne,ben,moto-1`. Raises ValueError."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        _check(name)
    return names


def _check(name: str) -> None:
    if not re.fullmatch(NAME, name) or name == GATEWAY:
        raise ValueError(
            f"{name!r} is no phone's name: 1 to 32 of a-z, 0-9, - and _, and not {GATEWAY}, which is the gateway's"
        )


def passwords_of(directory: Path, names: Iterable[str]) -> dict[str, str]:
    """Of each, and of GATEWAY: what <directory>/<name>.password says; made where it is missing. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {name: _password(directory / f"{name}.password") for name in (*names, GATEWAY)}


def _password(file: Path) -> str:
    if not file.exists():
        partial = file.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(f"{secrets.token_urlsafe(PASSWORD_BYTES)}\n")
        partial.replace(file)
    return file.read_text().strip()


def account_of(phones: Phones) -> dict:
    """For nats-server's configuration."""
    users = [_user(name, phones, _permissions(name)) for name in phones.passwords if name != GATEWAY]
    users.append(
        _user(GATEWAY, phones, {"publish": {"deny": [">"]}, "subscribe": {"allow": ["owntracks.>"]}})
    )
    limits = {"max_file": MOST_STORE_BYTES, "max_streams": MOST_STREAMS, "max_consumers": MOST_CONSUMERS}
    return {"jetstream": limits, "users": users}


def listener_of(phones: Phones, tls: str) -> str:
    """A line of nats-server's configuration. `tls`: a block of it; empty: in plain.

    Exactly once is not offered: a message of that kind is stored before its topic is looked at.
    """
    settings = [
        f"listen: {json.dumps(phones.listen)}",
        f'ack_wait: "{ACKNOWLEDGE_LIMIT_S}s"',
        f"max_ack_pending: {MOST_UNACKNOWLEDGED}",
        "reject_qos2_publish: true",
    ]
    if tls:
        settings.append(f"tls {tls}")
    return "mqtt { " + ", ".join(settings) + " }"


def _permissions(name: str) -> dict:
    return {"publish": {"allow": [f"owntracks.{name}.>"]}, "subscribe": {"deny": [">"]}}


def _user(name: str, phones: Phones, permissions: dict) -> dict:
    return {
        "user": name,
        "password": phones.passwords[name],
        "permissions": permissions,
        "allowed_connection_types": ["MQTT"],
    }
