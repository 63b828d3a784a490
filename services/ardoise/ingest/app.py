"""Composition root of ingest."""

from ardoise.chassis.bus import Bus
from ardoise.chassis.lifecycle import Service
from ardoise.chassis.rpc import Role, Servicer
from ardoise.ingest.biometrics import IDENTITY as BIOMETRIC_IDENTITY
from ardoise.ingest.biometrics import BiometricLog
from ardoise.ingest.control import RaceControlService
from ardoise.ingest.high_water import HighWaterMarks
from ardoise.ingest.refusals import Refusals
from ardoise.ingest.regions import Regions
from ardoise.ingest.relay import TelemetryService
from ardoise.ingest.settings import IngestSettings
from ardoise.ingest.writer import LogWriter
from ardoise.pb.control_pb2_grpc import add_RaceControlServiceServicer_to_server

_RACE_CONTROL = frozenset({Role.RACE_OPERATIONS})


async def run(settings: IngestSettings) -> None:
    """Runs ingest until it is told to stop."""
    async with Service("ingest", settings) as service:
        bus = await service.bus()
        marks = HighWaterMarks(settings.state_dir / "ingest")
        writer = LogWriter(bus, marks, log_max_bytes=settings.log_max_bytes)
        refusals = Refusals(bus)
        await refusals.prepare()
        teams_bus = await service.bus(BIOMETRIC_IDENTITY)
        biometrics = BiometricLog(teams_bus)
        await biometrics.prepare()
        service.spawn("commit", writer.commit_forever())
        await writer.recover()
        service.spawn("heartbeat", writer.beat_forever())
        service.spawn("refusals", refusals.flush_forever())
        if settings.race_centre_url:
            # Imported here: without a stream it needs neither numpy nor an HTTP client, and starts faster.
            from ardoise.ingest.feed import Feed

            service.spawn("feed", Feed(settings.race_centre_url, writer, refusals).run())
        mirrors = [_regions(service, settings, mirrored) for mirrored in (bus, teams_bus)]
        telemetry = TelemetryService(writer, biometrics, refusals, *mirrors)
        await service.serve_rpc(
            Servicer(
                telemetry,
                telemetry.add_to_server,
                "ardoise.v1.TelemetryService",
                {"*": frozenset({Role.RELAY})},
            ),
            Servicer(
                RaceControlService(writer),
                add_RaceControlServiceServicer_to_server,
                "ardoise.v1.RaceControlService",
                {"*": _RACE_CONTROL, "ListStages": _RACE_CONTROL | {Role.SERVICE}},
            ),
        )
        service.on_drain("relays", telemetry.drain)
        await service.run()


def _regions(service: Service, settings: IngestSettings, bus: Bus) -> Regions | None:
    """Who else has what goes through this connection; None with one site."""
    if not settings.regions:
        return None
    regions = Regions(bus, settings.site, tuple(settings.regions.split(",")))
    service.spawn("regions", regions.run())
    return regions
