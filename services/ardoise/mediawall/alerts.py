"""The alerts that operators see, their word that they have seen to one, and what has left the platform."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import grpc

from ardoise.chassis.rpc import Failure, Reason, failure_of
from ardoise.pb import security_pb2, security_pb2_grpc

MOST_ALERTS = 300
MOST_SENT_SHOWN = 20
ACKNOWLEDGE_LIMIT_S = 6.0
# The metadata in which security wants to be told who decides, where a service calls for a person.
ON_BEHALF_OF = "ardoise-on-behalf-of"

SEVERITIES = {
    security_pb2.SEVERITY_INFO: "info",
    security_pb2.SEVERITY_WARNING: "warning",
    security_pb2.SEVERITY_CRITICAL: "critical",
}


KEPT_AT = {
    security_pb2.KEPT_AT_BOTH_REGIONS: "both_regions",
    security_pb2.KEPT_AT_ONE_REGION: "one_region",
    security_pb2.KEPT_AT_SITE: "site",
}
OUTBOX_STATES = {
    security_pb2.OUTBOX_STATE_WAITING: "waiting",
    security_pb2.OUTBOX_STATE_CLAIMED: "claimed",
    security_pb2.OUTBOX_STATE_DELIVERED: "delivered",
    security_pb2.OUTBOX_STATE_FAILED: "failed",
    security_pb2.OUTBOX_STATE_IN_DOUBT: "in_doubt",
}


class Alerts:
    """The newest state of each alert. Past MOST_ALERTS those go first that somebody has seen to, then the oldest.

    `kept_at` is where security would keep a decision now: a value of KEPT_AT, or "unknown".
    """

    def __init__(self, channel: grpc.aio.Channel | None) -> None:
        self._security = security_pb2_grpc.SecurityServiceStub(channel) if channel else None
        self._alerts: dict[str, security_pb2.Alert] = {}
        self._sent: list[security_pb2.OutboxEntry] = []
        self.kept_at = "unknown"

    def show(self, alert: security_pb2.Alert) -> None:
        """An alert was raised, grew or was acknowledged."""
        self._alerts[alert.alert_id] = alert
        if len(self._alerts) > MOST_ALERTS:
            least = min(
                self._alerts.values(),
                key=lambda one: (not one.acknowledged_by, one.last_seen_ms, one.alert_id),
            )
            del self._alerts[least.alert_id]

    async def look_at_outbox(self) -> None:
        """Asks security what has left. What is shown stays as it was where it does not answer."""
        assert self._security is not None
        request = security_pb2.ListOutboxRequest(page_size=MOST_SENT_SHOWN)
        with contextlib.suppress(grpc.RpcError):
            answer = await self._security.ListOutbox(request, timeout=ACKNOWLEDGE_LIMIT_S)
            self.show_sent(answer.entries)

    def show_sent(self, entries: Iterable[security_pb2.OutboxEntry]) -> None:
        """The newest of what has left, newest first."""
        self._sent = list(entries)

    def sent_as_json(self) -> list[dict[str, Any]]:
        """What has left the platform, newest first."""
        return [_sent_json(entry) for entry in self._sent]

    def as_json(self) -> list[dict[str, Any]]:
        """Open ones first, the worst first, the newest first."""
        ordered = sorted(
            self._alerts.values(),
            key=lambda one: (bool(one.acknowledged_by), -one.severity, -one.last_seen_ms, one.alert_id),
        )
        return [_json(alert) for alert in ordered]

    async def acknowledge(self, alert_id: str, note: str, request_id: str, person: str) -> str:
        """Tells security that this person has seen to it; returns where that is kept. Raises Failure."""
        if self._security is None:
            raise Failure(Reason.ERROR_REASON_STORE_UNAVAILABLE, "no security service is set up here")
        request = security_pb2.AcknowledgeRequest(request_id=request_id, alert_id=alert_id, note=note)
        try:
            async with asyncio.timeout(ACKNOWLEDGE_LIMIT_S):
                answer = await self._security.Acknowledge(request, metadata=((ON_BEHALF_OF, person),))
        except TimeoutError as error:
            raise Failure(
                Reason.ERROR_REASON_DECISION_IN_DOUBT, "in doubt, security did not answer; ask again"
            ) from error
        except grpc.RpcError as error:
            raise failure_of(error) from error
        self.show(answer.alert)
        return KEPT_AT.get(answer.kept_at, "unknown")


def _json(alert: security_pb2.Alert) -> dict[str, Any]:
    return {
        "id": alert.alert_id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": SEVERITIES.get(alert.severity, "info"),
        "title": alert.title,
        "action": alert.action,
        "evidence": [
            {"time_ms": piece.time_ms, "source": piece.source, "detail": piece.detail}
            for piece in alert.evidence
        ],
        "count": alert.count,
        "first_seen_ms": alert.first_seen_ms,
        "last_seen_ms": alert.last_seen_ms,
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_ms": alert.acknowledged_ms if alert.HasField("acknowledged_ms") else None,
    }


def _sent_json(entry: security_pb2.OutboxEntry) -> dict[str, Any]:
    return {
        "alert_id": entry.alert_id,
        "title": entry.title,
        "state": OUTBOX_STATES.get(entry.state, "waiting"),
        "detail": entry.detail,
        "offered_ms": entry.offered_ms,
    }
