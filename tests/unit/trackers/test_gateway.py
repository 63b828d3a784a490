"""Fixes of many sources into frames, and answers back to whoever waits for them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.telemetry_pb2 import (
    DURABILITY_IN_REGION,
    DURABILITY_ON_DISK,
    REFUSAL_REASON_IMPOSSIBLE_TIME,
    REFUSAL_REASON_LOG_FULL,
    REFUSAL_REASON_MALFORMED,
    REFUSAL_REASON_UNKNOWN_TRACKER,
    FrameAcknowledgement,
    FrameRefusal,
    RefusedFix,
    RelayResponse,
    TelemetryFrame,
)
from ardoise.trackers import gateway as limits
from ardoise.trackers.decoding import MOST_TIME_MS, Fix
from ardoise.trackers.domain.clocks import Wrong
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.numbers import tracker_of
from ardoise.trackers.gateway import Gateway, LogAway, Taken
from msgspec.structs import replace

LIMIT_S = 20.0


class Sent:
    """What would go to ingest: RelayClient's send."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[TelemetryFrame] = asyncio.Queue()

    def send(self, frame: TelemetryFrame) -> None:
        self.frames.put_nowait(frame)

    async def frame(self) -> TelemetryFrame:
        async with asyncio.timeout(LIMIT_S):
            return await self.frames.get()


@pytest.fixture
def devices() -> Devices:
    return Devices()


@pytest.fixture
def gateway(devices: Devices) -> Gateway:
    return Gateway("gateway", devices)


@pytest.fixture
async def sent(gateway: Gateway) -> AsyncIterator[Sent]:
    relay = Sent()
    running = asyncio.create_task(gateway.run(relay, relay))  # type: ignore[arg-type]
    yield relay
    running.cancel()
    await asyncio.wait({running})


def fix(device: str, time_ms: int = 1_782_561_600_000) -> Fix:
    return Fix(device, time_ms, 450_000_000, 50_100_000)


def taking(gateway: Gateway, *fixes: Fix) -> asyncio.Task[Taken]:
    return asyncio.create_task(gateway.take("osmand", fixes, 5))


def on_disk(
    frame: TelemetryFrame, refused: dict[int, int] | None = None, durability: int = DURABILITY_ON_DISK
):
    acknowledgement = FrameAcknowledgement(
        frame_number=frame.frame_number,
        position=ResumeToken(epoch=1, sequence=1),
        durability=durability,
        refused=[RefusedFix(index=index, reason=reason) for index, reason in (refused or {}).items()],
    )
    return RelayResponse(acknowledgement=acknowledgement)


async def test_messages_that_come_together_are_one_frame_and_each_has_its_own_answer(gateway, sent, devices):
    first, second = taking(gateway, fix("1"), fix("2")), taking(gateway, fix("3"))
    frame = await sent.frame()
    assert list(frame.tracker) == [tracker_of("osmand", name) for name in "123"]
    assert not first.done()
    gateway.answered(
        on_disk(frame, {1: REFUSAL_REASON_IMPOSSIBLE_TIME, 2: REFUSAL_REASON_UNKNOWN_TRACKER}), 0.0
    )
    assert (await first).refused == (REFUSAL_REASON_IMPOSSIBLE_TIME,)
    assert (await second).refused == (REFUSAL_REASON_UNKNOWN_TRACKER,)
    assert {device.name: device.refused for device in devices.paired} == {"1": 0, "2": 1}
    assert [device.name for device in devices.knocking] == ["3"]


async def test_one_name_at_two_sources_is_two_devices_in_the_race_and_in_the_lists(gateway, sent, devices):
    measured = replace(fix("356307042441013"), heart_rate_bpm=171)
    waiting = [asyncio.create_task(gateway.take(source, (measured,), 5)) for source in ("gt06", "osmand")]
    frame, biometrics = await sent.frame(), await sent.frame()
    numbers = [tracker_of(source, measured.device) for source in ("gt06", "osmand")]
    assert list(frame.tracker) == list(biometrics.tracker) == numbers
    assert numbers[0] != numbers[1]
    gateway.answered(on_disk(frame, {1: REFUSAL_REASON_UNKNOWN_TRACKER}), 0.0)
    await asyncio.gather(*waiting)
    assert [(device.source, device.tracker) for device in devices.paired] == [("gt06", numbers[0])]
    assert [(device.source, device.tracker) for device in devices.knocking] == [("osmand", numbers[1])]


