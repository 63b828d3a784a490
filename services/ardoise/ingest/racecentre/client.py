"""The live stream of a race centre, from any URL: reconnects by itself, and asks for what it missed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx

from ardoise.ingest.racecentre.decoder import MOST_EVENT_CHARACTERS, EventRefused, Telemetry, decode
from ardoise.ingest.racecentre.event_stream import EventStreamParser, EventTooLarge
from ardoise.ingest.racecentre.recording import FeedEvent

EVENT_TYPES = frozenset({"update", "message"})
"""The race centres send `update`; a plain server sends unnamed events, whose type is `message`."""
CONNECT_TIMEOUT_S = 10.0
SILENCE_S = 120.0
"""Without a byte for so long the connection is taken for dead. The feed's own holes last 36 s, on a bad day 66 s."""
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 15.0
TELEMETRY_WITHIN_S = 900.0
"""How long to wait for a first telemetry event: before the start the feed pauses for up to ten minutes."""


class StreamRefused(ValueError):
    """The server answers, but not with an event stream; trying again will not help."""


class RaceCentreStream:
    """Reads one URL for ever. `connected`, `reconnects` and `last_error` say how that goes.

    `must_answer`: a server that cannot be reached at first is an error (a person waits), not to be waited for.
    """

    def __init__(self, url: str, http: httpx.AsyncClient, *, must_answer: bool = False) -> None:
        self.url = url
        self.connected = False
        self.reconnects = 0
        self.oversized = 0
        self.last_error = ""
        self._http = http
        self._must_answer = must_answer
        self._last_event_id = ""
        self._retry_s = FIRST_BACKOFF_S

    async def events(self) -> AsyncIterator[FeedEvent]:
        """The events, for ever. Raises StreamRefused where the URL is no stream from the beginning."""
        backoff_s, ever_connected = FIRST_BACKOFF_S, False
        while True:
            try:
                async with aclosing(self._one_connection()) as connection:
                    async for event in connection:
                        backoff_s, ever_connected = self._retry_s, True
                        yield event
                self.last_error = "the server closed the stream"
            except StreamRefused as error:
                self.last_error = str(error)
                if not ever_connected:
                    raise
            except (httpx.HTTPError, EventTooLarge) as error:
                self.oversized += isinstance(error, EventTooLarge)
                self.last_error = f"{type(error).__name__}: {error}"
                if self._must_answer and not ever_connected:
                    raise StreamRefused(f"{self.url} cannot be reached: {self.last_error}") from error
            finally:
                self.connected = False
            self.reconnects += 1
            await asyncio.sleep(backoff_s * random.uniform(0.8, 1.2))
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    async def first_telemetry(self, within_s: float = TELEMETRY_WITHIN_S) -> Telemetry:
        """The first telemetry, over a connection of its own. Raises TimeoutError, StreamRefused."""
        async with asyncio.timeout(within_s), aclosing(self.events()) as events:
            async for event in events:
                try:
                    telemetry = decode(event.text)
                except EventRefused:
                    continue
                if telemetry:
                    return telemetry
        raise AssertionError("the stream goes on for ever")

    async def _one_connection(self) -> AsyncIterator[FeedEvent]:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self._last_event_id:
            headers["Last-Event-ID"] = self._last_event_id
        timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=SILENCE_S)
        request = self._http.stream("GET", self.url, headers=headers, timeout=timeout, follow_redirects=True)
        async with request as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if 400 <= response.status_code < 500 and response.status_code not in (408, 425, 429):
                raise StreamRefused(f"{self.url} answered {response.status_code} {response.reason_phrase}")
            response.raise_for_status()
            if kind != "text/event-stream":
                raise StreamRefused(f"{self.url} is {kind or 'of no type'}, not text/event-stream")
            self.connected = True
            parser = EventStreamParser(MOST_EVENT_CHARACTERS)
            async for chunk in response.aiter_bytes():
                for event in parser.feed(chunk):
                    if event.type in EVENT_TYPES:
                        yield FeedEvent(event.text, event.event_id)
                self._last_event_id = parser.last_event_id or self._last_event_id
                if parser.retry_ms is not None:
                    self._retry_s = min(max(parser.retry_ms / 1000, FIRST_BACKOFF_S), LONGEST_BACKOFF_S)
