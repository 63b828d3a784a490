"""What is done next about the primary."""

from dataclasses import replace

import pytest
from ardoise.pb.sites_pb2 import Truth
from ardoise.sites.operations.record import Kind, Loss, Outcome, Step, Wish
from ardoise.sites.operations.situation import Limits, Mode, Refusal

from tests.unit.sites.operations.platform import FIRST, HOUR_MS, TO_LONDON, Operator, Platform, answered

FORCE_LONDON = Wish("force-london", "london", "Unknown")


def test_a_platform_as_wished_is_ready_and_left_alone(platform: Platform, operator: Operator):
    assert operator.look(platform) is None
    assert operator.ready[:2] == (Truth.TRUTH_YES, "AsWished")
    assert operator.record.history == ()


def test_a_wish_for_the_other_region_begins_a_switchover_that_bears_its_id(
    platform: Platform, operator: Operator
):
    operator.wish = TO_LONDON
    begun = operator.look(platform)
    assert (begun.id, begun.kind, begun.step) == ("to-london", Kind.SWITCHOVER, Step.SWITCHING)
    assert (begun.source, begun.target) == ("amsterdam", "london")
    assert operator.ready.reason == "OperationInProgress"


def test_a_switchover_ends_once_the_old_primary_follows(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    begun = operator.look(platform)
    platform.promote("london")
    assert operator.look(platform, answer=answered(begun, message="Patroni's word")).step is Step.REJOINING
    platform.synchronous = True
    assert operator.look(platform) is None
    ended = operator.record.history[0]
    assert (ended.id, ended.outcome, ended.timeline) == ("to-london", Outcome.MOVED, 2)
    assert operator.ready[:2] == (Truth.TRUTH_YES, "AsWished")


def test_what_it_cost_is_counted_from_what_the_target_had_before(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    operator.look(platform)
    platform.promote("london")
    operator.look(platform)
    platform.synchronous, platform.watermarks["london"] = True, 100
    operator.look(platform)
    assert operator.record.history[0].loss == Loss(messages=0, replayed=10, decisions=0)
    assert operator.record.history[0].before is None


def test_nobody_tells_what_it_cost_who_did_not_see_it_begin(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    operator.look(platform)
    platform.promote("london")
    platform.synchronous = True
    other = operator.restarted()
    other.look(platform)
    other.look(platform)
    assert other.record.history[0].loss == Loss(messages=None, replayed=None, decisions=0)


def test_a_switchover_that_would_be_refused_is_not_begun_and_says_why(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    platform.synchronous = False
    assert operator.look(platform) is None
    assert operator.ready.reason == "SwitchoverRefused"
    assert "london is no synchronous standby" in operator.ready.message


def test_a_wish_that_was_refused_goes_on_when_nothing_stands_against_it_any_more(
    platform: Platform, operator: Operator
):
    operator.wish = TO_LONDON
    platform.synchronous = False
    operator.look(platform)
    platform.synchronous = True
    assert operator.look(platform).id == "to-london"


def test_what_sites_did_not_begin_leaves_nothing_behind_and_waits(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    begun = operator.look(platform)
    refused = answered(begun, message="wait 40 s", refusal=Refusal.NOT_BEGUN, hold_s=40.0)
    assert operator.look(platform, answer=refused, refused="wait 40 s") is None
    assert operator.ready.message == "wait 40 s"
    assert operator.record.history == ()
    assert operator.look(platform).id == "to-london"


def test_what_came_to_nothing_is_not_tried_again_by_itself(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    begun = operator.look(platform)
    platform.timeline = 3  # amsterdam is primary again
    nothing = answered(begun, message="london's guard refused", refusal=Refusal.CAME_TO_NOTHING)
    assert operator.look(platform, answer=nothing) is None
    operator.later(HOUR_MS)
    assert operator.look(platform) is None
    ended = operator.record.history[0]
    assert (ended.outcome, ended.loss) == (Outcome.STAYED, Loss(messages=0, replayed=0, decisions=0))
    assert operator.ready.reason == "CameToNothing"
    assert "london's guard refused" in operator.ready.message
    operator.wish = Wish("to-london-2", "london")
    assert operator.look(platform).id == "to-london-2"


def test_two_changes_are_apart_by_the_cool_down(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    operator.look(platform)
    platform.promote("london")
    operator.look(platform)
    platform.synchronous = True
    operator.look(platform)
    operator.wish = Wish("back", "amsterdam")
    operator.later(59_000)
    assert operator.look(platform) is None
    assert operator.ready.reason == "CoolingDown"
    operator.later(1_000)
    assert operator.look(platform).id == "back"


def test_an_operator_whose_clock_is_far_behind_the_others_waits_for_nothing(
    platform: Platform, operator: Operator
):
    operator.look(platform)
    platform.promote("london")
    operator.look(platform)
    platform.synchronous = True
    operator.look(platform)
    operator.wish = Wish("back", "amsterdam")
    operator.later(-HOUR_MS)
    assert operator.look(platform).id == "back"


def test_a_wish_during_an_operation_waits_for_its_end(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    begun = operator.look(platform)
    operator.wish = Wish("back", "amsterdam")
    assert operator.look(platform) == begun
    platform.promote("london")
    operator.look(platform)
    platform.synchronous = True
    assert operator.look(platform) is None
    operator.later(HOUR_MS)
    assert operator.look(platform).id == "back"


@pytest.mark.parametrize("step", [Step.SWITCHING, Step.REJOINING])
def test_another_process_goes_on_from_every_step(platform: Platform, operator: Operator, step: Step):
    operator.wish = TO_LONDON
    operator.look(platform)
    if step is Step.REJOINING:
        platform.promote("london")
        operator.look(platform)
    other = operator.restarted()
    assert other.look(platform).step is step
    if step is Step.SWITCHING:
        platform.promote("london")
        other.look(platform)
    platform.synchronous = True
    assert other.look(platform) is None
    assert [one.id for one in other.record.history] == ["to-london"]


def failed_over(platform: Platform, operator: Operator) -> None:
    """Amsterdam is lost, London promoted, Amsterdam back."""
    platform.primary, platform.silent = "", frozenset({"amsterdam"})
    operator.look(platform)
    platform.promote("london")
    operator.look(platform)
    platform.synchronous, platform.silent = True, frozenset()
    operator.look(platform)


def test_a_failover_that_nobody_here_began_is_remembered_with_its_cost(
    platform: Platform, operator: Operator
):
    operator.look(platform)
    lost_ms = operator.now_ms
    operator.later(20_000)
    platform.primary, platform.silent = "", frozenset({"amsterdam"})
    assert operator.look(platform) is None
    assert operator.ready.reason == "PrimaryUnobserved"
    platform.promote("london")
    seen = operator.look(platform)
    assert (seen.kind, seen.source, seen.target) == (Kind.FAILOVER, "amsterdam", "london")
    assert "amsterdam does not follow" in operator.ready.message
    platform.pause = lost_ms, lost_ms + 20_400
    operator.look(platform)
    platform.synchronous, platform.silent = True, frozenset()
    operator.look(platform)
    ended = operator.record.history[0]
    assert (ended.id, ended.outcome, ended.interrupted_ms) == ("failover-2", Outcome.MOVED, 20_400)
    assert ended.loss == Loss(messages=0, replayed=10, decisions=0)


def test_failback_waits_until_all_has_been_well_for_long_enough(platform: Platform, operator: Operator):
    failed_over(platform, operator)
    operator.later(HOUR_MS)
    for well_for_s in (None, 0.0, 299.0):
        assert operator.look(platform, well_for_s=well_for_s) is None
        assert operator.ready.reason == "Stabilising"
    back = operator.look(platform, well_for_s=300.0)
    assert (back.kind, back.id, back.target) == (Kind.FAILBACK, "failback-2", "amsterdam")


def test_a_failback_that_came_to_nothing_is_not_tried_again(platform: Platform, operator: Operator):
    failed_over(platform, operator)
    operator.later(HOUR_MS)
    back = operator.look(platform, well_for_s=300.0)
    nothing = answered(back, message="no", refusal=Refusal.CAME_TO_NOTHING)
    assert operator.look(platform, answer=nothing, well_for_s=300.0) is None
    operator.later(HOUR_MS)
    assert operator.look(platform, well_for_s=HOUR_MS / 1000) is None
    assert operator.ready.reason == "CameToNothing"


def test_in_manual_mode_a_region_that_came_back_waits_for_a_person(platform: Platform, operator: Operator):
    operator.mode = Mode.MANUAL
    failed_over(platform, operator)
    operator.later(HOUR_MS)
    assert operator.look(platform, well_for_s=HOUR_MS / 1000) is None
    assert operator.ready.reason == "FailedOver"
    operator.wish = Wish("back", "amsterdam")
    assert operator.look(platform).kind is Kind.SWITCHOVER


def test_in_observe_only_nothing_is_done(platform: Platform, operator: Operator):
    operator.mode, operator.wish = Mode.OBSERVE_ONLY, TO_LONDON
    assert operator.look(platform) is None
    assert operator.ready.reason == "ObserveOnly"


def test_a_region_that_was_forced_by_hand_is_not_failed_back(platform: Platform, operator: Operator):
    """`ardoise sites break-glass`: a person wanted London."""
    forced = platform.status

    def status():
        found = forced()
        found.forced.request_id, found.forced.region, found.forced.promoted_ms = "glass", "london", 1
        return found

    platform.status = status
    failed_over(platform, operator)
    ended = operator.record.history[0]
    assert (ended.id, ended.kind) == ("glass", Kind.FORCED_FAILOVER)
    operator.later(HOUR_MS)
    assert operator.look(platform, well_for_s=HOUR_MS / 1000) is None
    assert operator.ready.reason == "FailedOver"


def test_a_forced_wish_is_handed_on_although_nobody_is_primary(platform: Platform, operator: Operator):
    operator.wish = FORCE_LONDON
    platform.primary, platform.silent = "", frozenset({"amsterdam"})
    begun = operator.look(platform)
    assert (begun.kind, begun.step, begun.accepted_loss) == (Kind.FORCED_FAILOVER, Step.FORCING, "Unknown")


def test_a_forced_wish_that_is_refused_is_over(platform: Platform, operator: Operator):
    operator.wish = FORCE_LONDON
    begun = operator.look(platform)
    refused = answered(begun, message="amsterdam is primary", refusal=Refusal.NOT_BEGUN)
    assert operator.look(platform, answer=refused) is None
    assert operator.look(platform) is None
    assert operator.record.history[0].outcome is Outcome.REFUSED
    assert "amsterdam is primary" in operator.ready.message


def test_a_forced_wish_is_over_where_the_old_primary_is_back_though_the_target_is_lost(
    platform: Platform, operator: Operator
):
    operator.look(platform)
    operator.wish = FORCE_LONDON
    platform.primary, platform.silent = "", frozenset({"amsterdam"})
    begun = operator.look(platform)
    platform.silent = frozenset({"london"})
    assert operator.look(platform, answer=answered(begun)) == begun
    platform.primary, platform.timeline = "amsterdam", 2
    assert operator.look(platform) is None
    ended = operator.record.history[0]
    assert (ended.outcome, ended.reason) == (Outcome.STAYED, "amsterdam is primary again")
    operator.wish = Wish("stay", "amsterdam")
    operator.look(platform)
    assert operator.ready.reason == "AsWished"


def test_what_a_target_that_nobody_sees_any_more_had_acknowledged_is_unknown(
    platform: Platform, operator: Operator
):
    operator.wish = TO_LONDON
    begun = operator.look(platform)
    platform.primary, platform.silent = "", frozenset({"london"})
    nothing = answered(begun, message="no primary is seen 60 s later", refusal=Refusal.CAME_TO_NOTHING)
    operator.look(platform, answer=nothing)
    ended = operator.record.history[0]
    assert (ended.outcome, ended.loss) == (Outcome.STAYED, Loss())


def test_a_forced_wish_does_not_wait_for_a_region_to_follow(platform: Platform, operator: Operator):
    platform.primary, platform.silent = "", frozenset({"amsterdam"})
    operator.look(platform)
    platform.promote("london")
    assert operator.look(platform).step is Step.REJOINING
    operator.wish = Wish("force-amsterdam", "amsterdam", "Unknown")
    assert operator.look(platform).step is Step.FORCING
    assert operator.record.history[0].id == "failover-2"


def test_what_is_seen_late_moves_nothing_back(platform: Platform, operator: Operator):
    old = replace(platform)
    operator.wish = TO_LONDON
    operator.look(platform)
    platform.promote("london")
    operator.look(platform)
    platform.synchronous = True
    operator.look(platform)
    remembered = operator.record
    assert operator.look(old) is None
    assert operator.record == remembered
    assert operator.ready.reason == "PrimaryUnobserved"


def test_of_two_who_say_that_they_are_primary_the_newer_is(platform: Platform, operator: Operator):
    """For a moment the report of the old one is older than that of the new one."""
    stale = platform.status().sites[1]

    def both():
        found = Platform("london", 2, synchronous=False).status()
        found.sites[1].CopyFrom(stale)
        return found

    platform.status = both
    assert operator.look(platform).target == "london"


def test_a_primary_that_was_promoted_anew_changed_nothing(platform: Platform, operator: Operator):
    platform.timeline = 2
    assert operator.look(platform) is None
    assert (operator.record.timeline, operator.record.changed_ms) == (2, 0)


def test_a_change_that_came_to_be_as_wished_by_other_hands_is_no_failover(
    platform: Platform, operator: Operator
):
    """`ardoise sites switchover`, which wishes and moves at once."""
    platform.promote("london")
    operator.wish = TO_LONDON
    assert operator.look(platform).kind is Kind.SWITCHOVER


def test_the_limit_of_an_object_is_kept(platform: Platform, operator: Operator):
    operator.wish, operator.limits = TO_LONDON, Limits(mirror_lag_messages=1)
    assert operator.look(platform) is None
    assert "at most 1" in operator.ready.message


def test_an_object_that_adopted_another_region_moves_nothing(platform: Platform, operator: Operator):
    operator.wish = replace(FIRST, primary="amsterdam")
    assert operator.look(platform) is None
