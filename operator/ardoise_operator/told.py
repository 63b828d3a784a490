"""What is told of wishes and operations, as it stands in a Replication's status. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from ardoise.sites.operations.acting import Told
from ardoise.sites.operations.record import Done, Ended, Operation

from ardoise_operator.conditions import Condition
from ardoise_operator.sight import UNKNOWN, clipped, instant, number, present, truth

MOST_HISTORY = 20
MOST_STEPS = 64
MOST_LOST = 32
MOST_STEP_CHARACTERS = 64
MOST_MESSAGE_CHARACTERS = 1024
MOST_REASON_CHARACTERS = 4096


RECORDED = ("acceptedRequestId", "acceptedPrimary", "operation", "history")


def told_fields(told: Told, before: Mapping[str, Any]) -> dict[str, Any]:
    """The copy of the record that both operators share. Where it cannot be read it stays as it was: nobody writes in it
    either, and what is over is not undone."""
    if told.acting is None:
        return {field: before[field] for field in RECORDED if field in before}
    return present(
        acceptedRequestId=told.wish.request_id if told.wish is not None else None,
        acceptedPrimary=told.wish.primary if told.wish is not None else None,
        operation=_operation(told.operation) if told.operation is not None else None,
        history=[_ended(one) for one in told.history[:MOST_HISTORY]] or None,
    )


def told_conditions(told: Told) -> Iterable[Condition]:
    """Ready, SpecDiverged and OperationInProgress."""
    for kind, verdict in (("Ready", told.ready), ("SpecDiverged", told.diverged)):
        yield Condition(kind, truth(verdict.status), verdict.reason, verdict.message)
    running = told.operation
    if running is not None:
        message = f"{running.kind} to {running.target} ({running.id}): {running.step}"
        yield Condition("OperationInProgress", "True", running.kind, message)
    elif told.acting is None:
        message = "etcd has no majority: what is remembered there cannot be read"
        yield Condition("OperationInProgress", UNKNOWN, "NoMajority", message)
    else:
        yield Condition("OperationInProgress", "False", "Idle")


def _operation(running: Operation) -> dict[str, Any]:
    return {
        "id": running.id,
        "type": running.kind,
        "from": running.source or UNKNOWN,
        "to": running.target,
        "step": clipped(running.step, MOST_STEP_CHARACTERS),
        "startedAt": instant(running.started_ms),
        "steps": [_step(one) for one in running.steps[-MOST_STEPS:]],
    }


def _step(done: Done) -> dict[str, Any]:
    return {
        "step": clipped(done.step, MOST_STEP_CHARACTERS),
        "finishedAt": instant(done.finished_ms),
        "message": clipped(done.message, MOST_MESSAGE_CHARACTERS),
    }


def _ended(one: Ended) -> dict[str, Any]:
    accepted = one.accepted_loss
    return present(
        id=one.id,
        type=one.kind,
        **{"from": one.source or UNKNOWN},
        to=one.target,
        outcome=one.outcome,
        reason=clipped(one.reason, MOST_REASON_CHARACTERS),
        startedAt=instant(one.started_ms),
        finishedAt=instant(one.finished_ms),
        writesInterruptedMilliseconds=number(one.interrupted_ms),
        acceptedLossMessages=(int(accepted) if accepted.isdecimal() else UNKNOWN) if accepted else None,
        lostMessages=number(one.loss.messages),
        lost=[
            {"epoch": epoch, "firstSequence": first, "lastSequence": last}
            for epoch, first, last in one.loss.intervals[:MOST_LOST]
        ]
        or None,
        replayedMessages=number(one.loss.replayed),
        lostDecisions=number(one.loss.decisions),
    )
