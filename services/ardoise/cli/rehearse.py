"""`ardoise rehearse ...`: races that are not, for demos, drills and trials."""

from pathlib import Path
from typing import Annotated

import typer

from ardoise.chassis.settings import host_and_port

app = typer.Typer(
    help="Rehearsals: simulated relays, recordings served as a live stream.", no_args_is_help=True
)


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
    uvicorn.run(
        recording_app(read_recording(path), speed, first=first),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


@app.command()
def relays(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Event file of the stage.")],
    seed: Annotated[int, typer.Option(help="Seed of the race: the same one rides the same race.")] = 1,
    offset: Annotated[
        float, typer.Option(min=0, help="Seconds of the race that have passed when it begins.")
    ] = 0.0,
    history: Annotated[
        float, typer.Option(min=0, help="Seconds of it that the relays had stored until now.")
    ] = 0.0,
    speed: Annotated[float, typer.Option(min=0.1, help="Times real time.")] = 1.0,
    attacked: Annotated[
        bool, typer.Option("--attacked", help="One relay is flooded with nonsense for a while.")
    ] = False,
    truth: Annotated[
        Path | None, typer.Option(help="File to keep the truth in, second by second (.csv.gz).")
    ] = None,
    target: Annotated[
        str, typer.Option(envvar="ARDOISE_INGEST_TARGET", help="host:port of ingest.")
    ] = "127.0.0.1:7401",
) -> None:
    """Rides a stage and reports it to ingest through all its relays: noise, holes, duplicates, latecomers."""
    from ardoise.chassis.lifecycle import run_service
    from ardoise.chassis.settings import CommonSettings
    from ardoise.chassis.telemetry import configure_logging
    from ardoise.ingest.setup.source import read_setup
    from ardoise.rehearsal.attack import Attack
    from ardoise.rehearsal.relays import run_relays

    settings = CommonSettings()
    configure_logging(settings.log_level, service="relays")
    attack = Attack() if attacked else None
    race = run_relays(
        read_setup(path),
        settings,
        target,
        seed=seed,
        start_offset_s=int(offset),
        history_s=int(history),
        speed=speed,
        attack=attack,
        truth_path=truth,
    )
    run_service(race)


@app.command("round-trip")
def round_trip() -> None:
    """Sends one rider's fixes through the whole platform: acknowledged, shown, stored, and an alert raised.

    Rides a stage of its own: refused while a race is on, and the stage that was live is live again afterwards.
    Settings: ARDOISE_INGEST_TARGET, ARDOISE_POSITIONING_TARGET, ARDOISE_SECURITY_TARGET, ARDOISE_DATABASE_URL.
    """
    import asyncio

    import grpc

    from ardoise.chassis.identity import Role, client_identity
    from ardoise.chassis.rpc import failure_of
    from ardoise.rehearsal.round_trip import OPERATOR, RELAY, RoundTripFailed, RoundTripSettings
    from ardoise.rehearsal.round_trip import round_trip as ride

    settings = RoundTripSettings()
    for name, role in ((RELAY, Role.RELAY), (OPERATOR, Role.RACE_OPERATIONS)):
        client_identity(settings.identity_dir, name, role)
    try:
        asyncio.run(ride(settings, lambda passed: typer.echo(f"{passed.took_s:6.2f} s  {passed.what}")))
    except grpc.aio.AioRpcError as error:
        raise RoundTripFailed(failure_of(error).message) from error
    typer.echo("the round trip is complete")
