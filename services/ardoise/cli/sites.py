"""`ardoise sites ...`: the truck and both regions on one machine, and what can be done to them."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ardoise.chassis.settings import CommonSettings
from ardoise.cli.one_service import run_named
from ardoise.sites.topology import SiteKind, read_topology
from ardoise.up.control import Action, Control
from ardoise.up.network import Condition

app = typer.Typer(
    help="Three sites on one machine: truck, amsterdam, london. State stays in ARDOISE_STATE_DIR.",
    no_args_is_help=True,
)

SWITCHOVER_LIMIT_S = 100.0
"""Patroni's step, and what comes of it where that is not what was asked for."""
SitesFile = Annotated[
    Path | None,
    typer.Option(
        envvar="ARDOISE_SITES_FILE",
        help="YAML file of all sites: those of clusters, as one in ARDOISE_IDENTITY_DIR (race-control or supervisor). "
        "Default: the sites of `ardoise sites up`.",
    ),
]
SiteName = Annotated[str, typer.Argument(help="truck, amsterdam or london.")]


@app.callback()
def sites(context: typer.Context) -> None:
    """Watches over this site's mirrors and the others; with a command: three sites on one machine.

    Settings come from ARDOISE_* variables: docs/settings.md. Three sites on one machine keep their state in
    ARDOISE_STATE_DIR.
    """
    if context.invoked_subcommand is None:
        run_named("sites")


@app.command()
def up(
    seconds: Annotated[
        float, typer.Option(min=0, help="Stop by itself after so long. Default: at Ctrl-C.")
    ] = 0.0,
    truck_disk: Annotated[
        bool, typer.Option("--truck-disk", help="Gives the truck a disk whose power can be cut; takes root.")
    ] = False,
    clocks: Annotated[
        bool, typer.Option("--clocks", help="Gives each site a clock that can be set; takes Python 3.13.")
    ] = False,
) -> None:
    """Runs the data plane of three sites, each in a network namespace of its own, until Ctrl-C."""
    from ardoise.up.three_run import run

    run(CommonSettings().state_dir, seconds, truck_disk=truck_disk, clocks=clocks)


@app.command()
def identities(
    sites_file: Annotated[Path, typer.Argument(help="YAML file of all sites and their endpoints.")],
    directory: Annotated[Path, typer.Argument(help="Where they go: a folder for each site, and the CAs'.")],
    release: Annotated[str, typer.Option(help="Name of the chart's release.")] = "ardoise",
    namespace: Annotated[
        list[str] | None, typer.Option(help="Namespace of the release; may be given for each site. [ardoise]")
    ] = None,
) -> None:
    """Makes development certificates for sites of the chart; those that are there stay."""
    from ardoise.up.identities import make_for_clusters

    topology = read_topology(sites_file)
    make_for_clusters(topology, directory, release, namespace or ["ardoise"])
    for site in topology.sites:
        typer.echo(directory / site.name)


@app.command()
def status(
    seen_from: Annotated[
        str,
        typer.Option("--from", help="Site that is asked. Default: the one that hears most of the others."),
    ] = "",
    sites_file: SitesFile = None,
) -> None:
    """Shows every site, and whether a region could take over now without loss."""
    from ardoise.cli.sites_status import show_status

    show_status(_targets(sites_file, *SiteKind), seen_from)


@app.command()
def switchover(
    target: Annotated[str, typer.Argument(help="Region that is to be primary.")],
    sites_file: SitesFile = None,
) -> None:
    """Moves the database's primary to another region, as planned: refused where anything could be lost."""
    from ardoise.cli.sites_status import first_answer
    from ardoise.pb.sites_pb2 import SwitchOverRequest
    from ardoise.pb.sites_pb2_grpc import SitesServiceStub

    async def ask(sites: SitesServiceStub) -> str:
        request = SwitchOverRequest(request_id=uuid.uuid4().hex, target=target)
        answer = await sites.SwitchOver(request, timeout=SWITCHOVER_LIMIT_S)
        return f"{answer.message} ({answer.took_ms / 1000:.1f} s)"

    regions = _targets(sites_file, SiteKind.REGION)
    # The other region first: it is the primary, if this can be done at all.
    in_order = dict(sorted(regions.items(), key=lambda item: item[0] == target))
    typer.echo(asyncio.run(first_answer(in_order, ask)))


