"""The programs of Debian 13, for these tests; all of them wait for leases to run out."""

from pathlib import Path

import pytest

from tests.support.stretched import programs

__all__ = ["programs"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They are slow."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
