"""The race in the terminal: groups, gaps, prediction, age of the data."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import grpc
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ardoise.chassis.watching import Watch
from ardoise.pb.analytics_pb2 import PredictionSet, WatchPredictionsRequest, WatchPredictionsResponse
from ardoise.pb.analytics_pb2_grpc import AnalyticsServiceStub
from ardoise.pb.common_pb2 import RaceState, RiderStatus
from ardoise.pb.race_pb2 import (
    GetStageRequest,
    GroupRole,
    Snapshot,
    WatchSnapshotsRequest,
    WatchSnapshotsResponse,
)
from ardoise.pb.race_pb2 import Group as RaceGroup
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.setup_pb2 import StageSetup

STAGE_LIMIT_S = 5.0
LINE_EVERY_S = 5.0
MAX_GROUPS = 8
MAX_NAMES = 4
ACCENT = "bold #f6c700"


@dataclass
class View:
    """What the summary knows."""

    pages: list[str]
    stage: StageSetup | None = None
    snapshot: Snapshot | None = None
    predictions: PredictionSet | None = None
    received_s: float = 0.0
    names: dict[int, str] = field(default_factory=dict)


async def show(view: View, race: grpc.aio.Channel, analytics: grpc.aio.Channel, console: Console) -> None:
    """Shows the race until cancelled: a live picture in a terminal, a line every few seconds elsewhere."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_watch_race(view, race).run())
        group.create_task(_watch_predictions(view, analytics).run())
        group.create_task(_draw(view, console) if console.is_terminal else _print_lines(view, console))


async def _draw(view: View, console: Console) -> None:
    with Live(console=console, refresh_per_second=4, get_renderable=lambda: picture(view)):
        await asyncio.Event().wait()


async def _print_lines(view: View, console: Console) -> None:
    while True:
        await asyncio.sleep(LINE_EVERY_S)
        console.print(line(view), highlight=False, soft_wrap=True)


def _watch_race(view: View, channel: grpc.aio.Channel) -> Watch:
    stub = RaceServiceStub(channel)

    async def take(update: WatchSnapshotsResponse) -> None:
        if not update.HasField("snapshot"):
            return
        if view.stage is None or view.stage.stage_id != update.snapshot.stage_id:
            epoch = update.snapshot.name.epoch
            answer = await stub.GetStage(GetStageRequest(epoch=epoch), timeout=STAGE_LIMIT_S)
            view.stage = answer.setup
            view.names = {rider.bib: rider.family_name for rider in answer.setup.riders}
        view.snapshot, view.received_s = update.snapshot, time.monotonic()

    return Watch(
        "positioning", channel, lambda after: stub.WatchSnapshots(WatchSnapshotsRequest(after=after)), take
    )


def _watch_predictions(view: View, channel: grpc.aio.Channel) -> Watch:
    stub = AnalyticsServiceStub(channel)

    async def take(update: WatchPredictionsResponse) -> None:
        if update.HasField("predictions"):
            view.predictions = update.predictions

    return Watch(
        "analytics", channel, lambda after: stub.WatchPredictions(WatchPredictionsRequest(after=after)), take
    )


def picture(view: View) -> Group:
    """The live picture."""
    footer = Text("  ".join(view.pages), style="dim")
    if view.snapshot is None or view.stage is None:
        return Group(Text("waiting for the race ...", style=ACCENT), footer)
    parts = [Text(_title(view), style=ACCENT), Text(_state(view)), _groups(view)]
    parts += [Text(sentence) for sentence in _predictions(view)]
    return Group(*parts, footer)


def line(view: View) -> str:
    """The race in one line."""
    if view.snapshot is None or view.stage is None:
        return "waiting for the race ..."
    groups = [
        f"{_role(group.role, group.number)} {len(group.bibs)}{' ' + gap(group.gap_ms) if group.gap_ms else ''}"
        for group in view.snapshot.groups[:MAX_GROUPS]
    ]
    return (
        f"{_state(view)} | {', '.join(groups) or 'no group on the road'} | {' '.join(_predictions(view)[:1])}"
    )


def gap(gap_ms: int) -> str:
    """ "+1:07"."""
    minutes, seconds = divmod(round(gap_ms / 1000), 60)
    return f"+{minutes}:{seconds:02d}"


def _title(view: View) -> str:
    return f"{view.stage.event_name} · {view.stage.stage_name}"


def _state(view: View) -> str:
    snapshot = view.snapshot
    clock = datetime.fromtimestamp(snapshot.race_time_ms / 1000, UTC).strftime("%H:%M:%S UTC")
    state = RaceState.Name(snapshot.race_state).removeprefix("RACE_STATE_").lower()
    racing = sum(rider.status == RiderStatus.RIDER_STATUS_RACING for rider in snapshot.riders)
    silent = sum(rider.status == RiderStatus.RIDER_STATUS_NO_SIGNAL for rider in snapshot.riders)
    finished = sum(rider.status == RiderStatus.RIDER_STATUS_FINISHED for rider in snapshot.riders)
    fixes = [rider.fix_time_ms for rider in snapshot.riders if rider.HasField("fix_time_ms")]
    age_s = (snapshot.race_time_ms - max(fixes, default=snapshot.race_time_ms)) / 1000
    age_s += time.monotonic() - view.received_s
    to_go = "".join(f"  {_to_go_km(view, group)} to go" for group in snapshot.groups[:1])
    return (
        f"{clock}  {state}{to_go}  {racing} racing, {finished} finished, {silent} without signal"
        f"  data {age_s:.1f} s old"
    )


def _to_go_km(view: View, group: RaceGroup) -> str:
    return f"{(view.stage.route.finish_cm - group.distance_cm) / 100_000:.1f} km"


def _groups(view: View) -> Table:
    table = Table("group", "riders", "gap", "km/h", "to go", "who", box=None, header_style="dim")
    for group in view.snapshot.groups[:MAX_GROUPS]:
        names = [view.names.get(bib, str(bib)) for bib in group.bibs[:MAX_NAMES]]
        more = ", ..." if len(group.bibs) > MAX_NAMES else ""
        table.add_row(
            _role(group.role, group.number),
            str(len(group.bibs)),
            Text(gap(group.gap_ms) if group.gap_ms else "", style="bold"),
            f"{group.speed_mmps * 3.6 / 1000:.0f}",
            _to_go_km(view, group),
            ", ".join(names) + more,
        )
    return table


def _predictions(view: View) -> list[str]:
    if view.predictions is None:
        return []
    sentences = []
    for catch in view.predictions.catches[:3]:
        where = (
            f", about {catch.catch_to_go_m[1] / 1000:.0f} km from the line"
            if len(catch.catch_to_go_m) == 3
            else ""
        )
        who = view.names.get(catch.bibs[0], str(catch.bibs[0])) if catch.bibs else "?"
        others = f" and {len(catch.bibs) - 1} more" if len(catch.bibs) > 1 else ""
        sentences.append(f"{who}{others} caught: {catch.catch_probability:.0%}{where}")
    return sentences


def _role(role: int, number: int) -> str:
    name = {
        GroupRole.GROUP_ROLE_HEAD: "head of the race",
        GroupRole.GROUP_ROLE_CHASE: f"chase {number}",
        GroupRole.GROUP_ROLE_PELOTON: "peloton",
        GroupRole.GROUP_ROLE_DROPPED: "dropped",
        GroupRole.GROUP_ROLE_GRUPPETTO: "gruppetto",
    }
    return name.get(role, "group")
