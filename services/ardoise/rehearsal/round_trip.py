"""One rider's trip through the whole platform: a fix in, its position out, its row stored, an alert raised.

What `helm test` runs at a site, and an engineer after any change. It rides a stage of its own, so it is refused while a
race is on, and puts back the stage that was live.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from pydantic import Field

from ardoise.chassis.relay import RelayClient
from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.ingest.setup.stage import route_message
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.race_pb2 import GetSnapshotRequest
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.security_pb2 import Alert, ListAlertsRequest
from ardoise.pb.security_pb2_grpc import SecurityServiceStub
from ardoise.pb.setup_pb2 import ClockSource, StageSetup
from ardoise.pb.telemetry_pb2 import RelayResponse, TelemetryFrame
from ardoise.race.route import prepare_route
from ardoise.rehearsal.drills.stage import begin_race, end_race, race_on

if TYPE_CHECKING:
    from ardoise.chassis.store import Store

RELAY, OPERATOR, READER = "round-trip", "supervisor", "drill"
"""Whose certificates it shows: the relay's, race control's, the database's reader's."""
BIB, TRACKER = 1, 1
STRANGERS_FROM = 99_000_000
STEP_LIMIT_S = 60.0
"""Each step; a new epoch's mirrors take seconds."""
CALL_LIMIT_S = 5.0
LOOK_EVERY_S = 0.25
FRAME_EVERY_S = 1.0
SPEED_MMPS = 11_000
_LENGTH, _STEP_E7, _LATITUDE_E7, _LONGITUDE_E7 = 400, 12_700, 450_000_000, 50_000_000
_START = 200
"""The point of the road where the rider is."""


class RoundTripSettings(CommonSettings):
    """Where the platform is, besides the common settings."""

    ingest_target: str = Field("127.0.0.1:7401", description="host:port of ingest, at the truck.")
    positioning_target: str = Field("127.0.0.1:7402", description="host:port of positioning.")
    security_target: str = Field("127.0.0.1:7405", description="host:port of security.")
    database_url: str = Field(
        "", description="PostgreSQL URL, as the holder of a certificate. Empty: rows are not looked for."
    )


class RoundTripFailed(RuntimeError):
    """Something did not come through; the message says what, and what was seen instead."""


@dataclass(frozen=True)
class Passed:
    """One step that was seen."""

    what: str
    took_s: float
    """Since the race began."""


async def round_trip(settings: RoundTripSettings, passed: Callable[[Passed], None]) -> None:
    """Tells `passed` each step as it is seen. Raises RoundTripFailed, grpc.aio.AioRpcError."""
    async with AsyncExitStack() as stack:
        ingest, positioning, security = [
            await stack.enter_async_context(channel(target, settings, OPERATOR))
            for target in (settings.ingest_target, settings.positioning_target, settings.security_target)
        ]
        if await race_on(positioning):
            raise RoundTripFailed("a race is on: finish it first (ardoise race finish), this takes its place")
        epoch = await stack.enter_async_context(_race(ingest))
        began_s = time.monotonic()
        acknowledged = asyncio.Event()
        relay = await stack.enter_async_context(_relay(settings, epoch, acknowledged))

        async def on_disk() -> str:
            return (
                ""
                if acknowledged.is_set()
                else f"no acknowledgement ({relay.tally.last_error or 'no answer'})"
            )

        async def in_region() -> str:
            return "" if relay.tally.in_region else f"{relay.unacknowledged} frames are in no region yet"

        steps: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("a fix acknowledged on the truck's disk", on_disk),
            ("and in a region", in_region),
            ("its position shown", lambda: _position(positioning, epoch)),
            ("an alert raised about a tracker that nobody has", lambda: _alert(security, epoch)),
        ]
        if settings.database_url:
            # Imported here: where there is no database there is no driver either.
            from ardoise.chassis.store import Store

            store = Store(settings.database_url, READER)
            stack.push_async_callback(store.close)
            steps.append(("its row stored", lambda: _row(store, epoch)))
        for what, missing in steps:
            await _seen(what, missing)
            passed(Passed(what, time.monotonic() - began_s))


async def _seen(what: str, missing: Callable[[], Awaitable[str]]) -> None:
    deadline = time.monotonic() + STEP_LIMIT_S
    while said := await missing():
        if time.monotonic() > deadline:
            raise RoundTripFailed(f"not seen within {STEP_LIMIT_S:.0f} s: {what}: {said}")
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def _race(ingest: grpc.aio.Channel) -> AsyncIterator[int]:
    control = RaceControlServiceStub(ingest)
    listed = await control.ListStages(control_pb2.ListStagesRequest(), timeout=CALL_LIMIT_S)
    before = [log.epoch for log in listed.stages if log.active]
    epoch = await begin_race(ingest, trial_stage())
    try:
        yield epoch
    finally:
        await end_race(ingest, epoch)
        for live in before:
            request = control_pb2.ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=live)
            await control.ActivateStage(request, timeout=CALL_LIMIT_S)


