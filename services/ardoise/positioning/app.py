"""Composition root of positioning."""

from ardoise.chassis.lifecycle import Service
from ardoise.chassis.log import LogReader
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.consumer import Consumer
from ardoise.positioning.oddities import Oddities
from ardoise.positioning.rpc import RaceService
from ardoise.positioning.settings import PositioningSettings


async def run(settings: PositioningSettings) -> None:
    """Runs positioning until it is told to stop."""
    async with Service("positioning", settings) as service:
        bus = await service.bus()
        oddities = Oddities(bus)
        await oddities.prepare()
        checkpoints = Checkpoints(settings.state_dir / settings.site / "checkpoints")
        consumer = Consumer(LogReader(bus), checkpoints, oddities)
        service.spawn("oddities", oddities.publish_forever())
        service.spawn("consumer", consumer.run())
        await service.serve_rpc(RaceService(consumer, service.stopping).servicer())
        await service.run()
