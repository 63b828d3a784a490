"""When the drill itself did not look: its process shares the machine with all three sites, and its probes one loop."""

import asyncio

from ardoise.rehearsal.drills.history import Blind, History

LOOK_EVERY_S = 0.1
BLIND_S = 0.25
"""A loop that comes back so much later than it meant to has looked at nothing meanwhile."""


async def watch_itself(history: History) -> None:
    """Notes each time in which no probe of this loop could see anything."""
    before_s = history.now_s()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        now_s = history.now_s()
        if now_s - before_s > BLIND_S:
            history.blind.append(Blind(before_s, now_s))
        before_s = now_s
