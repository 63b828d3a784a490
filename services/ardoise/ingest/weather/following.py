"""A source into the log for as long as somebody wants it: what fails is said and tried again."""

import hashlib
from collections.abc import Callable
from typing import Protocol

from ardoise.ingest.weather.values import SourceRefused
from ardoise.pb.weather_pb2 import WeatherReport

FIRST_BACKOFF_S = 5.0
LONGEST_BACKOFF_S = 300.0


class NotTaken(Exception):
    """Ingest did not take a report. `lasting`: nor will it later."""

    def __init__(self, message: str, *, lasting: bool) -> None:
        super().__init__(message)
        self.lasting = lasting


class Source(Protocol):
    """Where reports come from."""

    every_s: float
    """How often to look."""

    def newest(self) -> WeatherReport | None:
        """The newest report; None: there is none yet. Raises SourceRefused."""


def request_id(report: WeatherReport) -> str:
    """The same for the same report: read twice, also after a restart, it stands in the log once."""
    return hashlib.blake2b(report.SerializeToString(deterministic=True), digest_size=16).hexdigest()


def follow(
    source: Source,
    tell: Callable[[WeatherReport], str],
    say: Callable[[str], None],
    sleep: Callable[[float], None],
) -> None:
    """For ever. `tell` writes a report and says where it stands; raises NotTaken."""
    settled: WeatherReport | None = None
    backoff_s = FIRST_BACKOFF_S
    while True:
        pause_s = source.every_s
        try:
            report = source.newest()
            if report is not None and report != settled:
                where = tell(report)
                settled = report
                say(where)
            backoff_s = FIRST_BACKOFF_S
        except (SourceRefused, NotTaken) as error:
            if isinstance(error, NotTaken) and error.lasting:
                settled = report
            else:
                pause_s, backoff_s = backoff_s, min(backoff_s * 2, LONGEST_BACKOFF_S)
            say(f"{error}; looking again in {pause_s:g} s")
        sleep(pause_s)
