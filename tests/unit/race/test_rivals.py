"""Other legs of the road: who is taken in, who is believed, what fixes cost."""

import numpy as np
import pytest
from ardoise.race.rivals import MOST_ERRING, MOST_RIVALS, SAME_LEG_CM, Rivals, evidence


def meet(rivals: Rivals, row: int, *legs: tuple[int, int, float]) -> None:
    """`legs`: place (cm), onward, cost."""
    cm, onward, cost = zip(*legs, strict=True)
    none_m = np.zeros(len(legs))
    errors_m = none_m, none_m, none_m
    rivals.meet(np.full(len(legs), row), np.array(cm), *errors_m, np.array(onward), np.array(cost))


def best(
    rivals: Rivals, error_m: float = 0.0, across_m: float = 0.0, lasting_m2: float = 25.0
) -> tuple[int, float]:
    """Of rider 0, who on the leg that is believed would err so; all other legs lead east."""
    believed = (np.array([value]) for value in (error_m, across_m, lasting_m2))
    nth, cost = rivals.best(np.array([0]), rivals.east_m[:1], *believed)
    return int(nth[0]), float(cost[0])


def of(rivals: Rivals, row: int) -> set[tuple[int, int, float]]:
    known = np.isfinite(rivals.cost[row])
    columns = (column[row][known].tolist() for column in (rivals.cm, rivals.onward, rivals.cost))
    return set(zip(*columns, strict=True))


def test_the_best_are_followed():
    rivals = Rivals.none_yet(2)
    legs = [(100_000 * n, 1, float(n)) for n in (4, 1, 3, 2)]
    meet(rivals, 1, *legs)
    assert of(rivals, 1) == set(sorted(legs, key=lambda leg: leg[2])[:MOST_RIVALS])
    assert of(rivals, 0) == set()


def test_a_leg_that_is_followed_already_keeps_its_cost_and_ridden_back_it_is_another():
    rivals = Rivals.none_yet(1)
    meet(rivals, 0, (50_000, 1, 7.0))
    meet(rivals, 0, (50_000 + SAME_LEG_CM - 1, 1, 9.0))
    meet(rivals, 0, (50_000 - SAME_LEG_CM + 1, 1, 7.5))
    assert of(rivals, 0) == {(50_000, 1, 7.0)}
    meet(rivals, 0, (50_000, -1, 2.0), (50_000 + SAME_LEG_CM, 1, 3.0))
    assert of(rivals, 0) == {(50_000, 1, 7.0), (50_000, -1, 2.0), (50_000 + SAME_LEG_CM, 1, 3.0)}


def test_a_leg_that_was_all_but_beaten_and_is_open_again_costs_what_it_costs_now():
    rivals = Rivals.none_yet(1)
    meet(rivals, 0, (50_000, 1, 25.0))
    meet(rivals, 0, (51_000, 1, 2.0))
    assert of(rivals, 0) == {(51_000, 1, 2.0)}


def test_who_was_believed_is_a_rival_of_who_is_now():
    rivals = Rivals.none_yet(1)
    meet(rivals, 0, (50_000, 1, -3.0), (90_000, 1, 4.0))
    nth, cost = best(rivals)
    assert cost == -3.0
    rivals.believe(0, nth, 20_000, (7.0, 2.0), 4.0, -1)
    assert of(rivals, 0) == {(20_000, -1, 3.0), (90_000, 1, 7.0)}
    of_it = rivals.east_m[0, nth], rivals.north_m[0, nth], rivals.across_m[0, nth]
    assert of_it == (7.0, 2.0, 4.0)


@pytest.mark.parametrize("errs", ["error_m", "across_m"])
def test_a_leg_on_which_the_receiver_would_have_to_err_is_the_worse_for_it_up_to_a_bound(errs: str):
    rivals = Rivals.none_yet(1)
    meet(rivals, 0, (50_000, 1, 3.0))
    assert best(rivals)[1] == 3.0
    assert 3.0 > best(rivals, **{errs: 10.0})[1] > best(rivals, **{errs: 40.0})[1] > 3.0 - MOST_ERRING
    under_trees = best(rivals, **{errs: 40.0}, lasting_m2=225.0)[1]
    assert best(rivals, **{errs: 40.0})[1] < under_trees < 3.0
    rivals.east_m[0, 0] = rivals.across_m[0, 0] = 10.0
    assert best(rivals, error_m=10.0, across_m=10.0)[1] == 3.0


def cost(
    *, since_s: float = 1.0, across_m: float = 0.0, astray_m: float = 0.0, contrary=False, back=False
) -> float:
    columns = (np.array([value]) for value in (across_m, astray_m, 25.0))
    return float(evidence(np.array([since_s * 1000]), *columns, np.array([contrary]), np.array([back]))[0])


def test_a_fix_costs_more_the_further_it_is_from_the_leg_and_the_place_up_to_a_bound():
    assert cost() == 0.0
    assert 0 < cost(across_m=5) < cost(across_m=20) < cost(across_m=60) < cost(across_m=1e6) < 1
    assert 0 < cost(astray_m=3) < cost(astray_m=9) < cost(astray_m=20) == cost(astray_m=1e6)


@pytest.mark.parametrize("way", ["contrary", "back"])
def test_riding_back_costs_by_the_second(way: str):
    assert cost(since_s=2.0, **{way: True}) == 2 * cost(**{way: True}) > 0


def test_fixes_that_follow_at_once_say_less_than_one_after_a_while():
    assert cost(across_m=20) < cost(across_m=20, since_s=6) < cost(across_m=20, since_s=10)
    assert cost(across_m=20, since_s=10) == cost(across_m=20, since_s=36)
