"""Where looking and acting meet: each look hands on what it found, and is told what there is to show."""

from collections.abc import Mapping
from typing import Any, Protocol

from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.operations.acting import Spec, Told
from ardoise.sites.operations.record import Wish
from ardoise.sites.operations.situation import Limits, Mode, Verdict

NOTHING_TOLD = Verdict(Truth.TRUTH_UNSPECIFIED, "NotTold", "nobody says whether what is wanted is what is")
NOTHING = Told(None, None, (), NOTHING_TOLD, NOTHING_TOLD, None)


class Acting(Protocol):
    """Who carries out what is wished."""

    async def look(self, status: SitesStatus | None, spec: Mapping[str, Any]) -> Told:
        """What is known of wishes and operations, after a look. Returns soon: what takes long goes on by itself.

        `status`: what was found; None: `sites` was silent. `spec`: the Replication's.
        """
        ...


def spec_of(said: Mapping[str, Any]) -> Spec:
    """A Replication's spec, as the API server has taken it, defaults filled in."""
    force, limits, standard = said.get("force"), said.get("limits", {}), Limits()
    accepted = str(force["acceptedLossMessages"]) if force is not None else ""
    return Spec(
        wish=Wish(said["requestId"], said["primary"], accepted),
        mode=Mode(said["mode"]),
        limits=Limits(
            mirror_lag_messages=limits.get("mirrorLagMessages", standard.mirror_lag_messages),
            wal_lag_bytes=limits.get("walLagBytes", standard.wal_lag_bytes),
            cool_down_s=limits.get("coolDownSeconds", standard.cool_down_s),
            failback_stabilisation_s=limits.get(
                "failbackStabilisationSeconds", standard.failback_stabilisation_s
            ),
        ),
    )
