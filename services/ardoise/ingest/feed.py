"""A race centre's event stream into the log, beside the relays."""

import asyncio
import secrets
import time

import httpx
import structlog

from ardoise.chassis.refusals import Refusals
from ardoise.chassis.rpc import Failure
from ardoise.chassis.telemetry import counter
from ardoise.ingest.domain.acceptance import FrameRefused, accept
from ardoise.ingest.publisher import LOG_AWAY_RETRY_MS
from ardoise.ingest.racecentre.client import RaceCentreStream
from ardoise.ingest.racecentre.clock import FeedClock
from ardoise.ingest.racecentre.decoder import RELAY_ID, EventRefused, Telemetry, decode
from ardoise.ingest.writer import LogWriter
from ardoise.pb.log_pb2 import LogRecord
from ardoise.pb.telemetry_pb2 import TelemetryFrame

_log = structlog.get_logger(__name__)
_events = counter("ingest.feed_events", "1", "Events of the race-centre stream, by outcome.")


class Feed:
    """Reads one stream for ever. A stage that is made from it (clock_source FEED) has the stream's clock."""

    def __init__(self, url: str, writer: LogWriter, refusals: Refusals) -> None:
        self._url = url
        self._writer = writer
        self._refusals = refusals
        self._clock = FeedClock(time.time() * 1000 - time.monotonic() * 1000)
        self._boot_id = secrets.randbits(63)
        self._frame_number = 0

    async def run(self) -> None:
        """Waits for a stage, then takes the stream in. Raises StreamRefused where the URL is no stream."""
        await self._writer.activated.wait()
        self._writer.feed_now_ms = lambda: self._clock.now_ms(time.monotonic()) or 0
        async with httpx.AsyncClient() as http:
            async for event in RaceCentreStream(self._url, http).events():
                try:
                    telemetry = decode(event.text)
                except EventRefused as refused:
                    _events.add(1, {"outcome": "refused"})
                    self._refusals.add(
                        refused.reason, RELAY_ID, self._url, detail=refused.detail, excerpt=refused.excerpt
                    )
                    continue
                if telemetry is None:
                    _events.add(1, {"outcome": "other"})
                    continue
                await self._take_in(telemetry)

    async def _take_in(self, telemetry: Telemetry) -> None:
        for rider in telemetry.refused:
            self._refusals.add(rider.reason, RELAY_ID, self._url, tracker=rider.bib, detail=rider.detail)
        self._clock.observe(telemetry.time_ms, time.monotonic())
        self._frame_number += 1
        try:
            frame = self._accepted(telemetry.frame(self._boot_id, self._frame_number))
        except FrameRefused as refused:
            _events.add(1, {"outcome": "refused"})
            self._refusals.add(refused.reason, RELAY_ID, self._url, detail=refused.detail)
            return
        if frame.tracker:
            await self._append(frame)
        _events.add(1, {"outcome": "telemetry"})

    def _accepted(self, frame: TelemetryFrame) -> TelemetryFrame:
        accepted = accept(frame, RELAY_ID, self._writer.live().trackers)
        for fix in accepted.refused:
            self._refusals.add(fix.reason, RELAY_ID, self._url, tracker=frame.tracker[fix.index])
        return accepted.frame

    async def _append(self, frame: TelemetryFrame) -> None:
        # A stream cannot be asked to send again: hold it back until the log has this frame.
        while True:
            try:
                await self._writer.append(self._writer.live(), f"fix.{RELAY_ID}", LogRecord(frame=frame))
                return
            except Failure as failure:
                _log.warning("feed_waits_for_the_log", reason=failure.reason_name)
                await asyncio.sleep((failure.retry_after_ms or LOG_AWAY_RETRY_MS) / 1000)
