"""The window remembers a bounded number of entries and yet counts exactly: checked against counting everything."""

from ardoise.security.domain.alert import Evidence
from ardoise.security.domain.window import Entry, Window
from hypothesis import given
from hypothesis import strategies as st

WINDOW_MS = 60

steps = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3), st.integers(0, 5)), max_size=60)


def observed(gaps: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """(time, count, key), times growing."""
    now, out = 0, []
    for gap, count, key in gaps:
        now += gap
        out.append((now, count, key))
    return out


@given(steps, st.integers(1, 8))
def test_occurrences_are_counted_as_by_somebody_who_forgets_nothing(gaps, threshold):
    window, past = Window(), []
    for now, count, _ in observed(gaps):
        past.append((now, count))
        reached = window.add(None, Entry(count, Evidence(now, "moto-3", ""), ""), WINDOW_MS, threshold)
        assert reached == (sum(count for time, count in past if time > now - WINDOW_MS) >= threshold)
        assert len(window.entries) <= threshold


@given(steps, st.integers(2, 5))
def test_different_keys_are_counted_as_by_somebody_who_forgets_nothing(gaps, threshold):
    window, past = Window(), []
    for now, count, key in observed(gaps):
        past.append((now, key))
        reached = window.add(key, Entry(count, Evidence(now, "moto-3", ""), ""), WINDOW_MS, threshold)
        assert reached == (len({key for time, key in past if time > now - WINDOW_MS}) >= threshold)
        assert len(window.entries) <= threshold
