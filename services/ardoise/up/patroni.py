"""One region's member of the stretched database: Patroni, and the PostgreSQL with TimescaleDB under it.

Patroni decides who is primary; nothing of ours does. What is ours is asked by it: the guard before a promotion
(ardoise.sites.before_promotion), and the setting aside of a stale primary's rows before they are overwritten
(ardoise.sites.set_aside), which stands in the place of pg_rewind and makes the full copies.
"""

import asyncio
import contextlib
import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ardoise.chassis import child
from ardoise.chassis.identity import Credentials
from ardoise.chassis.postgres import DATABASE, USER, make_socket_directory, socket_directory
from ardoise.sites.hook_settings import HookSettings
from ardoise.up.programs import Programs
from ardoise.up.supervisor import Part

SCOPE = "ardoise"
# Patroni allows no shorter lease; its sum rule is loop_wait + 2 * retry_timeout <= ttl. An election of etcd takes up
# to 6 s: a primary that gave up earlier would step down for a lost standby's region.
TTL_S, LOOP_WAIT_S, RETRY_TIMEOUT_S = 20, 2, 7
# A primary that does not come up again, or does not stop, must not keep the other from taking over.
PRIMARY_START_LIMIT_S, PRIMARY_STOP_LIMIT_S = 20, 10
# How much WAL a region that is away may hold back: half an hour of a race at ten times its usual rate. A standby
# further behind is copied anew (fault 41: an orphaned slot must not fill the disk).
MAX_SLOT_WAL_MB = 4096
# What a stale primary keeps of its own, so that it can be rewound rather than copied.
KEEP_WAL_MB = 1024
WAL_BOUNDS_MB = {"max_slot_wal_keep_size": MAX_SLOT_WAL_MB, "wal_keep_size": KEEP_WAL_MB}
# Decisions wait for the other region: a link that is silent for so long is cut, and they go on without it.
REPLICATION_SILENCE_S = 4
READY_LIMIT_S = 90.0
POLL_S = 0.2
REQUEST_LIMIT_S = 2.0
SUPERUSER, REPLICATOR, REWINDER = "postgres", "replicator", "rewinder"
APPLICATIONS = ("recorder", "analytics", "mediawall", "security", "sites", "drill")
"""Holders of certificates that are let into the race's database."""
BACKUP = "backup"
"""Who copies the whole of it, as a standby does."""

_CREATE_DATABASE = f"""\
CREATE ROLE {USER} LOGIN;
CREATE DATABASE {DATABASE} OWNER {USER};
\\connect {DATABASE}
CREATE EXTENSION timescaledb;
-- Names and sizes of WAL: `sites` asks for whom there is enough.
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO {USER};
"""


@dataclass(frozen=True)
class PatroniMember:
    """One member, as every other site reaches it, and where it keeps what it has."""

    site: str
    host: str
    directory: Path
    identity: Credentials
    """Its certificate of the platform's CA: of PostgreSQL's port, as a client of the other's, and of the guard."""
    data_plane: Credentials
    """Its certificate of the data plane's CA: of Patroni's port, and as a client of etcd and of the other's."""
    etcd: tuple[str, ...]
    """host:port of every etcd member."""
    nats_url: str
    """The region's nats-server, where the guard asks for mirrors; empty: bare Patroni, without anything of ours."""
    truck: str = "truck"
    """Name of the edge site."""
    clock: tuple[str, ...] = ()
    """In front of PostgreSQL's argv: sets its clock; nothing: the machine's (ardoise.up.clocks)."""
    rest_port: int = 8008
    postgres_port: int = 5432

    @property
    def sockets(self) -> Path:
        """Where PostgreSQL's Unix socket is: whoever reaches it is trusted, and only its owner does."""
        return socket_directory(self.directory)

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"


