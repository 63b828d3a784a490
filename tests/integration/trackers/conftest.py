"""A platform with ingest in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.platform import Platform


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """nats-server with TLS, and identities for everybody."""
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()
