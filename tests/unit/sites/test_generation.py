"""What a member of etcd does before it runs, and who may vote."""

from itertools import product

import pytest
from ardoise.sites.generation import (
    Generation,
    Member,
    Seat,
    Start,
    Way,
    decide,
    may_vote,
    parse_generation,
    seat_of,
    way_in,
)

FIRST, SECOND = Generation(), Generation(1, "op-1")
KNOWN = (None, FIRST, SECOND)
ELSEWHERE = (None, *product((FIRST, SECOND), Seat))
EVERY = list(product(KNOWN, (False, True), (None, SECOND), ELSEWHERE))
URL = "https://truck:2380"


def member(number: int, *, ran: bool = True, learner: bool = False, url: str = "") -> Member:
    return Member(str(number), url or f"https://{number}:2380", ran, learner)


def test_a_member_that_hears_of_a_newer_cluster_never_runs_in_the_old_one():
    for known, data, ordered, elsewhere in EVERY:
        if elsewhere is not None and elsewhere[0] > (known or FIRST) and ordered is None:
            assert decide(known, data, ordered, elsewhere) is Start.REJOIN


def test_a_member_that_has_ever_run_founds_no_cluster_again():
    for known, ordered, elsewhere in product((FIRST, SECOND), (None,), ELSEWHERE):
        assert decide(known, False, ordered, elsewhere) in (Start.REJOIN, Start.WAIT)


def test_an_empty_member_takes_no_seat_that_it_has_lost_its_data_for():
    assert decide(None, False, None, (FIRST, Seat.TAKEN)) is Start.REJOIN
    assert decide(None, False, None, (FIRST, Seat.NEVER_TAKEN)) is Start.RUN
    assert decide(FIRST, False, None, (FIRST, Seat.NEVER_TAKEN)) is Start.REJOIN


def test_a_member_whose_seat_was_taken_away_asks_for_a_new_one():
    assert decide(SECOND, True, None, (SECOND, Seat.NONE)) is Start.REJOIN
    assert decide(SECOND, True, None, (SECOND, Seat.TAKEN)) is Start.RUN


def test_nobody_follows_an_older_cluster():
    assert decide(SECOND, True, None, (FIRST, Seat.NONE)) is Start.RUN
    assert decide(SECOND, False, None, (FIRST, Seat.TAKEN)) is Start.WAIT


def test_where_nobody_answers_it_goes_on_with_what_it_has():
    assert decide(FIRST, True, None, None) is Start.RUN
    assert decide(None, False, None, None) is Start.RUN


def test_an_order_is_carried_out_once():
    assert decide(FIRST, True, SECOND, None) is Start.REBUILD
    assert decide(SECOND, True, SECOND, None) is Start.RUN
    # Overtaken: another region was forced after it.
    assert decide(Generation(2, "op-2"), True, SECOND, None) is Start.RUN


def test_of_two_regions_forced_apart_from_each_other_one_gives_way():
    one, other = Generation(1, "op-a"), Generation(1, "op-b")
    assert decide(one, True, None, (other, Seat.NONE)) is Start.REJOIN
    assert decide(other, True, None, (one, Seat.NONE)) is Start.RUN


def test_a_generation_survives_being_written_down_and_anything_else_is_refused():
    assert parse_generation(SECOND.to_json()) == SECOND
    with pytest.raises(ValueError, match="no generation"):
        parse_generation('{"nonsense": 1}')


def test_the_old_seat_goes_first_then_whoever_waits_in_the_only_seat_for_learners():
    old = member(1, url=URL)
    waiting = member(2, learner=True)
    assert way_in([old, waiting], URL) == (Way.REMOVE, "1")
    assert way_in([waiting], URL) == (Way.PROMOTE, "2")
    assert way_in([member(3)], URL) == (Way.ADD, "")


def test_voters_stay_an_odd_number():
    survivor, learner = member(1), member(2, learner=True)
    assert not may_vote([survivor, learner])
    assert may_vote([survivor, member(3), learner])


def test_who_takes_over_a_vote_has_it_before_the_other_goes():
    three, learner = [member(1), member(2), member(3, url=URL)], member(4, learner=True)
    assert may_vote([*three, learner], {URL})
    assert not may_vote([*three, learner], {"https://elsewhere:2380"})


def test_a_seat_is_known_by_its_address():
    assert seat_of([member(1)], URL) is Seat.NONE
    assert seat_of([member(1, url=URL, ran=False)], URL) is Seat.NEVER_TAKEN
    assert seat_of([member(1, url=URL)], URL) is Seat.TAKEN