def configuration(member: PatroniMember, programs: Programs) -> Mapping[str, Any]:
    """Patroni's configuration file."""
    mine = member.data_plane
    return {
        "scope": SCOPE,
        "name": member.site,
        "restapi": {
            "listen": f"{member.host}:{member.rest_port}",
            "connect_address": f"{member.host}:{member.rest_port}",
            "certfile": str(mine.certificate),
            "keyfile": str(mine.key),
            "cafile": str(mine.ca),
            "verify_client": "required",
        },
        "ctl": {
            "cacert": str(mine.ca),
            "certfile": str(mine.certificate),
            "keyfile": str(mine.key),
        },
        "etcd3": {
            "hosts": list(member.etcd),
            "protocol": "https",
            "cacert": str(mine.ca),
            "cert": str(mine.certificate),
            "key": str(mine.key),
        },
        "bootstrap": _bootstrap(member, programs),
        "postgresql": _postgresql(member, programs),
    }


def _bootstrap(member: PatroniMember, programs: Programs) -> Mapping[str, Any]:
    """What the very first member makes of an empty cluster; the others copy it."""
    create = [str(programs.postgres_bin / "psql"), "-v", "ON_ERROR_STOP=1", "-qf", str(_create_file(member))]
    return {
        "dcs": {
            "ttl": TTL_S,
            "loop_wait": LOOP_WAIT_S,
            "retry_timeout": RETRY_TIMEOUT_S,
            "primary_start_timeout": PRIMARY_START_LIMIT_S,
            "primary_stop_timeout": PRIMARY_STOP_LIMIT_S,
            # Being behind costs time, not data: decisions are on the synchronous member, all else is derived again.
            "maximum_lag_on_failover": MAX_SLOT_WAL_MB * 1024**2,
            "synchronous_mode": True,
            "synchronous_mode_strict": False,
            "failsafe_mode": True,
            "check_timeline": True,
            "postgresql": {
                "use_pg_rewind": True,
                "use_slots": True,
                "remove_data_directory_on_rewind_failure": True,
                "parameters": {
                    "max_connections": 100,
                    "max_worker_processes": 16,
                    **{name: f"{megabytes}MB" for name, megabytes in WAL_BOUNDS_MB.items()},
                    "wal_sender_timeout": f"{REPLICATION_SILENCE_S}s",
                    "wal_receiver_timeout": f"{REPLICATION_SILENCE_S}s",
                    "wal_receiver_status_interval": "1s",
                    "wal_retrieve_retry_interval": "500ms",
                    # After each checkpoint whole pages go to the standby, over a link that may carry little.
                    "wal_compression": "on",
                    "shared_preload_libraries": "timescaledb",
                    "timescaledb.telemetry_level": "off",
                },
            },
        },
        "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
        "post_bootstrap": shlex.join(create),
    }


def _postgresql(member: PatroniMember, programs: Programs) -> Mapping[str, Any]:
    identity = member.identity
    tls = {
        "sslmode": "verify-full",
        "sslrootcert": str(identity.ca),
        "sslcert": str(identity.certificate),
        "sslkey": str(identity.key),
    }
    hooks: Mapping[str, Any] = {}
    names = {"postgres": str(_postgres_file(member))} if member.clock else {}
    if member.nats_url:
        settings = str(_settings_file(member))
        copy = [sys.executable, "-m", "ardoise.sites.set_aside", settings, "copy"]
        hooks = {
            "pre_promote": shlex.join([sys.executable, "-m", "ardoise.sites.before_promotion", settings]),
            "create_replica_methods": ["copy"],
            "copy": {"command": shlex.join(copy), "keep_data": True},
        }
        names["pg_rewind"] = str(_rewind_file(member))
    if names:
        hooks = {**hooks, "bin_name": names}
    return {
        "listen": f"{member.host}:{member.postgres_port}",
        "connect_address": f"{member.host}:{member.postgres_port}",
        "data_dir": str(member.data),
        "bin_dir": str(programs.postgres_bin),
        "pgpass": str(member.directory / "pgpass"),
        "use_unix_socket": True,
        # A spread checkpoint lets a copy of a few megabytes wait for minutes.
        "basebackup": [{"checkpoint": "fast"}],
        "authentication": {
            "superuser": {"username": SUPERUSER},
            "replication": {"username": REPLICATOR, **tls},
            "rewind": {"username": REWINDER, **tls},
        },
        "parameters": {
            "unix_socket_directories": str(member.sockets),
            "unix_socket_permissions": "0700",
            "ssl": True,
            "ssl_ca_file": str(identity.ca),
            "ssl_cert_file": str(identity.certificate),
            "ssl_key_file": str(identity.key),
        },
        # Over the network: by certificate only, and never as the superuser.
        "pg_hba": [
            "local all all trust",
            "local replication all trust",
            f"hostssl replication {REPLICATOR} all cert map=ardoise",
            f"hostssl all {REWINDER},{REPLICATOR} all cert map=ardoise",
            f"hostssl {DATABASE} {USER} all cert map=ardoise",
        ],
        "pg_ident": [
            *(f"ardoise {identity.certificate.stem} {user}" for user in (REPLICATOR, REWINDER)),
            f"ardoise {BACKUP} {REPLICATOR}",
            *(f"ardoise {application} {USER}" for application in APPLICATIONS),
        ],
        **hooks,
    }


