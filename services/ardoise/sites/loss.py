"""What a promotion cost: messages beyond the database's watermark that nobody holds any more, decisions. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ardoise.pb.sites_pb2 import StaleRows
from ardoise.sites.guard import Held


@dataclass(frozen=True)
class Lost:
    """Messages of one epoch, from `first` to `last`, both included."""

    epoch: int
    first: int
    last: int


@dataclass(frozen=True)
class LogLoss:
    """The account of all epochs."""

    lost: tuple[Lost, ...]
    replayed: int
    """Messages that the database had not, and that are derived again."""

    @property
    def messages(self) -> int:
        """How many are lost."""
        return sum(one.last - one.first + 1 for one in self.lost)


def log_loss(
    watermarks: Mapping[int, int], mirrors: Mapping[int, Held], truck: Mapping[int, Held]
) -> LogLoss | None:
    """`watermarks` and `mirrors`: the region's, as they were before the promotion. `truck`: what it holds now.

    None: nobody can tell, because the truck has no such log any more, and only it knew how far that went. Of an older
    log that is written down to the mirror's end it is its right to have none: it keeps what somebody lacks.
    """
    lost: list[Lost] = []
    replayed = 0
    newest = max(watermarks.keys() | mirrors.keys(), default=0)
    for epoch in sorted(watermarks.keys() | mirrors.keys() | truck.keys()):
        if epoch not in truck:
            if epoch != newest and epoch in mirrors and watermarks.get(epoch, 0) >= mirrors[epoch].last:
                continue
            return None
        wanted = watermarks.get(epoch, 0) + 1
        held = [one for one in (mirrors.get(epoch), truck[epoch]) if one is not None]
        end = max(one.last for one in held)
        gaps = list(_gaps(wanted, end, held))
        lost += [Lost(epoch, first, last) for first, last in gaps]
        replayed += max(0, end - wanted + 1) - sum(last - first + 1 for first, last in gaps)
    return LogLoss(tuple(lost), replayed)


def decisions_lost(rows: Iterable[StaleRows], timeline: int, began_ms: int) -> int | None:
    """`rows`: set aside by the old primary, which follows again. `timeline`: that it was primary on; 0: not known.

    None: nobody can tell. What was set aside of that timeline before the change began, by a clock of its own, may be of
    this change or of a cluster before this one.
    """
    mine = [one for one in rows if 0 in (timeline, one.timeline) or one.timeline == timeline]
    since = [one for one in mine if one.time_ms >= began_ms]
    only_earlier = not since and any(one.timeline for one in mine if timeline)
    if only_earlier or not all(one.HasField("decisions") for one in since):
        return None
    return sum(one.decisions for one in since)


def _gaps(first: int, last: int, held: list[Held]) -> Iterator[tuple[int, int]]:
    """What of `first` to `last` nobody holds."""
    some = [one for one in held if one.last >= one.first]
    for one in sorted(some, key=lambda one: one.first):
        if one.first > first:
            yield first, min(one.first - 1, last)
        first = max(first, one.last + 1)
        if first > last:
            return
    if first <= last:
        yield first, last
