"""Composition root of the trackers' gateway."""

from ardoise.chassis.lifecycle import Service
from ardoise.chassis.refusals import Refusals
from ardoise.chassis.relay import BIOMETRICS, RelayClient
from ardoise.chassis.rpc import channel
from ardoise.pb.trackers_pb2 import TrackerSource
from ardoise.trackers import clock_watch
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.limits import Limits
from ardoise.trackers.domain.sources import DEVICE, KEY_FILE, sources_of
from ardoise.trackers.gateway import MOST_WAITING, Gateway
from ardoise.trackers.ports import port_of
from ardoise.trackers.rpc import TrackerService
from ardoise.trackers.settings import TrackersSettings

DRAIN_LIMIT_S = 2.0
RELAY_ID = "gateway"
"""As which ingest knows it: the name in its second certificate, of role relay."""


async def run(settings: TrackersSettings, limits: Limits | None = None) -> None:
    """Runs the gateway until it is told to stop."""
    async with Service("trackers", settings) as service:
        refusals = Refusals(await service.bus())
        service.spawn("refusals", refusals.flush_forever())
        devices = Devices()
        gateway = Gateway(RELAY_ID, devices)
        opened = channel(settings.ingest_target, settings, RELAY_ID)
        service.on_drain("channel", opened.close)
        positions = RelayClient(RELAY_ID, opened, on_answer=gateway.answered, most_kept=MOST_WAITING)
        biometrics = RelayClient(RELAY_ID, opened, lane=BIOMETRICS)
        service.on_drain("biometrics", lambda: _drained(biometrics))
        service.spawn("positions", positions.run())
        service.spawn("biometrics", biometrics.run())
        service.spawn("frames", gateway.run(positions, biometrics))
        service.spawn("clocks", clock_watch.watch(devices))
        listed = []
        for source in sources_of(settings.sources):
            port = port_of(source, gateway, refusals, limits or Limits())
            await port.open()
            service.on_drain(source.name, port.close)
            service.log.info("source_open", source=source.name, address=port.address)
            listed.append(
                TrackerSource(
                    name=source.name,
                    decoder=source.decoder,
                    transport=source.transport,
                    address=port.address,
                    secure=source.secure,
                    encrypted=KEY_FILE in source.options,
                    device=source.options.get(DEVICE, ""),
                )
            )
        await service.serve_rpc(TrackerService(devices, listed).servicer())
        await service.run()


async def _drained(biometrics: RelayClient) -> None:
    """Positions that were answered are in the log; what stood beside them may be under way still."""
    await biometrics.drained(DRAIN_LIMIT_S)
