"""A planned change of the primary: what stands against it, decided from the status; and its one step, Patroni's."""

import httpx

from ardoise.pb.sites_pb2 import DatabaseRole, SitesStatus, SiteStatus, Truth
from ardoise.sites.mirrors import MirrorState
from ardoise.sites.topology import Topology

MOST_BEHIND = 1_000
"""Messages of the log, about a minute of a race: what the target would have to catch up with before it writes."""
STEP_LIMIT_S = 30.0
"""Of Patroni: it stops the old primary, and promotes the new one when that has everything."""


class SwitchoverRefused(RuntimeError):
    """It was not begun, or Patroni did not do it; the message says why."""


def objections(status: SitesStatus, target: str) -> list[str]:
    """What stands against moving the primary to this region now, for people; nothing: go on."""
    sites = {site.site: site for site in status.sites}
    regions = [promotion.region for promotion in status.promotions]
    if target not in regions:
        return [f"{target} is no region: there are {', '.join(regions)}"]
    primary = next((one.region for one in status.promotions if one.primary), "")
    if not primary:
        return ["no primary is seen: this is a failover, and Patroni's to decide"]
    if primary == target:
        return [f"{target} is primary already"]
    found = _of_the_target(sites[target], status)
    for promotion in status.promotions:
        if promotion.region == target and promotion.without_loss != Truth.TRUTH_YES:
            found += promotion.reasons
    return list(dict.fromkeys(found))


def _of_the_target(target: SiteStatus, status: SitesStatus) -> list[str]:
    if not target.HasField("report"):
        return [f"{target.site} does not answer"]
    found = []
    if target.report.database.role != DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY:
        found.append(f"{target.site} is no synchronous standby")
    if any(mirror.state == MirrorState.UNKNOWN for mirror in target.report.mirrors):
        found.append(
            f"{target.site} does not reach the truck: it would be primary of a race that stands still"
        )
    if not status.loss.HasField("messages"):
        found.append(f"how far {target.site} is behind the truck is Unknown")
    elif status.loss.messages > MOST_BEHIND:
        found.append(
            f"{target.site} is {status.loss.messages} messages behind the truck, at most {MOST_BEHIND}"
        )
    return found


async def switch_over(http: httpx.AsyncClient, topology: Topology, primary: str, target: str) -> str:
    """Asks Patroni for it, and returns its word once it is done. Raises SwitchoverRefused."""
    url = f"https://{topology.site(target).patroni}/switchover"
    try:
        answer = await http.post(url, json={"leader": primary, "candidate": target}, timeout=STEP_LIMIT_S)
    except httpx.HTTPError as error:
        raise SwitchoverRefused(f"{target}'s Patroni did not answer: {error!r}") from error
    if not answer.is_success:
        raise SwitchoverRefused(f"Patroni: {answer.text.strip()}")
    return answer.text.strip()
