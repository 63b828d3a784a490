"""`ardoise rehearse ...`: races that are not, for demos, drills and trials."""

from pathlib import Path
from typing import Annotated

import typer

from ardoise.chassis.settings import host_and_port

app = typer.Typer(help="Rehearsals: simulated relays, recordings served as a live stream.", no_args_is_help=True)


@app.command()
def recording(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Recording (.json.gz).")],
    speed: Annotated[float, typer.Option(min=0.01, help="Times real time.")] = 1.0,
    first: Annotated[int, typer.Option(min=0, help="Event to begin with.")] = 0,
    listen: Annotated[str, typer.Option(help="host:port to serve at.")] = "127.0.0.1:7480",
) -> None:
    """Serves a recording as a race centre serves a live stage: events at /live-stream, set-up beside it."""
    import uvicorn

    from ardoise.ingest.racecentre.recording import read_recording
    from ardoise.rehearsal.recording_server import recording_app

    host, port = host_and_port(listen)
    typer.echo(f"http://{host}:{port}/live-stream at {speed:g} times real time")
    uvicorn.run(recording_app(read_recording(path), speed, first=first), host=host, port=port, log_level="warning", timeout_graceful_shutdown=1)
