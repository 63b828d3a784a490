"""Where the operators of both regions remember: in the stretched etcd, which decides who is primary too.

What is written is compared with what was read, and with the lease of the one that acts: of two that act at once, one of
them on a clock or a sight of its own, the older is fenced off by etcd. Without a majority nothing is remembered, and so
nothing is done.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ardoise.sites.etcd_api import EtcdApi, NoAnswer, NotDone
from ardoise.sites.operations.record import DRILL, FAILBACK, InEtcd, Record, Wish

PREFIX = "/ardoise/operator"
LEASE, WISH, RECORD = f"{PREFIX}/lease", f"{PREFIX}/wish", f"{PREFIX}/record"
LEASE_S = 10
"""Who acts and dies is followed by the other region's after this; an election of etcd, 6 s, begins it anew."""


class NoMajority(Exception):
    """No member of etcd that is reached has a leader, or all were too slow."""


class Superseded(Exception):
    """What was wished once is not what is wished now: it is not begun any more."""


@dataclass(frozen=True)
class Remembered:
    """All of it at one moment."""

    wish: Wish | None
    record: Record
    used: bool
    """Whether an accepted wish ever bore the id that was asked for."""
    holder: str
    """Who acts; empty: nobody."""
    revisions: Mapping[str, int]
    """By key."""


class InTurn:
    """Asks members of etcd in turn, the own site's first. Every method raises NoMajority."""

    def __init__(self, members: Callable[[], Sequence[EtcdApi]]) -> None:
        """`members`: as they are to be asked now."""
        self._members = members

    async def _ask[T](self, what: Callable[[EtcdApi], T]) -> T:
        said: list[str] = []
        for etcd in self._members():
            try:
                return await asyncio.to_thread(what, etcd)
            except (NoAnswer, NotDone) as error:
                said.append(str(error))
        raise NoMajority("; ".join(said) or "no member is known")


class Memory(InTurn):
    """What operators remember."""

    def __init__(self, members: Callable[[], Sequence[EtcdApi]], holder: str) -> None:
        """`holder`: unlike any other process's."""
        super().__init__(members)
        self._holder = holder
        self._lease = ""

    async def read(self, request_id: str) -> Remembered:
        """What is remembered. Raises ValueError where it cannot be read."""
        keys = (LEASE, WISH, RECORD, _used(request_id))
        found = dict(zip(keys, await self._ask(lambda etcd: etcd.read(*keys)), strict=True))
        return Remembered(
            wish=Wish.from_json(found[WISH].value) if found[WISH].revision else None,
            record=Record.from_json(found[RECORD].value) if found[RECORD].revision else Record(),
            used=found[_used(request_id)].revision > 0,
            holder=found[LEASE].value.decode(),
            revisions={key: kept.revision for key, kept in found.items()},
        )

    async def accept(self, wish: Wish, seen: Remembered) -> bool:
        """Makes it the accepted one, unless its id was used before or another was accepted since `seen`."""
        used = _used(wish.request_id)
        unchanged = {used: 0, WISH: seen.revisions[WISH]}
        values = {used: wish.to_json(), WISH: wish.to_json()}
        return await self._ask(lambda etcd: etcd.write(unchanged, values))

    async def write(self, record: Record, seen: Remembered) -> bool:
        """Remembers it, unless another acts or wrote since `seen`."""
        unchanged = {LEASE: seen.revisions[LEASE], RECORD: seen.revisions[RECORD]}
        return await self._ask(lambda etcd: etcd.write(unchanged, {RECORD: record.to_json()}))

    async def act(self, seen: Remembered) -> bool:
        """Whether this process acts: it keeps its lease, or takes one that nobody has.

        False right after taking it: what was `seen` is older than that.
        """
        if seen.holder == self._holder and self._lease:
            return await self._ask(lambda etcd: etcd.keep_alive(self._lease))
        if not seen.holder:
            self._lease = await self._ask(lambda etcd: etcd.lease(LEASE_S))
            await self._ask(lambda etcd: etcd.write({LEASE: 0}, {LEASE: self._holder}, self._lease))
        return False

    async def leave(self) -> None:
        """Lets the other region's act at once."""
        if self._lease:
            await self._ask(lambda etcd: etcd.end_lease(self._lease))


@dataclass(frozen=True)
class Claim(InEtcd):
    """Somebody asked `sites` for a planned change under an id, and it was begun: it is not begun again."""

    source: str
    target: str
    timeline: int
    """Of the primary when it began."""
    by: str
    """The site whose `sites` began it."""
    moved: bool | None = None
    """What came of it; None: not known, it goes on or was killed."""
    message: str = ""
    took_ms: int = 0


class Claims(InTurn):
    """What `sites` of every site began, by request id."""

    async def find(self, request_id: str) -> Claim | None:
        """None: nobody began it. Raises ValueError where it cannot be read."""
        (kept,) = await self._ask(lambda etcd: etcd.read(_claimed(request_id)))
        return Claim.from_json(kept.value) if kept.revision else None

    async def begin(self, request_id: str, claim: Claim) -> bool:
        """False: somebody else was quicker, with this id or with a wish.

        Where operators remember a wish for another region, this one is the accepted from now on: they would undo it.
        A drill's is not: it moves the primary back itself, and where it is ended the operators do.
        Raises Superseded where it was the accepted one before that, or is the operators' own.
        """
        return await self._ask(lambda etcd: _take(etcd, request_id, claim))

    async def close(self, request_id: str, claim: Claim) -> None:
        """Writes down what came of it."""
        await self._ask(lambda etcd: etcd.write({}, {_claimed(request_id): claim.to_json()}))


def _take(etcd: EtcdApi, request_id: str, claim: Claim) -> bool:
    key, used = _claimed(request_id), _used(request_id)
    kept, before = etcd.read(WISH, used)
    unchanged, values = {key: 0, WISH: kept.revision}, {key: claim.to_json()}
    wish = Wish.from_json(kept.value) if kept.revision else None
    if wish is not None and wish.primary != claim.target and not request_id.startswith(DRILL):
        if before.revision or request_id.startswith(FAILBACK):
            raise Superseded(f"{wish.request_id} was accepted since, for {wish.primary}")
        values[WISH] = values[used] = Wish(request_id, claim.target).to_json()
    return etcd.write(unchanged, values)


def _used(request_id: str) -> str:
    return f"{PREFIX}/wishes/{request_id}"


def _claimed(request_id: str) -> str:
    return f"{PREFIX}/claims/{request_id}"
