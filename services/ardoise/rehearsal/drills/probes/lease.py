"""The primary's lease, as etcd has it."""

import asyncio
import base64

import httpx

from ardoise.rehearsal.drills.history import History, LeaseSeen
from ardoise.rehearsal.drills.platform import Reached

LEADER_KEY = b"/service/ardoise/leader"
LOOK_EVERY_S = 1.0


async def watch_lease(reached: Reached, site: str, history: History) -> None:
    """Looks at the site's member of etcd until cancelled; what does not answer, or holds nobody's, tells nothing."""
    asked = {"key": base64.b64encode(LEADER_KEY).decode()}
    async with reached.data_plane() as http:
        while True:
            try:
                answer = await http.post(f"https://{reached.at(site, 'etcd')}/v3/kv/range", json=asked)
                found = answer.raise_for_status().json().get("kvs", [])
            except (httpx.HTTPError, ValueError):
                found = []
            for key in found:
                history.leases.append(LeaseSeen(history.now_s(), int(key["create_revision"])))
            await asyncio.sleep(LOOK_EVERY_S)
