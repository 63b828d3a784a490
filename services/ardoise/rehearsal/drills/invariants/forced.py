"""I7, afterwards: what was lost by a promotion, somebody forced; and a forced one says truly what it cost."""

from collections.abc import Iterator

from ardoise.rehearsal.drills.evidence import Evidence, Forced
from ardoise.rehearsal.drills.history import History, Kind, Outcome, Role
from ardoise.rehearsal.drills.invariants.finding import Finding, finding
from ardoise.rehearsal.drills.invariants.truth import lost_fixes
from ardoise.rehearsal.drills.scenario import Cast, Invariant, Promise


def forced(history: History, evidence: Evidence, promise: Promise, cast: Cast) -> Finding:
    """Of promotions by themselves nothing may be lost; a forced one is Unknown first, then exact."""
    against = []
    missing = _missing_decisions(history, evidence)
    expected = [cast[promise.forced]] if promise.forced else []
    recorded = [one.region for one in evidence.forced]
    if recorded != expected:
        against.append(
            f"failovers on record as forced: {recorded or 'none'}, forced were {expected or 'none'}"
        )
    if not evidence.forced:
        against += [f"decision {key} was lost, and nobody forced a failover" for key in missing]
        if lost := lost_fixes(history, evidence):
            against.append(f"{len(lost)} fixes were lost, and nobody forced a failover")
    for one in evidence.forced:
        forced_s = _asked_for_s(history)
        against += _promoted_before(history, one.region, forced_s)
        against += _told(history)
        against += _exact(history, evidence, one, missing, forced_s)
    led = sum(one.role is Role.PRIMARY for one in history.database)
    return finding(Invariant.FORCED, "no loss but a forced one, truly told", led, against)


def _asked_for_s(history: History) -> float:
    """When somebody forced it. The sites' state shows it some looks later, and the mirror has grown meanwhile."""
    asked = (one.at_s for one in history.events if one.kind is Kind.COMMAND and "break-glass" in one.text)
    shown = (seen.at_s for seen in history.statuses if seen.forced)
    return next(asked, next(shown, history.now_s()))


def _promoted_before(history: History, region: str, forced_s: float) -> Iterator[str]:
    led = (one.at_s for one in history.database if one.site == region and one.role is Role.PRIMARY)
    first_s = next(led, forced_s)
    if first_s < forced_s:
        yield f"{region} was primary at {first_s:.1f} s, before anybody forced it at {forced_s:.1f} s"


def _told(history: History) -> Iterator[str]:
    told = [one for one in history.statuses if one.forced]
    if not told or told[0].messages_lost is not None or told[0].decisions_lost is not None:
        yield "what was lost was told before anybody could know"
    if not told or told[-1].messages_lost is None or told[-1].decisions_lost is None:
        yield "what was lost is Unknown to the end"


def _exact(
    history: History, evidence: Evidence, forced: Forced, missing: list[str], forced_s: float
) -> Iterator[str]:
    """The record against what the drill itself saw."""
    there = evidence.log.keys() | evidence.mirrors.get(forced.region, {}).keys()
    gone = frozenset(one.sequence for one in history.acknowledged if one.sequence not in there)
    if not gone <= forced.lost or (forced.messages_lost or 0) < len(gone):
        yield f"{len(gone)} acknowledged messages are gone, {forced.messages_lost} are on record as lost"
    if extra := [one for one in forced.lost if one in evidence.log]:
        yield f"{len(extra)} messages are on record as lost and are in the log"
    in_doubt = sum(one.outcome is Outcome.IN_DOUBT for one in history.decisions)
    if forced.decisions_lost is None or not len(missing) <= forced.decisions_lost <= len(missing) + in_doubt:
        yield (
            f"{forced.decisions_lost} decisions are on record as lost; {len(missing)} acknowledged ones are "
            f"missing, {in_doubt} were in doubt"
        )
    seen = [one for one in history.database if one.site == forced.region]
    promoted_s = next((one.at_s for one in seen if one.role is Role.PRIMARY), 0.0)
    watermark = max((one.watermark or 0 for one in seen if one.at_s < promoted_s), default=0)
    if forced.watermark_before != watermark:
        yield f"its watermark was {watermark} before it was promoted, {forced.watermark_before} is on record"
    copies = [one for one in history.positions if one.site == forced.region]
    # Where the truck is there, the mirror grows while Patroni promotes.
    least = max((one.last_sequence or 0 for one in copies if one.at_s < forced_s), default=0)
    most = max((one.last_sequence or 0 for one in copies if one.at_s < promoted_s), default=0)
    if forced.mirror_before is None or not least <= forced.mirror_before <= most:
        yield f"its mirror ended at {least} to {most} until it was promoted, {forced.mirror_before} is on record"


def _missing_decisions(history: History, evidence: Evidence) -> list[str]:
    kept = evidence.written.decisions
    return [
        one.key for one in history.decisions if one.outcome is Outcome.ACKNOWLEDGED and one.key not in kept
    ]
