"""Every device that has been heard, with what its last messages said: for lists, pairing and tests of a tracker."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from ardoise.trackers.decoding import Fix
from ardoise.trackers.domain.clocks import LATE_MS, RIGHT_WITHIN_MS, Clock, Wrong
from ardoise.trackers.domain.numbers import tracker_of

MOST_PAIRED = 4_096
MOST_KNOCKING = 256
"""Devices that nobody knows: whoever invents some pushes out other unknown ones, and nobody's own."""
LATELY_MS = 10 * 60_000
"""A device that was not heard for longer is switched off."""

Key = tuple[str, str]
"""Source and name of a device."""


@dataclass
class Device:
    """One device as it was heard last."""

    source: str
    name: str
    first_heard_ms: int
    last_heard_ms: int = 0
    """When its newest fix came, by this machine's clock."""
    last: Fix | None = None
    """Its newest fix that is in the log, or, of an unknown device, that would be."""
    fixes: int = 0
    refused: int = 0
    """Fixes that ingest did not let in."""
    late: int = 0
    """Fixes that came LATE_MS or more after they were made."""
    clock: Clock = field(default_factory=Clock)

    @property
    def tracker(self) -> int:
        """Its number in the race."""
        return tracker_of(self.source, self.name)


class Devices:
    """Two lists, each bounded: those that the stage knows, and those that knock."""

    def __init__(self) -> None:
        self._paired: OrderedDict[Key, Device] = OrderedDict()
        self._knocking: OrderedDict[Key, Device] = OrderedDict()

    def heard(self, source: str, fix: Fix, received_ms: int, known: bool, behind_ms: int = 0) -> Device:
        """One fix. `known`: the stage has its tracker. `behind_ms`: what this machine's clock lacks, as relays tell."""
        key = (source, fix.device)
        there, elsewhere = (self._paired, self._knocking) if known else (self._knocking, self._paired)
        device = there.pop(key, None) or elsewhere.pop(key, None)
        if device is None:
            device = Device(source, fix.device, received_ms)
        there[key] = device
        most = MOST_PAIRED if known else MOST_KNOCKING
        if len(there) > most:
            there.popitem(last=False)
        device.fixes += 1
        device.last_heard_ms = received_ms
        came_ms = received_ms + behind_ms
        device.late += came_ms - fix.time_ms >= LATE_MS
        device.clock = device.clock.after(fix.time_ms, came_ms)
        last = device.last
        # What came late is older than what is known; from a clock that was ahead, everything is, once it is right.
        if last is None or not fix.time_ms < last.time_ms <= came_ms + RIGHT_WITHIN_MS:
            device.last = fix
        return device

    def refused(self, source: str, name: str) -> None:
        """A fix of a device that is heard, and was not let in for another reason than being unknown."""
        device = self._paired.get((source, name)) or self._knocking.get((source, name))
        if device is not None:
            device.refused += 1

    def clocks(self, now_ms: int) -> Counter[Wrong]:
        """How the clocks stand of those that the stage knows and that were heard lately."""
        lately = (one for one in self._paired.values() if now_ms - one.last_heard_ms <= LATELY_MS)
        return Counter(one.clock.wrong for one in lately)

    @property
    def paired(self) -> list[Device]:
        """Those that the stage knows, who was heard last first."""
        return list(reversed(self._paired.values()))

    @property
    def knocking(self) -> list[Device]:
        """Those that nobody knows, who was heard last first."""
        return list(reversed(self._knocking.values()))