@asynccontextmanager
async def _relay(
    settings: RoundTripSettings, epoch: int, acknowledged: asyncio.Event
) -> AsyncIterator[RelayClient]:
    """Reports the rider and a stranger every second."""

    def answered(response: RelayResponse, _: float) -> None:
        if response.WhichOneof("outcome") == "acknowledgement":
            acknowledged.set()

    async with channel(settings.ingest_target, settings, RELAY) as opened, asyncio.TaskGroup() as group:
        relay = RelayClient(RELAY, opened, on_answer=answered)
        tasks = [group.create_task(relay.run()), group.create_task(_report(relay, epoch))]
        yield relay
        for task in tasks:
            task.cancel()


async def _report(relay: RelayClient, epoch: int) -> None:
    number = 0
    while True:
        number += 1
        relay.send(trial_frame(epoch, number, time.time_ns() // 1_000_000))
        await asyncio.sleep(FRAME_EVERY_S)


async def _position(positioning: grpc.aio.Channel, epoch: int) -> str:
    try:
        answer = await RaceServiceStub(positioning).GetSnapshot(
            GetSnapshotRequest(epoch=epoch), timeout=CALL_LIMIT_S
        )
    except grpc.aio.AioRpcError as error:
        return error.details() or error.code().name
    placed = [rider for rider in answer.snapshot.riders if rider.bib == BIB and rider.HasField("fix_time_ms")]
    return "" if placed else "the rider has no position"


async def _alert(security: grpc.aio.Channel, epoch: int) -> str:
    answer = await SecurityServiceStub(security).ListAlerts(ListAlertsRequest(), timeout=CALL_LIMIT_S)
    return "" if any(tells(alert, epoch) for alert in answer.alerts) else f"no alert about {_stranger(epoch)}"


def tells(alert: Alert, epoch: int) -> bool:
    """Whether it is about the stranger of this race; after some round trips in an hour there is one about all of them.

    An epoch is the instant at which its log began, milliseconds since 1970.
    """
    about_all = alert.subject == f"source:{RELAY}" and alert.last_seen_ms >= epoch
    return about_all or alert.subject == f"tracker:{_stranger(epoch)}"


async def _row(store: Store, epoch: int) -> str:
    from sqlalchemy import text

    from ardoise.chassis.store import StoreUnavailable

    try:
        async with store.transaction() as session:
            rows = await session.scalar(
                text("SELECT count(*) FROM fix WHERE epoch = :epoch AND tracker = :tracker"),
                {"epoch": epoch, "tracker": TRACKER},
            )
    except StoreUnavailable as error:
        return str(error)
    return "" if rows else "no row"


def _stranger(epoch: int) -> int:
    """A tracker that no run before had."""
    return STRANGERS_FROM + epoch % 1_000_000


def trial_stage() -> StageSetup:
    """A straight road eastwards and one rider."""
    longitudes = [_LONGITUDE_E7 + step * _STEP_E7 for step in range(_LENGTH)]
    setup = StageSetup(
        stage_id="round-trip",
        event_name="Ardoise",
        stage_name="Round trip",
        planned_start_ms=time.time_ns() // 1_000_000,
        route=route_message(prepare_route([_LATITUDE_E7] * _LENGTH, longitudes, None)),
        signal_timeout_ms=10_000,
        clock_source=ClockSource.CLOCK_SOURCE_WALL,
    )
    setup.teams.add(code="TRY", name="Trial", colour="#f6c700")
    setup.riders.add(bib=BIB, family_name="Trial", team_code="TRY")
    setup.assignments.add(tracker=TRACKER, bib=BIB)
    return setup


def trial_frame(epoch: int, number: int, time_ms: int) -> TelemetryFrame:
    """The rider's fix of this second, and one of a tracker that nobody has."""
    east_e7 = _LONGITUDE_E7 + (_START + number) * _STEP_E7 // 9  # 11 m a second
    return TelemetryFrame(
        relay_id=RELAY,
        boot_id=epoch,
        frame_number=number,
        base_time_ms=time_ms,
        tracker=[TRACKER, _stranger(epoch)],
        time_offset_ms=[0, 0],
        latitude_e7=[_LATITUDE_E7] * 2,
        longitude_e7=[east_e7] * 2,
        speed_mmps=[SPEED_MMPS] * 2,
    )
