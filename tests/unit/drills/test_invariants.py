"""Every invariant holds over a drill that held, and falls over each thing that it is there to find."""

from dataclasses import replace

import pytest
from ardoise.rehearsal.drills.evidence import Evidence, FrameRow, Message, Server
from ardoise.rehearsal.drills.history import (
    DatabaseSeen,
    History,
    LeaseSeen,
    Outcome,
    Role,
)
from ardoise.rehearsal.drills.invariants import CHECKS
from ardoise.rehearsal.drills.readback import NOTHING_WRITTEN
from ardoise.rehearsal.drills.scenario import ALWAYS, Invariant
from ardoise.rehearsal.drills.scenarios import SCENARIOS

from tests.support.drilled import (
    CAST,
    EPOCH,
    FIRST_MS,
    PROMOTED_S,
    RELAY,
    SCENARIO,
    acknowledged,
    broken,
    checked,
    decision,
    evidence,
    report,
    rewritten,
    sequence_of,
)

FEW = {Invariant.GUARD, Invariant.STALE_ROWS}
"""They look at promotions and at what a stale primary wrote: one, and a few rows."""


@pytest.mark.parametrize("invariant", [*sorted(ALWAYS), Invariant.HONEST])
def test_each_holds_over_a_drill_that_held(invariant: Invariant):
    finding = checked(invariant)
    assert finding.holds, finding.against
    assert finding.checked > (0 if invariant in FEW else 20)


@pytest.mark.parametrize("invariant", list(Invariant))
def test_none_holds_where_nothing_was_seen(invariant: Invariant):
    nothing = replace(evidence(), log={}, mirrors={}, servers={}, written=NOTHING_WRITTEN)
    assert not CHECKS[invariant](History(epoch=EPOCH), nothing, SCENARIO.promise, CAST).holds


# I1


def test_a_decision_acknowledged_and_missing_is_two_writers():
    def doctor(_: History, found: Evidence) -> Evidence:
        kept = dict(found.written.decisions)
        del kept["amsterdam-4"]
        return rewritten(found, decisions=kept)

    broken(Invariant.ONE_WRITER, doctor, "amsterdam acknowledged amsterdam-4 on timeline 1: it is missing")


def test_a_decision_that_stands_on_another_timeline_than_acknowledged_is_two_writers():
    broken(
        Invariant.ONE_WRITER,
        lambda _, found: rewritten(found, decisions={**found.written.decisions, "amsterdam-4": 2}),
        "amsterdam-4 was acknowledged on timeline 1, stands on 2",
    )


def test_a_stale_primary_that_acknowledges_after_the_new_one_is_a_second_writer():
    def doctor(seen: History, found: Evidence) -> Evidence:
        stale = replace(decision(PROMOTED_S + 3, "amsterdam"), timeline=1)
        seen.decisions.append(stale)
        return rewritten(found, decisions={**found.written.decisions, stale.key: 1})

    broken(Invariant.ONE_WRITER, doctor, "after london had acknowledged on 2")


def test_a_decision_in_doubt_may_be_there_or_not():
    def doctor(seen: History, _: Evidence) -> None:
        seen.decisions.append(decision(12, "amsterdam", Outcome.IN_DOUBT))

    assert checked(Invariant.ONE_WRITER, doctor).holds


def test_a_decision_refused_and_yet_there_is_a_lie():
    def doctor(seen: History, found: Evidence) -> Evidence:
        seen.decisions.append(refused := decision(12, "london", Outcome.REFUSED))
        return rewritten(found, decisions={**found.written.decisions, refused.key: 1})

    broken(Invariant.ONE_WRITER, doctor, "london refused london-12, and yet it is there")


# I2


def test_a_frame_that_is_not_at_its_place_in_the_log_is_lost():
    def doctor(_: History, found: Evidence) -> Evidence:
        return replace(found, log={**found.log, 8: Message(b"x", (RELAY, 7, 99))})

    broken(Invariant.NOTHING_LOST, doctor, "acknowledged at 8, where the log has")


def test_a_frame_that_a_mirror_lacks_is_lost():
    def doctor(_: History, found: Evidence) -> None:
        del found.mirrors["london"][8]

    broken(Invariant.NOTHING_LOST, doctor, "london's mirror has no message 8")


def test_a_frame_that_is_not_recorded_is_lost():
    def doctor(_: History, found: Evidence) -> None:
        del found.written.frames[8]

    broken(Invariant.NOTHING_LOST, doctor, "has no row at 8")


