"""Composition root of ingest."""

from ardoise.chassis.lifecycle import Service
from ardoise.chassis.refusals import Refusals
from ardoise.chassis.rpc import Role, Servicer
from ardoise.ingest.biometrics import IDENTITY as BIOMETRIC_IDENTITY
from ardoise.ingest.biometrics import BiometricLog
from ardoise.ingest.control import RaceControlService
from ardoise.ingest.copies import Copies
from ardoise.ingest.high_water import HighWaterMarks
from ardoise.ingest.recovery import Recovery
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
        regions = tuple(filter(None, settings.regions.split(",")))
        copies = Copies(bus, settings.site, regions)
        recovery = Recovery(bus, marks, copies, writer)
        await recovery.recover()
        service.spawn("compare", recovery.compare_forever())
        service.spawn("heartbeat", writer.beat_forever())
        service.spawn("refusals", refusals.flush_forever())
        if settings.race_centre_url:
            # Imported here: without a stream it needs neither numpy nor an HTTP client, and starts faster.
            from ardoise.ingest.feed import Feed

            service.spawn("feed", Feed(settings.race_centre_url, writer, refusals).run())
        mirrors = teams_mirrors = None
        if regions:
            # Of the teams' log nobody at a region is told what it says, so that it cannot be compared.
            mirrors = Regions(bus, settings.site, regions, trusted=copies.compared.__contains__)
            teams_mirrors = Regions(teams_bus, settings.site, regions)
            service.spawn("mirrors", mirrors.run())
            service.spawn("teams' mirrors", teams_mirrors.run())
        telemetry = TelemetryService(writer, biometrics, refusals, mirrors, teams_mirrors)
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
