"""The state of security at this site: what was read, what came of it, who has seen to it. One writer, no I/O.

Each method is one step of the event loop, so that a checkpoint always holds positions and alerts that belong together.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from ardoise.chassis.newest import Newest
from ardoise.chassis.telemetry import counter, gauge
from ardoise.security.domain.alert import Acknowledgement, Alert, Evidence, KeptAt, Severity
from ardoise.security.domain.book import AlertBook, Entry
from ardoise.security.domain.engine import Engine
from ardoise.security.domain.observation import Observation
from ardoise.security.domain.rules import Rule

CHECKPOINT_VERSION = 2

_log = structlog.get_logger(__name__)
_observed = counter("security.observations", "1", "Refusals and oddities read, by signal.")
_raised = counter("security.alerts", "1", "Alerts raised, by rule.")
_open = gauge("security.open_alerts", "1", "Alerts that nobody has acknowledged.")


@dataclass(frozen=True)
class StreamPosition:
    """How far a stream was read. `created` tells a stream from another one of its name."""

    created: str
    sequence: int


class Monitor:
    """Judges what is observed and keeps the book of alerts.

    `changes` tells watchers the book's newest revision; `kept_at` is where a decision would be kept now.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.book = AlertBook()
        self.changes: Newest[int] = Newest()
        self.kept_at = KeptAt.UNKNOWN
        self.positions: dict[str, StreamPosition] = {}
        self._engine = Engine(rules)

    def judge(self, stream: str, position: StreamPosition, observations: list[Observation]) -> None:
        """Takes in what a stream held up to the position."""
        self.positions[stream] = position
        counts: dict[str, int] = {}
        for observation in observations:
            counts[observation.signal] = counts.get(observation.signal, 0) + observation.count
        for signal, count in counts.items():
            _observed.add(count, {"signal": signal})
        alerts = self._engine.observe(observations)
        for alert in alerts:
            known = self.book.get(alert.alert_id)
            if known is None:
                _raised.add(1, {"rule": alert.rule})
                _log.warning("alert_raised", **_about(alert))
            elif known.worst < alert.severity:
                _log.warning("alert_worse", **_about(alert))
        if alerts:
            self.book.record(alerts)
            self._changed()

    def acknowledged(self, acknowledgement: Acknowledgement) -> Entry | None:
        """Takes in that somebody has seen to an alert; None where it is not in the book."""
        before = self.book.revision
        entry = self.book.acknowledge(acknowledgement)
        if self.book.revision != before:
            self._changed()
        return entry

    def dump(self) -> dict[str, Any]:
        """Its state as JSON can hold it. Acknowledgements have a store of their own."""
        booked = self.book.alerts()
        known = {alert.alert_id for alert in booked}
        others = [alert for alert in self._engine.lasting_alerts() if alert.alert_id not in known]
        return {
            "version": CHECKPOINT_VERSION,
            "positions": {stream: asdict(position) for stream, position in self.positions.items()},
            "alerts": [asdict(alert) for alert in (*booked, *others)],
            "booked": len(booked),
            "rules": self._engine.dump(),
        }

    def restore(self, dumped: dict[str, Any]) -> None:
        """Takes up a state that dump() gave. Raises KeyError, TypeError or ValueError where it is none."""
        if dumped["version"] != CHECKPOINT_VERSION:
            raise ValueError(f"checkpoint of version {dumped['version']}, this is {CHECKPOINT_VERSION}")
        alerts = [_alert(fields) for fields in dumped["alerts"]]
        self.positions = {
            stream: StreamPosition(**position) for stream, position in dumped["positions"].items()
        }
        self._engine.restore(dumped["rules"], {alert.alert_id: alert for alert in alerts})
        self.book.record(alerts[: dumped["booked"]])
        self._changed()

    def _changed(self) -> None:
        _open.set(len(self.book.open_alerts()))
        self.changes.set(self.book.revision)


def _about(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": alert.severity.name.lower(),
        "count": alert.count,
        "hint": alert.action,
    }


def _alert(fields: dict[str, Any]) -> Alert:
    evidence = [Evidence(*piece) for piece in fields["evidence"]]
    return Alert(**{**fields, "severity": Severity(fields["severity"]), "evidence": evidence})
