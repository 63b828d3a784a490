"""What is decided about a mirror from what was seen of it."""

import itertools

import pytest
from ardoise.sites.mirrors import (
    GIVE_UP_S,
    MOST_ASIDE,
    REFILL_AT_ONCE_BYTES,
    STUCK_AFTER_S,
    Finding,
    MirrorState,
    Observation,
    Repair,
    StreamSeen,
    decide,
    unknown,
)

OLD, NEW = "2026-07-04T10:00:00", "2026-07-04T15:00:00"
NOW_S = 1_000.0


def origin(last: int, first: int = 1, created: str = OLD, **fields: int) -> StreamSeen:
    return StreamSeen(created, first, last, **fields)


def mirror(last: int, first: int = 1, made_from: str = OLD, **fields: int) -> StreamSeen:
    return StreamSeen(NEW, first, last, made_from=made_from, **fields)


def judged(
    here: StreamSeen | None,
    there: StreamSeen | None,
    before: Finding | None = None,
    *,
    is_log: bool = True,
    now_s: float = NOW_S,
    **seen: object,
) -> Finding | None:
    return decide("LOG_1", Observation(here, there, **seen), before, now_s, is_log=is_log)


def test_a_log_that_neither_has_is_no_finding():
    assert judged(None, None) is None


def test_a_mirror_is_made_as_soon_as_there_is_something_to_mirror():
    finding = judged(None, origin(5))
    assert (finding.state, finding.repair, finding.behind) == (MirrorState.ABSENT, Repair.CREATE, 5)


def test_a_mirror_that_was_there_is_refilling_until_it_is_level():
    level = judged(mirror(500), origin(500))
    deleted = judged(None, origin(500), level)
    assert (deleted.state, deleted.repair) == (MirrorState.REFILLING, Repair.CREATE)
    filling = judged(mirror(200), origin(500), deleted)
    assert (filling.state, filling.behind) == (MirrorState.REFILLING, 300)
    assert judged(mirror(500), origin(500), filling).state is MirrorState.FOLLOWING


def test_a_live_log_is_followed_a_few_messages_behind():
    before = judged(mirror(500), origin(500))
    finding = judged(mirror(520), origin(523), before)
    assert (finding.state, finding.behind) == (MirrorState.FOLLOWING, 3)


def test_one_that_stands_still_is_stuck_after_a_while_and_no_sooner():
    before = judged(mirror(10), origin(10))
    standing = judged(mirror(10), origin(12), before, now_s=NOW_S + STUCK_AFTER_S - 1)
    assert (standing.state, standing.repair) == (MirrorState.BEHIND, Repair.NONE)
    stuck = judged(mirror(10), origin(15), standing, now_s=NOW_S + STUCK_AFTER_S)
    assert (stuck.state, stuck.repair) == (MirrorState.STUCK, Repair.RECREATE)
    assert "5 behind and has not moved for 12 s" in stuck.reason


def test_one_that_never_got_anything_is_made_anew_too():
    before = judged(mirror(0, first=0), origin(10))
    stuck = judged(mirror(0, first=0), origin(10), before, now_s=NOW_S + STUCK_AFTER_S)
    assert (stuck.state, stuck.repair) == (MirrorState.STUCK, Repair.RECREATE)


def test_a_large_one_that_is_stuck_is_left_to_the_server_first():
    before, large = judged(mirror(10), origin(10)), {"size_bytes": REFILL_AT_ONCE_BYTES + 1}
    stuck = judged(mirror(10, **large), origin(15), before, now_s=NOW_S + STUCK_AFTER_S)
    assert (stuck.state, stuck.repair) == (MirrorState.STUCK, Repair.NONE)
    given_up = judged(mirror(10, **large), origin(15), stuck, now_s=NOW_S + GIVE_UP_S)
    assert given_up.repair is Repair.RECREATE


def test_a_truck_that_comes_back_gives_its_mirror_time():
    before = unknown("LOG_1", "no answer", 10, NOW_S)
    assert (before.behind, before.origin_last, before.mirror_last) == (None, None, 10)
    finding = judged(mirror(10), origin(500), before, now_s=NOW_S + 1)
    assert (finding.state, finding.repair) == (MirrorState.BEHIND, Repair.NONE)


def test_other_content_is_set_aside_until_there_are_too_many_copies():
    finding = judged(mirror(10), origin(10, created=NEW), differs_at=1, is_log=False)
    assert (finding.state, finding.repair) == (MirrorState.DIVERGED, Repair.SET_ASIDE)
    full = judged(mirror(10), origin(10, created=NEW), differs_at=1, aside=MOST_ASIDE, is_log=False)
    assert (full.state, full.repair) == (MirrorState.DIVERGED, Repair.NONE)
    assert "look at them first" in full.reason


def test_a_log_with_other_content_is_said_and_left_alone_for_it_is_written_down_already():
    finding = judged(mirror(10), origin(10, created=NEW), differs_at=1)
    assert (finding.state, finding.repair) == (MirrorState.DIVERGED, Repair.NONE)


