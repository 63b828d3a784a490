"""The weather that the race is ridden in: of what was reported, the newest that holds. No I/O."""

from bisect import bisect, insort
from collections.abc import Iterable

from ardoise.pb.race_pb2 import WeatherNow
from ardoise.pb.weather_pb2 import WeatherReport

OLD_AFTER_MS = 30 * 60_000
"""Older than this a report says what the weather was: a front passes a valley in half an hour."""
MOST_REPORTS = 1_000
"""A report a minute for a long stage; beyond the bound the oldest go."""


def _time_ms(report: WeatherReport) -> int:
    return report.effective_time_ms


class Weather:
    """The reports of one epoch, by effective time; of the same time, as they stand in the log."""

    def __init__(self, reports: Iterable[WeatherReport] = ()) -> None:
        self.reports = list(reports)

    def add(self, report: WeatherReport) -> None:
        """Takes in the next report of the log."""
        insort(self.reports, report, key=_time_ms)
        del self.reports[:-MOST_REPORTS]

    def at(self, time_ms: int) -> WeatherNow | None:
        """The weather at a tick; None before the first report holds."""
        holding = bisect(self.reports, time_ms, key=_time_ms)
        if not holding:
            return None
        report = self.reports[holding - 1]
        age_ms = time_ms - report.effective_time_ms
        return WeatherNow(report=report, age_ms=age_ms, old=age_ms > OLD_AFTER_MS)
