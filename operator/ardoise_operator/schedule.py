"""When a Drill is due, as Debian's cron has it. Pure.

In a night in which the clock is put forward what is left out runs right after that; in one in which it is put back what
comes twice runs once.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError


class Schedule:
    """Of five fields, in a time zone. Instants are in UTC."""

    def __init__(self, fields: str, zone: str) -> None:
        """Raises ValueError, with words for people, where it is not understood."""
        try:
            self._zone = ZoneInfo(zone)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {zone}: write one of the IANA list") from error
        self._fields = fields
        try:
            CronSim(fields, datetime.now(self._zone))
        except CronSimError as error:
            raise ValueError(f"schedule {fields}: {error}") from error

    def due(self, now: datetime, within: timedelta) -> datetime | None:
        """The newest instant that is not after `now`; None: there was none `within` before."""
        newest = None
        for at in self._after(now - within):
            if at > now:
                break
            newest = at
        return newest

    def next(self, now: datetime) -> datetime | None:
        """The first instant after `now`; None: there is none for decades."""
        return next(self._after(now), None)

    def _after(self, start: datetime) -> Iterator[datetime]:
        """In UTC: an instant of an hour that comes twice is equal to none of another zone."""
        found = (at.astimezone(UTC) for at in CronSim(self._fields, start.astimezone(self._zone)))
        # In such an hour it begins with instants of the first.
        return (at for at in found if at > start)
