"""`ardoise weather ...`: what the weather is, as a message in the log."""

import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ardoise.cli.calls import CallFailed, Epoch, Target, call
from ardoise.cli.race import DEFAULT_TARGET, At
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.weather_pb2 import WeatherReport

app = typer.Typer(
    help="Weather: each report is a message in the log, from hand, a file or an address.",
    no_args_is_help=True,
)

SHORTEST_EVERY_S, USUAL_EVERY_S = 60, 300


def _value(what: str) -> type[float | None]:
    return Annotated[float | None, typer.Option(help=what)]


@app.command()
def report(
    temperature_c: _value("Of the air, degrees Celsius.") = None,
    wind_mps: _value("Mean wind ten metres above the ground, metres per second.") = None,
    wind_from_deg: _value("Where it blows from, degrees from true north.") = None,
    pressure_hpa: _value("Of the air at the place, not reduced to sea level, hectopascals.") = None,
    humidity_percent: _value("Relative humidity, per cent.") = None,
    rain_mmph: _value("Rain, millimetres per hour.") = None,
    latitude: _value("The place, degrees.") = None,
    longitude: _value("The place, degrees.") = None,
    source: Annotated[str, typer.Option(help="Where it comes from, for the record.")] = "by hand",
    at: At = None,
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """The weather from the effective second on; at least one of its values."""
    from ardoise.ingest.weather.values import report_of

    said = {
        "temperature_c": temperature_c,
        "wind_mps": wind_mps,
        "wind_from_deg": wind_from_deg,
        "pressure_hpa": pressure_hpa,
        "humidity_percent": humidity_percent,
        "rain_mmph": rain_mmph,
        "latitude": latitude,
        "longitude": longitude,
    }
    made = report_of(said, int(at.timestamp() * 1_000) if at else 0, source)
    typer.echo(_tell(made, uuid.uuid4().hex, epoch, target))


@app.command()
def follow(
    source: Annotated[
        str, typer.Argument(help="A file (CSV, JSON lines), or the URL of an answer in Open-Meteo's format.")
    ],
    every_s: Annotated[
        float, typer.Option("--every-s", min=SHORTEST_EVERY_S, help="How often a URL is asked, seconds.")
    ] = USUAL_EVERY_S,
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Reports from a file, each at its time, or from an address, until Ctrl-C. What fails is said and tried again."""
    import httpx

    from ardoise.ingest.weather.address import AddressSource
    from ardoise.ingest.weather.following import NotTaken, request_id
    from ardoise.ingest.weather.following import follow as follow_source
    from ardoise.ingest.weather.lines import FileSource

    def tell(made: WeatherReport) -> str:
        try:
            return _tell(made, request_id(made), epoch, target)
        except CallFailed as error:
            raise NotTaken(str(error), lasting=error.lasting) from error

    def say(what: str) -> None:
        typer.echo(f"{datetime.now().astimezone():%H:%M:%S}  {what}")

    with httpx.Client() as http:
        if "://" in source:
            found = AddressSource(source, http, every_s)
        else:
            found = FileSource(Path(source), lambda: time.time_ns() // 1_000_000, say)
        follow_source(found, tell, say, time.sleep)


def _tell(made: WeatherReport, request_id: str, epoch: int, target: str) -> str:
    request = control_pb2.RecordWeatherRequest(request_id=request_id, epoch=epoch, report=made)
    answer = call(target, lambda channel: RaceControlServiceStub(channel).RecordWeather(request))
    effective = datetime.fromtimestamp(answer.report.effective_time_ms / 1_000).astimezone()
    position = answer.position
    return (
        f"weather of {effective.isoformat(' ', 'seconds')} ({answer.report.source}) "
        f"stands in the log at {position.epoch}-{position.sequence}"
    )
