"""`python -m tests.kubernetes.bed ...`: clusters up and down, their links and losses, what they are made of."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import httpx
import typer
from ardoise.up.network import Condition, NetworkUnavailable
from ardoise.up.programs import ProgramsMissing

from tests.kubernetes.bed import clusters, debian, layout, plan, site
from tests.kubernetes.bed.api import ApiRefused
from tests.kubernetes.bed.cgroups import CgroupsMissing
from tests.kubernetes.bed.parts import ADD_ONS, PartsMissing, build
from tests.kubernetes.bed.status import show

app = typer.Typer(
    help="One-node Kubernetes clusters on this machine: truck, amsterdam, london.", no_args_is_help=True
)

Site = Annotated[str, typer.Argument(help="truck, amsterdam or london.")]
FAILURES = (
    *(clusters.BedUnavailable, PartsMissing, ProgramsMissing, CgroupsMissing, NetworkUnavailable),
    *(site.SiteFailed, ApiRefused, httpx.HTTPError),
)


def told[**Given](command: Callable[Given, None]) -> Callable[Given, None]:
    """A command that says in one line why it could not be done, and exits with 1."""

    @functools.wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except FAILURES as error:
            sys.exit(str(error))

    return run


def progress(step: str) -> None:
    print(f"{step} ...", file=sys.stderr, flush=True)


@app.command()
@told
def up(
    sites: Annotated[list[str] | None, typer.Argument(help="Which of them. Default: all three.")] = None,
) -> None:
    """Brings clusters up; they stay until `down`."""
    wanted = [name for name in layout.SITES if name in (sites or layout.SITES)]
    if unknown := set(sites or ()) - set(layout.SITES):
        sys.exit(f"no such site: {', '.join(sorted(unknown))}")
    try:
        clusters.up(wanted, progress)
    except clusters.AlreadyUp as error:
        print(error)
    print(f"export KUBECONFIG={layout.KUBECONFIG}")
    print("kubectl --context truck get pods --all-namespaces")


@app.command()
@told
def down() -> None:
    """Ends all clusters and leaves nothing of them, whatever state they are in."""
    clusters.down(progress)


@app.command()
@told
def status() -> None:
    """Shows which clusters are up, what they take, and which links are broken."""
    show()


@app.command()
@told
def link(
    sender: Site,
    receiver: Site,
    cut: Annotated[bool, typer.Option("--cut", help="Nothing arrives.")] = False,
    loss: Annotated[int, typer.Option(min=0, max=99, help="Percent of the packets that get lost.")] = 0,
    rate: Annotated[int, typer.Option(min=0, help="Kilobits per second at most; 0: no limit.")] = 0,
    both: Annotated[bool, typer.Option("--both", help="The other direction too.")] = False,
) -> None:
    """Makes one direction between two sites cut, lossy or slow; without options it is whole again."""
    condition = Condition(cut, loss, rate)
    for one, other in [(sender, receiver), *([(receiver, sender)] if both else [])]:
        clusters.set_link(one, other, condition)


@app.command()
@told
def lose(name: Site) -> None:
    """Takes a whole cluster away, as a power cut does; its disk stays."""
    clusters.lose(name)


@app.command()
@told
def restore(name: Site) -> None:
    """Brings a lost cluster back, from its disk."""
    clusters.restore(name, progress)


@app.command()
@told
def freeze(name: Site) -> None:
    """Stops every process of a cluster where it stands."""
    clusters.freeze(name, frozen=True)


@app.command()
@told
def thaw(name: Site) -> None:
    """Lets a frozen cluster go on."""
    clusters.freeze(name, frozen=False)


@app.command()
@told
def load(
    archives: Annotated[list[Path], typer.Argument(help="OCI archives.")],
    sites: Annotated[list[str] | None, typer.Option("--site", help="Default: all that are up.")] = None,
) -> None:
    """Gives the nodes images."""
    clusters.load(sites or clusters.sites_up(), archives)


@app.command()
@told
def shell(name: Site) -> None:
    """A shell on a site's node."""
    pid = site.running(plan.Files(name).pid)
    if pid is None:
        sys.exit(f"{name} is not up")
    namespaces = ("--net", "--mount", "--pid", "--ipc", "--uts")
    os.execvp("nsenter", ["nsenter", f"--target={pid}", *namespaces, os.environ.get("SHELL", "sh")])


@app.command("build")
@told
def build_all(
    add_ons: Annotated[
        bool, typer.Option("--add-ons", help="A metrics-server, an ingress controller, cert-manager too.")
    ] = False,
) -> None:
    """Builds and unpacks what clusters are made of, into the cache."""
    clusters.programs(progress)
    if add_ons:
        build(progress, ADD_ONS)


@app.command()
@told
def kubectl() -> None:
    """Prints where a kubectl of the clusters' version is."""
    print(build(progress).program("kubectl"))


@app.command()
@told
def buildah() -> None:
    """Prints where a buildah is that needs nothing installed."""
    print(debian.buildah(progress))


@app.command()
@told
def base() -> None:
    """Prints where an OCI archive of Debian 13 is, for images to be built on."""
    print(debian.base_image(progress))


if __name__ == "__main__":
    app()
