"""`ardoise race ...`: race control from the command line. Each decision is a message in the log."""

import uuid
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ardoise.cli.calls import Epoch, Target, call
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub

app = typer.Typer(
    help="Race control: each decision is a message in the log, with an undo.", no_args_is_help=True
)

DEFAULT_TARGET = "127.0.0.1:7401"
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
At = Annotated[
    datetime | None,
    typer.Option(
        help="The second from which it holds (local time, as in 2026-07-07T14:02:10). Default: now."
    ),
]
Bib = Annotated[int, typer.Argument(min=1, max=999, help="The rider's number.")]
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
            detail = " ".join(
                f"{field.name} {value}" for field, value in getattr(decision, action).ListFields()
            )
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
