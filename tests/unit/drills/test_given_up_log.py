"""The truck's log broke in a drill: what was acknowledged is kept, sent again, or said to be gone, and nothing else."""

from dataclasses import replace

import pytest
from ardoise.rehearsal.drills.evidence import Evidence, FrameRow, GivenUp, Message
from ardoise.rehearsal.drills.history import History
from ardoise.rehearsal.drills.invariants import judge
from ardoise.rehearsal.drills.invariants.finding import Finding
from ardoise.rehearsal.drills.scenario import Invariant, Promise
from ardoise.rehearsal.drills.scenarios import SCENARIOS

from tests.support.drilled import BOOT, CAST, EPOCH, RELAY, acknowledged, evidence, history, sequence_of

KEPT_SECOND = 29
"""The mirrors have what was acknowledged up to this second; ten seconds more were, and are gone."""
KEPT = sequence_of(KEPT_SECOND)
ACKNOWLEDGED = sequence_of(39)
SUCCESSOR = EPOCH + 60_000
PROMISE = Promise(log_breaks=True)


def cut_off(found: Evidence, lost: tuple[int, int] | None) -> Evidence:
    """The drill that held, as a log that was given up."""
    log = {sequence: message for sequence, message in found.log.items() if sequence <= KEPT}
    fixes = {fix for second in range(KEPT_SECOND + 1) for fix in acknowledged(second).fixes}
    written = replace(
        found.written,
        watermark=KEPT,
        frames={sequence: row for sequence, row in found.written.frames.items() if sequence <= KEPT},
        fixes={fix: 1 for fix in found.written.fixes if fix in fixes},
    )
    mirrors = {site: dict(log) for site in found.mirrors}
    return replace(found, upto=KEPT, log=log, mirrors=mirrors, written=written, given_up=GivenUp(KEPT, lost))


def after_it(seconds: range) -> tuple[History, Evidence]:
    """These seconds' frames were sent again, into another log."""
    made, found = history(), evidence()
    made.goes_on_in(SUCCESSOR)
    log, frames, fixes = {}, {}, {}
    for sequence, second in enumerate(seconds, start=1):
        one = replace(acknowledged(second), epoch=SUCCESSOR, sequence=sequence)
        made.acknowledged.append(one)
        made.in_region.append(replace(made.in_region[0], epoch=SUCCESSOR, sequence=sequence))
        log[sequence] = Message(sequence.to_bytes(5), one.frame)
        frames[sequence] = FrameRow(one.frame, 2, 2, 0)
        fixes |= dict.fromkeys(one.fixes, 1)
    written = replace(
        found.written, watermark=len(log), frames=frames, fixes=fixes, digests={}, set_aside=frozenset()
    )
    newest = replace(
        found,
        upto=len(log),
        log=log,
        mirrors={site: dict(log) for site in found.mirrors},
        written=written,
        epoch=SUCCESSOR,
    )
    return made, newest


def judged(
    sent_again: range, lost: tuple[int, int] | None, promise: Promise = PROMISE, **earlier: object
) -> dict[Invariant, Finding]:
    seen, newest = after_it(sent_again)
    found = replace(newest, earlier=(replace(cut_off(evidence(), lost), **earlier),))
    scenario = replace(SCENARIOS["log-lost"], promise=promise)
    return {one.invariant: one for one in judge(scenario, seen, found, CAST)}


LOST = (KEPT + 1, ACKNOWLEDGED)
ALL_AGAIN, NONE_AGAIN = range(KEPT_SECOND + 1, 40), range(0)


