"""Composition root of security."""

from ardoise.chassis.lifecycle import Service
from ardoise.security.acknowledgements import AcknowledgementStore, settle_forever
from ardoise.security.checkpoint import Checkpoint, restored
from ardoise.security.consumer import StreamConsumer, decode_oddity, decode_refusal
from ardoise.security.domain.alert import Severity
from ardoise.security.domain.rules import load_rules
from ardoise.security.journal import AcknowledgementJournal
from ardoise.security.rpc import SecurityService
from ardoise.security.settings import SecuritySettings


async def run(settings: SecuritySettings) -> None:
    """Runs security until it is told to stop."""
    async with Service("security", settings) as service:
        rules = load_rules(settings.security_rules)
        directory = settings.state_dir / "security"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        monitor = restored(directory, rules)
        checkpoint = Checkpoint(directory, monitor)
        service.on_drain("checkpoint", checkpoint.save)
        store = _store(service, settings)
        bus = await service.bus()
        rpc = SecurityService(monitor, store)
        service.spawn("refusals", StreamConsumer(bus, monitor, "REFUSED", decode_refusal).run())
        service.spawn("oddities", StreamConsumer(bus, monitor, "ODDITIES", decode_oddity).run())
        service.spawn("settle", settle_forever(monitor, store))
        service.spawn("checkpoint", checkpoint.save_forever())
        await service.serve_rpc(rpc.servicer())
        service.on_drain("watches", rpc.drain)
        await service.run()


def _store(service: Service, settings: SecuritySettings) -> AcknowledgementStore:
    if not settings.database_url:
        service.log.info("acknowledgements_in_a_file", directory=str(settings.state_dir / "security"))
        return AcknowledgementJournal(settings.state_dir / "security")
    # Imported here: the truck has no database, and its image no driver.
    from ardoise.chassis.decisions import DecisionStore
    from ardoise.chassis.store import Store
    from ardoise.security.courier import Courier
    from ardoise.security.outbox import Outbox
    from ardoise.security.store import AlertStore
    from ardoise.security.webhook import Webhook

    database = Store(settings.database_url, "security")
    service.on_drain("store", database.close)
    decisions = DecisionStore(database)
    if not settings.security_webhook_url:
        return AlertStore(decisions)
    webhook = Webhook(settings.security_webhook_url)
    service.on_drain("webhook", webhook.close)
    courier = Courier(Outbox(decisions), webhook.send)
    service.spawn("courier", courier.run())
    service.on_drain("courier", courier.drain)
    return AlertStore(decisions, Severity[settings.security_webhook_severity.upper()])
