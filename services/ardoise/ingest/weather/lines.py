"""A file of reports, one a line, that may still grow: CSV with a header, or JSON lines."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from ardoise.ingest.weather.values import PLACE, UNITS, SourceRefused, Why, instant_ms, report_of
from ardoise.pb.weather_pb2 import WeatherReport

COLUMNS = ("time", *UNITS, *PLACE)
"""Columns of the CSV and keys of the JSON; `time` and one value must be there, an empty one is not known."""
LOOK_EVERY_S = 1.0
MOST_LINE_BYTES = 4_096
MOST_AT_ONCE_BYTES = 1_048_576
MOST_WAITING = 10_000
"""Reports whose time has not come: a week of one a minute."""


class Lines:
    """Reads lines in order; the first says whether they are JSON or CSV."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._columns: list[str] | None = None
        self.number = 0

    def read(self, line: bytes) -> WeatherReport | None:
        """The report of the next line; None for a header or an empty line. Raises SourceRefused."""
        self.number += 1
        if len(line) > MOST_LINE_BYTES:
            raise SourceRefused(Why.TOO_LARGE, f"more than {MOST_LINE_BYTES} bytes")
        try:
            text = line.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise SourceRefused(Why.MALFORMED, "not UTF-8") from error
        if not text:
            return None
        if text.startswith("{"):
            said = _json(text)
        elif self._columns is None:
            columns = [name.strip() for name in next(csv.reader([text]))]
            _check_names(columns)
            self._columns = columns
            return None
        else:
            said = self._csv(text)
        return report_of(said, instant_ms(said.get("time")), self._source)

    def _csv(self, text: str) -> dict[str, object]:
        assert self._columns is not None
        values = next(csv.reader([text]))
        if len(values) != len(self._columns):
            raise SourceRefused(Why.MALFORMED, f"{len(values)} values for {len(self._columns)} columns")
        said = {
            name: value.strip() for name, value in zip(self._columns, values, strict=True) if value.strip()
        }
        return {name: value if name == "time" else _float(value) for name, value in said.items()}


class FileSource:
    """The newest report of a file whose time has come. `say` is told of lines that are none."""

    every_s = LOOK_EVERY_S

    def __init__(self, path: Path, now_ms: Callable[[], int], say: Callable[[str], None]) -> None:
        self._path, self._now_ms, self._say = path, now_ms, say
        self._begin()

    def newest(self) -> WeatherReport | None:
        """None until the time of the first has come. Raises SourceRefused(UNREACHABLE)."""
        try:
            self._take_in()
        except OSError as error:
            raise SourceRefused(Why.UNREACHABLE, str(error)) from error
        now_ms = self._now_ms()
        come = [report for report in self._waiting if report.effective_time_ms <= now_ms]
        self._waiting = [report for report in self._waiting if report.effective_time_ms > now_ms]
        before = [] if self._newest is None else [self._newest]
        # Of one time the later line: it corrects.
        self._newest = max(reversed(before + come), key=lambda report: report.effective_time_ms, default=None)
        return self._newest

    def _begin(self) -> None:
        self._lines, self._read_bytes, self._tail = Lines(self._path.name), 0, b""
        self._waiting: list[WeatherReport] = []
        self._newest: WeatherReport | None = None

    def _take_in(self) -> None:
        with self._path.open("rb") as file:
            if file.seek(0, 2) < self._read_bytes:
                self._say(f"{self._path.name} is shorter than it was: read from its beginning")
                self._begin()
            file.seek(self._read_bytes)
            content = file.read(MOST_AT_ONCE_BYTES)
        *whole, tail = content.split(b"\n")
        # A last line without its end is whole once it has stopped growing.
        if tail and (tail == self._tail or len(tail) == MOST_AT_ONCE_BYTES):
            whole, tail = [*whole, tail], b""
        self._read_bytes += len(content) - len(tail)
        self._tail = tail
        for line in whole:
            self._keep(line)

    def _keep(self, line: bytes) -> None:
        try:
            report = self._lines.read(line)
            if report is not None and len(self._waiting) >= MOST_WAITING:
                raise SourceRefused(Why.TOO_LARGE, f"more than {MOST_WAITING} reports wait for their time")
        except SourceRefused as refused:
            self._say(f"{self._path.name}:{self._lines.number}: {refused}")
            return
        if report is not None:
            self._waiting.append(report)


def _json(text: str) -> dict[str, object]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceRefused(Why.NO_JSON, str(error)) from error
    if not isinstance(said, dict):
        raise SourceRefused(Why.MALFORMED, "no JSON object")
    _check_names(list(said))
    return said


def _check_names(names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "time" not in names or len(set(names)) < len(names):
        wrong = f"{unknown[0][:40]!r} is none of" if unknown else "time must be there, and each once, of"
        raise SourceRefused(Why.MALFORMED, f"{wrong} {', '.join(COLUMNS)}")


def _float(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text
