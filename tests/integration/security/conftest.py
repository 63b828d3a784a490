"""A platform with security in it, and somebody who writes what it reads."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from ardoise.pb.security_pb2_grpc import SecurityServiceStub

from tests.support.security import Reporter, SecurityPlatform


@pytest.fixture
async def platform(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[SecurityPlatform]:
    """nats-server with TLS, and identities for everybody."""
    platform = SecurityPlatform(tmp_path, free_port())
    await platform.server.start()
    yield platform
    await platform.server.stop()


@pytest.fixture
async def reporter(platform: SecurityPlatform) -> AsyncIterator[Reporter]:
    """Both streams are there."""
    bus = await platform.bus("ingest")
    reporter = Reporter(bus)
    await reporter.prepare()
    yield reporter
    await bus.close()


@pytest.fixture
async def guard(platform: SecurityPlatform) -> AsyncIterator[SecurityServiceStub]:
    """SecurityService as somebody of role security calls it."""
    async with platform.as_holder("guard") as stub:
        yield stub
