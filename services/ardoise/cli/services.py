"""`ardoise ingest` and its like: one service in this process. `ardoise identity`, `ardoise migrate`."""

import importlib
from collections.abc import Callable
from typing import Annotated

import typer

from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.lifecycle import run_service
from ardoise.chassis.settings import CommonSettings

SERVICES = {
    "ingest": ("Takes telemetry and race control into the log.", "IngestSettings"),
    "positioning": ("Derives positions, gaps and groups from the log.", "PositioningSettings"),
    "recorder": ("Writes the derived race into the database.", "RecorderSettings"),
    "analytics": ("Predicts catches and finishes.", "AnalyticsSettings"),
    "mediawall": ("Shows the race: pages, screens.", "MediawallSettings"),
    "security": ("Watches for attacks and lies, raises alerts.", "SecuritySettings"),
}


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for name, (purpose, settings) in SERVICES.items():
        app.command(name, help=f"{purpose} Settings come from ARDOISE_* variables: docs/settings.md.")(
            _runner(name, settings)
        )
    app.command("identity")(identity)
    app.command("migrate")(migrate)


def _runner(name: str, settings: str) -> Callable[[], None]:
    def run() -> None:
        package = "positioning" if name == "recorder" else name
        module = "recorder_app" if name == "recorder" else "app"
        found = importlib.import_module(f"ardoise.{package}.{module}")
        configured = getattr(importlib.import_module(f"ardoise.{package}.settings"), settings)()
        run_service(found.run(configured))

    return run


def identity(
    name: Annotated[str, typer.Argument(help="Name of the holder: a relay, a service, a person.")],
    role: Annotated[Role, typer.Option(help="What the certificate allows.")] = Role.RELAY,
) -> None:
    """Issues a development certificate: <identity_dir>/NAME.pem and .key, and the CA on first use."""
    made = ensure_development_identity(CommonSettings().identity_dir, name, role)
    typer.echo(f"{made.certificate}\n{made.key}\n{made.ca}")


def migrate() -> None:
    """Brings the database's tables up to date, on whichever kind of database it finds."""
    from ardoise.positioning.migrations import migrate_database
    from ardoise.positioning.settings import RecorderSettings

    typer.echo(migrate_database(RecorderSettings().database_url))
