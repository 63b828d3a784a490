"""A drill that is stopped: what listens to the first Ctrl-C, what only to the second, and what may not be cut short."""

import asyncio

import pytest
from ardoise.rehearsal.drills.stopping import ONCE, TWICE, Stopped, Stops


async def waiting(begun: asyncio.Event, ended: list[str]) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def test_asked_once_what_listens_to_once_ends_and_what_listens_to_twice_goes_on():
    stops, begun, ended = Stops(), asyncio.Event(), []
    steps = asyncio.create_task(stops.unless(ONCE, waiting(begun, ended)))
    mending = asyncio.create_task(stops.unless(TWICE, waiting(asyncio.Event(), [])))
    await begun.wait()
    stops.ask()
    with pytest.raises(Stopped):
        await steps
    assert ended == ["ended"]
    assert not mending.done()
    stops.ask()
    with pytest.raises(Stopped):
        await mending


async def test_what_begins_after_it_was_asked_does_not_begin():
    stops, begun = Stops(), asyncio.Event()
    stops.ask()
    with pytest.raises(Stopped):
        await stops.unless(ONCE, waiting(begun, []))
    assert not begun.is_set()


async def test_what_the_work_raises_is_its_own():
    async def broken() -> None:
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        await Stops().unless(ONCE, broken())


async def test_a_task_that_is_cancelled_asks_and_its_work_ends_as_it_likes():
    stops, begun = Stops(), asyncio.Event()

    async def drill() -> str:
        try:
            await stops.unless(ONCE, waiting(begun, []))
        except Stopped:
            return "put right"
        return "never"

    running = asyncio.create_task(stops.listen(drill()))
    await begun.wait()
    running.cancel()
    assert await running == "put right"
    assert running.cancelling() == 0
