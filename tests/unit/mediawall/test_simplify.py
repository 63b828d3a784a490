"""Fewer points, the same road."""

import numpy as np
from ardoise.mediawall.domain.simplify import simplify


def test_a_straight_road_keeps_its_ends_alone():
    x = np.linspace(0, 1000, 200)
    assert simplify(x, 2 * x, most=100, tolerance=1.0).tolist() == [0, 199]


def test_a_hairpin_keeps_its_bend():
    x = np.concatenate([np.linspace(0, 500, 51), np.linspace(500, 0, 51)])
    y = np.concatenate([np.zeros(51), np.full(51, 30.0)])
    kept = simplify(x, y, most=100, tolerance=4.0)
    assert {50, 51} <= set(kept.tolist())


def test_a_loop_that_ends_where_it_began_is_not_folded_to_a_point():
    angle = np.linspace(0, 2 * np.pi, 361)
    kept = simplify(np.cos(angle) * 1000, np.sin(angle) * 1000, most=500, tolerance=5.0)
    assert len(kept) > 20


def test_more_detail_than_a_page_takes_is_thinned_to_the_bound():
    rng = np.random.default_rng(7)
    x = np.arange(2_000) * 20.0
    kept = simplify(x, rng.normal(0, 50, 2_000), most=300, tolerance=1.0)
    assert 100 < len(kept) <= 300
    assert kept[0] == 0
    assert kept[-1] == 1_999
