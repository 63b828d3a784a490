"""A decider that does as the platform's services do: their store finds the primary, and says what is in doubt."""

import asyncio
import itertools

from sqlalchemy import Connection, text

from ardoise.chassis.decisions import DecisionStore, InDoubt
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.rehearsal.drills.history import Decision, History, Outcome
from ardoise.rehearsal.drills.platform import IDENTITY, Reached
from ardoise.rehearsal.drills.probes.database import DECIDE_EVERY_S, TABLE, TIMELINE

_DECIDE = text(
    f"INSERT INTO {TABLE} (key, timeline) SELECT :key, {TIMELINE} RETURNING timeline, host(inet_server_addr())"
)


class ServiceDecider:
    """Each decision has a key of its own and is sent once."""

    def __init__(self, reached: Reached, first: str, history: History) -> None:
        """`first`: the region whose server is asked first, as by a service that lives there."""
        self._reached, self._history = reached, history
        self._store = Store(reached.database_url(first), IDENTITY)
        self._decisions = DecisionStore(self._store)
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Decides until cancelled."""
        try:
            while True:
                self._history.by_services.append(await self._decide(f"service-{next(self._numbers)}"))
                await asyncio.sleep(DECIDE_EVERY_S)
        finally:
            await self._store.close()

    async def _decide(self, key: str) -> Decision:
        began_s, timeline, site = self._history.now_s(), None, ""

        def work(connection: Connection) -> tuple[int, str]:
            return tuple(connection.execute(_DECIDE, {"key": key}).one())

        try:
            committed = await self._decisions.commit(work)
        except InDoubt as error:
            outcome, detail = Outcome.IN_DOUBT, str(error)
        except StoreUnavailable as error:
            outcome, detail = Outcome.REFUSED, str(error)
        else:
            outcome, detail = Outcome.ACKNOWLEDGED, "both regions" if committed.both_regions else "one region"
            timeline, address = committed.result
            site = self._reached.site_at(address)
        return Decision(key, site, began_s, self._history.now_s(), outcome, timeline, detail)
