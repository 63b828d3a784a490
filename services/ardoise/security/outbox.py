"""The outbox: rows of the database that the regions share. A row is sent by whoever claims it, and claimed once."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from ardoise.chassis import tables
from ardoise.chassis.decisions import DecisionStore
from ardoise.chassis.failpoints import failpoint
from ardoise.security.domain.alert import Alert
from ardoise.security.domain.outgoing import OutboxEntry, OutboxState, Outcome, body_of

BATCH = 8
"""So many are on their way at once: they are in doubt when their sender dies."""
CLAIM_LASTS = dt.timedelta(seconds=60)
"""A claim without an outcome is in doubt after this. Sending and writing the outcome down take far less."""
MOST_WAITING = 1_000
"""What is raised while so many wait fails at once: nobody reads a thousand messages of yesterday."""
MOST_ROWS = 10_000
"""Kept to be shown. That an alert has left is known from its own row, whose severity says so, for ever."""

_outbox = tables.Outbox.__table__
_expired = and_(
    _outbox.c.state == OutboxState.CLAIMED, _outbox.c.claimed < func.clock_timestamp() - CLAIM_LASTS
)
_state = case((_expired, int(OutboxState.IN_DOUBT)), else_=_outbox.c.state)


class Parcel(NamedTuple):
    """A claimed row: its number and what to send."""

    number: int
    body: dict[str, Any]


def offer(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Alerts that are to leave, in the transaction that records them. What was offered before stays as it is."""
    failpoint("before_offer")
    waiting = connection.scalar(
        select(func.count()).select_from(_outbox).where(_outbox.c.state == OutboxState.WAITING)
    )
    full = waiting >= MOST_WAITING
    now = func.clock_timestamp()
    # In one order everywhere: two sites that offer the same at once would else wait for each other.
    rows = [
        {
            "rule": alert.rule,
            "subject": alert.subject,
            "epoch": alert.epoch,
            "sequence": alert.sequence,
            "alert_id": alert.alert_id,
            "body": body_of(alert),
            "state": int(OutboxState.FAILED if full else OutboxState.WAITING),
            "detail": f"not sent: {waiting} others are waiting" if full else "",
        }
        for alert in sorted(alerts, key=lambda alert: alert.alert_id)
    ]
    statement = insert(_outbox).values(offered=now, settled=now if full else None)
    connection.execute(statement.on_conflict_do_nothing(), rows)
    oldest = select(func.max(_outbox.c.number) - MOST_ROWS).scalar_subquery()
    over = _state.not_in([int(OutboxState.WAITING), int(OutboxState.CLAIMED)])
    connection.execute(delete(_outbox).where(_outbox.c.number <= oldest, over))
    failpoint("after_offer")


class Outbox:
    """Claims, and what became of them."""

    def __init__(self, decisions: DecisionStore) -> None:
        self._decisions = decisions

    async def claim(self, claim_id: str) -> list[Parcel]:
        """At most BATCH that wait, from now on this claim's alone; also those that it took before without knowing.

        Raises StoreUnavailable, InDoubt: then nothing may be sent, and the same claim can be made again.
        """
        mine = and_(
            _outbox.c.state == OutboxState.CLAIMED, _outbox.c.claim_id == claim_id, _expired.is_not(True)
        )
        # A table expression: it runs once. As a plain subquery it may run again and lock more than BATCH.
        chosen = (
            select(_outbox.c.number)
            .where(or_(_outbox.c.state == OutboxState.WAITING, mine))
            .order_by(_outbox.c.number)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .cte("chosen")
        )
        statement = (
            update(_outbox)
            .where(_outbox.c.number.in_(select(chosen.c.number)))
            .values(state=int(OutboxState.CLAIMED), claim_id=claim_id, claimed=func.clock_timestamp())
            .returning(_outbox.c.number, _outbox.c.body)
        )

        def work(connection: Connection) -> list[Parcel]:
            parcels = [Parcel(*row) for row in connection.execute(statement)]
            if parcels:
                failpoint("in_claim")
            return parcels

        return (await self._decisions.commit(work)).result

    async def settle(self, claim_id: str, number: int, outcome: Outcome) -> None:
        """What became of a claimed one, also where that had been given up as in doubt. Raises as claim does."""
        statement = (
            update(_outbox)
            .where(_outbox.c.number == number, _outbox.c.claim_id == claim_id)
            .values(state=int(outcome.state), detail=outcome.detail, settled=func.clock_timestamp())
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)
            failpoint("in_outcome")

        await self._decisions.commit(work)


def page(connection: Connection, size: int, before: int | None) -> list[OutboxEntry]:
    """At most `size` of those with a number below `before`, newest first."""
    query = select(_outbox, _state.label("shown")).order_by(_outbox.c.number.desc()).limit(size)
    if before is not None:
        query = query.where(_outbox.c.number < before)
    return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row) -> OutboxEntry:
    state = OutboxState(row.shown)
    forsaken = state is OutboxState.IN_DOUBT and row.settled is None
    return OutboxEntry(
        number=row.number,
        rule=row.rule,
        subject=row.subject,
        epoch=row.epoch,
        sequence=row.sequence,
        alert_id=row.alert_id,
        title=row.body["title"],
        state=state,
        detail="its sender died, or lost the database, before it knew" if forsaken else row.detail,
        offered_ms=_ms(row.offered),
        claimed_ms=_ms(row.claimed),
        settled_ms=_ms(row.settled),
    )


def _ms(instant: dt.datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp() * 1000)
