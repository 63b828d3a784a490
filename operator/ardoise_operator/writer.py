"""Writes down what was seen: each object's status at a pace of its own, its events behind it.

Apart from the looks: an API server that is down, slow or refuses keeps nobody from looking, nor from acting.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from ardoise_operator import instruments
from ardoise_operator.api import GONE, THERE, About, Api, ApiTrouble
from ardoise_operator.events import Note
from ardoise_operator.pacing import due, retry_s
from ardoise_operator.watching import Objects

TURN_EVERY_S = 0.5
MOST_EVENTS = 64
"""Of one object, while the API server takes none; older ones go, the status says the same."""

_log = structlog.get_logger(__name__)


@dataclass
class _Page:
    """What is to be written of one object."""

    wanted: Mapping[str, Any]
    written: Mapping[str, Any]
    written_s: float = 0.0
    not_before_s: float = 0.0
    failures: int = 0
    turn: asyncio.Task[None] | None = None
    behind: deque[tuple[Note, datetime]] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    """Events of what is not written yet, or was not posted yet."""

    @property
    def due(self) -> bool:
        """Whether the status is to be written now."""
        now_s = time.monotonic()
        return now_s >= self.not_before_s and due(self.wanted, self.written, now_s - self.written_s)


class Writer:
    """Takes what is wanted at once, writes it when it can."""

    def __init__(self, api: Api, objects: Objects, reporter: str) -> None:
        self._api, self._objects, self._reporter = api, objects, reporter
        self._pages: dict[About, _Page] = {}

    def want(
        self,
        about: About,
        status: Mapping[str, Any],
        stands: Mapping[str, Any],
        notes: Sequence[Note],
        at: datetime,
    ) -> None:
        """The newest status of an object, and what changed with it. `stands`: what is in the object, where nothing was
        written by this process yet."""
        page = self._pages.setdefault(about, _Page(status, stands))
        page.wanted = status
        page.behind.extend((note, at) for note in notes)

    def keep(self, known: set[About]) -> None:
        """Forgets the objects that are not there any more."""
        self._pages = {about: page for about, page in self._pages.items() if about in known}

    async def run(self) -> None:
        """Writes for ever what is due."""
        # A task for each: one that is not answered keeps no other waiting.
        async with asyncio.TaskGroup() as turns:
            while True:
                for about, page in self._pages.items():
                    if page.due and (page.turn is None or page.turn.done()):
                        page.turn = turns.create_task(self._turn(about, page))
                await asyncio.sleep(TURN_EVERY_S)

    async def _turn(self, about: About, page: _Page) -> None:
        began_s, status, notes = time.monotonic(), page.wanted, list(page.behind)
        try:
            await self._api.write_status(about, status)
        except ApiTrouble as trouble:
            self._refused("status", about, trouble)
            page.failures += 1
            page.not_before_s = time.monotonic() + retry_s(page.failures, trouble.asked_s)
            if trouble.cause in (GONE, THERE):
                await self._look_for(about)
            return
        page.written, page.written_s, page.failures = status, began_s, 0
        for note, at in notes:
            try:
                await self._api.post_event(about, note, at, self._reporter)
            except ApiTrouble as trouble:
                self._refused("event", about, trouble)
                if trouble.passes:
                    return
            # What came in meanwhile may have pushed it out already.
            if page.behind and page.behind[0] == (note, at):
                page.behind.popleft()
            # Many events keep no status waiting: the others come behind the next one.
            if page.due:
                return

    async def _look_for(self, about: About) -> None:
        """A refusal alone proves nothing: while definitions are missing, everything is answered 404."""
        try:
            there = await self._api.uids(about.kind)
        except ApiTrouble as trouble:
            self._refused("list", about, trouble)
        else:
            self._objects.looked_for(about.uid, there)

    @staticmethod
    def _refused(what: str, about: About, trouble: ApiTrouble) -> None:
        instruments.refused.add(1, {"what": what, "code": trouble.cause})
        # An object that was deleted is no trouble: it is forgotten with the next look.
        if trouble.cause != GONE:
            _log.warning(
                "not_written",
                what=what,
                kind=about.kind,
                name=about.name,
                code=trouble.cause,
                error=str(trouble),
            )
