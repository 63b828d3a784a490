"""Whether what was wished for is what is, and why not: in one word for machines, in a sentence for people. Pure."""

from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.record import Kind, Outcome, Record, Step, Wish
from ardoise.sites.operations.seen import leading
from ardoise.sites.operations.situation import Mode, Situation, Verdict
from ardoise.sites.switchover import objections


def against_planned(record: Record, target: str, situation: Situation) -> Verdict | None:
    """What stands against a planned change now."""
    status, limits = situation.status, situation.limits
    if found := objections(status, target, limits.mirror_lag_messages, limits.wal_lag_bytes):
        return Verdict(Truth.TRUTH_NO, "SwitchoverRefused", "; ".join(found))
    # By a clock that may have been another operator's: one that is far off lets nobody wait for ever.
    waited_s = abs(situation.now_ms - record.changed_ms) / 1000
    if record.changed_ms and waited_s < situation.limits.cool_down_s:
        left_s = situation.limits.cool_down_s - waited_s
        return Verdict(
            Truth.TRUTH_NO, "CoolingDown", f"in {left_s:.0f} s: {record.primary} was promoted a moment ago"
        )
    if situation.refused:
        return Verdict(Truth.TRUTH_NO, "SwitchoverRefused", situation.refused)
    return None


def against_failback(record: Record, wish: Wish, situation: Situation) -> Verdict | None:
    """Why the region that was wished for is not made primary again. One that came to nothing is the newest for good."""
    newest = record.history[0] if record.history else None
    wanted = wish.primary
    if newest is not None and newest.outcome is not Outcome.MOVED:
        return Verdict(
            Truth.TRUTH_NO,
            "CameToNothing",
            f"{newest.reason}; it is not tried again by itself: wish anew, with another requestId",
        )
    by_hand = f"to make {wanted} primary again write a requestId that was never used"
    if newest is None or newest.kind is not Kind.FAILOVER or situation.mode is Mode.MANUAL:
        return Verdict(Truth.TRUTH_NO, "FailedOver", f"{record.primary} is primary; {by_hand}")
    needed_s = situation.limits.failback_stabilisation_s
    if situation.well_for_s is None or situation.well_for_s < needed_s:
        waited = (
            "is not well yet" if situation.well_for_s is None else f"is well for {situation.well_for_s:.0f} s"
        )
        return Verdict(
            Truth.TRUTH_NO,
            "Stabilising",
            f"{wanted} is primary again after {needed_s} s in which all is well: it {waited}",
        )
    return None


def ready(record: Record, situation: Situation) -> Verdict:
    """Whether what was wished for is what is."""
    wish, running, now = situation.wish, record.operation, leading(situation.status, record.timeline)
    if running is not None and running.step is not Step.REJOINING:
        said = f"{running.kind} {running.id}: {running.step}, to {running.target}"
        return Verdict(Truth.TRUTH_NO, "OperationInProgress", said)
    if now is None:
        return Verdict(Truth.TRUTH_NO, "PrimaryUnobserved", "no region that answers is primary")
    if wish is None:
        return Verdict(Truth.TRUTH_UNSPECIFIED, "NothingAccepted", "no wish was accepted yet")
    if now.region == wish.primary:
        waits = f", {running.source} does not follow yet" if running is not None else ""
        return Verdict(Truth.TRUTH_YES, "AsWished", f"{now.region} is primary, as wished for{waits}")
    if situation.mode is Mode.OBSERVE_ONLY:
        said = f"{now.region} is primary, {wish.primary} is wished for: in mode ObserveOnly nothing is done about it"
        return Verdict(Truth.TRUTH_NO, "ObserveOnly", said)
    waits = running.source if running is not None else wish.primary
    return Verdict(Truth.TRUTH_NO, "FailedOver", f"{now.region} is primary; {waits} does not follow it yet")
