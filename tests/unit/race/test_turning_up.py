"""Where a rider is looked for who turns up: near the field, on the leg that the field can be on."""

import numpy as np
import pytest
from ardoise.race.matching import FIELD_SIGMA_M, seek
from ardoise.race.road import build_road

from tests.support.ride import road_of

OUT_M, APART_M = 6_000, 3.0
ANYWHERE = (-(2**40), 2**40)
LEGS = np.linspace(0, OUT_M, 121)
ROAD = build_road(road_of([*((x, 0.0) for x in LEGS), *((x, APART_M) for x in LEGS[::-1])]))


@pytest.mark.parametrize(("field_m", "found_m"), [(0, 300), (12_000, 11_703)])
def test_fixes_that_lie_on_the_other_leg_and_seem_to_move_with_it_do_not_outweigh_where_the_field_is(
    field_m: int, found_m: int
):
    on_the_way_back = field_m > OUT_M
    y_m = 0.0 if on_the_way_back else APART_M
    moved_m = (15.0, 0.0) if on_the_way_back else (-15.0, 0.0)
    sigma_cm = round(FIELD_SIGMA_M * 100)
    found = seek(ROAD, 300.0, y_m, moved_m, field_m * 100, sigma_cm, ANYWHERE)
    assert found is not None
    assert found / 100 == pytest.approx(found_m, abs=10)
