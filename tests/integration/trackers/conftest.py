"""A platform with ingest in it, and a broker that phones come to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ardoise.chassis.identity import Role
from ardoise.chassis.phones import Phones, passwords_of
from ardoise.trackers.app import RELAY_ID

from tests.support.broker import STAGE, Broker
from tests.support.platform import Platform, activate


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    """nats-server with TLS, and identities for everybody."""
    platform = Platform(tmp_path)
    await platform.server.start()
    yield platform
    await platform.server.stop()


@pytest.fixture
async def broker(tmp_path: Path, free_port) -> AsyncIterator[Broker]:
    """A truck whose nats-server listens to two phones."""
    directory = tmp_path / "phones"
    phones = Phones(f"127.0.0.1:{free_port()}", passwords_of(directory, ("anne", "ben")))
    health_port = free_port()
    platform = Platform(tmp_path, phones=phones, health_port=health_port)
    platform.identity(RELAY_ID, Role.RELAY)
    await platform.server.start()
    yield Broker(platform, phones, directory, health_port)
    await platform.server.stop()


@pytest.fixture
async def race(broker: Broker, free_port) -> AsyncIterator[tuple[int, int]]:
    """Ingest with a stage: its port and epoch."""
    port = free_port()
    async with broker.platform.ingest(port):
        yield port, await activate(broker.platform, port, STAGE)
