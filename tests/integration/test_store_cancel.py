"""A service that is told to stop is not held by its database."""

import asyncio
import gc
import random
from collections.abc import Callable

import numpy as np
import pytest
from ardoise.chassis.binary_copy import Column, copy
from ardoise.chassis.store import POOL_SESSIONS, Store
from sqlalchemy import text

SEED = 31
TRIALS = 25


async def cancel_often(store: Store, cancel: Callable[[asyncio.Task], None]) -> None:
    """Starts work and cancels it at a random instant, often; the work must end cancelled each time."""
    draw = random.Random(SEED)
    bibs = Column("bib", "integer", np.arange(100_000))

    async def work() -> None:
        while True:
            async with store.transaction() as connection:
                await connection.execute(text("CREATE TEMPORARY TABLE scratch (bib integer) ON COMMIT DROP"))
                driver = (await connection.get_raw_connection()).driver_connection
                await copy(driver, "scratch", [bibs])

    for _ in range(TRIALS):
        task = asyncio.create_task(work())
        await asyncio.wait({task}, timeout=draw.uniform(0, 0.03))
        cancel(task)
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done, "the cancellation was swallowed"
        with pytest.raises(asyncio.CancelledError):
            task.result()


async def test_work_that_is_cancelled_ends_cancelled_and_gives_its_session_back(plain_url: str):
    store = Store(plain_url, "test")
    await cancel_often(store, lambda task: task.cancel())
    assert store.engine.pool.checkedout() == 0
    for _ in range(POOL_SESSIONS + 1):
        async with store.transaction() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
    await store.close()


# A clean-up that is itself cancelled leaves its session to the garbage collector, which says so.
@pytest.mark.filterwarnings(
    "ignore:The garbage collector is trying to clean up:sqlalchemy.exc.SAWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
async def test_work_ends_cancelled_where_the_clean_up_of_its_session_is_cancelled_too(plain_url: str):
    def as_asyncio_run_does_at_its_end(_: asyncio.Task) -> None:
        for running in asyncio.all_tasks() - {asyncio.current_task()}:
            running.cancel()

    store = Store(plain_url, "test")
    await cancel_often(store, as_asyncio_run_does_at_its_end)
    await store.close()
    gc.collect()
