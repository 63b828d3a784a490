"""A platform with security in it, and somebody who writes what it reads."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from ardoise.chassis.store import Store
from ardoise.pb.security_pb2_grpc import SecurityServiceStub
from ardoise.positioning.migrations import migrate

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


@pytest.fixture
async def database(plain_url: str) -> AsyncIterator[Store]:
    """A migrated database."""
    store = Store(plain_url, "test")
    await migrate(store)
    yield store
    await store.close()


@pytest.fixture
async def process(platform: SecurityPlatform) -> AsyncIterator[Callable[..., Awaitable[Process]]]:
    """Starts security as a process of its own, with settings on top of the platform's."""
    program = (
        "import asyncio; from ardoise.security.app import run; from ardoise.security.settings import SecuritySettings\n"
        "asyncio.run(run(SecuritySettings()))"
    )
    started: list[Process] = []

    async def start(**values: object) -> Process:
        settings = platform.security_settings(**values)
        surroundings = {
            f"ARDOISE_{name.upper()}": str(getattr(settings, name)) for name in settings.model_fields_set
        }
        started.append(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                program,
                env={**os.environ, **surroundings},
                stderr=asyncio.subprocess.DEVNULL,
            )
        )
        return started[-1]

    yield start
    for running in started:
        if running.returncode is None:
            running.kill()
            await running.wait()
