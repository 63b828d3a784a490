"""`ardoise race values`: everything that is derived of one rider, now."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ardoise.cli.calls import Epoch, call
from ardoise.pb import analytics_pb2
from ardoise.pb.analytics_pb2_grpc import AnalyticsServiceStub

DEFAULT_TARGET = "127.0.0.1:7403"
UNKNOWN = "-"

Target = Annotated[str, typer.Option(envvar="ARDOISE_ANALYTICS_TARGET", help="host:port of analytics.")]


def values(
    bib: Annotated[int, typer.Argument(min=1, max=999, help="The rider's number.")],
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """Everything that is derived of a rider, now (docs/derived-values.md)."""
    request = analytics_pb2.GetRiderValuesRequest(epoch=epoch, bib=bib)
    answer = call(target, lambda channel: AnalyticsServiceStub(channel).GetRiderValues(request)).values
    at = datetime.fromtimestamp(answer.race_time_ms / 1000).astimezone()
    typer.echo(f"rider {bib} at {at.isoformat(' ', 'seconds')}")
    Console().print(table(answer.riders[0]))


def table(rider: analytics_pb2.RiderValues) -> Table:
    """The values by theme, each with its unit; what is not known is a dash."""
    # Imported here: numpy is not for every command.
    from ardoise.analytics.values.registry import THEMES

    shown = Table("", "", "", "", box=None, show_header=False)
    for title, theme in THEMES.items():
        shown.add_row(f"[bold]{title}[/bold]")
        for value in theme.VALUES:
            known = rider.HasField(value.name)
            number = f"{getattr(rider, value.name):.{value.digits}f}" if known else UNKNOWN
            shown.add_row(f"  {value.name}", number, value.unit if known else "", value.meaning)
    shown.columns[1].justify = "right"
    return shown
