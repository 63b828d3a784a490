"""Carries out what is wished: by the etcd and the `sites` that Site objects name."""

import uuid
from collections.abc import Mapping
from typing import Any

from ardoise.pb.sites_pb2 import SitesStatus
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.operations import acting
from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.effects import SitesEffects, Unreached
from ardoise.sites.operations.memory import Memory

from ardoise_operator.acting import spec_of
from ardoise_operator.reaching import Reaching
from ardoise_operator.sight import Silence


class Carrying:
    """The acting of this region's operator."""

    def __init__(self, here: str, reaching: Reaching) -> None:
        self._reaching = reaching
        memory = Memory(reaching.etcd, f"{here}-{uuid.uuid4().hex[:8]}")
        self._acting = acting.Acting(memory, SitesEffects(here, self._sites))

    async def look(self, status: SitesStatus | None, spec: Mapping[str, Any]) -> Told:
        """See Acting."""
        return await self._acting.look(status, spec_of(spec))

    async def stop(self) -> None:
        """Lets the other region's operator act."""
        await self._acting.stop()

    def _sites(self, name: str) -> SitesServiceStub:
        """Raises Unreached."""
        found = self._reaching.sites(name)
        if isinstance(found, Silence):
            raise Unreached(found.message)
        return found
