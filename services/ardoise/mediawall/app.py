"""Composition root of the media wall."""

from ardoise.chassis.identity import credentials
from ardoise.chassis.lifecycle import Service
from ardoise.chassis.rpc import channel
from ardoise.mediawall.access import Access
from ardoise.mediawall.alerts import Alerts
from ardoise.mediawall.consumer import watch_alerts, watch_outbox, watch_predictions, watch_race
from ardoise.mediawall.operators import operators_app
from ardoise.mediawall.public import public_app
from ardoise.mediawall.rpc import WallService
from ardoise.mediawall.settings import MediawallSettings
from ardoise.mediawall.wall import Wall
from ardoise.mediawall.web import Port

NAME = "mediawall"


async def run(settings: MediawallSettings) -> None:
    """Runs the media wall until it is told to stop."""
    async with Service(NAME, settings) as service:
        wall = Wall(settings.screens_limit, settings.screens_per_address_limit)
        channels = {
            name: channel(target, settings, NAME)
            for name, target in (
                ("positioning", settings.positioning_target),
                ("analytics", settings.analytics_target),
                ("security", settings.security_target),
            )
            if target
        }
        for name, opened in channels.items():
            service.on_drain(f"channel to {name}", opened.close)
        alerts = Alerts(channels.get("security"))
        identity = None if settings.plaintext else credentials(settings.identity_dir, NAME)
        pages = {
            "public page": Port(
                settings.web_listen,
                public_app(wall, service.stopping),
                None if settings.web_plaintext else identity,
                "WEB_LISTEN",
            ),
            "operators' page": Port(
                settings.operators_listen,
                operators_app(wall, alerts, Access(settings.identity_dir), service.stopping),
                identity,
                "OPERATORS_LISTEN",
            ),
        }
        watches = {
            "positioning": lambda opened: watch_race(wall, opened),
            "analytics": lambda opened: watch_predictions(wall, opened),
            "security": lambda opened: watch_alerts(wall, alerts, opened),
        }
        for name, opened in channels.items():
            wall.show_link(name, "reconnecting", "starting")
            service.spawn(f"watch {name}", watches[name](opened).run())
        if "security" in channels:
            service.spawn("watch outbox", watch_outbox(alerts))
        for name, port in pages.items():
            service.spawn(name, port.serve())
            service.on_drain(name, port.drain)
            service.log.info("page_open", page=name, url=port.url)
        await service.serve_rpc(WallService(wall.screens).servicer())
        await service.run()
