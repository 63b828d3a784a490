"""What a region's own sites service says of all sites, asked for as a person does with `ardoise sites status`."""

import asyncio

import grpc

from ardoise.pb.sites_pb2 import ForcedFailover, GetSitesStatusRequest, SitesStatus, Truth
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.rehearsal.drills.history import EtcdSeen, History, StatusSeen

LOOK_EVERY_S = 0.5
LOOK_LIMIT_S = 2.0
BLOCKED = "PromotionBlocked"


async def watch_status(channel: grpc.aio.Channel, site: str, history: History) -> None:
    """Looks until cancelled; a site that does not answer says nothing."""
    stub = SitesServiceStub(channel)
    while True:
        try:
            answer = await stub.GetSitesStatus(GetSitesStatusRequest(), timeout=LOOK_LIMIT_S)
        except grpc.RpcError:
            pass
        else:
            history.statuses.append(status_seen(history.now_s(), site, answer.status, history.origin_utc_ms))
        await asyncio.sleep(LOOK_EVERY_S)


def status_seen(at_s: float, site: str, status: SitesStatus, since_ms: int) -> StatusSeen:
    """What a drill looks at of it. A failover that was forced before the drill began is none of its own."""
    blocked = next((one for one in status.conditions if one.type == BLOCKED), None)
    own = next((one.report for one in status.sites if one.site == site), None)
    forced = status.forced if status.forced.begun_ms >= since_ms else ForcedFailover()
    return StatusSeen(
        at_s=at_s,
        site=site,
        blocked=blocked.message if blocked and blocked.status == Truth.TRUTH_YES else None,
        etcd={
            one.site: EtcdSeen(one.healthy, one.healthy and not one.learner, one.cluster_id)
            for one in (own.etcd if own else ())
        },
        forced=forced.request_id,
        messages_lost=forced.messages_lost if forced.HasField("messages_lost") else None,
        decisions_lost=forced.decisions_lost if forced.HasField("decisions_lost") else None,
    )
