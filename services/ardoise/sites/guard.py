"""May a region be promoted without loss? Decided from what is known, and from nothing else.

Invariant: LOSS_FREE is said only where every message of every epoch beyond the database's watermark is still held, by
the region's own mirror or by the truck, and where every decision is in the region's database. Two rules of the
platform carry it. A message leaves the truck only when both mirrors and the watermark are past it, so what lies beyond
the end of a mirror is still the truck's; and an epoch is one log, with the same sequences wherever it is held.

Being behind is not loss: it costs time. Not knowing is not loss either, and no leave: it is a value of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a promotion would cost."""

    LOSS_FREE = "loss-free"
    """Nothing but time."""
    LOSS = "loss"
    """Something is gone."""
    UNKNOWN = "unknown"
    """Nobody who was asked can tell."""


@dataclass(frozen=True)
class Held:
    """The messages that somebody holds of an epoch: from `first` to `last`, without a hole. None: last = first - 1."""

    first: int
    last: int


class Unknown:
    """The one who would know did not answer."""


UNKNOWN = Unknown()
type Holding = Held | Unknown | None
"""None: who was asked has no log of this epoch."""


@dataclass(frozen=True)
class Epoch:
    """What is known of one epoch."""

    watermark: int
    """Of the region's own database; 0: it has nothing of the epoch."""
    mirror: Holding
    """The region's own."""
    truck: Holding


@dataclass(frozen=True)
class Finding:
    """A verdict and its reason, for people."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Promotion:
    """The verdict on a region, and what it stands on."""

    verdict: Verdict
    decisions: Finding
    epochs: Mapping[int, Finding]

    @property
    def reasons(self) -> list[str]:
        """What stands against it, for people; where nothing does, what speaks for it."""
        findings = [self.decisions, *self.epochs.values()]
        against = [finding.reason for finding in findings if finding.verdict is not Verdict.LOSS_FREE]
        return against or [finding.reason for finding in findings]


def judge(epochs: Mapping[int, Epoch] | Unknown, synchronous: bool | Unknown) -> Promotion:
    """Judges the promotion of one region.

    `epochs`: every epoch in its database or its mirrors. `synchronous`: whether every decision is there, because the
    region is a synchronous member, or was the primary and nobody else has been since.
    """
    decisions = _judge_decisions(synchronous)
    if isinstance(epochs, Unknown):
        unread = Finding(Verdict.UNKNOWN, "which epochs the database has is unknown")
        return Promotion(_worst(decisions, unread), unread if synchronous is True else decisions, {})
    findings = {epoch: _judge_epoch(epoch, known) for epoch, known in sorted(epochs.items())}
    return Promotion(_worst(decisions, *findings.values()), decisions, findings)


def _judge_decisions(synchronous: bool | Unknown) -> Finding:
    if isinstance(synchronous, Unknown):
        return Finding(Verdict.UNKNOWN, "whether every decision is in this region's database is unknown")
    if not synchronous:
        return Finding(
            Verdict.LOSS, "not a synchronous member: decisions may be missing from this region's database"
        )
    return Finding(Verdict.LOSS_FREE, "synchronous member: every decision is here")


def _judge_epoch(epoch: int, known: Epoch) -> Finding:
    wanted, mirror, truck = known.watermark + 1, known.mirror, known.truck
    if isinstance(mirror, Held) and mirror.first <= wanted <= mirror.last + 1:
        if isinstance(truck, Held) and truck.first > mirror.last + 1:
            # Against the rule that the truck keeps what a mirror has not got: somebody removed it.
            gap = f"{mirror.last + 1} to {truck.first - 1}"
            return _finding(Verdict.LOSS, epoch, f"{gap} are neither in the mirror nor on the truck")
        return _finding(Verdict.LOSS_FREE, epoch, f"the mirror goes on from {wanted}, watermark + 1")
    if isinstance(truck, Held) and truck.first <= wanted:
        return _finding(Verdict.LOSS_FREE, epoch, f"the truck still has {wanted}, watermark + 1")
    unknown = isinstance(mirror, Unknown) or isinstance(truck, Unknown)
    said = f"{_said('the mirror', mirror, wanted)}, and {_said('the truck', truck, wanted)}"
    return _finding(Verdict.UNKNOWN if unknown else Verdict.LOSS, epoch, said)


def _said(who: str, holding: Holding, wanted: int) -> str:
    if isinstance(holding, Unknown):
        return f"{who} cannot be asked"
    if holding is None:
        return f"{who} has no such log"
    if holding.first > wanted:
        return f"{who} begins at {holding.first}, after watermark + 1 = {wanted}"
    return f"{who} ends at {holding.last}, before the watermark {wanted - 1}"


def _finding(verdict: Verdict, epoch: int, reason: str) -> Finding:
    return Finding(verdict, f"epoch {epoch}: {reason}")


def _worst(*findings: Finding) -> Verdict:
    verdicts = {finding.verdict for finding in findings}
    return next(
        (verdict for verdict in (Verdict.LOSS, Verdict.UNKNOWN) if verdict in verdicts), Verdict.LOSS_FREE
    )
