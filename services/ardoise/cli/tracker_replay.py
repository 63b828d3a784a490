"""`ardoise tracker replay`: a recorded ride, sent as if its rider rode it now."""

import contextlib
import shlex
import time
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ardoise.cli import tracker_calls as calls
from ardoise.cli import tracker_words
from ardoise.cli.calls import CallFailed, Target
from ardoise.cli.race import DEFAULT_TARGET
from ardoise.cli.tracker_calls import DEFAULT_TARGET as GATEWAY
from ardoise.cli.tracker_calls import Gateway, Source
from ardoise.trackers.domain.reach import nearby, reach_of
from ardoise.trackers.rides.schedule import MOST_SPEED, distance_m, schedule, timed


def replay(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="GPX, FIT, TCX or GeoJSON (.json, .geojson).")
    ],
    bib: Annotated[int | None, typer.Option(min=1, max=999, help="As the tracker of this rider.")] = None,
    device: Annotated[str, typer.Option(help="As the device of this name.")] = "",
    source: Source = "",
    speed: Annotated[
        float,
        typer.Option(min=0.1, max=MOST_SPEED, help="Times as fast as it was ridden: times, speeds and all."),
    ] = 1.0,
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="Every fix keeps its time. Default: the first is now.")
    ] = False,
    kmh: Annotated[
        float | None, typer.Option(min=1, max=200, help="For a file without times: how fast it is ridden.")
    ] = None,
    host: Annotated[
        str,
        typer.Option(help="Where the gateway takes phones. Default: where it says, on the machine it is on."),
    ] = "",
    ingest: Target = DEFAULT_TARGET,
    gateway: Gateway = GATEWAY,
) -> None:
    """Sends a recorded ride as if it were ridden now.

    To the gateway's port for phones, as a phone would, until it ends or Ctrl-C.
    """
    # Imported here: what reads files and speaks HTTP is not for every command.
    import httpx

    from ardoise.trackers.rides.file import read_ride
    from ardoise.trackers.rides.sending import send

    if bool(device) == (bib is not None):
        raise ValueError("say as whom: --bib 12, or --device with the name of one")
    phones = calls.source(gateway, source, "osmand")
    if bib is not None:
        device = _device_of(bib, phones.name, ingest, gateway)
    try:
        fixes = timed(read_ride(file, device), kmh)
    except ValueError as error:
        raise ValueError(str(error) if file.name in str(error) else f"{file.name}: {error}") from None
    url = (reach_of(phones.address, host, "") if host else nearby(phones.address, gateway)).url
    seconds = (fixes[-1].time_ms - fixes[0].time_ms) / 1000
    km = sum(distance_m(one, other) for one, other in pairwise(fixes)) / 1000
    typer.echo(
        f"{file.name}: {len(fixes)} fixes, {km:.1f} km in {tracker_words.duration(seconds)}; as {device} to {url}, "
        f"{tracker_words.duration(seconds / speed)} at {speed:g} times its speed"
    )
    begin_ms = None if keep_times else time.time_ns() // 1_000_000
    with _progress() as bar, httpx.Client() as http:
        task = bar.add_task("sent", total=len(fixes))
        with contextlib.suppress(KeyboardInterrupt):
            send(url, schedule(fixes, speed, begin_ms), http, lambda count: bar.advance(task, count))
        taken = int(bar.tasks[0].completed)
    typer.echo(
        f"{taken} of {len(fixes)} fixes sent; ardoise tracker test {shlex.quote(device)} --source {phones.name}"
    )


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _device_of(bib: int, source: str, ingest: str, gateway: str) -> str:
    """The name of a rider's tracker now, which that source has to have heard: a number does not tell it."""
    number = tracker_words.riders_tracker(calls.assignments(ingest), bib, time.time_ns() // 1_000_000)
    if number is not None:
        found = calls.device(gateway, number)
        if found and found.source == source:
            return found.name
    what = "has no tracker" if number is None else f"rides with {number}, of which {source} has heard no name"
    raise CallFailed(
        f"bib {bib} {what}: ardoise tracker assign NAME --source {source} --bib {bib}, then --device NAME"
    )
