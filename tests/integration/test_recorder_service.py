"""The recorder as a service: identity, health, a log that ingest writes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from ardoise.chassis.identity import Role
from ardoise.chassis.postgres import EmbeddedPostgres
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.positioning.recorder import run
from ardoise.positioning.settings import RecorderSettings
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import text

from tests.support.databases import SETTINGS
from tests.support.platform import Platform, activate, running

WITHIN_S = 30.0
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    platform = Platform(tmp_path / "site")
    platform.identity("recorder", Role.SERVICE)
    await platform.server.start()
    yield platform
    await platform.server.stop()


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", **SETTINGS)
    server.start()
    yield server
    server.stop()


async def test_the_recorder_follows_ingest_and_its_health_says_whether_the_database_is_there(
    platform: Platform, postgres: EmbeddedPostgres, free_port: Callable[[], int]
):
    ingest_port, port = free_port(), free_port()
    settings = platform.settings(RecorderSettings, grpc_listen=f"127.0.0.1:{port}", database_url=postgres.url)
    async with (
        opened(postgres.url) as store,
        platform.ingest(ingest_port),
        running(run(settings), port, platform),
        platform.channel(port, "director") as channel,
    ):
        epoch = await activate(platform, ingest_port)
        health = health_pb2_grpc.HealthStub(channel)
        await database_is(SERVING, health)
        # Its heartbeats are what grows while nobody rides.
        seen = await watermark_beyond(0, store, epoch)
        postgres.stop()
        await database_is(NOT_SERVING, health)
        postgres.start()
        await database_is(SERVING, health)
        await watermark_beyond(seen, store, epoch)


async def database_is(status: int, health: health_pb2_grpc.HealthStub) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            answer = await health.Check(health_pb2.HealthCheckRequest(service="database"))
            if answer.status == status:
                return
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = Store(url, "test")
    yield store
    await store.close()


async def watermark_beyond(sequence: int, store: Store, epoch: int) -> int:
    query = text("SELECT sequence FROM watermark WHERE epoch = :epoch AND sequence > :sequence")
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(StoreUnavailable):  # the tables are the recorder's to make
                async with store.transaction() as connection:
                    found = await connection.scalar(query, {"epoch": epoch, "sequence": sequence})
                if found is not None:
                    return found
            await asyncio.sleep(0.05)
