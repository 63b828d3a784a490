"""JSON that is nearly what a tracker sends, and is not."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

ODD = (
    *(None, True, "", "é\u0000", "2026-13-40", "9999-12-31T23:59:59-23:59", 0, -1, 1e308, -1e308),
    *(float("inf"), float("nan"), 10**400, [], {}, [[]]),
)
_ANY = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def json_values(model: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Any JSON; or `model` with some value in it, at any depth, in the place of another."""
    places = list(_places(model))
    changes = st.lists(st.tuples(st.sampled_from(places), _ANY), min_size=1, max_size=3)
    return (
        _ANY
        | changes.map(lambda changed: _changed(model, changed))
        | st.lists(changes, max_size=2).map(lambda several: [_changed(model, changed) for changed in several])
    )


def _places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    for key, inner in value.items():
        yield (*path, key)
        if isinstance(inner, dict):
            yield from _places(inner, (*path, key))


def _changed(model: Mapping[str, Any], changes: list[tuple[tuple, Any]]) -> Any:
    changed: Any = copy.deepcopy(dict(model))
    for path, value in changes:
        inner = changed
        for key in path[:-1]:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[path[-1]] = value
    return changed


def spoiled(model: Mapping[str, Any]) -> Iterator[Any]:
    """`model` with each of its places taken by each odd value, one after another."""
    for place in _places(model):
        for odd in ODD:
            yield _changed(model, [(place, odd)])
