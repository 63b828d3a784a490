"""Alerts and acknowledgements as rows of the database that the regions share."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, case, func, select
from sqlalchemy.dialects.postgresql import insert

from ardoise.chassis import decisions, tables
from ardoise.chassis.decisions import DecisionStore
from ardoise.chassis.store import StoreUnavailable
from ardoise.security.acknowledgements import InDoubt, NotKept
from ardoise.security.domain.alert import Acknowledgement, Alert, KeptAt, Severity
from ardoise.security.domain.outgoing import OutboxEntry, leaving
from ardoise.security.outbox import offer, page

_alert = tables.Alert.__table__
_acknowledgement = tables.AlertAcknowledgement.__table__


class AlertStore:
    """Alerts are written as they change; two sites that write one alert write the same row."""

    def __init__(self, decided: DecisionStore, leave_from: Severity | None = None) -> None:
        """`leave_from`: alerts as bad as this go to the outbox when they are recorded; None: nothing does."""
        self._decisions = decided
        self._leave_from = leave_from

    async def acknowledge(
        self, alert: Alert, acknowledgement: Acknowledgement
    ) -> tuple[Acknowledgement, KeptAt]:
        """Keeps it; returns the one kept under its request_id, which is another where that was used before.

        Raises NotKept, InDoubt.
        """

        def work(connection: Connection) -> Acknowledgement:
            self._record(connection, [alert])
            connection.execute(
                insert(_acknowledgement).values(_row(acknowledgement)).on_conflict_do_nothing()
            )
            query = select(_acknowledgement).where(
                _acknowledgement.c.request_id == acknowledgement.request_id
            )
            return _from_row(connection.execute(query).one()._mapping)

        return await self._run(work)

    async def settle(
        self, changed: Sequence[Alert], open_ids: Sequence[str]
    ) -> tuple[list[Acknowledgement], KeptAt]:
        """Records alerts as they are now; returns the acknowledgements of the open ones. Raises NotKept, InDoubt."""

        def work(connection: Connection) -> list[Acknowledgement]:
            if changed:
                self._record(connection, changed)
            query = select(_acknowledgement).where(_acknowledgement.c.alert_id.in_(open_ids))
            found = connection.execute(query.order_by(_acknowledgement.c.acknowledged))
            return [_from_row(row._mapping) for row in found]

        return await self._run(work)

    async def outgoing(self, size: int, before: int | None) -> list[OutboxEntry]:
        """At most `size` entries of the outbox with a number below `before`, newest first. Raises NotKept, InDoubt."""
        # Not a plain read: a failover must not take back what is shown as delivered.
        entries, _ = await self._run(lambda connection: page(connection, size, before))
        return entries

    async def _run[T](self, work: Callable[[Connection], T]) -> tuple[T, KeptAt]:
        try:
            committed = await self._decisions.commit(work)
        except StoreUnavailable as error:
            raise NotKept(f"the database cannot be used: {error}") from error
        except decisions.InDoubt as error:
            raise InDoubt(str(error)) from error
        return committed.result, KeptAt.BOTH_REGIONS if committed.both_regions else KeptAt.ONE_REGION

    def _record(self, connection: Connection, alerts: Sequence[Alert]) -> None:
        new = (
            []
            if self._leave_from is None
            else leaving(alerts, _recorded(connection, alerts), self._leave_from)
        )
        _record(connection, alerts)
        if new:
            offer(connection, new)


def _recorded(connection: Connection, alerts: Sequence[Alert]) -> dict[str, int]:
    """How bad they were when they were last recorded."""
    ids = [alert.alert_id for alert in alerts]
    found = connection.execute(select(_alert.c.alert_id, _alert.c.severity).where(_alert.c.alert_id.in_(ids)))
    return dict(found.all())


def _record(connection: Connection, alerts: Sequence[Alert]) -> None:
    # In one order everywhere: two sites that write the same alerts at once would else wait for each other.
    rows = sorted((_alert_row(alert) for alert in alerts), key=lambda row: row["alert_id"])
    statement = insert(_alert).values(rows)
    new = statement.excluded
    # One site may be behind another: what is recorded only grows.
    grown = {
        column: func.greatest(_alert.c[column], new[column]) for column in ("severity", "count", "last_seen")
    }
    grown["evidence"] = case((new["count"] > _alert.c["count"], new["evidence"]), else_=_alert.c["evidence"])
    connection.execute(statement.on_conflict_do_update(index_elements=["alert_id"], set_=grown))


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": int(alert.severity),
        "title": alert.title,
        "action": alert.action,
        "evidence": [piece._asdict() for piece in alert.evidence],
        "count": alert.count,
        "first_seen": _instant(alert.first_seen_ms),
        "last_seen": _instant(alert.last_seen_ms),
    }


def _row(acknowledgement: Acknowledgement) -> dict[str, Any]:
    row = acknowledgement._asdict()
    acknowledged = _instant(row.pop("time_ms"))
    return {**row, "severity": int(acknowledgement.severity), "acknowledged": acknowledged}


def _from_row(row: Any) -> Acknowledgement:
    fields = dict(row)
    time_ms = round(fields.pop("acknowledged").timestamp() * 1000)
    return Acknowledgement(**{**fields, "severity": Severity(fields["severity"]), "time_ms": time_ms})


def _instant(time_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(time_ms / 1000, dt.UTC)
