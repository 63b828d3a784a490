"""Recordings of a race-centre feed (.json.gz): the set-up that they carry, and their events in time."""

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ardoise.ingest.racecentre.decoder import EventRefused, decode
from ardoise.ingest.racecentre.stage import stage_setup
from ardoise.pb import setup_pb2

MOST_BYTES = 256 * 1024 * 1024
"""Unpacked. A stage of five hours takes 37 MB."""
MOST_EVENTS = 200_000
BIB_SAMPLE = 50
"""Every how many events are looked through for bibs that the list of riders lacks."""


class RecordingInvalid(ValueError):
    """The file is not a recording; the message says what is wrong with it."""


@dataclass(frozen=True)
class FeedEvent:
    """One server-sent event."""

    text: str
    event_id: str = ""


@dataclass(frozen=True)
class Recording:
    """A recorded stage: what the site published about it, and every event with its distance in time."""

    rest: dict[str, Any]
    stage_date: date
    delays_ms: tuple[int, ...]
    """Of each event since the one before."""
    texts: tuple[str, ...]

    def setup(self) -> setup_pb2.StageSetup:
        """The stage as data. Raises NoRoute where the recording carries no usable trace."""
        return stage_setup(self.rest, self.stage_date, self.bibs())

    def bibs(self) -> set[int]:
        """The riders that appear in a sample of the events."""
        seen: set[int] = set()
        for text in self.texts[::BIB_SAMPLE]:
            try:
                telemetry = decode(text)
            except EventRefused:
                continue
            seen.update(telemetry.bib if telemetry else ())
        return seen

    def first_event_at(self, feed_time_ms: int) -> int:
        """Index of the first event whose time stamp is not before this; the number of events if none is."""
        for index, text in enumerate(self.texts):
            try:
                telemetry = decode(text)
            except EventRefused:
                continue
            if telemetry and telemetry.time_ms >= feed_time_ms:
                return index
        return len(self.texts)

    async def play(self, speed: float, first: int = 0) -> AsyncIterator[FeedEvent]:
        """The events from number `first` on, `speed` times as fast as they were recorded.

        Keeps to the timetable of the recording: a slow reader is not left behind for good. An infinite
        speed sends them as fast as they are taken.
        """
        began_s, due_s = time.monotonic(), 0.0
        for index in range(first, len(self.texts)):
            if index > first:
                due_s += self.delays_ms[index] / 1000 / speed
            await asyncio.sleep(max(0.0, began_s + due_s - time.monotonic()))
            yield FeedEvent(self.texts[index], str(index))


def read_recording(path: Path) -> Recording:
    """Reads a recording, gzip-compressed or plain JSON. Raises RecordingInvalid."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingInvalid(f"{path}: cannot be read: {error}") from error
    if len(content) > MOST_BYTES:
        raise RecordingInvalid(f"{path}: larger than {MOST_BYTES} bytes unpacked")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordingInvalid(f"{path}: not JSON: {error}") from error
    try:
        return parse_recording(document)
    except RecordingInvalid as error:
        raise RecordingInvalid(f"{path}: {error}") from error


def parse_recording(document: object) -> Recording:
    """`document`: the JSON of a recording. Raises RecordingInvalid."""
    if not isinstance(document, dict) or not isinstance(document.get("events"), list):
        raise RecordingInvalid("not a recording: no list of events")
    events = document["events"]
    if len(events) > MOST_EVENTS:
        raise RecordingInvalid(f"{len(events)} events, at most {MOST_EVENTS}")
    delays_ms, texts = [], []
    for number, event in enumerate(events):
        delay = event.get("dt", 0) if isinstance(event, dict) else None
        if not isinstance(delay, int | float) or not isinstance(event.get("data"), str) or not delay >= 0:
            raise RecordingInvalid(f"event {number} has no dt and data")
        delays_ms.append(int(min(delay, 86_400_000)))
        texts.append(event["data"])
    rest = document.get("rest")
    rest = rest if isinstance(rest, dict) else {}
    return Recording(rest, _stage_date(document, texts), tuple(delays_ms), tuple(texts))


def _stage_date(document: dict[str, Any], texts: list[str]) -> date:
    meta = document.get("meta")
    if isinstance(meta, dict) and isinstance(meta.get("date"), str):
        try:
            return date.fromisoformat(meta["date"][:10])
        except ValueError:
            pass
    for text in texts:
        try:
            telemetry = decode(text)
        except EventRefused:
            continue
        if telemetry:
            return datetime.fromtimestamp(telemetry.time_ms / 1000, UTC).date()
    raise RecordingInvalid("neither meta.date nor an event says on which day it was")
