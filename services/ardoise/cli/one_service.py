"""Runs one service in this process. Nothing of the command is loaded with it: a truck has five such processes."""

import importlib

# Name -> what it does, its package, its composition root, its settings.
SERVICES = {
    "ingest": ("Takes telemetry and race control into the log.", "ingest", "app", "IngestSettings"),
    "positioning": (
        "Derives positions, gaps and groups from the log.",
        "positioning",
        "app",
        "PositioningSettings",
    ),
    "recorder": ("Writes the derived race into the database.", "positioning", "recorder", "RecorderSettings"),
    "analytics": ("Predicts catches and finishes.", "analytics", "app", "AnalyticsSettings"),
    "mediawall": ("Shows the race: pages, screens.", "mediawall", "app", "MediawallSettings"),
    "security": ("Watches for attacks and lies, raises alerts.", "security", "app", "SecuritySettings"),
    "sites": (
        "Keeps a region's mirrors of the truck's log, watches them.",
        "sites",
        "app",
        "SitesSettings",
    ),
}


def run_named(name: str) -> None:
    """Runs one service until it is told to stop."""
    from ardoise.chassis.lifecycle import run_service

    _, package, root, settings = SERVICES[name]
    configured = getattr(importlib.import_module(f"ardoise.{package}.settings"), settings)()
    run_service(importlib.import_module(f"ardoise.{package}.{root}").run(configured))
