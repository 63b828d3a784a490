"""Three members of etcd under their keepers, each site at a loopback address."""

import random
import shutil
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import anyio
from ardoise.chassis.identity import Credentials, Role, ensure_development_identity
from ardoise.sites.etcd_api import EtcdApi, NoAnswer, NotDone
from ardoise.sites.generation import Generation, Member
from ardoise.sites.keeper_settings import DATA, order_rebuild
from ardoise.up.etcd import EtcdMember, etcd_part
from ardoise.up.programs import Programs
from ardoise.up.supervisor import Part, Supervisor

SITES = ("truck", "amsterdam", "london")
STAND_IN = "london-stand-in"
WITHIN_S = 60.0
POLL_S = 0.1


class Etcds:
    """Use: `async with Etcds(directory, programs) as etcds`."""

    def __init__(self, directory: Path, programs: Programs, *, stand_in: bool = False) -> None:
        """`stand_in`: with a member in London that may vote in the truck's place."""
        self.directory = directory
        # A network of its own for each run: ports are fixed, and tests run side by side.
        network = f"127.{random.randint(10, 250)}.{random.randint(1, 250)}"
        self.members = {site: EtcdMember(site, f"{network}.{number}") for number, site in enumerate(SITES, 1)}
        self._supervisor: Supervisor
        founders = tuple(self.members.values())
        witnesses: tuple[EtcdMember, ...] = ()
        if stand_in:
            self.members[STAND_IN] = EtcdMember(STAND_IN, self.members["london"].host, 2579)
            witnesses = (self.members["truck"], self.members[STAND_IN])

        def part(member: EtcdMember) -> Part:
            thirds = witnesses if member in witnesses else ()
            directory = self.directory_of(member.site)
            return etcd_part(programs, member, founders, self._identity(member.site), directory, thirds)

        self._parts = {site: part(member) for site, member in self.members.items()}

    def _identity(self, site: str) -> Credentials:
        hosts = [self.members[site].host]
        own, ca = self.directory / site / "identity", self.directory / "identity"
        return ensure_development_identity(own, "etcd", Role.SERVICE, hosts=hosts, ca_dir=ca)

    async def __aenter__(self) -> Self:
        self._supervisor = Supervisor(self.directory / "logs")
        try:
            await self._supervisor.start(*self._parts.values())
        except BaseException:
            await self._supervisor.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        # In good order each would hand over first, which takes 8 s.
        await self.kill(*self._parts)
        await self._supervisor.stop()

    def directory_of(self, site: str) -> Path:
        return self.directory / site / "etcd"

    def api(self, site: str) -> EtcdApi:
        """As its neighbours ask it."""
        tls: ssl.SSLContext = self._identity(site).client_context()
        return EtcdApi(self.members[site].client, tls)

    async def kill(self, *sites: str) -> None:
        """They stay down."""
        await self._supervisor.hold(*(self._parts[site] for site in sites))

    async def start(self, *sites: str) -> None:
        """Together; returns when each has found a leader."""
        await self._supervisor.release(*(self._parts[site] for site in sites))

    def rebuild(self, site: str, operation: str) -> Generation:
        """As break-glass orders it."""
        ordered = Generation(1, operation, region=site, author="test", accepted_loss="Unknown")
        order_rebuild(self.directory_of(site), ordered)
        return ordered

    def wipe(self, site: str, *, altogether: bool = False) -> None:
        """Its data are gone; or also that it ever ran."""
        shutil.rmtree(self.directory_of(site) / ("" if altogether else DATA))

    def said(self, site: str) -> str:
        return self._supervisor.log_path(self._parts[site]).read_text(errors="replace")

    async def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Asks again until it holds; an etcd that does not answer does not."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            try:
                if await anyio.to_thread.run_sync(holds):
                    return
            except (NoAnswer, NotDone):
                pass
            if time.monotonic() > deadline:
                said = "\n".join(f"{site}: {self.said(site)[-1500:]}" for site in SITES)
                raise AssertionError(f"not within {WITHIN_S:.0f} s: {what}\n{said}")
            await anyio.sleep(POLL_S)

    async def until_whole(self, generation: Generation) -> None:
        """Three voters, and each is in this generation."""

        def whole() -> bool:
            seen = [self.api(site).generation() for site in SITES]
            # Asked of each: who was killed before it knew of the newest vote counts as it did before.
            return seen == [generation] * 3 and all(voters(self.api(site).members()) == 3 for site in SITES)

        await self.until(f"three voters of {generation}", whole)


def voters(members: list[Member]) -> int:
    return sum(not one.learner for one in members)
