"""`ardoise stage ...`: from an event file, or a recording, to a log that relays feed."""

import uuid
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ardoise.cli.calls import Target, call
from ardoise.cli.race import DEFAULT_TARGET
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub

app = typer.Typer(help="Stages: check an event file, load a stage, make it live.", no_args_is_help=True)

EventPath = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="Event file (.yaml) or recording (.json.gz).")
]


@app.command()
def validate(path: EventPath) -> None:
    """Checks an event file as a whole and lists every fault with its line, or what is in it."""
    from ardoise.ingest.setup.event import load_event
    from ardoise.ingest.setup.faults import SetupInvalid
    from ardoise.ingest.setup.source import EVENT_FILE_SUFFIXES, read_setup

    if path.suffix not in EVENT_FILE_SUFFIXES:
        setup = read_setup(path)
        typer.echo(f"{path.name}: {setup.stage_name}, {len(setup.riders)} riders: can be loaded")
        return
    try:
        event = load_event(path.read_text(encoding="utf-8"), path.parent, path.name)
    except SetupInvalid as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        typer.echo(f"{path.name}: {len(error.faults)} faults, nothing was loaded", err=True)
        raise typer.Exit(1) from error
    table = Table("stage", "name", "start", "km", "climbs and sprints", box=None)
    for stage in event.file.stages:
        length_km = event.routes[stage.id].finish_cm / 100_000
        table.add_row(
            stage.id,
            stage.name,
            stage.start.isoformat(" ", "minutes"),
            f"{length_km:.1f}",
            str(len(stage.features)),
        )
    Console().print(table)
    typer.echo(
        f"{path.name}: {len(event.file.riders)} riders, {len(event.file.stages)} stages: can be loaded"
    )


@app.command()
def load(
    path: EventPath,
    stage: Annotated[str, typer.Option(help="Id of the stage. Default: the first of the file.")] = "",
    activate: Annotated[bool, typer.Option("--activate", help="Make it the live stage at once.")] = False,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Opens the log of a stage. The stage that is live stays live until another is activated."""
    from ardoise.ingest.setup.source import read_setup

    request = control_pb2.LoadStageRequest(request_id=uuid.uuid4().hex, setup=read_setup(path, stage))
    epoch = call(target, lambda channel: RaceControlServiceStub(channel).LoadStage(request)).epoch
    typer.echo(f"{request.setup.stage_name}: epoch {epoch}")
    if activate:
        make_live(epoch, target)


@app.command("activate")
def make_live(
    epoch: Annotated[int, typer.Argument(help="From `ardoise stage list`.")], target: Target = DEFAULT_TARGET
) -> None:
    """Makes a loaded stage the one that relays feed."""
    request = control_pb2.ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=epoch)
    call(target, lambda channel: RaceControlServiceStub(channel).ActivateStage(request))
    typer.echo(f"epoch {epoch} is live")


@app.command("list")
def list_stages(target: Target = DEFAULT_TARGET) -> None:
    """The stages whose logs are kept, newest first."""
    table = Table("epoch", "stage", "name", "messages", "", box=None)
    answer = call(
        target, lambda channel: RaceControlServiceStub(channel).ListStages(control_pb2.ListStagesRequest())
    )
    for log in answer.stages:
        table.add_row(
            str(log.epoch), log.stage_id, log.stage_name, str(log.last_sequence), "live" if log.active else ""
        )
    Console().print(table)
