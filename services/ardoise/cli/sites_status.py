"""`ardoise sites status`: the sites and the verdict, as a table."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime

import grpc
from rich.console import Console
from rich.table import Table

from ardoise.chassis.rpc import channel, failure_of
from ardoise.chassis.settings import CommonSettings
from ardoise.cli.calls import who_calls
from ardoise.pb.sites_pb2 import (
    DatabaseRole,
    ForcedFailover,
    GetSitesStatusRequest,
    SitesCondition,
    SitesStatus,
    SiteStatus,
    Truth,
)
from ardoise.pb.sites_pb2_grpc import SitesServiceStub

ASK_LIMIT_S = 3.0
ROLES = {
    DatabaseRole.DATABASE_ROLE_PRIMARY: "primary",
    DatabaseRole.DATABASE_ROLE_SYNCHRONOUS_STANDBY: "synchronous standby",
    DatabaseRole.DATABASE_ROLE_STANDBY: "standby",
    DatabaseRole.DATABASE_ROLE_STOPPED: "stopped",
}
WORDS = {Truth.TRUTH_YES: "yes", Truth.TRUTH_NO: "NO", Truth.TRUTH_UNSPECIFIED: "Unknown"}
UNKNOWN = "Unknown"
GOOD = {"Protected", "PicturesEqual"}
"""Conditions that should be so; all others should not."""


def show_status(targets: Mapping[str, str], seen_from: str) -> None:
    """Shows what one site sees, or the one that sees most. Raises RuntimeError where none answers."""
    chosen = {site: target for site, target in targets.items() if seen_from in ("", site)}
    if not chosen:
        raise RuntimeError(f"there is no site {seen_from}: there are {', '.join(targets)}")
    print_status(best_view(asyncio.run(_views(chosen))), Console())


def best_view(views: Iterable[SitesStatus]) -> SitesStatus:
    """Of the site that hears most of the others: where links are cut, another's picture is the poorer one.

    Of equals a region's, which knows etcd and database, and of those one that sees a primary.
    """
    return max(
        views,
        key=lambda view: (
            sum(site.HasField("report") for site in view.sites),
            any(promotion.primary for promotion in view.promotions),
            next(site.region for site in view.sites if site.site == view.seen_from),
        ),
    )


async def _views(targets: Mapping[str, str]) -> list[SitesStatus]:
    """Of every site that answers. Raises RuntimeError where none does."""
    found = await asyncio.gather(
        *(first_answer({site: target}, _status) for site, target in targets.items()), return_exceptions=True
    )
    views = [view for view in found if isinstance(view, SitesStatus)]
    if not views:
        raise RuntimeError("; ".join(dict.fromkeys(map(str, found))))
    return views


async def first_answer[T](targets: Mapping[str, str], ask: Callable[[SitesServiceStub], Awaitable[T]]) -> T:
    """Of the first site that answers. Raises RuntimeError where none does, FileNotFoundError without a certificate."""
    settings = CommonSettings()
    holder, unanswered = who_calls(settings), []
    for site, target in targets.items():
        async with channel(target, settings, holder) as opened:
            try:
                return await ask(SitesServiceStub(opened))
            except grpc.RpcError as error:
                failure = failure_of(error)
                if failure.reason:
                    raise RuntimeError(failure.message) from error
                unanswered.append(f"no answer from {site}, {target}: {failure.message}")
    raise RuntimeError("; ".join(unanswered))


async def _status(sites: SitesServiceStub) -> SitesStatus:
    return (await sites.GetSitesStatus(GetSitesStatusRequest(), timeout=ASK_LIMIT_S)).status


def print_status(status: SitesStatus, console: Console) -> None:
    """The sites, the verdict, what would be lost, the conditions."""
    table = Table(
        "site",
        "answers",
        "database",
        "timeline",
        "log",
        "mirror",
        "watermark",
        "race",
        box=None,
        header_style="dim",
    )
    for site in status.sites:
        table.add_row(*_row(site))
    console.print(f"seen from {status.seen_from}", style="dim")
    console.print(table)
    console.print()
    for promotion in status.promotions:
        if promotion.primary:
            continue
        answer = WORDS[promotion.without_loss]
        console.print(
            f"could {promotion.region} take over now, without loss? [bold]{answer}[/bold]", highlight=False
        )
        for reason in promotion.reasons:
            console.print(f"  {reason}", highlight=False, soft_wrap=True)
    _print_loss(status, console)
    console.print()
    for condition in status.conditions:
        console.print(
            f"{_mark(condition)} {condition.type:18}{WORDS[condition.status]:9}{condition.message}",
            highlight=False,
            soft_wrap=True,
        )

    if status.HasField("forced"):
        console.print(describe_forced(status.forced), highlight=False, soft_wrap=True)


def _mark(condition: SitesCondition) -> str:
    """Whether it is as it should be: a name alone does not tell whether yes is good."""
    if condition.status == Truth.TRUTH_UNSPECIFIED:
        return "[yellow] ?[/yellow]"
    wanted = Truth.TRUTH_YES if condition.type in GOOD else Truth.TRUTH_NO
    return "[green]ok[/green]" if condition.status == wanted else "[bold red] ![/bold red]"


def describe_forced(forced: ForcedFailover) -> str:
    """Who forced what, what it cost as far as that is known, and what is waited for."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(forced.begun_ms / 1000))
    lost = f"{forced.messages_lost} messages" if forced.HasField("messages_lost") else f"{UNKNOWN} messages"
    intervals = ", ".join(
        f"epoch {one.epoch}: {one.first_sequence} to {one.last_sequence}" for one in forced.lost
    )
    decisions = str(forced.decisions_lost) if forced.HasField("decisions_lost") else UNKNOWN
    return (
        f"forced: {forced.region} by {forced.author} at {at} (operation {forced.request_id}, accepted "
        f"{forced.accepted_loss}); lost: {lost}{f' ({intervals})' if intervals else ''}, {decisions} decisions"
        f"{f'; {forced.now}' if forced.now else ''}"
    )