def test_a_fix_that_no_row_holds_is_lost_even_where_its_frame_is_recorded():
    fix = acknowledged(5).fixes[1]

    def doctor(_: History, found: Evidence) -> None:
        del found.written.fixes[fix]

    broken(
        Invariant.NOTHING_LOST, doctor, f"fix of tracker {fix[0]} at {fix[1]} is neither a row nor counted"
    )


def test_a_fix_of_a_message_that_was_set_aside_is_counted_and_not_lost():
    one = acknowledged(5)

    def doctor(_: History, found: Evidence) -> Evidence:
        for fix in one.fixes:
            del found.written.fixes[fix]
        del found.written.frames[one.sequence]
        return rewritten(found, set_aside=frozenset({one.sequence}))

    assert checked(Invariant.NOTHING_LOST, doctor).holds
    assert checked(Invariant.ATOMIC_WATERMARK, doctor).holds


def test_a_frame_that_no_region_ever_acknowledged_is_not_safe():
    broken(
        Invariant.NOTHING_LOST,
        lambda seen, _: seen.in_region.pop(3) and None,
        "never acknowledged by a region",
    )


def test_a_frame_sent_again_is_safe_where_a_region_has_its_newer_place():
    def doctor(seen: History, _: Evidence) -> None:
        seen.in_region.pop(3)
        seen.acknowledged.append(replace(acknowledged(3), at_s=39.0, sequence=sequence_of(39)))

    finding = checked(Invariant.NOTHING_LOST, doctor)
    assert not any("never acknowledged by a region" in reason for reason in finding.against)


def test_what_could_not_be_read_is_not_held_to_be_true():
    broken(
        Invariant.NOTHING_LOST,
        lambda _, found: replace(found, missing=["london: its copy of the log cannot be read"]),
        "cannot be read",
    )


# I3


def test_a_fix_that_is_two_rows_is_found():
    fix = acknowledged(5).fixes[0]
    broken(
        Invariant.EXACTLY_ONCE,
        lambda _, found: found.written.fixes.update({fix: 2}),
        f"fix of tracker {fix[0]} at {fix[1]} is 2 rows",
    )


@pytest.mark.parametrize(("rows", "ledger"), [(1, 0), (2, 1), (0, 0)])
def test_a_frame_whose_fixes_are_not_all_accounted_for_once_is_found(rows: int, ledger: int):
    one = acknowledged(5)
    broken(
        Invariant.EXACTLY_ONCE,
        lambda _, found: found.written.frames.update({one.sequence: FrameRow(one.frame, 2, rows, ledger)}),
        f"brought 2 fixes: {rows} are rows, {ledger} are counted",
    )


def test_a_poisoned_message_that_nobody_counted_is_found():
    broken(
        Invariant.EXACTLY_ONCE,
        lambda seen, _: seen.poisoned.append((EPOCH, 9)),
        "message 9 can be read by nobody",
    )


# I4


def test_rows_beyond_the_watermark_are_found():
    broken(
        Invariant.ATOMIC_WATERMARK,
        lambda _, found: rewritten(found, beyond_watermark={"fix": 12}),
        "12 rows of fix lie beyond it",
    )


def test_a_watermark_past_rows_that_are_not_there_is_found():
    def doctor(_: History, found: Evidence) -> None:
        del found.written.frames[8]

    broken(Invariant.ATOMIC_WATERMARK, doctor, "message 8 is a frame, lies below it and has no row")


def test_a_watermark_that_falls_on_one_timeline_is_found_and_one_that_falls_with_a_promotion_is_not():
    def doctor(seen: History, _: Evidence) -> None:
        seen.database.append(DatabaseSeen(39.5, "london", Role.PRIMARY, 2, 40))

    broken(Invariant.ATOMIC_WATERMARK, doctor, "to 40 on timeline 2 at london")


# I5


@pytest.mark.parametrize("site", ["amsterdam", "london"])
def test_a_mirror_with_another_byte_is_found(site: str):
    broken(
        Invariant.MIRROR_IS_PREFIX,
        lambda _, found: found.mirrors[site].update({11: Message(b"other")}),
        f"{site}: message 11 has other bytes",
    )


