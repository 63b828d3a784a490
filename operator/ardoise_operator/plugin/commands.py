"""The commands, their options and their help."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from ardoise_operator.plugin import drills, glass, watch
from ardoise_operator.plugin.api import Api
from ardoise_operator.plugin.moving import Mover, Way
from ardoise_operator.plugin.problem import Misused
from ardoise_operator.plugin.running import run as run_drill

FOLLOW_LIMIT = "5m"
"""A planned change takes seconds, and waits a minute for the one before it; then the other region has to follow."""
DRILL_LIMIT = "30m"
"""Twice what the longest takes."""
DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(s|m|h|)")
UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600}
EVERYWHERE = ("--kubeconfig", "--context", "--namespace", "--replication")
"""Options of every command, which people write in any place, as kubectl lets them."""
WHERE = "Which cluster, namespace and Replication: --context, -n, --replication, see kubectl ardoise --help."

app = typer.Typer(
    name="kubectl ardoise",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
drill = typer.Typer(help="What is rehearsed, when, and how it ended.", no_args_is_help=True, epilog=WHERE)
app.add_typer(drill, name="drill")


@dataclass(frozen=True)
class Where:
    """Which object of which cluster, each empty where it is not given."""

    kubeconfig: str
    context: str
    namespace: str
    replication: str

    def api(self) -> Api:
        """Raises Problem."""
        return Api(self.kubeconfig, self.context, self.namespace)


@app.callback()
def everywhere(
    context: typer.Context,
    kubeconfig: Annotated[str, typer.Option(help="File. Default: those in KUBECONFIG, ~/.kube/config.")] = "",
    cluster: Annotated[
        str, typer.Option("--context", help="Context of a region's cluster. Default: the current one.")
    ] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Of the release. Default: the context's.")
    ] = "",
    replication: Annotated[str, typer.Option(help="Name of the Replication, where there are several.")] = "",
) -> None:
    """Who is primary, moving it, forcing it, rehearsing that: a race's data at a truck and two regions.

    The same four options go with every command, in any place. Ask the cluster of either region: both show the whole,
    each as it sees it, and a wish is given to one of them.

    Exit codes: 0 ready, moved, held; 1 not, or refused; 2 the command or the kubeconfig is wrong; 130 Ctrl-C, and what
    was begun goes on.
    """
    context.obj = Where(kubeconfig, cluster, namespace, replication)


def hoisted(arguments: Iterable[str]) -> list[str]:
    """With the options of every command in front, where `everywhere` takes them. Raises Misused. Pure."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for one in left:
        name = one.partition("=")[0]
        if one == "--":
            rest += [one, *left]
        elif name in EVERYWHERE or one.startswith("-n"):
            front.append(one)
            if one in (*EVERYWHERE, "-n"):
                value = next(left, None)
                if value is None:
                    raise Misused(f"{one} needs a value")
                front.append(value)
        else:
            rest.append(one)
    return [*front, *rest]


def seconds(text: str) -> float:
    """A duration as kubectl takes it: 90s, 5m, 1h; a number alone is seconds. Raises Misused."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise Misused(f"--timeout {text}: write a time as in 90s, 5m or 1h")
    return float(found[1]) * UNIT_S[found[2]]


Region = Annotated[str, typer.Argument(help="Name of a region, as in amsterdam.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Does not ask.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Shows it and has the API server check it; nothing is done.")
]
Timeout = Annotated[str, typer.Option(help="For how long it is followed; it goes on after that.")]
DrillName = Annotated[str, typer.Argument(help="Name of a Drill, as kubectl ardoise drill list shows it.")]


@app.command(short_help="Shows all of it on one screen.", epilog=WHERE)
def status(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--watch", "-w", help="Again and again, until Ctrl-C.")] = False,
) -> None:
    """Shows all of it on one screen; exit code 0 where what is wished for is what is, else 1.

    Who is primary, who could take over and why not, what would be lost now, each site, what is being done, the last
    changes with what they took and cost, and which conditions are not as they should be. Unknown: nobody can tell.
    """
    where: Where = context.obj
    with where.api() as api:
        show = watch.watched if follow else watch.once
        _end(show(api, where.replication, Console()))


@app.command(short_help="Moves the primary as planned, or says why not.", epilog=WHERE)
def switchover(
    context: typer.Context,
    region: Region,
    yes: Yes = False,
    dry_run: DryRun = False,
    timeout: Timeout = FOLLOW_LIMIT,
) -> None:
    """Moves the primary to a region as planned: nothing is lost, or it is refused with the reasons.

    Shows what is, asks, writes spec.primary and a new spec.requestId, and follows what comes of it. Decisions stand
    for 2 to 10 s meanwhile.
    """
    follow_s = seconds(timeout)
    where: Where = context.obj
    with where.api() as api:
        _end(Mover(api, where.replication, Console(), Way(dry_run, follow_s)).switch_over(region, yes))


@app.command(short_help="Forces a region although data may be lost.", epilog=WHERE)
def failover(
    context: typer.Context,
    region: Region,
    accept_loss: Annotated[
        str, typer.Option(help="What may be lost, in the place of the question: messages, or Unknown.")
    ] = "",
    confirm: Annotated[str, typer.Option(help="The region's name again, in the place of the question.")] = "",
    dry_run: DryRun = False,
    timeout: Timeout = FOLLOW_LIMIT,
) -> None:
    """Forces a region to be primary although data may be lost: shown first, asked twice, the loss written down.

    Where nothing would be lost Patroni promotes by itself. Without a majority of etcd: kubectl ardoise break-glass.
    """
    follow_s = seconds(timeout)
    where: Where = context.obj
    with where.api() as api:
        mover = Mover(api, where.replication, Console(), Way(dry_run, follow_s))
        _end(mover.fail_over(region, accept_loss, confirm))


@app.command("break-glass", short_help="Goes on without a majority of etcd, guided.", epilog=WHERE)
def break_glass(
    context: typer.Context,
    region: Annotated[str, typer.Argument(help="The region that is left. Default: the cluster's own.")] = "",
) -> None:
    """Without a majority of etcd: shows the command that forces a region, and runs it in the operator's pod."""
    where: Where = context.obj
    with where.api() as api:
        raise typer.Exit(glass.break_glass(api, where.replication, region, Console()))


@drill.command("list", epilog=WHERE)
def list_(context: typer.Context) -> None:
    """Shows every Drill with its next run and how the last one ended."""
    with context.obj.api() as api:
        Console().print(drills.listing(api.listed("Drill"), datetime.now(UTC)))


@drill.command(epilog=WHERE)
def run(
    context: typer.Context,
    name: DrillName,
    yes: Yes = False,
    dry_run: DryRun = False,
    timeout: Timeout = DRILL_LIMIT,
) -> None:
    """Breaks something on purpose now, follows it, and shows what was measured; exit code 0 where it held."""
    follow_s = seconds(timeout)
    with context.obj.api() as api:
        _end(run_drill(api, name, yes, dry_run, follow_s, Console()))


@drill.command(epilog=WHERE)
def report(context: typer.Context, name: DrillName) -> None:
    """Shows the newest run's figures beside what they may be, and the runs before it."""
    with context.obj.api() as api:
        Console().print(drills.report(api.got("Drill", name), datetime.now(UTC)))


def _end(good: bool) -> None:
    raise typer.Exit(0 if good else 1)


def main() -> None:
    """Raises Problem."""
    app(hoisted(sys.argv[1:]), prog_name="kubectl ardoise")
