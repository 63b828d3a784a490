"""Runs one service in this process. Nothing of the command is loaded with it: a truck has seven such processes."""

import importlib
import sys

# What libraries of a service load where it is installed, for what no service does: websockets of nats-py, coloured
# tracebacks of structlog. Without them a process holds 10 MiB less, and a truck has seven.
SPARED = ("aiohttp", "rich")
# kopf speaks to API servers with aiohttp.
SPARED_NOTHING = "operator"
# Name -> what it does, its package, its composition root, its settings.
SERVICES = {
    "ingest": ("Takes telemetry and race control into the log.", "ardoise.ingest", "app", "IngestSettings"),
    "trackers": (
        "Takes the trackers that people own in, at ports of their own.",
        "ardoise.trackers",
        "app",
        "TrackersSettings",
    ),
    "positioning": (
        "Derives positions, gaps and groups from the log.",
        "ardoise.positioning",
        "app",
        "PositioningSettings",
    ),
    "recorder": (
        "Writes the derived race into the database.",
        "ardoise.positioning",
        "recorder",
        "RecorderSettings",
    ),
    "analytics": ("Predicts catches and finishes.", "ardoise.analytics", "app", "AnalyticsSettings"),
    "mediawall": ("Shows the race: pages, screens.", "ardoise.mediawall", "app", "MediawallSettings"),
    "security": (
        "Watches for attacks and lies, raises alerts.",
        "ardoise.security",
        "app",
        "SecuritySettings",
    ),
    "sites": (
        "Keeps a region's mirrors of the truck's log, watches them.",
        "ardoise.sites",
        "app",
        "SitesSettings",
    ),
    "operator": (
        "Shows the sites as objects of Kubernetes, in a region's cluster.",
        "ardoise_operator",
        "app",
        "OperatorSettings",
    ),
}


def run_named(name: str) -> None:
    """Runs one service until it is told to stop."""
    if name != SPARED_NOTHING:
        sys.modules.update(dict.fromkeys(SPARED))
    from ardoise.chassis.lifecycle import run_service

    _, package, root, settings = SERVICES[name]
    configured = getattr(importlib.import_module(f"{package}.settings"), settings)()
    run_service(importlib.import_module(f"{package}.{root}").run(configured))
