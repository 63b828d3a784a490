"""The stretched database on one machine: three etcd members, two Patroni members, each site at a loopback address."""

import asyncio
import contextlib
import random
import signal
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
import psutil
import psycopg
import pytest
from ardoise.chassis.identity import Credentials, Role, ensure_development_identity
from ardoise.up.etcd import EtcdMember, etcd_part
from ardoise.up.patroni import PatroniMember, patroni_part
from ardoise.up.programs import Programs, ProgramsMissing, debian_programs
from ardoise.up.supervisor import Part

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
                etcd,
                (nats_urls or {}).get(site, ""),
            )
            for site in REGIONS
        }
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    def identity(self, name: str, site: str = "", role: Role = Role.SERVICE) -> Credentials:
        """A certificate of the platform's CA; of a site's own where `site` says which."""
        files = self.directory / "identity"
        if not site:
            return ensure_development_identity(files, name, role)
        # One CA for all sites, a folder of its own for each.
        own = self.directory / site / "identity"
        own.mkdir(parents=True, exist_ok=True)
        ensure_development_identity(files, "ca-maker", Role.SERVICE)
        for file in ("ca.pem", "ca.key"):
            (own / file).write_bytes((files / file).read_bytes())
        return ensure_development_identity(own, name, role, [self.hosts[site]])

    async def __aenter__(self) -> Self:
        (self.directory / "logs").mkdir(parents=True, exist_ok=True)
        try:
            await asyncio.gather(*(self._start(self._etcd(member)) for member in self._members))
            for site in REGIONS:
                await self.start(site)
            await self.until(self.both_synchronous)
        except BaseException:
            await self._stop_all()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop_all()

    async def start(self, site: str) -> None:
        """Starts a region's Patroni; returns when its PostgreSQL takes connections."""
        await self._start(patroni_part(self.patroni[site], self._programs))

    async def stop(self, site: str) -> None:
        """Stops it in order."""
        await self._end(f"patroni-{site}", signal.SIGTERM)

    async def kill(self, site: str) -> None:
        """kill -9 of a region's Patroni, and of PostgreSQL with it."""
        await self._end(f"patroni-{site}", signal.SIGKILL)

    def send(self, site: str, number: signal.Signals) -> None:
        """Sends a signal to everything of a region's Patroni and PostgreSQL."""
        for process in self._of(site):
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
        context: ssl.SSLContext = self.identity("sites").client_context()
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

    async def both_synchronous(self) -> bool:
        """Whether the standby follows synchronously."""
        roles = sorted(member["role"] for member in (await self.cluster()).values())
        return roles == ["leader", "sync_standby"]

    async def switch(self, target: str) -> httpx.Response:
        """A planned switchover to a site, as Patroni does it."""
        body = {"leader": await self.primary(), "candidate": target}
        return await self.call(target, "POST", "/switchover", body)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Returns when it holds. Raises TimeoutError with what Patroni said last."""
        deadline = time.monotonic() + WITHIN_S
        while not await condition():
            if time.monotonic() > deadline:
                said = "\n".join(self.said(site)[-3000:] for site in REGIONS)
                raise TimeoutError(f"not within {WITHIN_S:.0f} s; {await self.cluster()}\n{said}")
            await asyncio.sleep(POLL_S)

    def said(self, site: str) -> str:
        """What a region's Patroni, PostgreSQL and hooks have printed."""
        path = self._log(f"patroni-{site}")
        return path.read_text(errors="replace") if path.exists() else ""

    def _of(self, site: str) -> list[psutil.Process]:
        launcher = psutil.Process(self._processes[f"patroni-{site}"].pid)
        return launcher.children(recursive=True)

    def _etcd(self, member: EtcdMember) -> Part:
        identity = self.identity("etcd", member.site)
        directory = self.directory / member.site / "etcd"
        return etcd_part(self._programs.etcd, member, self._members, identity, directory)

    async def _start(self, part: Part) -> None:
        """As the supervisor does, but nobody starts again what a test has killed."""
        with self._log(part.name).open("ab") as log:
            self._processes[part.name] = process = await asyncio.create_subprocess_exec(
                *part.command(),
                env=part.environment or None,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        ready, ended = asyncio.ensure_future(part.ready()), asyncio.ensure_future(process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not ready.done():
            ready.cancel()
            raise RuntimeError(f"{part.name} ended: {self._log(part.name).read_text()[-3000:]}")
        await ready

    async def _end(self, name: str, number: signal.Signals) -> None:
        process = self._processes.pop(name)
        process.send_signal(number)
        async with asyncio.timeout(WITHIN_S):
            await process.wait()

    async def _stop_all(self) -> None:
        for name in reversed(list(self._processes)):
            with contextlib.suppress(ProcessLookupError):
                await self._end(name, signal.SIGKILL if name.startswith("etcd") else signal.SIGTERM)

    def _log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"


@pytest.fixture(scope="session")
def programs() -> Programs:
    """The programs of Debian 13; skips where this machine cannot have them."""
    try:
        return debian_programs(lambda _: None)
    except ProgramsMissing as missing:
        pytest.skip(f"three sites need programs of Debian 13: {missing}")
