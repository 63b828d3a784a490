"""What is done next about the primary: decided from what is seen, wished and remembered, and from nothing else. Pure.

Nothing here elects: who is primary is decided by Patroni and etcd, and by the guard of who is to be promoted. This
begins planned changes where nothing stands against them, hands forced ones on, and remembers what it saw.

Invariants: one operation at a time, each id once; a planned one begins only where `sites` would begin it too; a wish
that came to nothing is not tried again by itself; of what is remembered nothing goes back to an older timeline.
"""

from dataclasses import replace
from typing import NamedTuple

from ardoise.sites.operations.cost import settle
from ardoise.sites.operations.record import (
    FAILBACK,
    MOST_HISTORY,
    Before,
    Done,
    Ended,
    Kind,
    Loss,
    Operation,
    Outcome,
    Record,
    Step,
    Wish,
)
from ardoise.sites.operations.seen import before, follows, leading, other_region, paused_ms
from ardoise.sites.operations.situation import Mode, Refusal, Situation, Verdict
from ardoise.sites.operations.standing import against_failback, against_planned, ready

UNKNOWN, NOTHING = Loss(), Loss(messages=0, replayed=0, decisions=0)


class Decision(NamedTuple):
    """What is to be remembered before anything is done, and how things stand."""

    record: Record
    ready: Verdict


def decide(situation: Situation) -> Decision:
    """The next step. What it remembers has to be written down before its side effect is begun."""
    record = _saw(situation)
    if record.operation is not None:
        record = _went_on(record, record.operation, situation)
    record = settle(_settled(record, situation), situation.status)
    against: Verdict | None = None
    if record.operation is None or record.operation.step is Step.REJOINING:
        record, against = _begun(record, situation)
    return Decision(record, against or ready(record, situation))


def _settled(record: Record, situation: Situation) -> Record:
    """Whether the wish needs nothing more: it is so, or it was tried."""
    wish, now = situation.wish, leading(situation.status, record.timeline)
    if wish is None:
        return record
    moving = record.operation is not None and record.operation.step is not Step.REJOINING
    so = now is not None and now.region == wish.primary and not moving
    tried = any(one.id == wish.request_id for one in record.history)
    return replace(record, settled=wish.request_id) if so or tried else record


def _saw(situation: Situation) -> Record:
    """Who is primary now, and a change of it that nobody here began."""
    record = situation.record
    now = leading(situation.status, record.timeline)
    if now is None or now.region == record.primary:
        return replace(record, timeline=max(record.timeline, now.timeline if now else 0))
    if not record.primary:
        return replace(record, primary=now.region, timeline=now.timeline)
    if now.timeline == record.timeline:
        return record  # What was seen is older than what is remembered.
    moved = replace(record, primary=now.region, timeline=now.timeline, changed_ms=situation.now_ms)
    running = record.operation
    if running is not None and running.step is not Step.REJOINING:
        return moved
    if running is not None:
        moved = _end(moved, running, Outcome.MOVED, f"{now.region} is primary since", situation.now_ms)
    kind, operation_id = _kind_of(now.region, now.timeline, situation)
    return replace(
        moved,
        operation=Operation(
            id=operation_id,
            kind=kind,
            source=record.primary,
            target=now.region,
            step=Step.REJOINING,
            started_ms=situation.now_ms,
            timeline=record.timeline,
            before=_before(now.region, situation),
        ),
    )


def _kind_of(region: str, timeline: int, situation: Situation) -> tuple[Kind, str]:
    """What it was that made this region primary, by other hands than ours."""
    forced, wish, record = situation.status.forced, situation.wish, situation.record
    used = {one.id for one in record.history}
    if forced.region == region and forced.promoted_ms and forced.request_id not in used:
        return Kind.FORCED_FAILOVER, forced.request_id
    if wish is not None and wish.primary == region and wish.request_id not in (record.settled, *used):
        return Kind.SWITCHOVER, wish.request_id
    return Kind.FAILOVER, f"failover-{timeline}"


