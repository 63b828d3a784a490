"""What peers of a port without connections have said before: a login, the first half of a fix. Pure."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ardoise.trackers.domain.limits import counted_as

MOST_PEERS = 1_024
"""Peers of which is remembered what they said before."""
MOST_PEERS_AN_ADDRESS = 128
"""Trackers of one network operator share an address, as those of connections do."""


@dataclass(frozen=True, slots=True)
class _Kept[S]:
    session: S
    heard_s: float
    """By the caller's steady clock."""


class Sessions[S]:
    """By peer, which is its address and whatever else tells it apart. Of an address its own oldest goes first."""

    def __init__(self, silence_s: float) -> None:
        """`silence_s`: then it is forgotten; whoever speaks from there may be somebody else."""
        self._silence_s = silence_s
        self._addresses: dict[str, OrderedDict[Any, _Kept[S]]] = {}
        self._count = 0

    def of(self, peer: tuple[Any, ...], now_s: float) -> S | None:
        """What is remembered of it."""
        kept = self._addresses.get(counted_as(str(peer[0])), {}).get(peer)
        return kept.session if kept is not None and now_s - kept.heard_s < self._silence_s else None

    def keep(self, peer: tuple[Any, ...], session: S, now_s: float) -> None:
        """It has been heard, and this is known of it."""
        address = counted_as(str(peer[0]))
        mine = self._addresses.setdefault(address, OrderedDict())
        self._count += peer not in mine
        mine[peer] = _Kept(session, now_s)
        mine.move_to_end(peer)
        if len(mine) > MOST_PEERS_AN_ADDRESS:
            self._forget_oldest(address)
        if self._count > MOST_PEERS:
            # Whoever has most: many addresses with few peers each are pushed out by none with many.
            self._forget_oldest(max(self._addresses, key=lambda each: len(self._addresses[each])))

    def _forget_oldest(self, address: str) -> None:
        mine = self._addresses[address]
        mine.popitem(last=False)
        self._count -= 1
        if not mine:
            del self._addresses[address]