@pytest.mark.parametrize(
    ("sent_again", "lost"),
    [(ALL_AGAIN, LOST), (ALL_AGAIN, None), (range(36, 40), LOST), (range(36, 40), (KEPT + 1, 0))],
    ids=["sent_again", "sent_again_and_nothing_lost", "said_to_be_gone", "gone_to_an_unknown_end"],
)
def test_what_is_sent_again_or_said_to_be_gone_is_not_lost_in_silence(
    sent_again: range, lost: tuple[int, int] | None
):
    found = judged(sent_again, lost)
    assert found[Invariant.NOTHING_LOST].holds, found[Invariant.NOTHING_LOST].against
    for invariant in (Invariant.EXACTLY_ONCE, Invariant.ATOMIC_WATERMARK, Invariant.MIRROR_IS_PREFIX):
        assert found[invariant].holds, found[invariant].against


def test_what_is_neither_is_lost():
    against = judged(range(36, 40), None)[Invariant.NOTHING_LOST].against
    assert f"frame {(RELAY, BOOT, 31)} was acknowledged at 62, where the log has None" in against


def test_an_interval_that_names_what_a_mirror_has_is_no_exact_word():
    against = judged(ALL_AGAIN, (KEPT - 1, ACKNOWLEDGED))[Invariant.NOTHING_LOST].against
    assert against[0] == f"{KEPT - 1} to {KEPT} of log {EPOCH} are said to be lost, and amsterdam has them"


def test_a_log_that_may_not_break_and_does_is_a_loss_even_where_the_mirrors_have_all():
    against = judged(ALL_AGAIN, None, Promise())[Invariant.NOTHING_LOST].against
    assert against == [f"log {EPOCH} was given up: a copy has it up to {KEPT}, lost None"]


def test_a_log_that_should_have_been_given_up_and_was_not_is_found():
    scenario = replace(SCENARIOS["log-lost"], promise=PROMISE)
    found = {one.invariant: one for one in judge(scenario, history(), evidence(), CAST)}
    assert found[Invariant.NOTHING_LOST].against == ["the log was broken, and no other took over"]


def test_a_record_that_a_mirror_has_and_the_recorder_did_not_write_is_found():
    written = replace(cut_off(evidence(), LOST).written, watermark=KEPT - 2)
    found = judged(ALL_AGAIN, LOST, written=written)
    assert not found[Invariant.ATOMIC_WATERMARK].holds


def test_mirrors_that_disagree_on_a_log_that_was_given_up_are_found():
    mirrors = cut_off(evidence(), LOST).mirrors
    mirrors["london"][7] = Message(b"another")
    found = judged(ALL_AGAIN, LOST, mirrors=mirrors)
    assert found[Invariant.MIRROR_IS_PREFIX].against == ["london: message 7 has other bytes than the truck's"]


def test_a_mirror_that_ends_earlier_than_the_other_is_no_fault_and_a_hole_is():
    mirrors = cut_off(evidence(), LOST).mirrors
    del mirrors["london"][KEPT]
    assert judged(ALL_AGAIN, LOST, mirrors=mirrors)[Invariant.MIRROR_IS_PREFIX].holds
    del mirrors["london"][9]
    found = judged(ALL_AGAIN, LOST, mirrors=mirrors)
    assert found[Invariant.MIRROR_IS_PREFIX].against == ["london: message 9 is missing"]


def used_again(**promise: object) -> dict[Invariant, Finding]:
    """London's mirror has the newest second as it was acknowledged; Amsterdam's what was written again in its place."""
    earlier = cut_off(evidence(), LOST)
    log = {**earlier.log, KEPT: Message(b"again", (RELAY, BOOT, 9_999))}
    mirrors = {**earlier.mirrors, "amsterdam": dict(log)}
    return judged(ALL_AGAIN, LOST, replace(PROMISE, **promise), log=log, mirrors=mirrors)


def test_a_frame_that_one_mirror_has_and_the_recorder_wrote_is_kept_where_its_number_was_used_again():
    assert used_again()[Invariant.NOTHING_LOST].holds
    assert used_again(used_again=True)[Invariant.MIRROR_IS_PREFIX].holds
    assert not used_again()[Invariant.MIRROR_IS_PREFIX].holds, "only a drill that does just that may"