def _row(site: SiteStatus) -> tuple[str, ...]:
    if not site.HasField("report"):
        since = ""
        if site.HasField("silent_since_ms"):
            since = f", since {datetime.fromtimestamp(site.silent_since_ms / 1000, UTC):%H:%M:%S} UTC"
        return (site.site, f"no{since}", *[UNKNOWN] * 6)
    report = site.report
    live = max(report.logs.logs, key=lambda log: log.epoch, default=None)
    log = str(live.last_sequence) if live else "-" if report.HasField("logs") else UNKNOWN
    marks = {mark.epoch: str(mark.sequence) for mark in report.watermarks.watermarks}
    watermark = "-" if not site.region else UNKNOWN
    if report.HasField("watermarks"):
        watermark = marks.get(live.epoch, "0") if live else "-"
    name = f"LOG_{live.epoch}" if live else ""
    mirror = next((one for one in report.mirrors if one.stream == name), None)
    behind = UNKNOWN if mirror is None or not mirror.HasField("behind") else str(mirror.behind)
    newest = report.race.snapshots[-1] if report.race.snapshots else None
    return (
        site.site,
        f"{site.round_trip_ms} ms",
        ROLES.get(report.database.role, UNKNOWN) if site.region else "-",
        str(report.database.timeline or UNKNOWN) if site.region else "-",
        log,
        "-" if not site.region else f"{mirror.state}, {behind} behind" if mirror else UNKNOWN,
        watermark,
        f"{newest.name.sequence}" if newest else UNKNOWN if not report.HasField("race") else "-",
    )


def _print_loss(status: SitesStatus, console: Console) -> None:
    if not status.HasField("loss"):
        console.print("what would be lost now: Unknown, no primary is seen")
        return
    loss = status.loss
    messages = str(loss.messages) if loss.HasField("messages") else UNKNOWN
    race = f"{loss.race_ms / 1000:.2f} s of the race" if loss.HasField("race_ms") else f"{UNKNOWN} s"
    decisions = {Truth.TRUTH_NO: "no decisions", Truth.TRUTH_YES: "decisions may be lost"}.get(
        loss.decisions, "decisions Unknown"
    )
    console.print(
        f"lost if {loss.region} alone were left now: {messages} messages ({race}), {decisions}",
        highlight=False,
    )
