"""A slow watcher gets the newest, never a queue."""

import asyncio

from ardoise.chassis.newest import Newest


async def test_a_slow_watcher_skips_to_the_newest():
    newest: Newest[str] = Newest()
    newest.set("one")
    version, value = await newest.next(0, 1.0)
    for word in ("two", "three", "four"):
        newest.set(word)
    assert value == "one"
    assert await newest.next(version, 1.0) == (4, "four")


async def test_a_watcher_wakes_when_something_comes():
    newest: Newest[int] = Newest()
    waiting = [asyncio.create_task(newest.next(0, 10.0)) for _ in range(3)]
    await asyncio.sleep(0)
    newest.set(7)
    assert await asyncio.gather(*waiting) == [(1, 7)] * 3


async def test_nothing_new_within_the_time_is_none():
    newest: Newest[int] = Newest()
    newest.set(7)
    assert await newest.next(1, 0.01) is None
