"""A process that has imported security's outbox once and forks one for each line it reads.

In: `FAILPOINT HITS ALERTS` (or `- 0 ALERTS`: none). Out: the signal that ended the fork, 0 when nothing waits any more.
Run as: python -m tests.support.outbox_forks DATABASE_URL WEBHOOK_URL GUARD
GUARD `unguarded` takes the guard out: a row is sent before it is claimed.
"""

import asyncio
import os
import sys

from ardoise.chassis import failpoints
from ardoise.chassis.decisions import DecisionStore
from ardoise.chassis.store import Store
from ardoise.chassis.telemetry import configure_logging
from ardoise.positioning.migrations import migrate
from ardoise.security import acknowledgements, courier
from ardoise.security.acknowledgements import settle_forever
from ardoise.security.courier import Courier
from ardoise.security.domain.alert import Alert, Severity
from ardoise.security.monitor import Monitor
from ardoise.security.outbox import Outbox, Parcel
from ardoise.security.store import AlertStore
from ardoise.security.webhook import Webhook
from sqlalchemy import text

TRIAL_LIMIT_S = 60.0
acknowledgements.SETTLE_EVERY_S = 0.02
courier.LOOK_EVERY_S = 0.02
DONE = text("SELECT count(*) = :alerts AND count(*) FILTER (WHERE state = 1) = 0 FROM outbox")
WAITING = text("SELECT body FROM outbox WHERE state = 1")


class SendsFirst(Outbox):
    """What an outbox must not do: what is claimed here was sent already."""

    def __init__(self, decisions: DecisionStore, store: Store, webhook: Webhook) -> None:
        super().__init__(decisions)
        self._store, self._webhook = store, webhook

    async def claim(self, claim_id: str) -> list[Parcel]:
        async with self._store.transaction() as connection:
            waiting = (await connection.execute(WAITING)).scalars().all()
        for body in waiting:
            await self._webhook.send(body)
        if waiting:
            await super().claim(claim_id)
        return []


def alert(number: int) -> Alert:
    return Alert(
        f"alert-{number}",
        "rule",
        f"tracker:{number}",
        Severity.CRITICAL,
        "Title",
        "Action",
        1,
        1,
        1,
        1,
        number,
    )


async def live(database_url: str, webhook_url: str, guard: str, alerts: int) -> None:
    """Security's life after a restart with so many alerts in its checkpoint, until each has an end."""
    store = Store(database_url, "test")
    decisions = DecisionStore(store)
    webhook = Webhook(webhook_url)
    outbox = Outbox(decisions) if guard == "guarded" else SendsFirst(decisions, store, webhook)
    monitor = Monitor(())
    monitor.book.record(alert(number) for number in range(alerts))
    sender = Courier(outbox, webhook.send)
    running = [
        asyncio.create_task(settle_forever(monitor, AlertStore(decisions, Severity.CRITICAL))),
        asyncio.create_task(sender.run()),
    ]
    while not await done(store, alerts):
        finished, _ = await asyncio.wait(running, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            task.result()
    await sender.drain()
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    await webhook.close()
    await store.close()


async def done(store: Store, alerts: int) -> bool:
    async with store.transaction() as connection:
        return bool(await connection.scalar(DONE, {"alerts": alerts}))


async def warm_up(database_url: str, webhook_url: str) -> None:
    store = Store(database_url, "test")
    await migrate(store)
    await store.close()
    await live(database_url, webhook_url, "guarded", 0)


def fork_one(failpoint: str, hits: int, arguments: tuple) -> int:
    """Runs one life in a fork; returns the signal that killed it, or 0."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if hits:
                failpoints.arm(failpoint, hits)
            asyncio.run(asyncio.wait_for(live(*arguments), TRIAL_LIMIT_S))
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        return os.WTERMSIG(ended)
    assert os.WEXITSTATUS(ended) == 0, "security failed: see its log"
    return 0


if __name__ == "__main__":
    configure_logging("INFO", service="security")
    database_url, webhook_url, guard = sys.argv[1:]
    asyncio.run(warm_up(database_url, webhook_url))
    for line in sys.stdin:
        name, hits, alerts = line.split()
        print(fork_one(name, int(hits), (database_url, webhook_url, guard, int(alerts))), flush=True)
