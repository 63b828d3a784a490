"""What leaves the platform, and what can become of it."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from ardoise.security.domain.alert import Alert, Severity

BODY_VERSION = 1


class OutboxState(IntEnum):
    """What became of it; the numbers are those of the contract."""

    WAITING = 1
    CLAIMED = 2
    DELIVERED = 3
    FAILED = 4
    IN_DOUBT = 5


class Outcome(NamedTuple):
    """How sending it ended: DELIVERED, FAILED or IN_DOUBT, and why."""

    state: OutboxState
    detail: str


class OutboxEntry(NamedTuple):
    """One row as it is shown. `number` is its place in the list; instants are milliseconds since 1970."""

    number: int
    rule: str
    subject: str
    epoch: int
    sequence: int
    alert_id: str
    title: str
    state: OutboxState
    detail: str
    offered_ms: int
    claimed_ms: int | None
    settled_ms: int | None


def leaving(alerts: Iterable[Alert], recorded: Mapping[str, int], least: Severity) -> list[Alert]:
    """Those that are as bad as `least` and were not when they were last recorded (severity by alert id).

    Alerts of before the webhook was set up do not leave when it is.
    """
    return [alert for alert in alerts if recorded.get(alert.alert_id, 0) < least <= alert.severity]


def body_of(alert: Alert) -> dict[str, Any]:
    """The JSON that a receiver gets (README.md). What is added to it later is no new version."""
    return {
        "version": BODY_VERSION,
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity.name.lower(),
        "title": alert.title,
        "action": alert.action,
        "count": alert.count,
        "first_seen_ms": alert.first_seen_ms,
        "last_seen_ms": alert.last_seen_ms,
        "epoch": alert.epoch,
        "sequence": alert.sequence,
    }
