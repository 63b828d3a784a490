"""The etcd under a drill, which it asks as its operators do."""

from typing import Any

import httpx

from ardoise.rehearsal.drills.failure import DrillFailed
from ardoise.rehearsal.drills.platform import Reached


async def lead(reached: Reached, site: str) -> None:
    """Makes its member the leader: the one that leads hands over. Raises DrillFailed."""
    statuses = {one: await _etcd(reached, one, "status", {}) for one in reached.sites}
    ids = {one: status["header"]["member_id"] for one, status in statuses.items()}
    leader = next((one for one, status in statuses.items() if status.get("leader") == ids[one]), None)
    if leader is None:
        raise DrillFailed("no member says that it leads etcd")
    if leader != site:
        await _etcd(reached, leader, "transfer-leadership", {"targetID": ids[site]})


async def _etcd(reached: Reached, site: str, call: str, body: dict[str, Any]) -> dict[str, Any]:
    async with reached.data_plane() as http:
        try:
            answer = await http.post(f"https://{reached.at(site, 'etcd')}/v3/maintenance/{call}", json=body)
            return answer.raise_for_status().json()
        except httpx.HTTPError as error:
            raise DrillFailed(f"{site}'s etcd does not answer {call}: {error!r}") from error
