"""Two regions never throw their mirrors of a log away at the same time, and neither waits for ever."""

import itertools

import pytest
from ardoise.sites.mirrors import MOST_ASIDE, Finding, MirrorState, Repair
from ardoise.sites.stagger import ALONE_S, SETTLED_S, Elsewhere, staggered

NOW_S = 1_000.0
WISHING = (MirrorState.BEHIND, MirrorState.STUCK, MirrorState.HOLE, MirrorState.ORIGIN_RECREATED)


def wish(last: int = 100, state: MirrorState = MirrorState.STUCK, since_s: float = NOW_S - 10) -> Finding:
    return Finding("LOG_1", state, "it stands still", Repair.RECREATE, mirror_last=last, since_s=since_s)


def allowed(finding: Finding, other: Elsewhere | None, region: str = "london", aside: int = 0) -> Finding:
    return staggered(finding, region, {"amsterdam": other}, NOW_S, aside=aside)


def test_a_mirror_is_given_up_while_the_other_region_has_everything_in_it():
    assert allowed(wish(), Elsewhere("following", 1, 100)).repair is Repair.RECREATE


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (None, "amsterdam does not say what it has"),
        (Elsewhere("following", 1, 99), "amsterdam has it only up to 99"),
        (Elsewhere("refilling", 1, 500), "amsterdam's is refilling"),
        (Elsewhere("diverged", 1, 500), "amsterdam's is diverged"),
        (Elsewhere("following", 5, 500), "amsterdam's is following"),
        (Elsewhere("stuck", 1, 100), "amsterdam goes first"),
    ],
    ids=["silent", "has_less", "on_its_way", "another", "begins_late", "wants_the_same"],
)
def test_otherwise_it_waits_and_says_for_what(other: Elsewhere | None, why: str):
    finding = allowed(wish(), other)
    assert finding.repair is Repair.NONE
    assert finding.reason == f"it stands still; waits: {why}"


def test_where_nobody_else_has_it_for_a_minute_it_is_kept_aside_first():
    alone = allowed(wish(since_s=NOW_S - ALONE_S), None)
    assert alone.repair is Repair.SET_ASIDE
    assert allowed(wish(since_s=NOW_S - ALONE_S), None, aside=MOST_ASIDE).repair is Repair.NONE


def test_what_is_found_all_at_once_gives_the_other_time_to_say_the_same():
    following = Elsewhere("following", 1, 100)
    sudden = wish(state=MirrorState.HOLE, since_s=NOW_S - SETTLED_S + 1)
    assert allowed(sudden, following).repair is Repair.NONE
    assert (
        allowed(wish(state=MirrorState.HOLE, since_s=NOW_S - SETTLED_S), following).repair is Repair.RECREATE
    )


def test_the_only_region_and_an_empty_mirror_wait_for_nobody():
    assert staggered(wish(), "london", {}, NOW_S, aside=0).repair is Repair.RECREATE
    assert allowed(wish(last=0), None).repair is Repair.RECREATE


def test_of_two_that_want_it_and_know_it_of_each_other_exactly_one_goes():
    for mine, theirs, state in itertools.product(range(1, 4), range(1, 4), WISHING):
        if state is MirrorState.HOLE:
            continue
        here, there = wish(mine, state), wish(theirs, state)
        london = staggered(here, "london", {"amsterdam": Elsewhere(state, 1, theirs)}, NOW_S, aside=0)
        amsterdam = staggered(there, "amsterdam", {"london": Elsewhere(state, 1, mine)}, NOW_S, aside=0)
        repairs = sorted([london.repair, amsterdam.repair])
        assert repairs == sorted([Repair.NONE, Repair.RECREATE]), (mine, theirs, state)
