"""How many devices of the race have a clock that is wrong, for whoever has to see to them."""

import asyncio

from ardoise.chassis.telemetry import gauge
from ardoise.trackers.domain.clocks import Wrong
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.listening.intake import now_ms

LOOK_EVERY_S = 10.0

_wrong = gauge("trackers.wrong_clocks", "1", "Devices of the race heard lately whose clock is wrong, by how.")


async def watch(devices: Devices) -> None:
    """Counts them again and again."""
    while True:
        counted = devices.clocks(now_ms())
        for wrong in set(Wrong) - {Wrong.NOT}:
            _wrong.set(counted[wrong], {"clock": wrong})
        await asyncio.sleep(LOOK_EVERY_S)
