"""What a site's nats-server is told: text of its configuration, and who may say what to it. Pure.

Two accounts, with nothing between them: RACE holds log, refusals and oddities, and ingest alone may write the log;
BIOMETRICS holds what belongs to the teams, and only the holder of the identity `biometrics` reads it.

The truck is a leaf of every region, once for each account; regions never know of each other. What crosses is an
allow-list: the requests that mirrors and their watchdog make, and the answers (docs/decisions/0009).

A third account is made where phones may come in by MQTT (phones.py): nothing leads from it to the other two.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ardoise.chassis.identity import TRUST_DOMAIN, Credentials, Role
from ardoise.chassis.phones import ACCOUNT as PHONES
from ardoise.chassis.phones import Phones, account_of, listener_of

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
# Streams reserve their bound when they are made: 21 stages at ingest's 16 GiB, and what succeeds a log that had a loss.
MAX_STORE_BYTES = 1024**4
# A link that swallows packets is found dead within two of these, and the leaf connects anew; nats-server's own
# 2 minutes would leave a mirror silent for six.
PING_INTERVAL_S = 5
PING_MOST = 2
# What a mirror catches up on stands before the truck's pings in the same connection: up to 32 MB, five minutes at
# 1 Mbit/s (nats-server 2.15, its issue 7615). That a link is dead the region finds by its own pings, which wait for
# nothing, and the truck's kernel by what is not confirmed (ardoise.up.network).
PING_MOST_AT_EDGE = 60
# What a mirror's messages bear beside their content is nearly the same each time. Over a link of 4 Mbit/s a mirror
# gained content at 74 to 83 % of the spare rate without compression, with it at 92 to 142 %.
# nats-server's own choice is by the round trip, and a narrow link has a short one while it is idle.
LEAF_COMPRESSION = "s2_fast"
LEAF_WRITE_LIMIT_S = PING_INTERVAL_S * PING_MOST_AT_EDGE
LEAF_RECONNECT_S = 1
HANDSHAKE_LIMIT_S = 2
# Two round trips over a satellite link that loses packets; nats-server's own 2 s are too short for it.
LEAF_HANDSHAKE_LIMIT_S = 10
RACE, BIOMETRICS = "RACE", "BIOMETRICS"
LEAF_IDENTITIES = {RACE: "leaf", BIOMETRICS: "leaf-biometrics"}
"""Whose certificate the truck shows at a region, by account."""

# What a reader of streams needs; nothing here creates, changes or deletes a stream.
_READ = [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.CONSUMER.>",
    "$JS.API.DIRECT.GET.>",
    "$JS.ACK.>",
    "$JS.FC.>",
]
_PUBLISH = {
    "recorder": _READ,
    "positioning": [*_READ, "oddity.>", "$JS.API.STREAM.CREATE.ODDITIES", "$JS.API.STREAM.UPDATE.ODDITIES"],
    "security": _READ,
    "sites": [*_READ, "oddity.pictures_differ", "oddity.log_filling", "oddity.log_given_up"],
    "drill": _READ,
}
_WATCH = ["$JS.*.API.STREAM.LIST", "$JS.*.API.STREAM.INFO.*"]
_MIRROR = ["$JS.API.STREAM.LIST", *(f"$JS.API.STREAM.{verb}.*" for verb in ("CREATE", "UPDATE", "DELETE"))]
_LOOK_INTO = ["$JS.API.STREAM.MSG.GET.*", "$JS.*.API.STREAM.MSG.GET.*"]
# Copies are made of the race's account alone: what belongs to the teams is in none.
_COPY = [
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.SNAPSHOT.*",
    "$JS.SNAPSHOT.ACK.>",
]
# Of the teams' log the watchdog sees how far it goes, never what it says.
_SITES_AT_A_REGION = {
    RACE: [*_PUBLISH["sites"], *_WATCH, *_LOOK_INTO, *_MIRROR],
    BIOMETRICS: [*_WATCH, *_MIRROR],
}

_LEAF_MAY_SEND = [
    "$JS.M.>",  # what a mirror's consumer delivers
    "$JSC.R.>",  # the answer to the mirror that made it
    "_INBOX_sites.>",
    "_INBOX_sites-biometrics.>",
    "$JS.*.API.STREAM.INFO.*",  # ingest asks how far the mirror is
]
_LEAF_MAY_SEND_BY_ACCOUNT = {
    # Ingest compares its log with the mirrors of it, and reads there what it has lost itself.
    RACE: [*_LEAF_MAY_SEND, "$JS.*.API.STREAM.MSG.GET.*"],
    BIOMETRICS: _LEAF_MAY_SEND,
}
_LEAF_MAY_HEAR = [
    "$JS.*.API.CONSUMER.CREATE.>",
    "$JS.*.API.STREAM.LIST",
    "$JS.*.API.STREAM.INFO.*",
    "$JS.FC.>",
    "_INBOX_ingest.>",
    "_INBOX_biometrics.>",
]
_LEAF_MAY_HEAR_BY_ACCOUNT = {
    RACE: [*_LEAF_MAY_HEAR, "$JS.*.API.STREAM.MSG.GET.*"],
    BIOMETRICS: _LEAF_MAY_HEAR,
}
# The region enforces the allow-list. Where that region is in wrong hands, this still holds at the truck.
_NEVER_FROM_A_REGION = [
    "log.>",
    "refused.>",
    "oddity.>",
    "bio.>",
    *(f"$JS.*.API.STREAM.{verb}.>" for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "RESTORE")),
    "$JS.*.API.STREAM.MSG.DELETE.>",
    "$JS.*.API.CONSUMER.DELETE.>",
]


def inbox_of(name: str) -> str:
    """The prefix of the subjects on which the holder `name` gets its answers."""
    return f"_INBOX_{name}"


@dataclass(frozen=True)
class Leaves:
    """How a site hangs together with the others. Empty: it stands alone."""

    listen: str = ""
    """A region: host:port at which it takes the truck in."""
    regions: tuple[str, ...] = ()
    """The truck: host:port of each region's leaf port."""
    identities: dict[str, Credentials] | None = None
    """The truck: certificates by account (LEAF_IDENTITIES); None where the site is plaintext."""