def test_a_hole_in_a_mirror_and_a_message_too_many_are_found():
    def doctor(_: History, found: Evidence) -> None:
        del found.mirrors["london"][11]
        found.mirrors["amsterdam"][500] = Message(b"more")

    broken(
        Invariant.MIRROR_IS_PREFIX,
        doctor,
        "london: message 11 is missing",
        "amsterdam: message 500 is not the",
    )


def test_a_hole_that_log_and_mirrors_share_is_found():
    def doctor(_: History, found: Evidence) -> None:
        for copy in (found.log, *found.mirrors.values()):
            del copy[11]

    broken(Invariant.MIRROR_IS_PREFIX, doctor, "truck: message 11 is missing")


# I6


def test_two_primaries_at_the_end_or_two_timelines_are_found():
    def doctor(_: History, found: Evidence) -> None:
        found.servers["amsterdam"] = Server(Role.PRIMARY, 1)

    broken(Invariant.TIMELINES, doctor, "primaries at the end: 2", "amsterdam 1, london 2")


def test_one_timeline_led_by_both_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        seen.database.append(DatabaseSeen(39.5, "amsterdam", Role.PRIMARY, 2, 90))

    broken(Invariant.TIMELINES, doctor, "timeline 2 had more than one primary: amsterdam, london")


def test_a_promotion_is_found_where_none_was_due():
    broken(
        Invariant.TIMELINES,
        lambda _, __: None,
        "the primary changed: amsterdam on 1, london on 2",
        promise=replace(SCENARIO.promise, primary_stays=True),
    )


def test_a_primary_that_stepped_down_and_was_promoted_again_is_found_where_it_was_to_stay():
    def doctor(seen: History, _: Evidence) -> None:
        seen.database[:] = [replace(one, site="london") for one in seen.database if one.role is Role.PRIMARY]

    broken(
        Invariant.TIMELINES,
        doctor,
        "the primary changed: london on 1, london on 2",
        promise=replace(SCENARIO.promise, primary_stays=True),
    )


def test_a_lease_that_ran_out_and_was_taken_again_is_found_where_it_was_to_be_kept():
    def doctor(seen: History, _: Evidence) -> None:
        seen.leases += [LeaseSeen(1.0, 40), LeaseSeen(2.0, 40), LeaseSeen(30.0, 77)]

    broken(Invariant.TIMELINES, doctor, "by 2 leases", promise=replace(SCENARIO.promise, lease_kept=True))


# digests


def test_a_site_that_derives_another_race_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        at = next(i for i, one in enumerate(seen.digests) if one.site == "london")
        seen.digests[at] = replace(seen.digests[at], digest="f" * 32)

    broken(Invariant.SAME_EVERYWHERE, doctor, "snapshot 2 differs: ", "london ffffffff")


def test_a_recorder_that_writes_another_race_is_found():
    broken(
        Invariant.SAME_EVERYWHERE,
        lambda _, found: found.written.digests.update({2: "f" * 32}),
        "database ffffffff",
    )


def test_too_few_seconds_compared_prove_nothing():
    def doctor(seen: History, _: Evidence) -> None:
        # Each names its snapshots by sequences of its own.
        seen.digests[:] = [
            replace(one, name=(*one.name[:2], one.name[2] + 1)) if one.site == "london" else one
            for one in seen.digests
        ]

    broken(Invariant.SAME_EVERYWHERE, doctor, "london: only 0 of 39 seconds could be compared")


def test_a_site_alone_with_its_seconds_is_compared_with_the_database():
    def doctor(seen: History, _: Evidence) -> None:
        seen.digests[:] = [
            one for one in seen.digests if one.site == "london" or one.race_time_ms == FIRST_MS
        ]

    assert checked(Invariant.SAME_EVERYWHERE, doctor).holds


def test_a_site_that_derives_another_race_after_its_restart_is_found():
    def doctor(seen: History, _: Evidence) -> None:
        again = next(one for one in seen.digests if one.site == "truck")
        seen.digests.append(replace(again, digest="f" * 32))

    broken(Invariant.SAME_EVERYWHERE, doctor, "truck ffffffff")


def test_every_scenario_checks_what_no_fault_may_break():
    for scenario in SCENARIOS.values():
        assert scenario.checks >= ALWAYS, scenario.name


def test_a_drill_with_one_broken_invariant_has_failed():
    found = evidence()
    del found.mirrors["london"][8]
    assert report().verdict == "held"
    assert report(found=found).verdict == "failed"
