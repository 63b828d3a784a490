"""What one look found, and how it is written in a status. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ardoise.pb.sites_pb2 import SitesStatus, SiteStatus, Truth

UNKNOWN = "Unknown"
TRUTHS = {Truth.TRUTH_YES: "True", Truth.TRUTH_NO: "False"}


class Silence(NamedTuple):
    """Why nothing is known of the sites now: in one word, and for people."""

    reason: str
    message: str


@dataclass(frozen=True)
class Sight:
    """What one look found."""

    seen_from: str
    """The region that looked."""
    at: datetime
    said: SitesStatus | Silence
    """By this region's `sites`."""

    def site(self, name: str) -> SiteStatus | None:
        """What is seen of a site; None: nothing is, or the platform has no such site."""
        if isinstance(self.said, Silence):
            return None
        return next((site for site in self.said.sites if site.site == name), None)


def truth(value: int) -> str:
    """In the words of a condition."""
    return TRUTHS.get(value, UNKNOWN)


def number(value: int | None) -> int | str:
    """A number, or the word for what nobody knows."""
    return UNKNOWN if value is None else value


def instant(when: datetime | int) -> str:
    """Of a time, or of milliseconds since 1970."""
    if not isinstance(when, datetime):
        when = datetime.fromtimestamp(when / 1000, UTC)
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clipped(text: str, most: int) -> str:
    """At most so many characters, what is left out marked."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def listed(texts: Iterable[str], most: int, most_characters: int) -> list[str]:
    """At most so many of them."""
    return [clipped(text, most_characters) for text in list(texts)[:most]]


def present(**fields: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
