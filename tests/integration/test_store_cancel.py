"""A service that is told to stop is not held by its database."""

import asyncio
import random

import numpy as np
import pytest
from ardoise.chassis.binary_copy import Column, copy
from ardoise.chassis.store import Store
from sqlalchemy import text

SEED = 31
TRIALS = 25


async def test_work_that_is_cancelled_ends_cancelled_wherever_it_stood(plain_url: str):
    store = Store(plain_url, "test")
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
        # As asyncio.run does at its end: the driver's own tasks with it.
        for running in asyncio.all_tasks() - {asyncio.current_task()}:
            running.cancel()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done, "the cancellation was swallowed"
        with pytest.raises(asyncio.CancelledError):
            task.result()
    await store.close()
