"""The log's writer on a real nats-server, beside writers that give up."""

import asyncio
from pathlib import Path

import pytest
from ardoise.ingest.high_water import HighWaterMarks
from ardoise.ingest.settings import IngestSettings
from ardoise.ingest.writer import LogWriter
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.log_pb2 import EpochCause, LogRecord
from ardoise.pb.setup_pb2 import StageSetup

from tests.support.nats import NatsServer
from tests.support.racelog import connect


class SlowMarks(HighWaterMarks):
    """The disk takes its time, as long as it is told to."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.reached = asyncio.Event()

    async def raise_to(self, epoch: int, sequence: int) -> None:
        self.reached.set()
        await self.goes_on.wait()
        await super().raise_to(epoch, sequence)


@pytest.mark.parametrize("gives_up", ["while it is committed", "before"])
async def test_one_that_gives_up_costs_nobody_else_an_acknowledgement(
    nats_server: NatsServer, tmp_path: Path, gives_up: str
):
    bus, marks = await connect(nats_server.url), SlowMarks(tmp_path)
    writer = LogWriter(bus, marks, log_max_bytes=IngestSettings.model_fields["log_max_bytes"].default)
    writer.begin()
    committing = asyncio.create_task(writer.commit_forever())
    entry = await writer.open_epoch(
        StageSetup(stage_id="1"),
        cause=EpochCause.EPOCH_CAUSE_STAGE_LOADED,
        previous=ResumeToken(),
    )
    first = await writer.append(entry, "beat", LogRecord())

    marks.goes_on.clear()
    marks.reached.clear()
    impatient = asyncio.create_task(writer.append(entry, "beat", LogRecord()))
    if gives_up == "while it is committed":
        await marks.reached.wait()
    impatient.cancel()
    await asyncio.wait({impatient})
    marks.goes_on.set()

    another = asyncio.create_task(writer.append(entry, "beat", LogRecord()))
    await asyncio.wait({another, committing}, return_when=asyncio.FIRST_COMPLETED)
    assert not committing.done()
    assert another.result() > first
    committing.cancel()
    await asyncio.wait({committing})
    await bus.close()
