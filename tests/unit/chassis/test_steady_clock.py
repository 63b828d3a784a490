"""The time of day, from a clock that never jumps."""

import time

import pytest
from ardoise.chassis import steady_clock


@pytest.mark.parametrize("jump_s", [-120, 60])
def test_a_jump_of_the_machines_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch, jump_s: int):
    before_ms, right_ns = steady_clock.now_ms(), time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: right_ns() + jump_s * 10**9)
    monkeypatch.setattr(time, "time", lambda: right_ns() / 1e9 + jump_s)
    assert 0 <= steady_clock.now_ms() - before_ms < 30_000
    assert abs(steady_clock.now_s() * 1000 - steady_clock.now_ms()) < 30_000


def test_it_is_the_time_of_day():
    assert abs(steady_clock.now_s() - time.time()) < 1
