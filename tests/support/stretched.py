"""The stretched database on one machine: three etcd members, two Patroni members, each site at a loopback address."""

import asyncio
import contextlib
import random
import signal
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
import psutil
import psycopg
import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import DATA_PLANE, Credentials, Role, ensure_development_identity
from ardoise.chassis.log import LogReader, stream_of
from ardoise.chassis.store import Store
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.epoch_recorder import EpochRecorder
from ardoise.positioning.store import RaceStore
from ardoise.positioning.store_watch import StoreWatch
from ardoise.sites.patroni import Patroni
from ardoise.sites.topology import Site, SiteKind, Topology
from ardoise.up.etcd import EtcdMember, etcd_part
from ardoise.up.patroni import PatroniMember, patroni_part
from ardoise.up.programs import Programs, ProgramsMissing, debian_programs
from ardoise.up.supervisor import Part, Supervisor
from nats.js.api import StreamConfig

SITES = ("truck", "amsterdam", "london")
REGIONS = SITES[1:]
# An isolated Patroni's lease is 20 s; another region's copy and its start come on top.
WITHIN_S = 60.0
POLL_S = 0.05


class Stretched:
    """The cluster; `primary` is asked from Patroni. Use: `async with Stretched(directory, programs)`."""

    def __init__(
        self, directory: Path, programs: Programs, nats_urls: Mapping[str, str] | None = None
    ) -> None:
        """`nats_urls`: of each region's nats-server, for the guard; None: bare Patroni."""
        self.directory = directory
        self._programs = programs
        # A network of its own for each run: ports are fixed, and tests run side by side.
        network = f"127.{random.randint(10, 250)}.{random.randint(1, 250)}"
        self.hosts = {site: f"{network}.{number}" for number, site in enumerate(SITES, 1)}
        self._members = tuple(EtcdMember(site, self.hosts[site]) for site in SITES)
        etcd = tuple(member.client for member in self._members)
        self.patroni = {
            site: PatroniMember(
                site,
                self.hosts[site],
                directory / site / "patroni",
                self.identity("patroni", site),
                self.data_plane("patroni", site),
                etcd,
                (nats_urls or {}).get(site, ""),
            )
            for site in REGIONS
        }
        self._supervisor: Supervisor
        self._parts: dict[str, Part] = {}
        self._etcds = {member.site: self._etcd(member) for member in self._members}

    def identity(self, name: str, site: str = "", role: Role = Role.SERVICE) -> Credentials:
        """A certificate of the platform's CA; of a site's own where `site` says which."""
        files = self.directory / "identity"
        if not site:
            return ensure_development_identity(files, name, role)
        own = self.directory / site / "identity"
        return ensure_development_identity(own, name, role, hosts=[self.hosts[site]], ca_dir=files)

    def data_plane(self, name: str, site: str = "") -> Credentials:
        """A certificate of the CA that etcd and Patroni trust; of a site's own where `site` says which."""
        own, hosts = self.directory / site / "identity" / DATA_PLANE, [self.hosts[site]] if site else []
        ca_dir = self.directory / "identity" / DATA_PLANE
        return ensure_development_identity(own, name, Role.SERVICE, hosts=hosts, ca_dir=ca_dir)

    async def __aenter__(self) -> Self:
        self._supervisor = Supervisor(self.directory / "logs")
        try:
            await self._supervisor.start(*self._etcds.values())
            for site in REGIONS:
                self._parts[site] = patroni_part(self.patroni[site], self._programs)
                await self._supervisor.start(self._parts[site])
            await self.until(self.both_synchronous)
        except BaseException:
            await self._supervisor.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._supervisor.stop()

    async def kill(self, site: str) -> None:
        """kill -9 of a region's Patroni, and of PostgreSQL with it; it stays down."""
        await self._supervisor.hold(self._parts[site])

    async def start(self, site: str) -> None:
        """Starts it again; returns when its PostgreSQL takes connections."""
        await self._supervisor.release(self._parts[site])

    async def kill_etcd(self, *sites: str) -> None:
        """kill -9 of these members of etcd; they stay down."""
        await self._supervisor.hold(*(self._etcds[site] for site in sites))

    async def start_etcd(self, *sites: str) -> None:
        """Starts them again, together; returns when each has found a leader."""
        await self._supervisor.release(*(self._etcds[site] for site in sites))

    def send(self, site: str, number: signal.Signals, title: str = "") -> None:
        """Sends a signal to all of a region's Patroni and PostgreSQL; to those with `title` in their command line."""
        for process in self._of(site):
            # PostgreSQL's helpers come and go between the listing and the look.
            with contextlib.suppress(psutil.NoSuchProcess):
                if title in " ".join(process.cmdline()):
                    process.send_signal(number)

    def url(self, *sites: str, holder: str = "recorder", user: str = "ardoise") -> str:
        """libpq URL of the database at these sites, as a holder of a certificate."""
        files = self.identity(holder)
        hosts = ",".join(f"{self.hosts[site]}:5432" for site in sites)
        tls = {"sslrootcert": files.ca, "sslcert": files.certificate, "sslkey": files.key}
        parameters = "&".join(f"{key}={quote(str(path), safe='')}" for key, path in tls.items())
        return f"postgresql://{user}@{hosts}/ardoise?sslmode=verify-full&{parameters}"

    def local(self, site: str) -> psycopg.Connection:
        """A session of the superuser on a site's own socket."""
        sockets = self.patroni[site].sockets
        return psycopg.connect(
            f"postgresql://postgres@/ardoise?host={quote(str(sockets), safe='')}", autocommit=True
        )

    async def call(self, site: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """A call of Patroni's REST API."""
        context: ssl.SSLContext = self.data_plane("sites").client_context()
        async with httpx.AsyncClient(verify=context, timeout=60.0) as http:
            return await http.request(method, f"https://{self.hosts[site]}:8008{path}", json=body)

    async def cluster(self) -> dict[str, dict[str, Any]]:
        """The members as a running one of them sees them, by site."""
        for site in REGIONS:
            with contextlib.suppress(httpx.TransportError):
                members = (await self.call(site, "GET", "/cluster")).json()["members"]
                return {member["name"]: member for member in members}
        return {}

    async def primary(self) -> str:
        """The site of the primary; empty: none."""
        return next((site for site, seen in (await self.cluster()).items() if seen["role"] == "leader"), "")

    async def writes(self, site: str) -> bool:
        """Whether a site's PostgreSQL takes writes."""
        try:
            with self.local(site) as session:
                return session.execute("SELECT NOT pg_is_in_recovery()").fetchone()[0]
        except psycopg.OperationalError:  # not there, or stopping
            return False

    async def both_synchronous(self) -> bool:
        """Whether the standby follows synchronously."""
        roles = sorted(member["role"] for member in (await self.cluster()).values())
        return roles == ["leader", "sync_standby"]

    async def switch(self, target: str) -> httpx.Response:
        """A planned switchover to a site, as Patroni does it."""
        body = {"leader": await self.primary(), "candidate": target}
        return await self.call(target, "POST", "/switchover", body)

    def topology(self) -> Topology:
        """As `sites` reads it; where nothing of it runs, with addresses at which nobody listens."""
        nowhere = {"nats": "h:1", "positioning": "h:1", "sites": "h:1"}
        return Topology(
            sites=tuple(
                Site(
                    name=site,
                    kind=SiteKind.REGION if site in REGIONS else SiteKind.EDGE,
                    etcd=f"{host}:2379",
                    patroni=f"{host}:8008" if site in REGIONS else "",
                    postgres=f"{host}:5432" if site in REGIONS else "",
                    **nowhere,
                )
                for site, host in self.hosts.items()
            )
        )

    @contextlib.asynccontextmanager
    async def controlled(self) -> AsyncIterator[Patroni]:
        """Patroni's members as `sites` asks and tells them."""
        context = self.data_plane("sites").client_context()
        async with httpx.AsyncClient(verify=context, timeout=5.0) as http:
            yield Patroni(http, self.topology())

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Returns when it holds. Raises TimeoutError with what Patroni said last."""
        deadline = time.monotonic() + WITHIN_S
        while not await condition():
            if time.monotonic() > deadline:
                said = "\n".join(self.said(site)[-3000:] for site in self._parts)
                raise TimeoutError(f"not within {WITHIN_S:.0f} s; {await self.cluster()}\n{said}")
            await asyncio.sleep(POLL_S)

    def said(self, site: str) -> str:
        """What a region's Patroni, PostgreSQL and hooks have printed."""
        return self._supervisor.log_path(self._parts[site]).read_text(errors="replace")

    def _of(self, site: str) -> list[psutil.Process]:
        launcher = psutil.Process(self._parts[site].process.pid)
        return launcher.children(recursive=True)

    def _etcd(self, member: EtcdMember) -> Part:
        identity = self.data_plane("etcd", member.site)
        directory = self.directory / member.site / "etcd"
        return etcd_part(self._programs, member, self._members, identity, directory)


@pytest.fixture(scope="session")
def programs() -> Programs:
    """The programs of Debian 13; skips where this machine cannot have them."""
    try:
        return debian_programs(lambda _: None)
    except ProgramsMissing as missing:
        pytest.skip(f"three sites need programs of Debian 13: {missing}")


async def hold_log(bus: Bus, epoch: int, first: int, last: int) -> None:
    """A log, as a mirror would have it from `first` to `last`."""
    # Of its own: the same subject in two domains would be stored twice over a leaf.
    subject = f"held.{uuid.uuid4().hex}"
    config = StreamConfig(name=stream_of(epoch), subjects=[subject], first_seq=first if first > 1 else None)
    await bus.js.add_stream(config)
    for number in range(first, last + 1):
        await bus.js.publish(subject, str(number).encode())


@contextlib.asynccontextmanager
async def recording(cluster: Stretched, bus: Bus, site: str, epoch: int) -> AsyncIterator[EpochRecorder]:
    """A region's recorder of an epoch: its own server first in its URL."""
    (other,) = set(REGIONS) - {site}
    store = RaceStore(Store(cluster.url(site, other), f"recorder-{site}"))
    await store.prepare()
    checkpoints = Checkpoints(cluster.directory / site / "checkpoints")
    recorder = EpochRecorder(LogReader(bus), store, checkpoints, StoreWatch(), epoch)
    task = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.wait({task})
        await store.close()
    assert task.cancelled(), task.exception()
