"""`ardoise weather follow` as somebody at the truck runs it, against a real ingest."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ardoise.chassis.log import LogReader

from tests.support.platform import activate

LIMIT_S = 30


@pytest.mark.slow
async def test_a_file_is_followed_into_the_log_whatever_is_in_it(platform, free_port, tmp_path: Path):
    port = free_port()
    file = tmp_path / "finish.csv"
    now = datetime.now(UTC)
    file.write_text(f"time,temperature_c\n{now.isoformat()},21.5\n")
    surroundings = {
        "ARDOISE_IDENTITY_DIR": str(platform.identity_dir),
        "ARDOISE_STATE_DIR": str(tmp_path / "state"),
        "ARDOISE_INGEST_TARGET": f"127.0.0.1:{port}",
        "PYTHONUNBUFFERED": "1",
    }
    async with platform.ingest(port):
        epoch = await activate(platform, port)
        follower = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from ardoise.cli import main; main()",
            "weather",
            "follow",
            str(file),
            env=os.environ | surroundings,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            said = [await asyncio.wait_for(follower.stdout.readline(), LIMIT_S)]
            with file.open("a") as more:
                more.write(f"{now.isoformat()},99\n{(now + timedelta(milliseconds=1)).isoformat()},22\n")
            said += [await asyncio.wait_for(follower.stdout.readline(), LIMIT_S) for _ in range(2)]
        finally:
            follower.terminate()
            await follower.wait()
        bus = await platform.bus("positioning")
        entries = await LogReader(bus).by_subject(epoch, f"log.{epoch}.weather")
        await bus.close()
    assert [entry.record.weather.temperature_c_e2 for entry in entries] == [2_150, 2_200]
    assert {entry.record.weather.source for entry in entries} == {"finish.csv"}
    assert entries[0].record.weather.effective_time_ms <= time.time() * 1_000
    assert b"stands in the log" in said[0]
    assert b"finish.csv:3: implausible" in said[1]
    assert b"stands in the log" in said[2]
