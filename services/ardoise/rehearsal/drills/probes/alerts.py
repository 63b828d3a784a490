"""What each site's security shows to those who are on duty."""

import asyncio

import grpc

from ardoise.pb.security_pb2 import ListAlertsRequest
from ardoise.pb.security_pb2_grpc import SecurityServiceStub
from ardoise.rehearsal.drills.history import AlertSeen, History

LOOK_EVERY_S = 0.5
LOOK_LIMIT_S = 2.0


async def watch_alerts(channel: grpc.aio.Channel, site: str, history: History) -> None:
    """Alerts that were not there at the first look, until cancelled."""
    stub = SecurityServiceStub(channel)
    known: set[str] | None = None
    while True:
        try:
            answer = await stub.ListAlerts(ListAlertsRequest(), timeout=LOOK_LIMIT_S)
        except grpc.RpcError:
            await asyncio.sleep(LOOK_EVERY_S)
            continue
        shown = {alert.alert_id: alert.rule for alert in answer.alerts}
        for alert_id in shown.keys() - (shown.keys() if known is None else known):
            history.alerts.append(AlertSeen(history.now_s(), site, shown[alert_id]))
        known = (known or set()) | shown.keys()
        await asyncio.sleep(LOOK_EVERY_S)
