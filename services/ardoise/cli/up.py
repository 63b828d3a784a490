"""`ardoise up` and `ardoise demo`: everything on one machine, in one terminal."""

from typing import Annotated

import typer

# What they run is imported where it is run: race control's commands need none of it.


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("up")(up)
    app.command("demo")(demo)


def up(
    nats_url: Annotated[str, typer.Option(help="A nats-server of your own. Default: one is started.")] = "",
    database_url: Annotated[str, typer.Option(help="A database of your own. Default: one is started.")] = "",
    race_centre_url: Annotated[
        str, typer.Option(help="A race-centre stream to take in beside the relays.")
    ] = "",
) -> None:
    """Runs all services as one, with nats-server and PostgreSQL, until Ctrl-C. State stays in ARDOISE_STATE_DIR."""
    from ardoise.up.terminal import run_platform

    run_platform(nats_url, database_url, race_centre_url)


def demo(
    race: Annotated[
        str, typer.Option(help="A recording, or the URL of a race-centre stream. Default: simulated.")
    ] = "",
    setup: Annotated[
        str, typer.Option(help="Event file or recording with the stage, for a stream without.")
    ] = "",
    speed: Annotated[float, typer.Option(min=0, help="Times real time, for a recording. Default: 10.")] = 0.0,
    seconds: Annotated[
        float, typer.Option(min=0, help="Stop by itself after so long. Default: at Ctrl-C.")
    ] = 0.0,
) -> None:
    """A race of 176 riders on this machine: in the terminal, and on a page."""
    from ardoise.up.demo import Race
    from ardoise.up.terminal import run_demo

    run_demo(Race(race, setup, speed), seconds)
