"""`ardoise ingest` and its like: one service in this process. `ardoise identity`, `ardoise migrate`."""

from collections.abc import Callable
from typing import Annotated

import typer

from ardoise.cli.one_service import SERVICES, run_named


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for name, (purpose, *_) in SERVICES.items():
        help_text = f"{purpose} Settings come from ARDOISE_* variables: docs/settings.md."
        if name != "sites":  # a group of commands too: cli/sites.py
            app.command(name, help=help_text)(_runner(name))
    app.command("server")(server)
    app.command("identity")(identity)
    app.command("migrate")(migrate)


def _runner(name: str) -> Callable[[], None]:
    def run() -> None:
        run_named(name)

    return run


def server(
    name: Annotated[str, typer.Argument(help="nats, etcd, etcd-stand-in or patroni.")],
) -> None:
    """Runs one server of a site, as a pod does: its programs where Debian puts them, certificates mounted.

    Told the same as by `ardoise sites up`: ARDOISE_SITE and ARDOISE_SITES_FILE say which site of which.
    """
    from ardoise.sites.settings import SitesSettings
    from ardoise.up.pod import SERVERS, run_server

    if name not in SERVERS:
        raise ValueError(f"there is no server {name}: there are {', '.join(SERVERS)}")
    run_server(name, SitesSettings())


def identity(
    name: Annotated[str, typer.Argument(help="Name of the holder: a relay, a service, a person.")],
    role: Annotated[str, typer.Option(help="relay, service, public, race-operations or security.")] = "relay",
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="Of a service: a name or address, besides this machine's own, at which it is reached."
        ),
    ] = None,
) -> None:
    """Issues a development certificate: <identity_dir>/NAME.pem and .key, and the CA on first use.

    One that is there stays as it is.
    """
    from ardoise.chassis.identity import Role, ensure_development_identity
    from ardoise.chassis.settings import CommonSettings

    if host and role != Role.SERVICE:
        raise ValueError(f"--host: {role} is reached by nobody, only --role service is")
    made = ensure_development_identity(CommonSettings().identity_dir, name, Role(role), hosts=host or ())
    typer.echo(f"{made.certificate}\n{made.key}\n{made.ca}")


def migrate() -> None:
    """Brings the database's tables up to date, on whichever kind of database it finds."""
    from ardoise.positioning.migrations import migrate_database
    from ardoise.positioning.settings import RecorderSettings

    typer.echo(migrate_database(RecorderSettings().database_url))
