"""`ardoise backup`: a region's database and logs to a directory, and back."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

IDENTITY = "backup"
ORIGIN = "ingest"
"""Who may write the truck's log may make it of a copy too."""

app = typer.Typer(
    no_args_is_help=True,
    help="Copies a region's database and logs, and brings them back: docs/backup-and-restore.md.",
)

Backup = Annotated[Path, typer.Argument(help="Folder of one backup.")]


@app.command()
def make(
    directory: Annotated[Path, typer.Argument(help="Where backups are.")],
    keep: Annotated[int, typer.Option(min=1, help="How many are kept.")] = 7,
) -> None:
    """Makes a backup of this region. Settings: ARDOISE_DATABASE_URL, ARDOISE_NATS_URL; identity `backup`."""
    from ardoise.chassis.bus import Bus
    from ardoise.sites.backup import DATABASE, LOGS, begin, complete, prune
    from ardoise.sites.base_backup import save_database
    from ardoise.sites.log_snapshot import save_logs
    from ardoise.sites.settings import SitesSettings
    from ardoise.up.pod import PROGRAMS

    settings = SitesSettings()

    async def logs(into: Path) -> dict[int, int]:
        bus = await Bus.connect(settings, IDENTITY)
        try:
            return await save_logs(bus, into)
        finally:
            await bus.close()

    partial = begin(directory, dt.datetime.now(dt.UTC))
    # First the database: what its watermark names is then in the logs.
    save_database(settings.database_url, partial / DATABASE, PROGRAMS.postgres_bin)
    saved = asyncio.run(logs(partial / LOGS))
    made = complete(partial, settings.site, saved)
    for epoch, last in saved.items():
        typer.echo(f"log {epoch}: up to {last}")
    typer.echo(f"{made} is whole")
    for gone in prune(directory, keep):
        typer.echo(f"{gone} is gone: {keep} are kept")


@app.command("restore-database")
def restore_database(
    backup: Backup, patroni: Annotated[Path, typer.Argument(help="Patroni's directory.")]
) -> None:
    """Fills an empty region's database before Patroni starts. Where there are data it does nothing."""
    from ardoise.sites.backup import DATABASE
    from ardoise.sites.base_backup import restore_database as fill
    from ardoise.up.pod import PROGRAMS

    filled = fill(backup / DATABASE, patroni, PROGRAMS.postgres_bin)
    typer.echo(f"filled from {backup}" if filled else f"{patroni} has data: left as it is")


@app.command("restore-log")
def restore_log(
    backup: Backup, epoch: Annotated[int, typer.Argument(help="Which log: see backup.json.")]
) -> None:
    """Makes a log of its copy at a truck that has lost it. Settings: ARDOISE_NATS_URL; identity `ingest`."""
    from ardoise.chassis.bus import Bus
    from ardoise.chassis.log import stream_of
    from ardoise.chassis.settings import CommonSettings
    from ardoise.sites.backup import LOGS
    from ardoise.sites.log_snapshot import restore_log as make_of

    async def restore() -> int:
        bus = await Bus.connect(CommonSettings(), ORIGIN)
        try:
            return await make_of(bus, stream_of(epoch), backup / LOGS)
        finally:
            await bus.close()

    typer.echo(f"log {epoch}: up to {asyncio.run(restore())}")
