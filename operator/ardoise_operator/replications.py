"""The status of a Replication, from what this region's `sites` says and from what is told of wishes. Pure.

What cannot be known is Unknown, never 0 and never what it was before.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ardoise.pb.sites_pb2 import SitesStatus, Truth
from ardoise.sites.operations.acting import Told
from ardoise.sites.status import newest_log

from ardoise_operator.conditions import Condition, written
from ardoise_operator.sight import UNKNOWN, Sight, Silence, instant, listed, number, present, truth
from ardoise_operator.told import told_conditions, told_fields

MOST_REASONS = 32
MOST_REASON_CHARACTERS = 1024
YES, NO, NOBODY_KNOWS = Truth.TRUTH_YES, Truth.TRUTH_NO, Truth.TRUTH_UNSPECIFIED
WHY: dict[str, dict[int, str]] = {
    "Protected": {YES: "RegionReady", NO: "NoRegionReady", NOBODY_KNOWS: "NotKnown"},
    "PromotionBlocked": {YES: "NobodyReady", NO: "RegionReady", NOBODY_KNOWS: "NotKnown"},
    "PrimaryUnobserved": {YES: "NobodyIsPrimary", NO: "PrimarySeen", NOBODY_KNOWS: "NotKnown"},
    "WitnessAbsent": {YES: "NoThirdVoter", NO: "ThirdVoterAnswers", NOBODY_KNOWS: "NotKnown"},
    "Degraded": {YES: "NotWhole", NO: "Whole", NOBODY_KNOWS: "NotKnown"},
    "PicturesEqual": {YES: "Equal", NO: "Differing", NOBODY_KNOWS: "NothingCompared"},
}
"""The conditions that `sites` says, and why in one word; its message has the rest."""


def replication_status(
    spec: Mapping[str, Any],
    generation: int,
    before: Mapping[str, Any],
    sight: Sight,
    told: Told,
) -> dict[str, Any]:
    """`before`: the status that stood before."""
    status = None if isinstance(sight.said, Silence) else sight.said
    primary = _primary(status)
    found = [*told_conditions(told), *_said(sight)]
    return present(
        observedGeneration=generation,
        observedAt=instant(sight.at),
        seenFrom=sight.seen_from,
        primary=primary or UNKNOWN,
        timeline=_timeline(primary, sight),
        epoch=_epoch(spec["sites"]["edge"], sight),
        **told_fields(told, before),
        canPromote=[_can_promote(region, sight) for region in spec["sites"]["regions"]],
        lossNow=_loss(status),
        conditions=written(found, before, generation, sight.at),
    )


def _primary(status: SitesStatus | None) -> str:
    """Empty: none that answers says so, or nobody was asked."""
    return next((one.region for one in status.promotions if one.primary), "") if status is not None else ""


def _timeline(primary: str, sight: Sight) -> int | str:
    seen = sight.site(primary)
    return number(seen.report.database.timeline or None if seen is not None else None)


def _epoch(edge: str, sight: Sight) -> int | str:
    """Of the truck's newest log: a mirror may not be made yet."""
    seen = sight.site(edge)
    return number(newest_log(seen.report.logs)[0] or None if seen is not None else None)


def _can_promote(region: str, sight: Sight) -> dict[str, Any]:
    if isinstance(sight.said, Silence):
        return {"site": region, "status": UNKNOWN, "reasons": [sight.said.message]}
    verdict = next((one for one in sight.said.promotions if one.region == region), None)
    if verdict is None:
        reasons = [f"the platform's list of sites has no region {region}"]
        return {"site": region, "status": UNKNOWN, "reasons": reasons}
    reasons = listed(verdict.reasons, MOST_REASONS, MOST_REASON_CHARACTERS)
    return {"site": region, "status": truth(verdict.without_loss), "reasons": reasons}


def _loss(status: SitesStatus | None) -> dict[str, Any]:
    if status is None or not status.HasField("loss"):
        return dict.fromkeys(("messages", "raceMilliseconds", "decisions"), UNKNOWN)
    loss = status.loss
    return present(
        region=loss.region or None,
        messages=number(loss.messages if loss.HasField("messages") else None),
        raceMilliseconds=number(loss.race_ms if loss.HasField("race_ms") else None),
        decisions=truth(loss.decisions),
    )


def _said(sight: Sight) -> Iterator[Condition]:
    """A condition that is not known here, of a newer `sites`, is left out: the schema has no place for it."""
    if isinstance(sight.said, Silence):
        for kind in WHY:
            yield Condition(kind, UNKNOWN, *sight.said)
        return
    said = {one.type: one for one in sight.said.conditions}
    for kind, why in WHY.items():
        if kind in said:
            one = said[kind]
            yield Condition(kind, truth(one.status), why[one.status], one.message)
        else:
            yield Condition(kind, UNKNOWN, "NotKnown", f"{sight.seen_from} says nothing of it")
