"""A service stops whatever its parts do about it."""

import asyncio
from pathlib import Path

import pytest
from ardoise.chassis import lifecycle
from ardoise.chassis.lifecycle import Service
from ardoise.chassis.settings import CommonSettings

LIMIT_S = 20.0


async def test_a_step_that_swallows_its_cancellation_and_one_that_fails_keep_nobody_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lifecycle, "DRAIN_STEP_LIMIT_S", 0.1)
    happened = []

    async def deaf() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            happened.append("swallowed")
            await asyncio.Event().wait()

    async def failing() -> None:
        happened.append("failed")
        raise OSError("it is gone")

    async def last() -> None:
        happened.append("last")

    async def serve() -> None:
        async with Service("test", CommonSettings(state_dir=tmp_path, plaintext=True)) as service:
            for step in (last, failing, deaf):
                service.on_drain(step.__name__, step)

    stopping = asyncio.create_task(serve())
    done, _ = await asyncio.wait({stopping}, timeout=LIMIT_S)
    assert done, happened
    stopping.result()
    assert sorted(happened) == ["failed", "last", "swallowed"]
