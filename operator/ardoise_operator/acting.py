"""Where looking and acting meet: each look hands on what it found, and is told what there is to show."""

from collections.abc import Mapping
from typing import Any, Protocol

from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.operations import Told, Verdict

NOTHING_TOLD = Verdict(Truth.TRUTH_UNSPECIFIED, "NotTold", "nobody says whether what is wanted is what is")
NOTHING = Told(None, None, (), NOTHING_TOLD, NOTHING_TOLD, None)


class Acting(Protocol):
    """Who carries out what is wished."""

    async def look(self, status: SitesStatus | None, spec: Mapping[str, Any]) -> Told:
        """What is known of wishes and operations, after a look. Returns soon: what takes long goes on by itself.

        `status`: what was found; None: `sites` was silent. `spec`: the Replication's.
        """
        ...


class Nobody:
    """Acts not, and knows nothing."""

    async def look(self, status: SitesStatus | None, spec: Mapping[str, Any]) -> Told:
        """Nothing."""
        del status, spec
        return NOTHING