@pytest.mark.parametrize(
    ("here", "there", "seen"),
    [
        (mirror(10), origin(10, created=NEW), {"differs_at": 1}),
        (mirror(10), origin(4), {}),
        (mirror(10), origin(20, first=15, created=NEW), {}),
        (mirror(10), origin(20, first=11, created=NEW), {}),
        (mirror(10), None, {}),
    ],
    ids=["another", "shrank", "hole", "made_again_further_on", "gone"],
)
def test_what_is_wrong_with_a_log_that_was_given_up_is_no_trouble_any_more(
    here: StreamSeen, there: StreamSeen | None, seen: dict
):
    trouble = judged(here, there, **seen)
    finding = judged(here, there, successor=2, **seen)
    assert trouble.state is not MirrorState.SUCCEEDED
    assert (finding.state, finding.repair) == (MirrorState.SUCCEEDED, Repair.NONE)
    assert finding.reason == f"{trouble.reason}; the race goes on in log 2"


def test_a_mirror_of_a_log_that_was_given_up_still_gets_what_the_truck_has():
    assert judged(mirror(10), origin(20), successor=2).state is MirrorState.BEHIND
    assert judged(None, origin(20), successor=2).repair is Repair.CREATE


def test_a_mirror_deleted_where_the_truck_has_less_is_made_again_and_the_loss_said():
    shrank = judged(mirror(10), origin(4))
    finding = judged(None, origin(4), shrank)
    assert (finding.state, finding.repair, finding.missing) == (MirrorState.HOLE, Repair.CREATE, (5, 10))
    assert "5 to 10 are gone" in finding.reason


def test_a_mirror_deleted_where_the_truck_has_nothing_is_not_forgotten():
    gone = judged(None, None, judged(mirror(10), None))
    assert (gone.state, gone.repair, gone.mirror_last) == (MirrorState.GONE, Repair.NONE, 10)
    assert judged(None, None, gone) == gone


def test_a_log_that_shrank_is_said_and_its_mirror_left_alone():
    finding = judged(mirror(10), origin(4))
    assert (finding.state, finding.repair) == (MirrorState.ORIGIN_SHRANK, Repair.NONE)
    assert "up to 4, this mirror up to 10" in finding.reason


def test_a_stream_without_epochs_that_shrank_is_set_aside_for_it_goes_on_under_its_name():
    finding = judged(mirror(10), origin(4), is_log=False)
    assert (finding.state, finding.repair) == (MirrorState.ORIGIN_SHRANK, Repair.SET_ASIDE)


def test_what_may_not_be_read_is_never_taken_for_the_same():
    again = origin(12, created=NEW)
    assert judged(mirror(10), again, is_log=False, compared=False).repair is Repair.SET_ASIDE
    assert judged(mirror(10), again, is_log=False).repair is Repair.RECREATE
    assert judged(mirror(0, first=0), again, is_log=False, compared=False).repair is Repair.RECREATE


@pytest.mark.parametrize(
    ("here", "there", "missing", "repair"),
    [
        (mirror(10), origin(20, first=15), (11, 14), Repair.NONE),
        (mirror(20, missing=4), origin(20, first=15), (11, 14), Repair.NONE),
        (mirror(20, missing=4), origin(20), None, Repair.RECREATE),
        (mirror(20, first=5), origin(20), None, Repair.RECREATE),
        (mirror(20, missing=4), origin(20, missing=4), None, Repair.NONE),
    ],
    ids=["ahead_of_it", "passed_over", "only_here", "begins_late_only_here", "at_both"],
)
def test_a_hole_is_said_with_its_interval_and_filled_only_where_the_truck_has_it(
    here: StreamSeen, there: StreamSeen, missing: tuple[int, int] | None, repair: Repair
):
    finding = judged(here, there)
    assert (finding.state, finding.missing, finding.repair) == (MirrorState.HOLE, missing, repair)


def test_the_oldest_of_a_stream_that_discards_them_is_no_hole():
    assert judged(mirror(20, first=5), origin(20, first=7), is_log=False).state is MirrorState.FOLLOWING


def test_nothing_that_exists_only_once_is_ever_thrown_away():
    """Every small case, from every state it could have been in before."""
    before = [None, unknown("LOG_1", "", 3, NOW_S - GIVE_UP_S), *standing()]
    sizes = range(5)
    cases = itertools.product(sizes[1:], sizes, sizes, sizes, (OLD, NEW), (0, 1), (True, False), before)
    destroyed = 0
    for first, last, there_first, there_last, made_from, differs_at, compared, earlier in cases:
        here = mirror(last, first=first, made_from=made_from)
        there = origin(there_last, first=there_first)
        finding = judged(here, there, earlier, differs_at=differs_at, compared=compared)
        if finding.repair is not Repair.RECREATE or last < first or last == 0:
            continue
        destroyed += 1
        assert there_first <= first
        assert there_last >= last
        assert not differs_at
        assert compared or made_from == OLD
    assert destroyed > 0


def standing() -> list[Finding]:
    """Findings after which a mirror at this sequence counts as standing still."""
    return [
        Finding("LOG_1", MirrorState.BEHIND, "", mirror_last=last, moved_s=NOW_S - GIVE_UP_S)
        for last in range(5)
    ]
