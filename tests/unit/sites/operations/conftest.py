"""A platform on which all is well, and an operator that knows it."""

import pytest

from tests.unit.sites.operations.platform import HOUR_MS, Operator, Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def operator(platform: Platform) -> Operator:
    """One that has looked once, an hour ago."""
    found = Operator()
    assert found.look(platform) is None
    found.later(HOUR_MS)
    return found
