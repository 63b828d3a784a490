"""Runs one service in this process. Nothing of the command is loaded with it: a truck has five such processes."""

import importlib

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
    from ardoise.chassis.lifecycle import run_service

    _, package, root, settings = SERVICES[name]
    configured = getattr(importlib.import_module(f"{package}.settings"), settings)()
    run_service(importlib.import_module(f"{package}.{root}").run(configured))
