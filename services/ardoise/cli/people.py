"""Every command, for people: help, race control, stages, the demo."""

import typer

from ardoise.cli import backup, drill, race, rehearse, services, sites, stage, tracker, up, weather

# What a person can mend: shown in one line, not as a traceback.
MENDABLE = (OSError, ValueError, RuntimeError)

app = typer.Typer(
    name="ardoise",
    help="Runs the data of a bike race live: positions, groups, time gaps, predictions, from the bike to the screen.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
services.register(app)
up.register(app)
app.add_typer(sites.app, name="sites")
app.add_typer(race.app, name="race")
app.add_typer(stage.app, name="stage")
app.add_typer(tracker.app, name="tracker")
app.add_typer(weather.app, name="weather")
app.add_typer(rehearse.app, name="rehearse")
app.add_typer(drill.app, name="drill")
app.add_typer(backup.app, name="backup")
