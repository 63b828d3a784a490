"""A screen at a site: the public page's event stream, and what the page would say of it."""

import asyncio
import json
import time
from typing import Any

import httpx
import httpx_sse

from ardoise.rehearsal.drills.history import History, ScreenSeen, Words

AGAIN_S = 0.2
SILENCE_S = 4.0
"""The wall beats every second: nothing for so long is a lost connection."""
QUIET_MS, TROUBLE_MS, STALLED_MS = 2_000, 10_000, 5_000
"""As the page has them: what is older is late, then the truck's fault; what does not come any more stands."""


class Screen:
    """One screen, which comes back by itself."""

    def __init__(self, url: str, site: str, history: History) -> None:
        self._url, self._site, self._history = url, site, history
        self._links: dict[str, str] = {}
        self._epoch = self._tick_ms = self._heard_ms = 0
        self._up_to_date_ms: int | None = None
        self._connected = False
        self._ahead_ms = 0
        """How far this clock runs ahead of the site's, at most: the page goes by the site's."""

    async def run(self) -> None:
        """Watches until cancelled."""
        async with httpx.AsyncClient(timeout=SILENCE_S) as http:
            while True:
                try:
                    async with httpx_sse.aconnect_sse(http, "GET", f"{self._url}/events") as source:
                        async for event in source.aiter_sse():
                            self._connected = True
                            self._take(event.event, json.loads(event.data))
                except (httpx.HTTPError, httpx_sse.SSEError):
                    pass
                self._connected = False
                self._look()
                await asyncio.sleep(AGAIN_S)

    def _take(self, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "hello":
                self._ahead_ms = _now_ms() - data["now_ms"]
            case "beat":
                self._heard_site_time(data["now_ms"])
            case "links":
                self._links = data
            case "stage":
                self._epoch, self._tick_ms = data["epoch"], 0
            case "state" | "change":
                self._tick_ms = data.get("time_ms", self._tick_ms)
                if "heard_ms" in data:
                    self._heard_ms = data["heard_ms"]
                    self._heard_site_time(self._heard_ms)
                self._up_to_date_ms = data.get("up_to_date_ms", self._up_to_date_ms)
        self._look()

    def _heard_site_time(self, ms: int) -> None:
        """A time of the site that has arrived is past: the one that took the least time tells most."""
        self._ahead_ms = min(self._ahead_ms, _now_ms() - ms)

    def _look(self) -> None:
        history, site_now_ms = self._history, _now_ms() - self._ahead_ms
        age_ms = _now_ms() - self._tick_ms if self._tick_ms else 0
        shown_ms = max(0, age_ms - self._ahead_ms) if self._tick_ms else 0
        comes = self._up_to_date_ms is not None and site_now_ms - self._heard_ms < STALLED_MS
        said = words(connected=self._connected, links=self._links, age_ms=shown_ms, comes=comes)
        when_s = None
        if said is Words.CATCHING_UP and self._up_to_date_ms is not None:
            when_s = history.now_s() + (self._up_to_date_ms - site_now_ms) / 1000
        history.screens.append(
            ScreenSeen(history.now_s(), self._site, self._epoch, self._tick_ms, age_ms, said, when_s)
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def words(*, connected: bool, links: dict[str, str], age_ms: int, comes: bool = False) -> Words:
    """What the page says of its link. `comes`: the server says when the race will be up to date."""
    if not connected:
        return Words.RECONNECTING
    if links.get("positioning") != "connected":
        return Words.NO_RACE
    if age_ms > TROUBLE_MS:
        return Words.CATCHING_UP if comes else Words.NO_TRUCK
    return Words.LATE if age_ms > QUIET_MS else Words.LIVE
