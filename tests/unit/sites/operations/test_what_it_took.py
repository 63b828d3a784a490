"""For how long nothing was written around a change of the primary, as the operator tells it."""

import pytest

from tests.unit.sites.operations.platform import HOUR_MS, TO_LONDON, Operator, Platform


def test_what_it_took_is_from_the_last_write_to_the_old_primary_to_the_first_to_the_new(
    platform: Platform, operator: Operator
):
    operator.wish = TO_LONDON
    operator.look(platform)
    platform.pause = operator.now_ms - HOUR_MS, operator.now_ms - HOUR_MS + 5_000
    platform.promote("london")
    assert operator.look(platform).interrupted_ms is None
    platform.pause = operator.now_ms + 100, operator.now_ms + 2_000
    assert operator.look(platform).interrupted_ms == 1_900


@pytest.mark.parametrize("from_ms", [-26_000, 60_000], ids=["of the change before", "of a stutter since"])
def test_a_pause_of_another_time_is_not_what_it_took(platform: Platform, operator: Operator, from_ms: int):
    operator.look(platform)
    operator.later(30_000)
    platform.pause = operator.now_ms + from_ms, operator.now_ms + from_ms + 5_000
    platform.promote("london")
    assert operator.look(platform).interrupted_ms is None
    operator.later(60_000)
    assert operator.look(platform).interrupted_ms is None
    seen_ms = operator.record.changed_ms
    platform.pause = seen_ms - 18_000, seen_ms + 2_000
    assert operator.look(platform).interrupted_ms == 20_000


def test_where_no_race_was_written_before_it_nothing_was_interrupted(platform: Platform, operator: Operator):
    operator.wish = TO_LONDON
    operator.look(platform)
    platform.pause = operator.now_ms - HOUR_MS, operator.now_ms + 2_000
    platform.promote("london")
    assert operator.look(platform).interrupted_ms is None