def server_config(
    directory: Path,
    site: str,
    listen: str,
    identity: Credentials | None,
    leaves: Leaves,
    monitor: str = "",
    phones: Phones | None = None,
) -> str:
    """The whole file. `site` is the server's name and its JetStream domain; without identity all is plaintext.

    `monitor`: host:port where it says over plain HTTP whether it is well; it writes its log to standard error then, as
    a pod does. Empty: nobody asks, and the log is a file. `phones`: who may come in by MQTT; None: nobody.
    """
    store = json.dumps(str(directory / "store"))
    lines = [
        f"server_name: {site}",
        f"listen: {json.dumps(listen)}",
        f"ports_file_dir: {json.dumps(str(directory))}",
        *_said(directory, monitor),
        f"max_payload: {MAX_PAYLOAD_BYTES}",
        # A frame is acknowledged when it is on the disk, not when the kernel has promised to write it.
        f"jetstream {{ store_dir: {store}, max_file_store: {MAX_STORE_BYTES}, domain: {site}, sync_interval: always }}",
        'write_deadline: "10s"',
        f'ping_interval: "{PING_INTERVAL_S}s"',
        f"ping_max: {PING_MOST_AT_EDGE if leaves.regions else PING_MOST}",
    ]
    if identity is not None:
        lines.append(f"tls {_tls(identity, maps=True)}")
    if leaves.listen:
        tls = (
            f", tls {_tls(identity, maps=True, timeout_s=LEAF_HANDSHAKE_LIMIT_S)}"
            if identity is not None
            else ""
        )
        lines.append(
            f"leafnodes {{ listen: {json.dumps(leaves.listen)}, compression: {LEAF_COMPRESSION}{tls} }}"
        )
    elif leaves.regions:
        remotes = ", ".join(_remotes(leaves))
        lines.append(
            f'leafnodes {{ reconnect: "{LEAF_RECONNECT_S}s", write_deadline: "{LEAF_WRITE_LIMIT_S}s",'
            f" remotes: [{remotes}] }}"
        )
    accounts = _accounts(identity is not None, bool(leaves.listen))
    if phones is not None:
        accounts[PHONES] = account_of(phones)
        lines.append(listener_of(phones, _tls_for(phones, identity) if identity else ""))
    lines.append(f"accounts {json.dumps(accounts, indent=1)}")
    if identity is None:
        lines.append('no_auth_user: "plaintext"')
    return "\n".join(lines) + "\n"