def _went_on(record: Record, running: Operation, situation: Situation) -> Record:
    """The running operation, one step on where that is over."""
    answer = situation.answer if situation.answer is not None and situation.answer.id == running.id else None
    if running.step is Step.REJOINING:
        return _rejoined(record, running, situation)
    if record.primary == running.target and record.timeline > running.timeline:
        said = answer.message if answer is not None and answer.refusal is None else ""
        done = Done(running.step, situation.now_ms, said)
        steps, seen = (*running.steps, done), _before(running.target, situation)
        return replace(record, operation=replace(running, step=Step.REJOINING, steps=steps, before=seen))
    if answer is not None and answer.refusal is not None:
        if answer.refusal is Refusal.CAME_TO_NOTHING:
            return _stayed(record, running, answer.message, situation)
        if running.kind is Kind.FORCED_FAILOVER:
            return _end(record, running, Outcome.REFUSED, answer.message, situation.now_ms, NOTHING)
        return replace(record, operation=None)
    if running.step is Step.FORCING and (why := _given_up(record, running, situation)):
        return _stayed(record, running, why, situation)
    return record


def _given_up(record: Record, running: Operation, situation: Situation) -> str:
    """Why the target will not be forced any more; empty: it may be. Its `sites`, which would say so, may be lost."""
    forced = situation.status.forced
    if forced.request_id == running.id and not forced.now and not forced.promoted_ms:
        return forced.steps[-1].what if forced.steps else "given up"
    if record.primary != running.target and record.timeline > running.timeline:
        return f"{record.primary} is primary again"
    return ""


def _stayed(record: Record, running: Operation, reason: str, situation: Situation) -> Record:
    """It came to nothing. What the target may have acknowledged meanwhile nobody knows, if nobody is seen to lead."""
    now = leading(situation.status, record.timeline)
    loss = NOTHING if now is not None else UNKNOWN
    return _end(record, running, Outcome.STAYED, reason, situation.now_ms, loss)


def _rejoined(record: Record, running: Operation, situation: Situation) -> Record:
    if running.interrupted_ms is None:
        paused = paused_ms(situation.status, running.target, record.changed_ms)
        running = replace(running, interrupted_ms=paused)
        record = replace(record, operation=running)
    if follows(situation.status, running.source, record.timeline):
        return _end(record, running, Outcome.MOVED, f"{running.source} follows", situation.now_ms)
    return record


def _begun(record: Record, situation: Situation) -> tuple[Record, Verdict | None]:
    """With a new operation, where there is something to do and nothing stands against it; else why not."""
    wish = situation.wish
    if wish is None or not record.primary or situation.mode is Mode.OBSERVE_ONLY:
        return record, None
    pending = wish.request_id != record.settled
    if pending and wish.accepted_loss:
        if record.operation is not None:
            reason = f"{wish.request_id} forces {wish.primary}"
            record = _end(record, record.operation, Outcome.MOVED, reason, situation.now_ms)
        return _with(record, Kind.FORCED_FAILOVER, wish.request_id, Step.FORCING, wish, situation), None
    if record.operation is not None or wish.primary == record.primary:
        return record, None
    kind, operation_id = Kind.SWITCHOVER, wish.request_id
    if not pending:
        kind, operation_id = Kind.FAILBACK, f"{FAILBACK}{record.timeline}"
        if (against := against_failback(record, wish, situation)) is not None:
            return record, against
    if (against := against_planned(record, wish.primary, situation)) is not None:
        return record, against
    return _with(record, kind, operation_id, Step.SWITCHING, wish, situation), None


def _with(
    record: Record, kind: Kind, operation_id: str, step: Step, wish: Wish, situation: Situation
) -> Record:
    begun = Operation(
        id=operation_id,
        kind=kind,
        source=other_region(situation.status, wish.primary),
        target=wish.primary,
        step=step,
        started_ms=situation.now_ms,
        timeline=record.timeline,
        accepted_loss=wish.accepted_loss,
    )
    return replace(record, operation=begun)


def _before(target: str, situation: Situation) -> Before | None:
    return before(situation.led, target) if situation.led is not None else None


def _end(
    record: Record, running: Operation, outcome: Outcome, reason: str, now_ms: int, loss: Loss = UNKNOWN
) -> Record:
    ended = Ended(
        id=running.id,
        kind=running.kind,
        source=running.source,
        target=running.target,
        outcome=outcome,
        reason=reason,
        started_ms=running.started_ms,
        finished_ms=now_ms,
        timeline=record.timeline if outcome is Outcome.MOVED else 0,
        accepted_loss=running.accepted_loss,
        interrupted_ms=running.interrupted_ms,
        loss=loss,
        before=running.before,
        timeline_before=running.timeline,
    )
    history = (ended, *record.history)[:MOST_HISTORY]
    return replace(record, operation=None, history=history)
