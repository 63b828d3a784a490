"""When heartbeats are due."""

from ardoise.ingest.writer import HEARTBEAT_S, until_beat_s
from ardoise.race.engine import TICK_MS
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(min_value=1.5e9, max_value=4e9))
def test_a_heartbeat_that_comes_when_it_is_due_closes_the_tick_before_it(now_s: float):
    due_s = now_s + until_beat_s(now_s)
    assert 0 < int(due_s * 1000) % TICK_MS < 10


@given(st.floats(min_value=1.5e9, max_value=4e9))
def test_the_next_heartbeat_is_never_further_away_than_a_tick(now_s: float):
    assert 0 < until_beat_s(now_s) <= HEARTBEAT_S
