"""The servers that Site objects name, by the credentials that they name; what changes there is followed."""

import asyncio
import ssl

import grpc
from ardoise.chassis.identity import credentials
from ardoise.chassis.rpc import channel
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.etcd_api import EtcdApi

from ardoise_operator.secrets import HOLDER, Held, Secrets
from ardoise_operator.settings import OperatorSettings
from ardoise_operator.sight import Silence
from ardoise_operator.watching import Object, Objects


class Reaching:
    """Connections to `sites` and to members of etcd, as they are to be asked now."""

    def __init__(self, here: str, settings: OperatorSettings, objects: Objects, secrets: Secrets) -> None:
        self._here, self._settings = here, settings
        self._objects, self._secrets = objects, secrets
        self._channels: dict[str, tuple[tuple[str, Held], grpc.aio.Channel]] = {}
        self._contexts: dict[Held, ssl.SSLContext] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends the connections."""
        for _, opened in self._channels.values():
            await opened.close()
        self._channels.clear()

    def sites(self, name: str) -> SitesServiceStub | Silence:
        """Of a site; or why it cannot be asked."""
        site = next((one for one in self._objects.all_sites() if one.name == name), None)
        if site is None:
            return Silence("SiteMissing", f"there is no Site {name}: make it, it says where `sites` answers")
        held = self._secrets.held(_secret(site, "identitySecretRef"))
        if isinstance(held, Silence):
            return held
        try:
            return SitesServiceStub(self._channel(name, site.spec["endpoints"]["sites"], held))
        except (OSError, ValueError) as error:
            return Silence("SecretUnusable", f"the Secret {_secret(site, 'identitySecretRef')}: {error!r}")

    def etcd(self) -> list[EtcdApi]:
        """The own region's member first; those whose credentials are not at hand are left out."""
        sites = sorted(self._objects.all_sites(), key=lambda site: (site.name != self._here, site.name))
        held = [(site, self._secrets.held(_secret(site, "dataPlaneSecretRef"))) for site in sites]
        at_hand = [(site, one) for site, one in held if isinstance(one, Held)]
        self._contexts = {one: self._contexts.get(one) or _context(one) for _, one in at_hand}
        return [EtcdApi(site.spec["endpoints"]["etcd"], self._contexts[one]) for site, one in at_hand]

    def _channel(self, name: str, target: str, held: Held) -> grpc.aio.Channel:
        """A new one where address or credentials changed."""
        before, opened = self._channels.get(name, (None, None))
        if opened is not None and before == (target, held):
            return opened
        if opened is not None:
            closing = asyncio.ensure_future(opened.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        settings = self._settings.model_copy(update={"identity_dir": held.directory})
        made = channel(target, settings, HOLDER)
        self._channels[name] = ((target, held), made)
        return made


def _secret(site: Object, reference: str) -> str:
    return site.spec["credentials"][reference]["name"]


def _context(held: Held) -> ssl.SSLContext:
    return credentials(held.directory, HOLDER).client_context()
