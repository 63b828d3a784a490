"""How fast this core is while something is measured: neighbours take half of it, and machines differ.

A figure at the reference's pace is what the core would do on which the yardstick takes REFERENCE_S. Both are measured
in turns, in processor time.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 21
REFERENCE_S = 0.0045
"""On a quiet core of the machine of docs/bench.md: by decoders that were measured there, and beside it since."""
_LINE = "GNRMC,120001.000,A,4500.01000,N,00500.60000,E,20.00,286.35,040726,,,A,V"
_TIMES = 2_000

Work = Callable[[], object]


def yardstick() -> int:
    """What decoders do, and nothing of theirs: calls, splits, numbers out of text, looking up."""
    found = 0
    for _ in range(_TIMES):
        fields = dict(enumerate(_LINE.split(",")))
        found += sum(_number(fields[at]) for at in (1, 3, 5, 7, 8) if fields.get(at))
    return found


def _number(text: str) -> int:
    return round(float(text) * 1_000) if text.replace(".", "", 1).isdigit() else 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of some rounds."""

    a_second: float
    """In processor time of this core, as it is."""
    at_pace: float
    """At the reference's pace."""
    of_peers: dict[str, float]
    """Times as fast as each peer, a message against a message."""


def measured(work: Work, messages: int, peers: dict[str, tuple[Work, int]]) -> Measured:
    """So many messages in one go of `work`; each peer with its own."""
    rounds = [
        (_seconds(yardstick), _seconds(work) / messages, [_seconds(peer) / n for peer, n in peers.values()])
        for _ in range(ROUNDS)
    ]
    each_s = statistics.median(one_s for _, one_s, _ in rounds)
    at_pace_s = statistics.median(one_s * REFERENCE_S / yard_s for yard_s, one_s, _ in rounds)
    of_peers = {
        name: statistics.median(peers_s[at] / one_s for _, one_s, peers_s in rounds)
        for at, name in enumerate(peers)
    }
    return Measured(1 / each_s, 1 / at_pace_s, of_peers)


def _seconds(work: Work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
