"""How long after a relay has sent a fix it is in the page: 176 riders at 1 Hz, real processes, a real Chromium.

A marked rider is silent for longer than the stage's signal timeout, then heard by one relay, once: the page's row of
that rider goes from "no signal" to "racing", which nothing but this one fix can do. Relays send at random instants of
each second, so that every place between two ticks is measured alike. Relays, processes and browser share the machine.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from ardoise.pb import race_pb2, race_pb2_grpc
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import RelayResponse, TelemetryFrame
from ardoise.rehearsal.simulator import SimulatedSecond
from playwright.async_api import Page, async_playwright

from tests.bench.conftest import OFFSET_S
from tests.bench.race_site import RaceSite, at, load
from tests.browser.conftest import ARGUMENTS, DESKTOP

MOST_P99_MS = 400
GOAL_P99_MS = 150
LEAST_SAMPLES = 200
SIGNAL_TIMEOUT_MS = 3_000
HEARD_EVERY_S = 6
MARKED = 36
HISTORY_S, HISTORY_STEP_S = 400, 10
CATCH_UP_S = 5
"""The history is on the page by then."""
WARM_UP_S = 8
"""Everyone is heard each second, before the marked riders fall silent."""
MEASURED_FROM_S = WARM_UP_S + HEARD_EVERY_S
LIVE_S = MEASURED_FROM_S + 40
LAST_MS = 3_000
"""What is not in the page so long after the last was sent does not come."""

# Which event of the stream brought the change, and when the document had it; Date is the relays' clock too.
WATCH_ROWS = """
window.changes = [];
let arrivedMs = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, handle) {
  listen.call(this, kind, (event) => { arrivedMs = Date.now(); handle(event); });
};
new MutationObserver((records) => {
  const nowMs = Date.now();
  for (const { target, oldValue } of records)
    if (oldValue === "no_signal" && target.dataset.bib)
      window.changes.push([Number(target.dataset.bib), arrivedMs, nowMs]);
}).observe(document, { subtree: true, attributeFilter: ["data-status"], attributeOldValue: true });
"""


@dataclass
class Return:
    """One fix of a marked rider, and when (ms since 1970) it had come how far; infinite: it has not."""

    bib: int
    fix_time_ms: int
    sent_ms: float = math.inf
    acknowledged_ms: float = math.inf
    watched_ms: float = math.inf
    """At a reader of WatchSnapshots."""
    arrived_ms: float = math.inf
    """In the page's script, as an event."""
    shown_ms: float = math.inf
    """In the page's document."""


@dataclass
class Sending:
    """A frame, when it is sent (ms after the first live second), and the returns in it."""

    at_ms: float
    frame: TelemetryFrame
    returns: list[Return] = field(default_factory=list)


@pytest.mark.timeout(240)
async def test_a_fix_is_on_the_page_within_four_hundred_milliseconds(
    chromium: Path, stage: StageSetup, seconds: list[SimulatedSecond], race_site: RaceSite
):
    setup = StageSetup()
    setup.CopyFrom(stage)
    setup.signal_timeout_ms = SIGNAL_TIMEOUT_MS
    await race_site.open_stage(setup, OFFSET_S + HISTORY_S)
    sendings: dict[tuple[str, int], Sending] = {}

    def answered(relay_id: str, response: RelayResponse, _: float) -> None:
        assert response.HasField("acknowledgement"), response
        for one in sendings[relay_id, response.acknowledgement.frame_number].returns:
            one.acknowledged_ms = _now_ms()

    relay_ids = {frame.relay_id for second in seconds for frame in second.frames}
    async with race_site.relays(relay_ids, answered) as relays, _page(chromium, race_site) as page:
        live_ms = (int(time.time()) + CATCH_UP_S) * 1000
        schedule = _schedule(stage, seconds, live_ms - HISTORY_S * 1000)
        sendings.update({(one.frame.relay_id, one.frame.frame_number): one for one in schedule})
        returns = [one for sending in schedule for one in sending.returns]
        async with _watched(race_site, returns):
            for sending in schedule:
                # The past goes at once, the rest in its time.
                await asyncio.sleep(max(0.0, live_ms + sending.at_ms - _now_ms()) / 1000)
                sent_ms = _now_ms()
                for one in sending.returns:
                    one.sent_ms = sent_ms
                relays[sending.frame.relay_id].send(sending.frame)
            busy = load()
            await page.wait_for_timeout(LAST_MS)
        _match(returns, await page.evaluate("window.changes"))
    p99_ms = _print(returns, busy)
    assert len(returns) >= LEAST_SAMPLES
    assert p99_ms < MOST_P99_MS


