"""A process that has imported the recorder once and forks one for each line it reads.

In: `FAILPOINT HITS` (or `- 0`: none). Out: the signal that ended the recorder, 0 when it reached the end of the log.
Run as: python -m tests.support.recorder_forks NATS_URL DATABASE_URL EPOCH DIRECTORY LAST GUARD
GUARD `unguarded` takes the guard out: the watermark goes ahead in a transaction of its own.
"""

import asyncio
import gc
import os
import sys
from pathlib import Path

# One thread: what forks must not have others.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from ardoise.chassis import failpoints
from ardoise.chassis.log import LogReader
from ardoise.chassis.store import Store
from ardoise.chassis.telemetry import configure_logging
from ardoise.positioning import epoch_recorder
from ardoise.positioning import store as store_module
from ardoise.positioning.checkpoints import Checkpoints
from ardoise.positioning.epoch_recorder import EpochRecorder
from ardoise.positioning.rows import Derived
from ardoise.positioning.store import RaceStore
from ardoise.positioning.store_watch import StoreWatch
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.racelog import connect

TRIAL_LIMIT_S = 60.0
# Small steps, so that there are many places to be killed at.
epoch_recorder.BATCH_ROWS = 12
epoch_recorder.PENDING_ROWS = 24
epoch_recorder.BATCH_WAIT_S = 0.0
epoch_recorder.CHECKPOINT_EVERY_MS = 1_000
epoch_recorder.CHECKPOINT_EVERY_S = 0.0

guarded_step = store_module._step_watermark


async def record(nats_url: str, store: RaceStore, epoch: int, directory: Path, last: int) -> None:
    """Records an epoch until its message `last` is written down."""
    bus = await connect(nats_url)
    recorder = EpochRecorder(LogReader(bus), store, Checkpoints(directory), StoreWatch(), epoch)
    running = asyncio.create_task(recorder.run())
    while recorder.written < last and not running.done():
        await asyncio.wait({running}, timeout=0.01)
    if running.done():
        running.result()
    running.cancel()
    await asyncio.wait({running})
    await store.close()
    await bus.close()


async def warm_up(nats_url: str, store: RaceStore, epoch: int, directory: Path) -> None:
    """Does once what every fork would do again: imports on first use, migrations, statements compiled."""
    await store.prepare()
    await record(nats_url, store, epoch, directory, last=1)


async def step_watermark_apart(connection: AsyncConnection, epoch: int, after: int, last: Derived) -> None:
    """What the store's own step must not be: a transaction before the one of the rows."""
    async with connection.engine.begin() as another:
        await guarded_step(another, epoch, after, last)


def fork_one(failpoint: str, hits: int, arguments: tuple) -> int:
    """Runs one recorder in a fork; returns the signal that killed it, or 0."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if hits:
                failpoints.arm(failpoint, hits)
            asyncio.run(asyncio.wait_for(record(*arguments), TRIAL_LIMIT_S))
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        return os.WTERMSIG(ended)
    assert os.WEXITSTATUS(ended) == 0, "the recorder failed: see its log"
    return 0


if __name__ == "__main__":
    configure_logging("INFO", service="recorder")
    nats_url, database_url, epoch, directory, last, guard = sys.argv[1:]
    if guard == "unguarded":
        store_module._step_watermark = step_watermark_apart
    store = RaceStore(Store(database_url, "test"))
    asyncio.run(warm_up(nats_url, store, int(epoch), Path(directory)))
    gc.freeze()
    for line in sys.stdin:
        name, hits = line.split()
        ended = fork_one(name, int(hits), (nats_url, store, int(epoch), Path(directory), int(last)))
        print(ended, flush=True)
