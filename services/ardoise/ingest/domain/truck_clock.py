"""How the truck's own clock stands to the time that trackers have from satellites, as its relays bring it. Pure."""

import statistics
from collections import OrderedDict, deque
from dataclasses import dataclass, field

KEPT = 8
"""Newest frames of a relay that count: of these the soonest, for all else is delay."""
MOST_RELAYS = 256
LATELY_MS = 30_000
"""A relay that brought nothing for longer says nothing of now."""
FEWEST = 3
"""A relay may be late, and one receiver may be wrong: so many have to agree."""
SLOWEST_MS, SOONEST_MS = -10_000, 2_000
"""Less device time than arrival by so much is the way's; more of it is a second of rounding."""


@dataclass
class _Relay:
    heard_ms: int = 0
    offsets_ms: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))


class TruckClock:
    """From each relay's frames, by the time at which they came."""

    def __init__(self) -> None:
        self._relays: OrderedDict[str, _Relay] = OrderedDict()

    def heard(self, relay_id: str, times_ms: list[int], received_ms: int) -> None:
        """Device times of one frame, at least one: their middle, whatever single devices say."""
        relay = self._relays.pop(relay_id, None) or _Relay()
        self._relays[relay_id] = relay
        if len(self._relays) > MOST_RELAYS:
            self._relays.popitem(last=False)
        relay.heard_ms = received_ms
        relay.offsets_ms.append(statistics.median_low(times_ms) - received_ms)

    def behind_ms(self, asker: str, now_ms: int) -> int:
        """By how much the truck's clock is behind, as relays other than the asker tell; below 0: it is ahead.

        0 where they are too few, or say no more than the way explains.
        """
        others = [
            max(relay.offsets_ms)
            for relay_id, relay in self._relays.items()
            if relay_id != asker and abs(now_ms - relay.heard_ms) <= LATELY_MS
        ]
        if len(others) < FEWEST:
            return 0
        middle_ms = statistics.median_low(others)
        return 0 if SLOWEST_MS <= middle_ms <= SOONEST_MS else middle_ms