def write_config(file: Path, text: str) -> None:
    """Writes it only where it says something else: a full disk would keep nothing of it. Raises OSError."""
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def _said(directory: Path, monitor: str) -> list[str]:
    if monitor:
        return [f"http: {json.dumps(monitor)}"]
    log = json.dumps(str(directory / "nats-server.log"))
    return [f"log_file: {log}", "logfile_size_limit: 16MB", "logfile_max_num: 2"]


def _tls(identity: Credentials, *, maps: bool, asks: bool = True, timeout_s: int = HANDSHAKE_LIMIT_S) -> str:
    """`maps`: a user is whom the certificate names. `asks`: whoever connects has to have one of the same CA."""
    files = {"cert_file": identity.certificate, "key_file": identity.key}
    if asks:
        files["ca_file"] = identity.ca
    settings = [f"{name}: {json.dumps(str(path.absolute()))}" for name, path in files.items()]
    if maps:
        settings.append("verify_and_map: true")
    return "{ " + ", ".join([*settings, f"timeout: {timeout_s}"]) + " }"


def _tls_for(phones: Phones, identity: Credentials) -> str:
    """Of two certificates each caller is shown the one that holds the name it calls by, and else the phones'."""
    if phones.certificate is None:
        return _tls(identity, maps=False, asks=False)
    theirs = phones.certificate / "tls.crt", phones.certificate / "tls.key"
    pairs = [
        {"cert_file": str(certificate.absolute()), "key_file": str(key.absolute())}
        for certificate, key in (theirs, (identity.certificate, identity.key))
    ]
    return f"{{ certs: {json.dumps(pairs)}, timeout: {HANDSHAKE_LIMIT_S} }}"


def _remotes(leaves: Leaves) -> Iterable[str]:
    deny, packed = json.dumps(_NEVER_FROM_A_REGION), f"compression: {LEAF_COMPRESSION}"
    for region in leaves.regions:
        if leaves.identities is None:
            leaf = LEAF_IDENTITIES[RACE]
            url = json.dumps(f"nats-leaf://{leaf}:{leaf}@{region}")
            yield f"{{ url: {url}, account: {RACE}, deny_imports: {deny}, {packed} }}"
            continue
        for account, identity in leaves.identities.items():
            url, tls = (
                json.dumps(f"tls://{region}"),
                _tls(identity, maps=False, timeout_s=LEAF_HANDSHAKE_LIMIT_S),
            )
            yield f"{{ url: {url}, account: {account}, tls {tls}, deny_imports: {deny}, {packed} }}"


def _accounts(secured: bool, is_region: bool) -> dict:
    users: dict[str, list[dict]] = {RACE: [], BIOMETRICS: []}
    if secured:
        allowed = dict(_PUBLISH) if is_region else {"ingest": [">"], "trackers": ["refused.>"], **_PUBLISH}
        if is_region:
            allowed |= {"sites": _SITES_AT_A_REGION[RACE], "backup": _COPY}
            users[BIOMETRICS].append(_holder("sites-biometrics", _SITES_AT_A_REGION[BIOMETRICS]))
        else:
            users[BIOMETRICS].append({"user": _user("biometrics"), **_only("STANDARD")})
        users[RACE] += [_holder(name, subjects) for name, subjects in allowed.items()]
    else:
        # By MQTT nobody comes in without a password: the account of the race is not the phones'.
        users[RACE].append({"user": "plaintext", "password": "plaintext", **_only("STANDARD")})
    if is_region:
        for account, name in LEAF_IDENTITIES.items():
            who = {"user": _user(name)} if secured else {"user": name, "password": name}
            permissions = {
                "publish": {"allow": _LEAF_MAY_SEND_BY_ACCOUNT[account]},
                "subscribe": {"allow": _LEAF_MAY_HEAR_BY_ACCOUNT[account]},
            }
            users[account].append({**who, "permissions": permissions, **_only("LEAFNODE")})
    return {account: {"jetstream": "enabled", "users": known} for account, known in users.items()}


def _holder(name: str, publishes: list[str]) -> dict:
    subscribes = [f"{inbox_of(name)}.>"]
    permissions = {"publish": {"allow": publishes}, "subscribe": {"allow": subscribes}}
    return {"user": _user(name), "permissions": permissions, **_only("STANDARD")}


def _user(name: str) -> str:
    return f"{TRUST_DOMAIN}{Role.SERVICE}/{name}"


def _only(connection: str) -> dict:
    """A service's certificate is no leaf's, and a leaf's no service's."""
    return {"allowed_connection_types": [connection]}