async def test_a_devices_clock_is_told_against_other_relays_where_the_machines_own_is_off(
    gateway, sent, devices
):
    now_ms, hour_ms = 1_782_561_600_000, 3_600_000
    waiting = asyncio.create_task(gateway.take("osmand", (fix("1", now_ms),), now_ms - hour_ms))
    answer = on_disk(await sent.frame())
    answer.acknowledgement.clock_behind_ms = hour_ms
    gateway.answered(answer, 0.0)
    await waiting
    (device,) = devices.paired
    assert (device.clock.offset_ms, device.clock.wrong) == (0, Wrong.NOT)
    assert device.last_heard_ms == now_ms - hour_ms


async def test_a_regions_acknowledgement_is_not_the_first(gateway, sent):
    waiting = taking(gateway, fix("1"))
    frame = await sent.frame()
    gateway.answered(on_disk(frame, durability=DURABILITY_IN_REGION), 0.0)
    full = FrameRefusal(frame_number=frame.frame_number, reason=REFUSAL_REASON_LOG_FULL, retry_after_ms=1_000)
    gateway.answered(RelayResponse(refusal=full), 0.0)
    assert not waiting.done()
    gateway.answered(on_disk(frame), 0.0)
    assert await waiting == Taken()


async def test_of_a_frame_that_is_refused_whole_nothing_is_taken_and_nothing_waits_any_more(
    gateway, sent, devices
):
    waiting = [taking(gateway, fix("1")), taking(gateway, fix("2"))]
    frame = await sent.frame()
    refusal = FrameRefusal(frame_number=frame.frame_number, reason=REFUSAL_REASON_MALFORMED)
    gateway.answered(RelayResponse(refusal=refusal), 0.0)
    for taken in waiting:
        with pytest.raises(LogAway, match="refused the frame"):
            await taken
    assert (gateway._waiting, devices.paired) == (0, [])


async def test_a_message_of_more_than_a_frame_is_answered_after_its_last(gateway, sent):
    most = limits.MOST_FIXES_A_FRAME
    waiting = taking(gateway, *[fix(str(number)) for number in range(1, most + 11)])
    first, second = await sent.frame(), await sent.frame()
    assert (len(first.tracker), len(second.tracker)) == (most, 10)
    gateway.answered(on_disk(second), 0.0)
    assert not waiting.done()
    gateway.answered(on_disk(first), 0.0)
    assert await waiting == Taken()


async def test_times_as_far_apart_as_can_be_go_into_one_frame(gateway, sent):
    """Or one tracker with a broken clock would take the others' frame with it."""
    waiting = taking(gateway, fix("1", -MOST_TIME_MS), fix("2", MOST_TIME_MS))
    frame = await sent.frame()
    assert [frame.base_time_ms + offset for offset in frame.time_offset_ms] == [-MOST_TIME_MS, MOST_TIME_MS]
    gateway.answered(on_disk(frame), 0.0)
    await waiting


async def test_who_waits_too_long_is_told_and_what_waits_is_bounded(gateway, monkeypatch):
    monkeypatch.setattr(limits, "ANSWER_LIMIT_S", 0.01)
    monkeypatch.setattr(limits, "MOST_WAITING", 3)
    for _ in range(3):
        with pytest.raises(LogAway, match="has not answered"):
            await gateway.take("osmand", (fix("1"),), 5)
    with pytest.raises(LogAway, match="wait for the log already"):
        await gateway.take("osmand", (fix("1"),), 5)


async def test_an_answer_that_nobody_waits_for_any_more_makes_room(gateway, sent, monkeypatch):
    monkeypatch.setattr(limits, "ANSWER_LIMIT_S", 0.01)
    monkeypatch.setattr(limits, "MOST_WAITING", 1)
    with pytest.raises(LogAway):
        await gateway.take("osmand", (fix("1"),), 5)
    frame = await sent.frame()
    gateway.answered(on_disk(frame), 0.0)
    gateway.answered(on_disk(frame), 0.0)
    monkeypatch.setattr(limits, "ANSWER_LIMIT_S", LIMIT_S)
    waiting = taking(gateway, fix("2"))
    gateway.answered(on_disk(await sent.frame()), 0.0)
    assert await waiting == Taken()