def hook_settings(member: PatroniMember, programs: Programs) -> HookSettings:
    """What the programs that it calls are told."""
    return HookSettings(
        site=member.site,
        truck=member.truck,
        nats_url=member.nats_url,
        identity_dir=str(member.identity.ca.parent),
        state_dir=str(member.directory),
        postgres_bin=str(programs.postgres_bin),
        data=str(member.data),
        sockets=str(member.sockets),
        database=DATABASE,
        superuser=SUPERUSER,
        rewinder=REWINDER,
    )


def patroni_part(member: PatroniMember, programs: Programs) -> Part:
    """The member as a process: process 1 of a PID namespace, so that it and PostgreSQL end together, as in a pod."""

    def command() -> list[str]:
        argv = prepared(member, programs, configuration(member, programs))
        return child.bound(argv, signal.SIGTERM, never_as_root=True, own_processes=True)

    async def ready() -> None:
        async with asyncio.timeout(READY_LIMIT_S):
            await _healthy(member)

    return Part(f"patroni-{member.site}", command, surroundings(), ready)


def surroundings() -> dict[str, str]:
    """This process's environment without what Patroni and libpq would take for settings."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PATRONI_", "PG"))}


def prepared(member: PatroniMember, programs: Programs, config: Mapping[str, Any]) -> list[str]:
    """Writes the files that the member needs; its argv. Raises PostgresError."""
    member.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_socket_directory(member.sockets)
    _create_file(member).write_text(_CREATE_DATABASE)
    if member.nats_url:
        hook_settings(member, programs).write(_settings_file(member))
        rewind = [sys.executable, "-m", "ardoise.sites.set_aside", str(_settings_file(member)), "rewind"]
        _write_program(_rewind_file(member), rewind)
    if member.clock:
        _write_program(_postgres_file(member), [*member.clock, str(programs.postgres_bin / "postgres")])
    file = member.directory / "patroni.yml"  # JSON is YAML
    file.write_text(json.dumps(config, indent=1))
    return [sys.executable, "-m", "ardoise.sites.steady_patroni", str(file)]


async def _healthy(member: PatroniMember) -> None:
    """Patroni says so once its PostgreSQL takes connections."""
    url = f"https://{member.host}:{member.rest_port}/health"
    tls = member.data_plane.client_context()
    async with httpx.AsyncClient(verify=tls, timeout=REQUEST_LIMIT_S) as http:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(url)).is_success:
                    return
            await asyncio.sleep(POLL_S)


def _settings_file(member: PatroniMember) -> Path:
    return member.directory / "hooks.json"


def _write_program(file: Path, argv: Sequence[str]) -> None:
    file.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    file.chmod(0o700)


def _postgres_file(member: PatroniMember) -> Path:
    return member.directory / "postgres"


def _create_file(member: PatroniMember) -> Path:
    return member.directory / "create.sql"


def _rewind_file(member: PatroniMember) -> Path:
    return member.directory / "pg_rewind"
