"""A standby for which the primary has no WAL any more is copied anew.

A region that is away holds WAL back at the primary by its slot, up to max_slot_wal_keep_size; past that the slot is
given up, and Patroni makes another, which keeps WAL from there on. The region comes back, asks for what is gone, and
would go on asking for ever: Patroni does nothing about it (4.1). What is gone is told from the primary's own files: it
has more than its slots promise.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Protocol

import structlog

from ardoise.sites.patroni import Member, NoWord, Patroni

LOOK_EVERY_S = 2.0
# Longer than a link's hiccup and than a standby takes to find the primary; it tries twice a second.
STANDS_S = 15.0
# A copy is under way by then, or it is asked for again.
AGAIN_S = 60.0

_log = structlog.get_logger(__name__)


class Slots(Protocol):
    """The region's own server of the database."""

    async def kept_from(self) -> Mapping[str, int]:
        """From where on it has WAL for who does not take it now, by slot; empty: it is no primary."""
        ...


class LeftBehind:
    """Of one region: where its server is the primary, it sees to the others'."""

    def __init__(self, others: tuple[str, ...], slots: Slots, patroni: Patroni) -> None:
        self._others, self._slots, self._patroni = others, slots, patroni
        self._stands: dict[str, tuple[int, float]] = {}
        """By region: where it stands, and since when."""

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            await self.look(time.monotonic())
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now_s: float) -> None:
        """One look at each of the others."""
        kept_from = await self._slots.kept_from()
        for site in self._others:
            slot = slot_of(site)
            member = await self._patroni.member(site) if slot in kept_from else None
            position = asks_in_vain(member, kept_from.get(slot))
            if position is None:
                self._stands.pop(site, None)
                continue
            stands, since_s = self._stands.get(site, (position, now_s))
            if stands != position:
                since_s = now_s
            self._stands[site] = (position, since_s)
            if now_s - since_s >= STANDS_S:
                await self._copy(site, now_s)

    async def _copy(self, site: str, now_s: float) -> None:
        position, _ = self._stands[site]
        self._stands[site] = (position, now_s + AGAIN_S - STANDS_S)
        try:
            said = await self._patroni.copy_anew(site)
        except NoWord as error:
            said = str(error)
        _log.warning("database_copied_anew", site=site, stands_at=position, patroni=said)


def asks_in_vain(member: Member | None, kept_from: int | None) -> int | None:
    """Where the standby stands, if what follows is gone; else None. Pure."""
    if member is None or kept_from is None or not member.follows_nobody or member.wal_position is None:
        return None
    return member.wal_position if member.wal_position < kept_from else None


def slot_of(site: str) -> str:
    """As Patroni names it."""
    return site.lower().replace("-", "_").replace(".", "_")
