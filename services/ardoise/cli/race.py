"""`ardoise race ...`: race control from the command line. Each decision is a message in the log."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf.descriptor import FieldDescriptor
from rich.console import Console
from rich.table import Table

from ardoise.cli import rider_values
from ardoise.cli.calls import Epoch, Target, call
from ardoise.cli.standings import tables
from ardoise.pb import control_pb2, race_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.race_pb2_grpc import RaceServiceStub

app = typer.Typer(
    help="Race control: each decision is a message in the log, with an undo. And a look at a rider.",
    no_args_is_help=True,
)

DEFAULT_TARGET = "127.0.0.1:7401"
DEFAULT_RACE_TARGET = "127.0.0.1:7402"
CM_PER_KM = 100_000
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
At = Annotated[
    datetime | None,
    typer.Option(
        help="The second from which it holds (local time, as in 2026-07-07T14:02:10). Default: now."
    ),
]
Bib = Annotated[int, typer.Argument(min=1, max=999, help="The rider's number.")]
RaceTarget = Annotated[
    str, typer.Option(envvar="ARDOISE_POSITIONING_TARGET", help="host:port of positioning.")
]
Tracker = Annotated[int, typer.Argument(min=1, help="The tracker's number.")]


def _decide(action: str, body: object, reason: str, at: datetime | None, epoch: int, target: str) -> None:
    effective_ms = int(at.timestamp() * 1000) if at else 0
    decision = control_pb2.Decision(reason=reason, effective_time_ms=effective_ms, **{action: body})
    request = control_pb2.RecordDecisionRequest(request_id=uuid.uuid4().hex, epoch=epoch, decision=decision)
    answer = call(target, lambda channel: RaceControlServiceStub(channel).RecordDecision(request))
    position = answer.position
    typer.echo(
        f"{action}: decision {answer.decision.decision_id} stands in the log at {position.epoch}-{position.sequence}; "
        f"undo: ardoise race undo {answer.decision.decision_id}"
    )


def _plain(action: str, body: object, purpose: str) -> None:
    def command(
        reason: Reason = "", at: At = None, epoch: Epoch = 0, target: Target = DEFAULT_TARGET
    ) -> None:
        _decide(action, body, reason, at, epoch, target)

    app.command(action, help=purpose)(command)


_plain("start", control_pb2.StartRace(), "The race starts; neutralised until kilometre 0.")
_plain("neutralise", control_pb2.NeutraliseRace(), "Time is not taken until resume.")
_plain("stop", control_pb2.StopRace(), "The race is stopped.")
_plain("resume", control_pb2.ResumeRace(), "Racing goes on.")
_plain("finish", control_pb2.FinishRace(), "The race is over.")


@app.command()
def abandon(
    bib: Bib, reason: Reason = "", at: At = None, epoch: Epoch = 0, target: Target = DEFAULT_TARGET
) -> None:
    """A rider leaves the race."""
    _decide("abandon", control_pb2.AbandonRider(bib=bib), reason, at, epoch, target)


@app.command()
def assign(
    tracker: Tracker,
    bib: Annotated[int, typer.Argument(min=0, max=999, help="The rider's number; 0: nobody's.")],
    reason: Reason = "",
    at: At = None,
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """A tracker is on this rider's bike from the effective second on."""
    _decide("assign", control_pb2.AssignTracker(tracker=tracker, bib=bib), reason, at, epoch, target)


@app.command()
def correct(
    bib: Bib,
    finished: Annotated[
        datetime | None, typer.Option(help="When the rider crossed the line. Left out: has not finished.")
    ] = None,
    reason: Reason = "",
    at: At = None,
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """A rider's result is not what was measured."""
    finish_ms = int(finished.timestamp() * 1000) if finished else None
    _decide(
        "correct", control_pb2.CorrectResult(bib=bib, finish_time_ms=finish_ms), reason, at, epoch, target
    )


class What(StrEnum):
    """What happened to a rider."""

    FALL = "fall"
    PUNCTURE = "puncture"
    MECHANICAL = "mechanical"


@app.command()
def incident(
    bib: Bib,
    what: Annotated[What, typer.Argument(help="What happened.")],
    reason: Reason = "",
    at: At = None,
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """A rider had an incident at that second: in the last kilometres it costs no time."""
    kind = control_pb2.IncidentKind.Value(f"INCIDENT_KIND_{what.name}")
    _decide("incident", control_pb2.RecordIncident(bib=bib, kind=kind), reason, at, epoch, target)


@app.command()
def undo(
    decision_id: Annotated[
        str, typer.Argument(help="From the answer to the decision, or `ardoise race decisions`.")
    ],
    reason: Reason = "",
    epoch: Epoch = 0,
    target: Target = DEFAULT_TARGET,
) -> None:
    """A decision does not hold, as if it had never been taken."""
    _decide("undo", control_pb2.UndoDecision(decision_id=decision_id), reason, None, epoch, target)


@app.command()
def decisions(epoch: Epoch = 0, target: Target = DEFAULT_TARGET) -> None:
    """Every decision of a stage, undone ones among them."""
    table = Table("decision", "what", "effective", "author", "reason", "undone by", box=None)
    token = ""
    while True:
        request = control_pb2.ListDecisionsRequest(epoch=epoch, page_token=token)
        answer = call(target, lambda channel, r=request: RaceControlServiceStub(channel).ListDecisions(r))
        for entry in answer.decisions:
            decision = entry.decision
            action = decision.WhichOneof("action")
            fields = getattr(decision, action).ListFields()
            detail = " ".join(f"{field.name} {_written(field, value)}" for field, value in fields)
            effective = datetime.fromtimestamp(decision.effective_time_ms / 1000).astimezone()
            table.add_row(
                decision.decision_id,
                f"{action} {detail}".strip(),
                effective.isoformat(" ", "seconds"),
                decision.author,
                decision.reason,
                entry.undone_by,
            )
        token = answer.next_page_token
        if not token:
            break
    Console().print(table)


@app.command()
def standings(
    km: Annotated[
        float | None,
        typer.Option(help="As if the stage ended there, from kilometre 0. Default: at the finish."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Lines of each table.")] = 10,
    epoch: Epoch = 0,
    target: RaceTarget = DEFAULT_RACE_TARGET,
) -> None:
    """The result and the classifications as they would be now."""
    distance_cm = None if km is None else round(km * CM_PER_KM)
    asked = race_pb2.GetStandingsRequest(epoch=epoch, distance_cm=distance_cm)
    found = call(target, lambda channel: RaceServiceStub(channel).GetStandings(asked))
    of_it = race_pb2.GetStageRequest(epoch=found.position.epoch)
    stage = call(target, lambda channel: RaceServiceStub(channel).GetStage(of_it))
    for table in tables(found, stage.setup, most):
        Console().print(table)


app.command()(rider_values.values)


def _written(field: FieldDescriptor, value: object) -> object:
    """A field's value for people: of an enumeration the last word of its name."""
    if field.enum_type is None:
        return value
    return field.enum_type.values_by_number[value].name.rpartition("_")[2].lower()
