"""Alerts and acknowledgements as rows of the database that the regions share."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from ardoise.chassis import tables
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.security.acknowledgements import NotKept
from ardoise.security.domain.alert import Acknowledgement, Alert, Severity

# An answer after at most so long: who acknowledges an alert must know whether it holds.
LIMIT_S = 5.0

_alert = tables.Alert.__table__
_acknowledgement = tables.AlertAcknowledgement.__table__


class AlertStore:
    """Alerts are written as they change; two sites that write one alert write the same row."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[asyncio.Task] = set()

    async def acknowledge(self, alert: Alert, acknowledgement: Acknowledgement) -> Acknowledgement:
        """Keeps it; returns the one kept under its request_id, which is another where that was used before.

        Raises NotKept when it is not known to be committed within LIMIT_S.
        """

        def work(connection: Connection) -> Acknowledgement:
            _record(connection, [alert])
            connection.execute(
                insert(_acknowledgement).values(_row(acknowledgement)).on_conflict_do_nothing()
            )
            query = select(_acknowledgement).where(
                _acknowledgement.c.request_id == acknowledgement.request_id
            )
            return _from_row(connection.execute(query).one()._mapping)

        return await self._run(work)

    async def settle(self, changed: Sequence[Alert], open_ids: Sequence[str]) -> list[Acknowledgement]:
        """Records alerts as they are now; returns the acknowledgements of the open ones. Raises NotKept."""

        def work(connection: Connection) -> list[Acknowledgement]:
            if changed:
                _record(connection, changed)
            query = select(_acknowledgement).where(_acknowledgement.c.alert_id.in_(open_ids))
            found = connection.execute(query.order_by(_acknowledgement.c.acknowledged))
            return [_from_row(row._mapping) for row in found]

        return await self._run(work) if changed or open_ids else []

    async def close(self) -> None:
        """Closes the idle sessions."""
        await self._store.close()

    async def _run[T](self, work: Callable[[Connection], T]) -> T:
        task = asyncio.create_task(self._store.run(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # Not asyncio.timeout: a cancelled statement first asks its server to stop, which takes long when that hangs.
        await asyncio.wait({task}, timeout=LIMIT_S)
        if not task.done():
            task.cancel()
            raise NotKept(f"the database has not answered for {LIMIT_S:.0f} s")
        try:
            return task.result()
        except (StoreUnavailable, SQLAlchemyError) as error:
            raise NotKept(f"the database cannot be used: {error}") from error


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
