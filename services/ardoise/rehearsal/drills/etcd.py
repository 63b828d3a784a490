"""The etcd under a drill, which it asks as its operators do."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.platform import Reached


async def leader(reached: Reached) -> str:
    """The site whose member leads, by its own word; empty: none of those that answer."""
    return _leader(await _statuses(reached))


async def lead(reached: Reached, site: str) -> None:
    """Makes its member the leader: the one that leads hands over. Raises DrillFailed."""
    statuses = await _statuses(reached)
    leading = _leader(statuses)
    if not leading or site not in statuses:
        raise DrillFailed(f"no member says that it leads etcd, or {site}'s does not answer")
    if leading != site:
        target = statuses[site]["header"]["member_id"]
        await _etcd(reached, leading, "transfer-leadership", {"targetID": target})


def _leader(statuses: Mapping[str, Mapping[str, Any]]) -> str:
    leads = (one for one, status in statuses.items() if status.get("leader") == status["header"]["member_id"])
    return next(leads, "")


async def _statuses(reached: Reached) -> dict[str, dict[str, Any]]:
    found = await asyncio.gather(
        *(_etcd(reached, site, "status", {}) for site in reached.sites), return_exceptions=True
    )
    return {site: one for site, one in zip(reached.sites, found, strict=True) if isinstance(one, dict)}


async def _etcd(reached: Reached, site: str, call: str, body: dict[str, Any]) -> dict[str, Any]:
    async with reached.data_plane() as http:
        try:
            answer = await http.post(f"https://{reached.at(site, 'etcd')}/v3/maintenance/{call}", json=body)
            return answer.raise_for_status().json()
        except httpx.HTTPError as error:
            raise DrillFailed(f"{site}'s etcd does not answer {call}: {error!r}") from error
