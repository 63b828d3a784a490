"""Which wish is accepted."""

from ardoise.sites.operations.record import Wish
from ardoise.sites.operations.wishes import Ruled, Ruling, how_to_align, rule

FIRST = Wish("as-installed", "amsterdam")
TO_LONDON = Wish("2026-07-07-london-1", "london")


def test_the_first_object_that_is_seen_adopts_what_is():
    assert rule(FIRST, None, False, "london") == Ruled(Ruling.ADOPT, Wish("as-installed", "london"))


def test_nothing_is_adopted_while_nobody_is_seen_to_be_primary():
    assert rule(FIRST, None, False, "") == Ruled(Ruling.WAIT, None)


def test_a_new_id_is_accepted():
    assert rule(TO_LONDON, FIRST, False, "amsterdam") == Ruled(Ruling.ACCEPT, TO_LONDON)


def test_the_accepted_wish_stays_the_accepted_one():
    assert rule(TO_LONDON, TO_LONDON, True, "amsterdam") == Ruled(Ruling.CURRENT, TO_LONDON)


def test_an_object_that_is_applied_again_moves_nothing():
    ruled = rule(FIRST, TO_LONDON, True, "london")
    assert ruled == Ruled(Ruling.OLD, TO_LONDON)
    assert ruled.diverged


def test_two_objects_that_disagree_under_one_id_move_nothing():
    other = Wish(TO_LONDON.request_id, "amsterdam")
    ruled = rule(other, TO_LONDON, True, "london")
    assert ruled == Ruled(Ruling.OTHER, TO_LONDON)
    assert ruled.diverged


def test_an_object_that_lags_is_told_what_to_write():
    told = how_to_align(FIRST, TO_LONDON)
    assert "primary: london" in told
    assert "requestId: 2026-07-07-london-1" in told
