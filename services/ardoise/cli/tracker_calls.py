"""What `ardoise tracker` asks the gateway, ingest and positioning."""

import uuid
from typing import Annotated

import grpc
import typer

from ardoise.cli.calls import CallFailed, call
from ardoise.pb import control_pb2, race_pb2, trackers_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.setup_pb2 import StageSetup, TrackerAssignment
from ardoise.pb.trackers_pb2_grpc import TrackerServiceStub

DEFAULT_TARGET = "127.0.0.1:7407"
PAGE = 200
Gateway = Annotated[
    str,
    typer.Option("--gateway", envvar="ARDOISE_TRACKERS_TARGET", help="host:port of the trackers' gateway."),
]
Source = Annotated[
    str,
    typer.Option(
        "--source",
        help="What it comes by, as ARDOISE_SOURCES names it and `ardoise tracker list` shows it. "
        "Default: the only one that is switched on.",
    ),
]


def sources(gateway: str) -> list[trackers_pb2.TrackerSource]:
    """Those that are switched on. Raises CallFailed."""
    request = trackers_pb2.ListSourcesRequest()
    return list(call(gateway, lambda channel: TrackerServiceStub(channel).ListSources(request)).sources)


def source(gateway: str, name: str, decoder: str = "") -> trackers_pb2.TrackerSource:
    """The one that is called so; without a name the only one, of that decoder. Raises CallFailed that says what to do.

    Never by what was heard: a stranger who says a name at an open port would choose for whoever assigns it.
    """
    on = sources(gateway)
    fitting = [one for one in on if name in ("", one.name) and decoder in ("", one.decoder)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        which = " or ".join(f"--source {one.name}" for one in fitting)
        raise CallFailed(f"there are several sources, and a name is another device at each: say {which}")
    there = ", ".join(f"{one.name}: {one.decoder} over {one.transport}" for one in on) or "nothing is"
    wanted = name or decoder or "a source of trackers"
    of = f" as {decoder}" if name and decoder else ""
    raise CallFailed(
        f"{wanted} is not switched on{of} ({there}): name it in ARDOISE_SOURCES where the gateway is started "
        "(docs/trackers)"
    )


def devices(gateway: str, *, unknown_only: bool = False) -> list[trackers_pb2.Device]:
    """All that were heard, who was heard last first. Raises CallFailed."""
    return call(gateway, lambda channel: _devices(channel, unknown_only))


def device(gateway: str, number: int) -> trackers_pb2.Device | None:
    """The one with this number that was heard last; None: it was not heard. Raises CallFailed."""
    return next((one for one in devices(gateway) if one.tracker == number), None)


def assignments(ingest: str) -> list[TrackerAssignment]:
    """Who rides with what, when, in the live stage. Raises CallFailed."""
    return call(ingest, _assignments)


def assign(ingest: str, number: int, bib: int, effective_ms: int, reason: str) -> control_pb2.Decision:
    """Race control's decision, as it stands in the log. `effective_ms` 0: now. Raises CallFailed."""
    decision = control_pb2.Decision(
        reason=reason,
        effective_time_ms=effective_ms,
        assign=control_pb2.AssignTracker(tracker=number, bib=bib),
    )
    request = control_pb2.RecordDecisionRequest(request_id=uuid.uuid4().hex, decision=decision)
    try:
        return call(ingest, lambda channel: RaceControlServiceStub(channel).RecordDecision(request)).decision
    except CallFailed as error:
        if error.lasting:
            raise CallFailed(f"{error}; whose it is stays as it was (ardoise tracker list)") from error
        raise


def stage(positioning: str) -> StageSetup | None:
    """The live stage with its road and riders; None where positioning does not say: nothing depends on it."""
    request = race_pb2.GetStageRequest()
    try:
        return call(positioning, lambda channel: RaceServiceStub(channel).GetStage(request)).setup
    except CallFailed:
        return None


async def _devices(channel: grpc.aio.Channel, unknown_only: bool) -> list[trackers_pb2.Device]:
    found, token = [], ""
    while True:
        request = trackers_pb2.ListDevicesRequest(page_size=PAGE, page_token=token, unknown_only=unknown_only)
        answer = await TrackerServiceStub(channel).ListDevices(request)
        found += answer.devices
        token = answer.next_page_token
        if not token:
            return found


async def _assignments(channel: grpc.aio.Channel) -> list[TrackerAssignment]:
    found, token = [], ""
    while True:
        request = control_pb2.ListAssignmentsRequest(page_token=token)
        answer = await RaceControlServiceStub(channel).ListAssignments(request)
        found += answer.assignments
        token = answer.next_page_token
        if not token:
            return found
