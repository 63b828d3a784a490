"""The etcd under a drill, which it asks as its operators do."""

import asyncio

from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.platform import Reached
from ardoise.sites.etcd_api import NoAnswer, NotDone


async def leader(reached: Reached) -> str:
    """The site whose member leads, by its own word; empty: none of those that answer."""
    leads = await asyncio.gather(*(asyncio.to_thread(_leads, reached, site) for site in reached.sites))
    return next((site for site, one in zip(reached.sites, leads, strict=True) if one), "")


async def lead(reached: Reached, site: str) -> None:
    """Makes its member the leader: the one that leads hands over. Raises DrillFailed."""
    leading = await leader(reached)
    if not leading:
        raise DrillFailed("no member says that it leads etcd")
    if leading != site:
        try:
            await asyncio.to_thread(_hand_over, reached, leading, site)
        except (NoAnswer, NotDone) as error:
            raise DrillFailed(f"{leading}'s etcd does not hand over to {site}'s: {error}") from error


def _leads(reached: Reached, site: str) -> bool:
    try:
        return reached.etcd(site).leads()
    except (NoAnswer, NotDone):
        return False


def _hand_over(reached: Reached, leading: str, site: str) -> None:
    reached.etcd(leading).hand_over(reached.etcd(site).id())