@app.command("break-glass")
def break_glass(
    region: Annotated[str, typer.Argument(help="Region that is to be primary although data may be lost.")],
    confirm: Annotated[str, typer.Option(help="The region's name again, in the place of the question.")] = "",
    accept_loss: Annotated[
        str, typer.Option(help='What may be lost, in the place of the question: "Unknown", or messages.')
    ] = "",
    operation: Annotated[
        str, typer.Option(help="Id of the operation: the same again carries it out once.")
    ] = "",
    sites_file: SitesFile = None,
) -> None:
    """Forces a region to be primary without a majority of etcd: guided, confirmed twice, the loss written down."""
    from ardoise.cli.break_glass import force

    force(_targets(sites_file, SiteKind.REGION), region, confirm, accept_loss, operation)


@app.command()
def witness(
    member: Annotated[
        str, typer.Argument(help="stand-in, before the truck goes for the night; truck, when it is back.")
    ],
    sites_file: SitesFile = None,
) -> None:
    """Moves the third vote of etcd while all voters answer: without a third, the loss of either region stops writes."""
    from ardoise.cli.witness import move_witness

    move_witness(_targets(sites_file, SiteKind.REGION), member)


@app.command()
def parts() -> None:
    """Shows which processes run where, and which links are broken."""
    _show(_controlled(lambda control: control.state()))


@app.command()
def link(
    sender: SiteName,
    receiver: SiteName,
    cut: Annotated[bool, typer.Option("--cut", help="Nothing arrives.")] = False,
    loss: Annotated[int, typer.Option(min=0, max=99, help="Percent of the packets that get lost.")] = 0,
    rate: Annotated[int, typer.Option(min=0, help="Kilobits per second at most; 0: no limit.")] = 0,
    delay: Annotated[int, typer.Option(min=0, help="Milliseconds that each packet is late.")] = 0,
    both: Annotated[bool, typer.Option("--both", help="The other direction too.")] = False,
) -> None:
    """Makes one direction of a link cut, lossy, slow or late; without options it is whole again."""
    condition = Condition(cut, loss, rate, delay)

    async def change(control: Control) -> dict[str, Any]:
        if both:
            await control.set_link(receiver, sender, condition)
        return await control.set_link(sender, receiver, condition)

    _show(_controlled(change))


@app.command()
def clock(
    site: SiteName,
    ahead_s: Annotated[int, typer.Argument(help="Seconds ahead of this machine's clock; below 0: behind.")],
) -> None:
    """Sets a site's clock (`up --clocks`): PostgreSQL's, Patroni's and our services', not nats-server's and etcd's."""
    _show(_controlled(lambda control: control.set_clock(site, ahead_s)))


@app.command()
def part(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    site: SiteName,
    names: Annotated[
        list[str] | None, typer.Argument(help="Processes; all of the site where none is named.")
    ] = None,
) -> None:
    """Kills, restarts, pauses, resumes or restores processes of a site."""
    _show(_controlled(lambda control: control.act(site, action, *(names or []))))


def _targets(sites_file: Path | None, *kinds: SiteKind) -> dict[str, str]:
    """Where `sites` answers at each site of these kinds: as the file says, or at `ardoise sites up` of this machine."""
    if sites_file is not None:
        return {site.name: site.sites for site in read_topology(sites_file).sites if site.kind in kinds}
    state = _controlled(lambda control: control.state())
    return {site: found["ports"]["sites"] for site, found in state["sites"].items() if found["kind"] in kinds}


def _controlled[T](ask: Callable[[Control], Awaitable[T]]) -> T:
    async def once() -> T:
        async with Control(CommonSettings().state_dir) as control:
            return await ask(control)

    return asyncio.run(once())


def _show(state: dict[str, Any]) -> None:
    table = Table("site", "process", "state", "pid", "restarts", box=None)
    for site, found in state["sites"].items():
        for name, part in found["parts"].items():
            table.add_row(site, name, part["state"], str(part["pid"] or "-"), str(part["restarts"]))
            site = ""
    console = Console()
    console.print(table)
    for link in state["links"]:
        faults = [
            f"{name} {value}" for name, value in link.items() if name not in ("sender", "receiver") and value
        ]
        console.print(
            f"{link['sender']} -> {link['receiver']}: {', '.join(faults)}".replace("cut True", "cut")
        )
    for site, found in state["sites"].items():
        if found["clock_ahead_s"]:
            console.print(f"{site}: its clock is {found['clock_ahead_s']:+d} s off")
    if not state["links"]:
        console.print("every link is whole")
