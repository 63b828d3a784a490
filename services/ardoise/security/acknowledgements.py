"""Where acknowledgements are kept, and how those made elsewhere come to be known here."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from ardoise.security.domain.alert import Acknowledgement, Alert, KeptAt
from ardoise.security.domain.outgoing import OutboxEntry
from ardoise.security.monitor import Monitor

SETTLE_EVERY_S = 1.0
LONGEST_RETRY_S = 10.0

_log = structlog.get_logger(__name__)


class NotKept(Exception):
    """It cannot be kept now: this call has decided nothing."""


class InDoubt(Exception):
    """It may be kept or not: say so, never that it is. Said again under its request_id it is the same decision."""


class AcknowledgementStore(Protocol):
    """A database at sites that have one, a journal at those that have none."""

    async def acknowledge(
        self, alert: Alert, acknowledgement: Acknowledgement
    ) -> tuple[Acknowledgement, KeptAt]:
        """Keeps it; returns the one kept under its request_id, which is another where that was used before.

        Raises NotKept, InDoubt.
        """
        ...

    async def settle(
        self, changed: Sequence[Alert], open_ids: Sequence[str]
    ) -> tuple[list[Acknowledgement], KeptAt]:
        """Records alerts as they are now; returns the acknowledgements of the open ones. Raises NotKept, InDoubt."""
        ...

    async def outgoing(self, size: int, before: int | None) -> list[OutboxEntry]:
        """At most `size` entries of the outbox with a number below `before`, newest first. Raises NotKept, InDoubt."""
        ...


async def settle_forever(monitor: Monitor, store: AcknowledgementStore) -> None:
    """Every second: alerts that changed go to the store, acknowledgements come back (the other region's among them).

    With the store away nothing queues up: what changed meanwhile is recorded once, as it then is.
    """
    recorded, wait_s = 0, SETTLE_EVERY_S
    while True:
        revision = monitor.book.revision
        changed = [entry.alert for entry in monitor.book.changed_since(recorded)]
        open_ids = [entry.alert.alert_id for entry in monitor.book.open_alerts()]
        try:
            acknowledgements, monitor.kept_at = await store.settle(changed, open_ids)
        except (NotKept, InDoubt) as error:
            monitor.kept_at = KeptAt.UNKNOWN
            wait_s = min(LONGEST_RETRY_S, wait_s * 2)
            _log.warning("alerts_not_recorded", error=str(error), alerts=len(changed), retry_s=wait_s)
        else:
            recorded, wait_s = revision, SETTLE_EVERY_S
            for acknowledgement in acknowledgements:
                monitor.acknowledged(acknowledgement)
        await asyncio.sleep(wait_s)
