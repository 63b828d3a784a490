"""Carries out what is wished: by the etcd and the `sites` that Site objects name, with the credentials they name."""

import asyncio
import ssl
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from ardoise.chassis.identity import credentials
from ardoise.chassis.rpc import channel
from ardoise.pb.sites_pb2 import SitesStatus
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.etcd_api import EtcdApi
from ardoise.sites.operations import acting
from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.effects import SitesEffects
from ardoise.sites.operations.memory import Memory

from ardoise_operator.acting import spec_of
from ardoise_operator.secrets import HOLDER, Held, Secrets
from ardoise_operator.settings import OperatorSettings
from ardoise_operator.watching import Object, Objects


class Unreached(Exception):
    """A site that no Site object names, or whose credentials are not at hand."""


class Carrying:
    """The acting of this region's operator, on what its objects name now."""

    def __init__(self, here: str, settings: OperatorSettings, objects: Objects, secrets: Secrets) -> None:
        self._here, self._settings = here, settings
        self._objects, self._secrets = objects, secrets
        self._channels: dict[str, tuple[tuple[str, Held], grpc.aio.Channel]] = {}
        self._contexts: dict[Held, ssl.SSLContext] = {}
        self._closing: set[asyncio.Task[None]] = set()
        memory = Memory(self._members, f"{here}-{uuid.uuid4().hex[:8]}")
        self._acting = acting.Acting(memory, SitesEffects(here, self._stub))

    async def look(self, status: SitesStatus | None, spec: Mapping[str, Any]) -> Told:
        """See Acting."""
        return await self._acting.look(status, spec_of(spec))

    async def stop(self) -> None:
        """Lets the other region's operator act, and ends the connections."""
        await self._acting.stop()
        for _, opened in self._channels.values():
            await opened.close()

    def _members(self) -> Sequence[EtcdApi]:
        """The own region's first; those whose credentials are not at hand are left out."""
        sites = sorted(self._objects.all_sites(), key=lambda site: (site.name != self._here, site.name))
        held = [(site, self._secrets.held(_secret(site, "dataPlaneSecretRef"))) for site in sites]
        used = {one for _, one in held if isinstance(one, Held)}
        self._contexts = {one: self._contexts.get(one) or _context(one) for one in used}
        return [
            EtcdApi(site.spec["endpoints"]["etcd"], self._contexts[one])
            for site, one in held
            if isinstance(one, Held)
        ]

    def _stub(self, name: str) -> SitesServiceStub:
        """Of a site. Raises Unreached."""
        site = next((one for one in self._objects.all_sites() if one.name == name), None)
        if site is None:
            raise Unreached(f"there is no Site {name}")
        held = self._secrets.held(_secret(site, "identitySecretRef"))
        if not isinstance(held, Held):
            raise Unreached(held.message)
        made_of = (site.spec["endpoints"]["sites"], held)
        before, opened = self._channels.get(name, (None, None))
        if opened is None or before != made_of:
            if opened is not None:
                closing = asyncio.ensure_future(opened.close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
            settings = self._settings.model_copy(update={"identity_dir": held.directory})
            opened = channel(made_of[0], settings, HOLDER)
            self._channels[name] = (made_of, opened)
        return SitesServiceStub(opened)


def _secret(site: Object, reference: str) -> str:
    return site.spec["credentials"][reference]["name"]


def _context(held: Held) -> ssl.SSLContext:
    return credentials(held.directory, HOLDER).client_context()