def _schedule(stage: StageSetup, seconds: list[SimulatedSecond], first_time_ms: int) -> list[Sending]:
    """History, then live seconds in which each frame is sent at a random instant; at last with returns."""
    draw = random.Random(5)
    bib_of = {assignment.tracker: assignment.bib for assignment in stage.assignments}
    marked = draw.sample(sorted(bib_of), MARKED)
    schedule = []
    for number, second in enumerate(seconds[: HISTORY_S + LIVE_S]):
        live_s = number - HISTORY_S
        if live_s < 0 and number % HISTORY_STEP_S:
            continue
        due = {tracker for place, tracker in enumerate(marked) if (number + place) % HEARD_EVERY_S == 0}
        for frame in second.frames:
            sending = Sending(live_s * 1000 + draw.uniform(0, 1000), at(frame, first_time_ms))
            if live_s >= WARM_UP_S:
                heard = due & set(frame.tracker) if frame.base_time_ms == second.time_ms else set()
                due -= heard
                _leave_out(sending.frame, set(marked) - heard)
                if live_s >= MEASURED_FROM_S:
                    fix_time_ms = sending.frame.base_time_ms
                    sending.returns = [Return(bib_of[tracker], fix_time_ms) for tracker in heard]
            if sending.frame.tracker:
                schedule.append(sending)
    return sorted(schedule, key=lambda sending: sending.at_ms)


def _leave_out(frame: TelemetryFrame, trackers: set[int]) -> None:
    kept = [index for index, tracker in enumerate(frame.tracker) if tracker not in trackers]
    for name in ("tracker", "time_offset_ms", "latitude_e7", "longitude_e7", "speed_mmps", "accuracy_cm"):
        column = getattr(frame, name)
        column[:] = [column[index] for index in kept]


@asynccontextmanager
async def _page(chromium: Path, site: RaceSite) -> AsyncIterator[Page]:
    """The race page, as any viewer has it, with a note of every row that came back from "no signal"."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        width, height = DESKTOP
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.add_init_script(WATCH_ROWS)
        await page.goto(f"http://{site.platform.ports.at('web')}/")
        yield page
        await browser.close()


@asynccontextmanager
async def _watched(site: RaceSite, returns: list[Return]) -> AsyncIterator[None]:
    """Notes when a reader of WatchSnapshots has each return."""
    waiting = {(one.bib, one.fix_time_ms): one for one in returns}

    async def watch() -> None:
        async with site.channel("positioning") as opened:
            stub = race_pb2_grpc.RaceServiceStub(opened)
            async for step in stub.WatchSnapshots(race_pb2.WatchSnapshotsRequest()):
                now_ms = _now_ms()
                for rider in step.snapshot.riders:
                    if one := waiting.pop((rider.bib, rider.fix_time_ms), None):
                        one.watched_ms = now_ms

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _match(returns: list[Return], changes: list[tuple[int, int, int]]) -> None:
    """Gives each return the change that it made: the first of its row before the same rider is sent again."""
    for bib in {one.bib for one in returns}:
        own = sorted((one for one in returns if one.bib == bib), key=lambda one: one.sent_ms)
        for one, until_ms in zip(own, [*(later.sent_ms for later in own[1:]), math.inf], strict=True):
            # The page's clock has whole milliseconds, rounded down.
            found = [c for c in changes if c[0] == bib and one.sent_ms - 1 <= c[2] < until_ms]
            if found:
                _, one.arrived_ms, one.shown_ms = found[0]


def _print(returns: list[Return], busy: str) -> float:
    """Prints how long each part of the way took; gives p99 to the document, ms."""
    lost = sum(math.isinf(one.shown_ms) for one in returns)
    print(
        f"\nrelay to page: {len(returns)} fixes among those of 176 riders, {lost} of them never shown; {busy}"
    )
    print(f"  ms after it was sent             p50    p99   most   (p99 < {MOST_P99_MS}, goal {GOAL_P99_MS})")
    for name, label in (
        ("acknowledged_ms", "acknowledged to the relay"),
        ("watched_ms", "in a snapshot at a watcher"),
        ("arrived_ms", "an event in the page"),
        ("shown_ms", "in the document"),
    ):
        after_ms = np.array([getattr(one, name) - one.sent_ms for one in returns])
        p50_ms, p99_ms = np.percentile(after_ms, (50, 99), method="higher")
        print(f"  {label:28} {p50_ms:7.0f} {p99_ms:6.0f} {after_ms.max():6.0f}")
    return float(p99_ms)


def _now_ms() -> float:
    return time.time() * 1000
