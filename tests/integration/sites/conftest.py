"""Three sites on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stretched import programs
from tests.support.three_sites import ThreeSites

__all__ = ["programs"]


@pytest.fixture
async def sites(tmp_path: Path, free_port) -> AsyncIterator[ThreeSites]:
    """A truck and two regions, joined."""
    sites = ThreeSites(tmp_path, free_port)
    await sites.start()
    yield sites
    await sites.stop()
