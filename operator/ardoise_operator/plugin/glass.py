"""`break-glass`: without a majority of etcd the operator does nothing, and `ardoise` guides a person.

It is run in the operator's pod, whose certificate is one of race operations: that of `sites` may only look.
"""

import subprocess
from collections.abc import Sequence

import typer
from rich.console import Console

from ardoise_operator.plugin.api import Api
from ardoise_operator.plugin.looking import look
from ardoise_operator.plugin.picture import Picture
from ardoise_operator.plugin.problem import Misused, Problem
from ardoise_operator.plugin.screen import screen, seen
from ardoise_operator.plugin.words import UNKNOWN

ANY_POD = "deployment/ardoise-operator"


def target(picture: Picture, region: str) -> str:
    """The region that is to be forced. `region` empty: that of the cluster. Raises Problem."""
    here = picture.seen_from
    region = region or here
    if region not in picture.regions:
        raise Misused(f"say which region is left: {' or '.join(picture.regions)}")
    if here not in (region, UNKNOWN):
        raise Misused(
            f"{region} alone can be asked to go on alone, and this is the cluster of {here}: "
            f"give that of {region} with --context"
        )
    if picture.primary != UNKNOWN and not picture.blind:
        raise Problem(
            f"{picture.primary} is primary: kubectl ardoise switchover {picture.other(picture.primary)} moves it "
            "without loss"
        )
    if not picture.blind:
        raise Problem(f"etcd has a majority, and the operator acts: kubectl ardoise failover {region}")
    return region


def command(kubectl: Sequence[str], pod: str, region: str) -> list[str]:
    """What guides through it."""
    where = ["exec", "--stdin", "--tty", pod, "--container=operator", "--"]
    return [*kubectl, *where, "ardoise", "sites", "break-glass", region]


def explained(picture: Picture, region: str) -> list[str]:
    """What it is, and what has to be true before, for people."""
    edge, other = picture.spec["sites"]["edge"], picture.other(region)
    here = "etcd has no majority, and the operator does nothing"
    if not picture.no_majority:
        here = (
            f"{picture.blind}. Whether etcd has a majority is not known here; the command below looks itself"
        )
    return [
        f"{here}.",
        "Of three members of etcd one alone cannot know whether it is alone: nobody is promoted, decisions stand.",
        f"If {edge} or {other} will be back within minutes, wait: then all goes on by itself, and nothing is lost.",
        f"Else {region} goes on alone. What that loses is Unknown while {edge} is away, and is written down later.",
        f"Make sure of it first, nobody but people can: {other} is off, or reaches neither {edge} nor {region} nor "
        "anybody who writes there. The two are a majority without this one.",
    ]


def break_glass(api: Api, replication: str, region: str, console: Console) -> int:
    """Exit code of what was run. Raises Problem."""
    picture = look(api, replication)
    console.print(seen(picture, api.context))
    console.print(screen(picture))
    console.print()
    region = target(picture, region)
    for line in explained(picture, region):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    guided = command(api.kubectl, _pod(api), region)
    console.print("\nThis guides through it, and asks twice before it does anything:", style="bold")
    console.print(f"  {' '.join(guided)}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        "Where no operator's pod runs: as docs/runbooks/break-glass.md has it, with race control's certificate."
    )
    if not typer.confirm("Run it?"):
        raise Problem("nothing was done")
    try:
        return subprocess.call(guided)
    except OSError as error:
        raise Problem(f"kubectl cannot be run ({error}): run the line above where it is") from error


def _pod(api: Api) -> str:
    """As `kubectl exec` names it; where they may not be listed, by the name that the chart gives."""
    try:
        return next((f"pod/{name}" for name in api.operator_pods()), ANY_POD)
    except Problem:
        return ANY_POD
