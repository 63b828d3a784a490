"""`ardoise sites break-glass`: a forced failover, guided: what is, what could be lost, what is done; asked twice."""

import asyncio
import time
import uuid
from collections.abc import Mapping

import typer
from rich.console import Console

from ardoise.cli.sites_status import describe_forced, first_answer, print_status
from ardoise.pb.sites_pb2 import BreakGlassRequest, ForcedFailover, GetSitesStatusRequest, SitesStatus
from ardoise.pb.sites_pb2_grpc import SitesServiceStub
from ardoise.sites.forced import (
    UNKNOWN,
    Outlook,
    describe,
    has_majority,
    objections,
    others_that_answer,
    outlook,
)

CALL_LIMIT_S = 5.0
FOLLOW_EVERY_S = 1.0
# The lease of the old primary runs out in the new cluster, then PostgreSQL is promoted; three times that.
FOLLOW_LIMIT_S = 120.0


def force(targets: Mapping[str, str], region: str, confirm: str, accept_loss: str, operation: str) -> None:
    """Guides a person through it, or does it at once where both answers are given. Raises RuntimeError."""
    if region not in targets:
        raise RuntimeError(f"there is no region {region}: there are {', '.join(targets)}")
    asyncio.run(_force(targets[region], region, confirm, accept_loss, operation))


async def _force(target: str, region: str, confirm: str, accept_loss: str, operation: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    status = await _status(target, region)
    running = status.forced if status.forced.region == region and not status.forced.promoted_ms else None
    if running is not None and running.now and operation in ("", running.request_id):
        console.print(f"operation {running.request_id} is under way already: following it")
        await _follow(console, target, region, running.request_id)
        return
    if operation and status.forced.request_id == operation:
        await _follow(console, target, region, operation)
        return
    print_status(status, console)
    found = outlook(status, region)
    accepts = str(found.messages) if found.covers_all else UNKNOWN
    if against := objections(status, region, accept_loss or accepts):
        raise RuntimeError("; ".join(against))
    _explain(console, status, region, found)
    if confirm != region:
        _asked(f"Which region is to be forced? Type its name ({region})", region)
    if not accept_loss:
        _asked(f'What do you accept to lose? Type "lose {accepts}"', f"lose {accepts}")
    operation = operation or uuid.uuid4().hex
    request = BreakGlassRequest(request_id=operation, region=region, accepted_loss=accept_loss or accepts)

    async def ask(sites: SitesServiceStub) -> ForcedFailover:
        return (await sites.BreakGlass(request, timeout=CALL_LIMIT_S)).forced

    await first_answer({region: target}, ask)
    console.print(f"operation {operation}")
    await _follow(console, target, region, operation)


def _explain(console: Console, status: SitesStatus, region: str, found: Outlook) -> None:
    others = [site.site for site in status.sites if site.site != region]
    console.print(f"\n[bold]What could be lost:[/bold] {describe(found)}")
    if found.messages is None:
        console.print(
            "  Only the truck can tell. What is lost is written down exactly as soon as it returns."
        )
    console.print("[bold]What will be done:[/bold]")
    if not has_majority(status):
        console.print(f"  1. {region}'s member of etcd becomes a cluster of its own, with a new token")
        console.print("     members that come back give up what they have and join it, empty")
    console.print(f"  2. Patroni promotes {region}'s database; its guard is passed over once")
    console.print("  3. who did it, when and what was accepted is written into etcd and into the database")
    console.print("[bold]What has to be true, and only people can make sure of:[/bold]")
    console.print(
        f"  {' and '.join(others)} are off, or reach neither each other nor anybody who writes there."
    )
    console.print(
        f"  Cut off from {region} but not from each other, the two are a majority of the old cluster and"
    )
    console.print("  may have a primary of their own: they cannot know. Ask there, or switch them off:")
    console.print(f"  ardoise sites status --from {others[0]}; ardoise sites parts; or a phone call")
    for answers in others_that_answer(status):
        console.print(f"  [red]{answers}[/red]")


def _asked(question: str, wanted: str) -> None:
    if typer.prompt(question, default="", show_default=False) != wanted:
        raise RuntimeError("nothing was done")


async def _follow(console: Console, target: str, region: str, operation: str) -> None:
    told = 0
    deadline_s = time.monotonic() + FOLLOW_LIMIT_S
    now = ""
    while True:
        # The region's own process may be busy starting again: the operation is on its disk.
        try:
            forced = (await _status(target, region)).forced
        except RuntimeError:
            forced = ForcedFailover()
        if forced.request_id == operation:
            for step in forced.steps[told:]:
                at = time.strftime("%H:%M:%S", time.localtime(step.time_ms / 1000))
                console.print(f"  {at}  {step.what}")
            told = len(forced.steps)
            if forced.now != now and forced.now:
                console.print(f"            {forced.now}")
            now = forced.now
            if forced.promoted_ms:
                console.print(describe_forced(forced))
                return
            if not forced.now:
                raise RuntimeError(f"{region} was not promoted: {forced.steps[-1].what}")
        if time.monotonic() > deadline_s:
            again = f"ardoise sites break-glass {region} --operation {operation}"
            raise RuntimeError(f"not within {FOLLOW_LIMIT_S:.0f} s; it goes on by itself. Follow it: {again}")
        await asyncio.sleep(FOLLOW_EVERY_S)


async def _status(target: str, region: str) -> SitesStatus:
    async def ask(sites: SitesServiceStub) -> SitesStatus:
        return (await sites.GetSitesStatus(GetSitesStatusRequest(), timeout=CALL_LIMIT_S)).status

    return await first_answer({region: target}, ask)
